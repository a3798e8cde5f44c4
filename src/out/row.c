/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of a sweep as lines of CSV and NDJSON. */
#include "out/row.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/*
 * A line is made in an array that no line can outgrow and added to the buffer at once; printf is
 * left out of it. What takes time otherwise: snprintf of each number (100 ns and more), the
 * calendar (its text is kept for the second).
 */
#define VALUE_MAX 96
#define LINE_MAX  (COLUMNS_MAX * (VALUE_MAX + sizeof(struct row_key)) + 32)

void row_init(struct row_form *f, enum row_style style, const struct columns *columns)
{
	f->style = style;
	f->columns = columns;
	f->second = UINT64_MAX;
	for (size_t i = 0; i < columns->n; i++) {
		struct row_key *k = &f->keys[i];
		char *p = k->text;

		*p++ = ',';
		if (style == ROW_JSON) {
			*p++ = '"';
			p = stpcpy(p, columns->v[i].name);
			*p++ = '"';
			*p++ = ':';
		} else if (i == 0) {
			p--;
		}
		k->len = (size_t)(p - k->text);
	}
}

static char *put_u64(char *p, uint64_t u)
{
	char digits[20];
	unsigned n = 0;

	do
		digits[n++] = (char)('0' + u % 10);
	while (u /= 10);
	while (n)
		*p++ = digits[--n];
	return p;
}

/* Exactly n digits. */
static char *put_digits(char *p, uint64_t u, unsigned n)
{
	for (unsigned i = n; i-- > 0; u /= 10)
		p[i] = (char)('0' + u % 10);
	return p + n;
}

static char *put_text(char *p, const char *s)
{
	size_t n = strlen(s);

	assert(n < VALUE_MAX);
	memcpy(p, s, n);
	return p + n;
}

static char *put_addr(char *p, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if (a->family != 4)
		return put_text(p, addr_text(a, text));
	for (int i = 0; i < 4; i++) {
		if (i)
			*p++ = '.';
		p = put_u64(p, a->b[i]);
	}
	return p;
}

static char *put_time(struct row_form *f, char *p, uint64_t wall_ns)
{
	if (wall_ns / NS_PER_S != f->second) {
		time_t t = (time_t)(wall_ns / NS_PER_S);
		struct tm tm;

		if (!gmtime_r(&t, &tm))
			memset(&tm, 0, sizeof(tm));
		strftime(f->date, sizeof(f->date), "%Y-%m-%dT%H:%M:%S", &tm);
		f->second = wall_ns / NS_PER_S;
	}
	p = put_text(p, f->date);
	*p++ = '.';
	p = put_digits(p, wall_ns % NS_PER_S, 9);
	*p++ = 'Z';
	return p;
}

static char *put_duration(char *p, unsigned digits, uint64_t ns)
{
	uint64_t unit = 1;

	for (unsigned i = 0; i < digits; i++)
		unit *= 10;
	p = put_u64(p, ns / unit);
	if (!digits)
		return p;
	*p++ = '.';
	return put_digits(p, ns % unit, digits);
}

static char *put_value(
	struct row_form *f, char *p, const struct column *c, const struct field_value *v)
{
	switch (v->type) {
	case FIELD_TEXT:
		return put_text(p, v->text);
	case FIELD_ADDR:
		return put_addr(p, &v->addr);
	case FIELD_TIME:
		return put_time(f, p, v->u);
	case FIELD_BOOL:
		return put_text(p, v->flag ? "true" : "false");
	case FIELD_NS:
		return put_duration(p, c->digits, v->u);
	default: /* a result has no other types than FIELD_UINT */
		return put_u64(p, v->u);
	}
}

static bool is_quoted(const struct row_form *f, enum field_type t)
{
	return f->style == ROW_JSON && (t == FIELD_TEXT || t == FIELD_ADDR || t == FIELD_TIME);
}

void row_add(struct row_form *f, struct buf *b, const struct rec_result *r)
{
	char line[LINE_MAX], *p = line;

	if (f->style == ROW_JSON)
		p = put_text(p, "{\"type\":\"result\"");
	for (size_t i = 0; i < f->columns->n; i++) {
		const struct column *c = &f->columns->v[i];
		struct field_value v = c->field->get(r, NULL);
		bool quoted;

		if (!v.present && f->style == ROW_JSON)
			continue;
		memcpy(p, f->keys[i].text, sizeof(f->keys[i].text)); /* a fixed size is one move */
		p += f->keys[i].len;
		if (!v.present)
			continue;
		quoted = is_quoted(f, v.type);
		if (quoted)
			*p++ = '"';
		p = put_value(f, p, c, &v);
		if (quoted)
			*p++ = '"';
	}
	if (f->style == ROW_JSON)
		*p++ = '}';
	else
		*p++ = '\r';
	*p++ = '\n';
	buf_add(b, line, (size_t)(p - line));
}

void row_duration(struct buf *b, const struct column *c, uint64_t ns)
{
	char text[VALUE_MAX];

	buf_add(b, text, (size_t)(put_duration(text, c->digits, ns) - text));
}
