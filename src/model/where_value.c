/* SPDX-License-Identifier: BSD-2-Clause */
/* The words and values of a filter. */
#include "model/where_lex.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"

#define VALUE_MAX 96 /* longest value but a text */

/* ---- words ----------------------------------------------------------------------------------- */

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_.:/|+-%*", c)) || (unsigned char)c > 127;
}

static void lex_test(struct where_lex *l)
{
	static const struct {
		const char *sign;
		enum where_test test;
	} tests[] = {{"==", TEST_EQ}, {"!=", TEST_NE}, {"<=", TEST_LE}, {">=", TEST_GE},
		{"=", TEST_EQ}, {"<", TEST_LT}, {">", TEST_GT}};

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (strncmp(l->at, tests[i].sign, strlen(tests[i].sign)) != 0)
			continue;
		l->token = TOKEN_TEST;
		l->test = tests[i].test;
		l->len = strlen(tests[i].sign);
		return;
	}
	l->token = TOKEN_BAD;
	l->len = 1;
}

static void lex_quoted(struct where_lex *l)
{
	const char *end = strchr(l->at + 1, l->at[0]);

	l->token = end ? TOKEN_QUOTED : TOKEN_BAD;
	l->word = l->at + 1;
	l->len = end ? (size_t)(end - l->word) : strlen(l->word);
	l->at = end ? end + 1 : l->word + l->len;
}

void where_next(struct where_lex *l)
{
	static const char single[] = "(),";
	static const enum where_token of[] = {TOKEN_OPEN, TOKEN_CLOSE, TOKEN_COMMA};
	const char *one;

	while (isspace((unsigned char)*l->at))
		l->at++;
	l->word = l->at;
	l->column = (size_t)(l->at - l->text) + 1;
	l->len = 0;
	if (*l->at == '\0') {
		l->token = TOKEN_END;
	} else if (*l->at == '\'' || *l->at == '"') {
		lex_quoted(l);
		return;
	} else if ((one = strchr(single, *l->at))) {
		l->token = of[one - single];
		l->len = 1;
	} else if (in_word(*l->at)) {
		l->token = TOKEN_WORD;
		while (in_word(l->at[l->len]))
			l->len++;
	} else {
		lex_test(l);
	}
	l->at += l->len;
}

bool where_is(const struct where_lex *l, const char *word)
{
	return l->token == TOKEN_WORD && l->len == strlen(word) &&
	       strncasecmp(l->word, word, l->len) == 0;
}

int where_error(const struct where_lex *l, struct err *e, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(e, ERR_USAGE, "column %zu: %s", l->column, text);
}

/* ---- values ---------------------------------------------------------------------------------- */

static long double power_of_ten(unsigned digits)
{
	long double p = 1;

	while (digits--)
		p *= 10;
	return p;
}

/* A number at *at, exact as long as it is whole; *at moves behind it. */
static bool number(const char **at, long double *out)
{
	const char *s = *at;
	char *end;

	if (!isdigit((unsigned char)*s) && !(*s == '.' && isdigit((unsigned char)s[1])))
		return false;
	errno = 0;
	*out = strtoull(s, &end, s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10);
	if (*end == '.' || *end == 'e' || *end == 'E' || errno)
		*out = strtold(s, &end);
	*at = end;
	return *out <= 1e30L; /* nothing is larger, and infinity is no number */
}

/* Of a duration: as many ns as the unit behind the number says, else that of the column. */
static bool scale(const char **at, const struct column *c, bool bare, long double *v)
{
	static const struct {
		const char *unit;
		unsigned digits;
	} units[] = {{"ns", 0}, {"us", 3}, {"ms", 6}, {"s", 9}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i].unit);

		if (strncmp(*at, units[i].unit, n) != 0)
			continue;
		*v *= power_of_ten(units[i].digits);
		*at += n;
		return true;
	}
	*v *= power_of_ten(c->digits);
	return !bare;
}

static bool one_number(const char **at, const struct column *c, bool bare, long double *v)
{
	return number(at, v) && (c->field->type != FIELD_NS || scale(at, c, bare, v));
}

static int number_value(const struct where_lex *l, const char *text, const struct column *c,
	bool bare, struct where_value *v, struct err *e)
{
	const char *at = text;
	bool good = one_number(&at, c, bare, &v->low);
	int stem = (int)strlen(c->name) - (bare ? 2 : 0); /* without "ns" */

	v->high = v->low;
	if (good && *at == '-') {
		at++;
		good = one_number(&at, c, bare, &v->high);
	}
	if (!good || *at)
		return where_error(l, e,
			bare ? "\"%.40s\" is no duration such as 250us or 5ms (or name the unit, as in %.*sms < 5)"
			     : "\"%.40s\" is no number, and %.*s is one",
			text, stem, c->name);
	return v->high < v->low ? where_error(l, e, "the range %.40s runs backward", text) : 0;
}

