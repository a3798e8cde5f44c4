/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line as one text, for the heads of reports. */
#pragma once

/* argv[0..argc) quoted for a POSIX shell where that is needed. Owned text; NULL when memory ran
 * out. */
char *cmdline_text(int argc, const char *const *argv);
