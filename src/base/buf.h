/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing byte buffer, always NUL-terminated, with a sticky out-of-memory flag. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct buf {
	char *data; /* owned; NULL until the first byte */
	size_t len; /* bytes without the NUL */
	size_t cap;
	bool failed; /* an allocation failed: later writes do nothing */
};

void buf_init(struct buf *b);  /* empty; allocates nothing */
void buf_free(struct buf *b);  /* frees, ready for reuse */
void buf_clear(struct buf *b); /* empties and forgets a failure; keeps the memory */
/* All of these append a copy; on failure they set `failed` and change nothing. */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_vfmt(struct buf *b, const char *fmt, va_list ap) PRINTF(2, 0);
/*
 * Appends what is left of a file, which must be less than `max` bytes. 0; -EFBIG, -ENOMEM, or
 * -errno of reading. Blocks as reading does.
 */
int buf_read(struct buf *b, FILE *f, size_t max) MUST_CHECK;
/* The text so far, never NULL; borrowed until the next write. */
const char *buf_text(const struct buf *b);
/* Gives the text to the caller (free()); the buffer is empty again. NULL when memory ran out. */
char *buf_take(struct buf *b);