static bool zone_ns(const char *at, long double *ns)
{
	int h, m, n = 0;
	char sign;

	if ((*at == 'Z' || *at == 'z') && !at[1])
		return true;
	if (sscanf(at, "%c%2d:%2d%n", &sign, &h, &m, &n) != 3 || at[n] ||
		(sign != '+' && sign != '-'))
		return false;
	*ns -= (sign == '-' ? -1 : 1) * (h * 3600.0L + m * 60.0L) * NS_PER_S;
	return true;
}

/* "2026-11-20T23:00:00.5Z", or a day, which begins at midnight UTC. */
static bool time_text(const char *text, long double *ns)
{
	struct tm tm = {0};
	const char *at = text;
	int n = 0;
	long double scale_ns = NS_PER_S;

	if (sscanf(at, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &n) != 3)
		return false;
	at += n;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	if (*at && sscanf(at, "T%2d:%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &n) != 3)
		return false;
	*ns = (long double)timegm(&tm) * NS_PER_S;
	if (!*at)
		return true;
	at += n;
	if (*at == '.')
		for (at++; isdigit((unsigned char)*at); at++)
			*ns += (*at - '0') * (scale_ns /= 10);
	return zone_ns(at, ns);
}

static int time_value(
	const struct where_lex *l, const char *text, struct where_value *v, struct err *e)
{
	if (!time_text(text, &v->low))
		return where_error(l, e,
			"\"%.40s\" is no time such as 2026-11-20T23:00:00Z or 2026-11-20", text);
	v->high = v->low;
	return 0;
}

static int addr_value(const struct where_lex *l, const char *text, enum where_test test,
	struct where_value *v, struct err *e)
{
	char host[VALUE_MAX];
	const char *slash = strchr(text, '/');
	uint64_t bits;

	snprintf(host, sizeof(host), "%.*s", slash ? (int)(slash - text) : VALUE_MAX - 1, text);
	if (addr_parse(host, &v->addr) < 0)
		return where_error(l, e, "\"%.60s\" is no address", text);
	v->bits = v->addr.family == 4 ? 32 : 128;
	if (!slash)
		return 0;
	if (test != TEST_IN && test != TEST_NOT_IN)
		return where_error(l, e, "%.60s is a prefix; write: in %.60s", text, text);
	if (str_u64(slash + 1, 0, v->bits, &bits) < 0)
		return where_error(l, e, "the length of the prefix is 0 to %u", v->bits);
	v->bits = (unsigned)bits;
	return 0;
}

static int mac_value(
	const struct where_lex *l, const char *text, struct where_value *v, struct err *e)
{
	unsigned b[6];
	int n = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		    &n) != 6 ||
		text[n])
		return where_error(l, e, "\"%.40s\" is no Ethernet address", text);
	for (int i = 0; i < 6; i++)
		v->mac.b[i] = (uint8_t)b[i];
	return 0;
}

/* A word that the field never is would be a filter that lets nothing pass, or all. */
static int check_word(
	const struct where_lex *l, const struct rec_field *f, const char *text, struct err *e)
{
	struct buf b = {0};
	const char *word;

	for (unsigned i = 0; f->word && (word = f->word(i)); i++) {
		bool again = false; /* several codes have one word */

		if (strcmp(word, text) == 0 && *text) {
			buf_free(&b);
			return 0;
		}
		for (unsigned k = 0; k < i && !again; k++)
			again = strcmp(f->word(k), word) == 0;
		if (*word && !again)
			buf_fmt(&b, "%s%s", b.len ? ", " : "", word);
	}
	if (f->word)
		where_error(l, e, "%s is never \"%.40s\"; it is one of %.300s", f->name, text,
			buf_text(&b));
	buf_free(&b);
	return f->word ? ERR_USAGE : 0;
}

int where_value(const struct where_lex *l, const struct column *c, bool bare, enum where_test test,
	struct where_value *v, struct err *e)
{
	char text[VALUE_MAX];

	memset(v, 0, sizeof(*v));
	if (l->token != TOKEN_WORD && l->token != TOKEN_QUOTED)
		return where_error(l, e, "a value for %s is expected here", c->name);
	if (c->field->type == FIELD_TEXT) {
		v->text = strndup(l->word, l->len);
		return v->text ? check_word(l, c->field, v->text, e)
			       : err_set(e, -ENOMEM, "out of memory");
	}
	if (l->len >= sizeof(text))
		return where_error(l, e, "the value is too long");
	memcpy(text, l->word, l->len);
	text[l->len] = '\0';
	switch (c->field->type) {
	case FIELD_ADDR:
		return addr_value(l, text, test, v, e);
	case FIELD_MAC:
		return mac_value(l, text, v, e);
	case FIELD_TIME:
		return time_value(l, text, v, e);
	case FIELD_BOOL:
		v->low = v->high = strcasecmp(text, "true") == 0;
		return v->low == 1 || strcasecmp(text, "false") == 0
			       ? 0
			       : where_error(l, e, "%s is true or false", c->name);
	default:
		if (strchr(text, '-') && test != TEST_IN && test != TEST_NOT_IN)
			return where_error(l, e, "%s is a range; write: in %s", text, text);
		return number_value(l, text, c, bare, v, e);
	}
}
