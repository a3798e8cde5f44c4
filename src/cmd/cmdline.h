/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line as one text, for the heads of reports. */
#pragma once

#include <stddef.h>

#include "base/opt.h"

/*
 * argv[0..argc) quoted for a POSIX shell where that is needed. `uses` are what was read from these
 * very words, and their secrets are not shown; NULL: there are none. Owned text; NULL when memory
 * ran out.
 */
char *cmdline_text(int argc, const char *const *argv, const struct opt_uses *uses);
/*
 * The words of such a text, as a shell takes it apart without expanding anything; *n of them. Owned,
 * and so is each; NULL when a quote is not closed or memory ran out.
 */
char **cmdline_words(const char *text, size_t *n);
