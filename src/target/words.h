/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of a file or of standard input, one at a time: lists of targets and exclusions. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define WORD_MAX 1024 /* a longer word is an error */

struct words;

/* `path`, or "-" for standard input. ERR_USAGE when it cannot be read. *out is owned. */
int words_open(struct words **out, const char *path, struct err *e) MUST_CHECK;
void words_free(struct words *w); /* NULL is fine */
/*
 * The next word, 1, into out; 0 at the end; negative: a read error or a word too long. Words are
 * parted by blanks, tabs, CR, LF and NUL; "#" starts a comment to the end of the line, also inside
 * a word. Blocks only when everything that came has been given out.
 */
int words_next(struct words *w, char out[WORD_MAX], struct err *e) MUST_CHECK;
/* Bytes taken so far, and in all: 0 when that is not known (a pipe). */
uint64_t words_done_bytes(const struct words *w);
uint64_t words_total_bytes(const struct words *w);
