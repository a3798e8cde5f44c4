/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of a file or of standard input, one at a time: lists of targets and exclusions, also in
 * zmap's and masscan's formats.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define WORD_MAX 1024 /* a longer word is an error */

struct words;

/*
 * `path`, or "-" for standard input. `keys`: names of masscan's settings whose values are words of
 * this list, NULL-terminated, borrowed. ERR_USAGE when it cannot be read. *out is owned.
 */
int words_open(
	struct words **out, const char *path, const char *const *keys, struct err *e) MUST_CHECK;
void words_free(struct words *w); /* NULL is fine */
/*
 * The next word, 1, into out; 0 at the end; negative: a read error or a word too long. Words are
 * parted by blanks, tabs, CR, LF and NUL; "#" starts a comment to the end of the line, also inside
 * a word. "key = a,b" gives a and b; a key that is not one of `keys` is ERR_UNSUPPORTED with file
 * and line, and the next call goes on behind that line. Blocks only when everything that came has
 * been given out, but for a last word of letters that may yet turn out to be a key.
 */
int words_next(struct words *w, char out[WORD_MAX], struct err *e) MUST_CHECK;
/* The file's name as messages have it, borrowed, and the line of the word last given. */
const char *words_path(const struct words *w);
unsigned words_line(const struct words *w);
/* Bytes taken so far, and in all: 0 when that is not known (a pipe). */
uint64_t words_done_bytes(const struct words *w);
uint64_t words_total_bytes(const struct words *w);
