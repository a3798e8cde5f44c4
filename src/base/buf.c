/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing byte buffer, always NUL-terminated, with a sticky out-of-memory flag. */
#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64

/* Makes room for `more` bytes and the NUL behind them. */
static bool reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;
	char *p;

	if (b->failed)
		return false;
	if (more >= SIZE_MAX / 2 - b->len)
		goto fail;
	while (cap <= b->len + more)
		cap *= 2;
	if (cap == b->cap)
		return true;
	p = realloc(b->data, cap);
	if (!p)
		goto fail;
	b->data = p;
	b->cap = cap;
	return true;
fail:
	b->failed = true;
	return false;
}

void buf_init(struct buf *b)
{
	memset(b, 0, sizeof(*b));
}

void buf_free(struct buf *b)
{
	free(b->data);
	buf_init(b);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(b, fmt, ap);
	va_end(ap);
}

void buf_vfmt(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int need;

	va_copy(again, ap);
	need = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (need < 0) {
		b->failed = true;
		return;
	}
	if (!reserve(b, (size_t)need))
		return;
	vsnprintf(b->data + b->len, b->cap - b->len, fmt, ap);
	b->len += (size_t)need;
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
	char *text = NULL;

	if (reserve(b, 0)) {
		text = b->data;
		text[b->len] = '\0';
		b->data = NULL;
	}
	buf_free(b);
	return text;
}

int buf_read(struct buf *b, FILE *f, size_t max)
{
	char block[4096];
	size_t n, begin = b->len;

	while (b->len - begin < max && (n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(b, block, n);
	if (ferror(f))
		return errno ? -errno : -EIO;
	if (b->failed)
		return -ENOMEM;
	return b->len - begin >= max ? -EFBIG : 0;
}
