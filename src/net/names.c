/* SPDX-License-Identifier: BSD-2-Clause */
/* What answers are made of: names made harmless, lists of addresses without duplicates. */
#include "net/names.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* By hand, because isalnum() follows the locale. */
static bool is_host_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void add_byte(struct buf *b, uint8_t c)
{
	if (is_host_char(c))
		buf_char(b, (char)c);
	else
		buf_fmt(b, "\\%03u", (unsigned)c);
}

/* Reads "DDD" or one byte behind a backslash; returns how many bytes that took. */
static size_t add_escaped(struct buf *b, const char *s)
{
	unsigned value;

	if (!is_digit(s[0]) || !is_digit(s[1]) || !is_digit(s[2])) {
		add_byte(b, *s ? (uint8_t)*s : '\\');
		return *s != '\0';
	}
	value = (unsigned)(s[0] - '0') * 100 + (unsigned)(s[1] - '0') * 10 + (unsigned)(s[2] - '0');
	add_byte(b, (uint8_t)value);
	return 3;
}

void name_clean(struct buf *b, const char *text)
{
	while (*text) {
		char c = *text++;

		if (c == '.')
			buf_char(b, '.');
		else if (c == '\\')
			text += add_escaped(b, text);
		else
			add_byte(b, (uint8_t)c);
	}
}

char *name_dup(const char *text)
{
	struct buf b;

	buf_init(&b);
	name_clean(&b, text);
	if (b.len && b.data[b.len - 1] == '.')
		b.data[--b.len] = '\0';
	if (b.failed || !b.len) {
		buf_free(&b);
		return NULL;
	}
	return buf_take(&b);
}

bool name_is_host(const char *text)
{
	size_t len = strlen(text), label = 0;
	bool digits = true; /* this label, so far */

	if (len && text[len - 1] == '.')
		len--;
	if (!len || len > 253)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && !label)
			return false;
		if (text[i] != '.' && (!is_host_char((uint8_t)text[i]) || ++label > 63))
			return false;
		if (text[i] == '.') {
			label = 0;
			digits = true;
		} else {
			digits &= is_digit(text[i]);
		}
	}
	return label && !digits;
}

int addr_list_add(struct addr_list *l, unsigned family, const struct addr *a)
{
	struct addr *bigger;

	if (!addr_len(a) || (family && a->family != family))
		return 0;
	for (int i = 0; i < l->n; i++)
		if (addr_eq(&l->list[i], a))
			return 0;
	bigger = reallocarray(l->list, (size_t)l->n + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	l->list = bigger;
	l->list[l->n++] = *a;
	return 0;
}
