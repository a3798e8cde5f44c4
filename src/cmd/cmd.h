/* SPDX-License-Identifier: BSD-2-Clause */
/* The subcommands: one row each. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt_doc.h"

/* Exit codes, as the manual page has them; a run ended by a signal exits with 128 + its number. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct cmd {
	const char *name;
	const char *help; /* one line */
	/* argv[0] is argv[0] of the program, the command's name is gone; returns an exit code. */
	int (*run)(int argc, char **argv);
};

extern const struct cmd
	commands[]; /* ends with a NULL name; the first is what runs without a name */

/* The row that argv[1] names, which is then taken out of argv, else the first. */
const struct cmd *cmd_find(int *argc, char **argv);
/* The names for the completions, ended by a NULL name; n rows at most are written. Returns words.
 */
const struct opt_word *cmd_words(struct opt_word *words, unsigned n);
/* The exit code for an error. */
int cmd_code(const struct err *e);
/* Prints "sonde: TEXT" on standard error and returns the exit code for it. */
int cmd_fail(const struct err *e);
/* Writes to standard output; EXIT_FAILED with a message when that fails. Frees the buffer. */
int cmd_print(struct buf *b);

/* Appends names and versions of the libraries in use. */
void cmd_libraries(struct buf *out);

/* scan: everything; see cmd/run_scan.c */
int cmd_scan(int argc, char **argv);
/* doctor [TARGET] */
int cmd_doctor(int argc, char **argv);
/* convert FILE: a file of results into other formats */
int cmd_convert(int argc, char **argv);
/* verify RECEIPT...: whether sweeps sent all that they were to send */
int cmd_verify(int argc, char **argv);
/* help */
int cmd_help(int argc, char **argv);
/* version: this program and what it was built with */
int cmd_version(int argc, char **argv);
/* --iflist: this machine's interfaces and routes. */
int cmd_iflist(void);
