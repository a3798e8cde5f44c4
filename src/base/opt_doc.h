/* SPDX-License-Identifier: BSD-2-Clause */
/* Options as documents: help text, manual page section, shell completions, all from the rows. */
#pragma once

#include "base/buf.h"
#include "base/opt.h"

/* Subcommands for the completions. */
struct opt_word {
	const char *name, *help;
};

/* Two columns at most 100 wide, by group; the rows that are not built in one paragraph at the end.
 */
void opt_help(const struct opt_table *t, struct buf *out);
/* roff (man macros): a .SS a group, a .TP a row; the rows that are not built in a .SS of their own.
 */
void opt_man(const struct opt_table *t, struct buf *out);
/* A completion script of "bash", "zsh" or "fish"; `words` ends with a NULL name. ERR_USAGE for
 * another shell. */
int opt_completion(const struct opt_table *t, const char *shell, const struct opt_word *words,
	struct buf *out) MUST_CHECK;
