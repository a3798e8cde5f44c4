/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration files: INI, keys are the option table's names without their dashes. */
#pragma once

#include <stddef.h>

#include "base/opt.h"

#define CONF_SYSTEM   "/etc/sonde/sonde.conf"
#define CONF_PATH_MAX 4096

/*
 * Adds the settings of one file's text to *out; `name` stands in messages ("name:3: ..."). Lines
 * are "key = value", " ;" and
 * "#" or ";" at the start begin a comment, the only section is [scan]. ERR_USAGE for anything else,
 * ERR_UNSUPPORTED as opt_key.
 */
int conf_parse(const struct opt_table *t, const char *name, const char *text, size_t len,
	struct opt_uses *out, struct err *e) MUST_CHECK;
/* Reads a file: 1 read, 0 it does not exist, ERR_USAGE when it cannot be read or is wrong. */
int conf_read(const struct opt_table *t, const char *path, struct opt_uses *out,
	struct err *e) MUST_CHECK;
/* The user's file, $XDG_CONFIG_HOME/sonde/sonde.conf or the same under ~/.config; "" when there is
 * no home. Returns path. */
const char *conf_user_path(char path[CONF_PATH_MAX]);
