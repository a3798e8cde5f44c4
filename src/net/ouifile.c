/* SPDX-License-Identifier: BSD-2-Clause */
/* The formats in which lists of Ethernet address blocks and their owners are found. */
#include "net/ouifile.h"

#include <stdbool.h>
#include <string.h>

/* clang-format off */
/*
 * udev's hwdb:    OUI:70B3D5123*                      the digits are the prefix: 6, 7 or 9 of them
 *                  ID_OUI_FROM_DATABASE=Some Company
 * IEEE's text:    70-B3-D5   (hex)            Some Company
 *                 123000-123FFF   (base 16)   Some Company        or 70B3D5 for a 24-bit block
 *                 and the address of the company on lines that begin with tabs
 * PREFIX NAME:    70B3D5 Some Company
 *                 70:B3:D5:12:30:00/36<tab>Short<tab>Long name of the company
 */
/* clang-format on */

struct span {
	const char *s;
	size_t len;
};

struct parse {
	oui_row_fn fn;
	void *ctx;
	uint64_t prefix; /* of the line before, when bits is not 0 */
	unsigned bits;
	unsigned line;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span t)
{
	while (t.len && is_blank(t.s[0])) {
		t.s++;
		t.len--;
	}
	while (t.len && is_blank(t.s[t.len - 1]))
		t.len--;
	return t;
}

static struct span skip(struct span t, size_t n)
{
	n = n < t.len ? n : t.len;
	return (struct span){t.s + n, t.len - n};
}

static bool starts(struct span t, const char *with)
{
	size_t len = strlen(with);

	return t.len >= len && memcmp(t.s, with, len) == 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Takes hex digits, with separators between them where `separators` has any; returns how many
 * digits (at most 12).
 */
static unsigned take_hex(struct span *t, const char *separators, uint64_t *value)
{
	unsigned n = 0;

	*value = 0;
	for (; t->len && n < 12; *t = skip(*t, 1)) {
		int digit = hex_digit(t->s[0]);

		if (digit < 0 && (!t->s[0] || !strchr(separators, t->s[0])))
			break;
		if (digit < 0)
			continue;
		*value = *value << 4 | (uint64_t)digit;
		n++;
	}
	return n;
}

static int give(struct parse *p, uint64_t prefix, unsigned bits, struct span name)
{
	struct oui_row row = {prefix, bits, name.s, name.len};

	return p->fn(p->ctx, &row);
}

static int hwdb_line(struct parse *p, struct span t)
{
	static const char key[] = "ID_OUI_FROM_DATABASE=";
	uint64_t value;
	unsigned digits, bits = p->bits;

	if (starts(t, "OUI:")) {
		t = skip(t, 4);
		digits = take_hex(&t, "", &value);
		p->bits = digits >= 6 && starts(t, "*") ? 4 * digits : 0;
		p->prefix = value << (48 - 4 * digits);
		return 0;
	}
	t = trim(t);
	if (!bits || !starts(t, key))
		return 0;
	p->bits = 0;
	t = trim(skip(t, sizeof(key) - 1));
	return t.len ? give(p, p->prefix, bits, t) : 0;
}

/*
 * "123000-123FFF": all addresses with these last 24 bits; the bits that begin and end share belong
 * to the prefix.
 */
static unsigned range_bits(uint64_t first, uint64_t last)
{
	unsigned free_bits = 0;

	while (free_bits < 24 && (first ^ last) >> free_bits)
		free_bits++;
	return 48 - free_bits;
}

static int ieee_line(struct parse *p, struct span t)
{
	uint64_t first, last;
	unsigned digits = take_hex(&t, "-", &first);

	t = trim(t);
	if (digits == 6 && starts(t, "(hex)")) {
		p->prefix = first << 24;
		return 0;
	}
	if (!starts(t, "(base 16)"))
		return 0;
	t = trim(skip(t, strlen("(base 16)")));
	if (!t.len)
		return 0;
	if (digits == 6)
		return give(p, first << 24, 24, t);
	last = first & 0xffffff;
	first >>= 24;
	if (digits != 12)
		return 0;
	return give(p, p->prefix | first, range_bits(first, last), t);
}

/* The length behind a slash, or that of the digits; 0 when it makes no sense. */
static unsigned prefix_bits(struct span *t, unsigned digits)
{
	unsigned bits = 0;

	if (!starts(*t, "/"))
		return digits >= 6 ? 4 * digits : 0;
	for (*t = skip(*t, 1); t->len && t->s[0] >= '0' && t->s[0] <= '9' && bits < 48;
		*t = skip(*t, 1))
		bits = bits * 10 + (unsigned)(t->s[0] - '0');
	return bits >= 8 && bits <= 4 * digits ? bits : 0;
}

static int plain_line(struct parse *p, struct span t)
{
	uint64_t value;
	unsigned digits, bits;
	const char *tab;

	t = trim(t);
	if (!t.len || t.s[0] == '#')
		return 0;
	digits = take_hex(&t, ":-.", &value);
	bits = prefix_bits(&t, digits);
	if (!bits || !t.len || !is_blank(t.s[0]))
		return ERR_PARSE;
	t = trim(t);
	tab = memrchr(t.s, '\t', t.len);
	if (tab)
		t = skip(t, (size_t)(tab - t.s) + 1);
	return t.len ? give(p, value << (48 - 4 * digits), bits, t) : ERR_PARSE;
}

typedef int (*line_fn)(struct parse *p, struct span t);

static line_fn format_of(const char *text, size_t len)
{
	if ((len > 4 && memcmp(text, "OUI:", 4) == 0) || memmem(text, len, "\nOUI:", 5))
		return hwdb_line;
	if (memmem(text, len, "(base 16)", 9))
		return ieee_line;
	return plain_line;
}

int oui_parse(const char *text, size_t len, oui_row_fn fn, void *ctx, struct err *e)
{
	struct parse p = {.fn = fn, .ctx = ctx};
	line_fn take_line = format_of(text, len);
	const char *end = text + len;
	int rc = 0;

	while (text < end && rc == 0) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));

		if (!eol)
			eol = end;
		p.line++;
		rc = take_line(&p, (struct span){text, (size_t)(eol - text)});
		text = eol + 1;
	}
	if (rc == ERR_PARSE)
		err_set(e, rc, "line %u is not an address prefix of 24 to 48 bits and a name",
			p.line);
	return rc;
}
