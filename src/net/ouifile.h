/* SPDX-License-Identifier: BSD-2-Clause */
/* The formats in which lists of Ethernet address blocks and their owners are found. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * One block: the first `bits` of 48, left-aligned in the low 48 bits of `prefix`; the name is
 * borrowed and not terminated.
 */
struct oui_row {
	uint64_t prefix;
	unsigned bits;
	const char *name;
	size_t name_len;
};

/* Takes one row: 0 or a negative code that ends the parse. */
typedef int (*oui_row_fn)(void *ctx, const struct oui_row *row);

/*
 * Tells the format by content - udev's hwdb, the IEEE's text, else "PREFIX NAME" lines
 * (nmap-mac-prefixes, manuf) - and gives each block to `fn`. A PREFIX NAME line that is neither is
 * ERR_PARSE with its line number. 0 or a negative code.
 */
int oui_parse(const char *text, size_t len, oui_row_fn fn, void *ctx, struct err *e) MUST_CHECK;
