/* SPDX-License-Identifier: BSD-2-Clause */
/* Text: numbers and durations as users type them, escaping of hostile text. */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

int str_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	const char *digits = hex ? s + 2 : s;
	unsigned long long v;
	char *end;

	/* strtoull would take blanks and a minus sign too */
	if (hex ? !isxdigit((unsigned char)*digits) : !isdigit((unsigned char)*digits))
		return ERR_PARSE;
	errno = 0;
	v = strtoull(digits, &end, hex ? 16 : 10);
	if (*end || errno || v < min || v > max)
		return ERR_PARSE;
	*out = v;
	return 0;
}

int str_double(const char *s, double *out)
{
	double v;
	char *end;

	if (!*s || s[strspn(s, "0123456789+-.eE")])
		return ERR_PARSE; /* no blanks, no hexadecimal, no "inf" */
	v = strtod(s, &end);
	if (*end || !isfinite(v))
		return ERR_PARSE;
	*out = v;
	return 0;
}

static bool unit_seconds(const char *unit, double *seconds)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = { { "", 1 }, { "ms", 1e-3 }, { "s", 1 }, { "m", 60 }, { "h", 3600 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcasecmp(unit, units[i].name) == 0) {
			*seconds = units[i].seconds;
			return true;
		}
	}
	return false;
}

int str_duration_ns(const char *s, uint64_t *out_ns)
{
	double v, scale;
	char *end;

	v = strtod(s, &end);
	if (end == s || !isfinite(v) || v < 0 || !unit_seconds(end, &scale))
		return ERR_PARSE;
	v = v * scale * (double)NS_PER_S;
	if (v >= 0x1p63) /* 292 years: more is a slip of the keyboard */
		return ERR_PARSE;
	*out_ns = (uint64_t)llround(v);
	return 0;
}

/* Only the last star is ever tried again: enough, as stars match anything, and not exponential. */
bool str_glob(const char *pattern, const char *text)
{
	const char *after_star = NULL, *retry = NULL;

	while (*text) {
		if (*pattern == '*') {
			after_star = ++pattern;
			retry = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (after_star) {
			pattern = after_star;
			text = ++retry;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

/* How many bytes a sequence has that starts with this one, or 0. */
static size_t utf8_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >> 5 == 6)
		return 2;
	if (first >> 4 == 14)
		return 3;
	return first >> 3 == 30 ? 4 : 0;
}

/* Length of the well-formed UTF-8 sequence at p (RFC 3629: not overlong, no surrogate), or 0. */
static size_t utf8_decode(const uint8_t *p, size_t len, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = utf8_len(p[0]);
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	if (n == 0 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return n;
}

/* False for what steers a terminal, reorders or hides: controls, bidi marks, fillers. */
static bool is_visible(uint32_t c)
{
	/* clang-format off */
	static const struct { uint32_t first, last; } hidden[] = {
		{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x00ad, 0x00ad }, { 0x034f, 0x034f },
		{ 0x061c, 0x061c }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 },
		{ 0xe000, 0xf8ff }, { 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
		{ 0xe0000, 0x10ffff },
	};
	/* clang-format on */

	if ((c & 0xfffe) == 0xfffe) /* the two non-characters of each plane */
		return false;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (c >= hidden[i].first && c <= hidden[i].last)
			return false;
	}
	return true;
}

void str_term(struct buf *b, const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;

	while (len) {
		uint32_t code;
		size_t n = utf8_decode(p, len, &code);

		if (n && is_visible(code)) {
			buf_add(b, p, n);
		} else {
			n = n ? n : 1;
			for (size_t i = 0; i < n; i++)
				buf_fmt(b, "\\x%02X", p[i]);
		}
		p += n;
		len -= n;
	}
}

void str_rtt(struct buf *b, uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = { { NS_PER_US, "us" }, { NS_PER_MS, "ms" }, { NS_PER_S, "s" } };

	if (ns < NS_PER_US) {
		buf_fmt(b, "%uns", (unsigned)ns);
		return;
	}
	/* The first of 2, 1, 0 decimals that gives three digits; 999.5 goes to the next unit. */
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		for (unsigned decimals = 2, div = 100; decimals <= 2; decimals--, div /= 10) {
			uint64_t step = units[i].ns / div;
			uint64_t digits = ns / step + (ns % step * 2 >= step);

			if (digits < 1000 || (decimals == 0 && units[i].ns == NS_PER_S)) {
				buf_fmt(b, "%.*f%s", (int)decimals, (double)digits / div,
					units[i].name);
				return;
			}
		}
	}
}
