/* SPDX-License-Identifier: BSD-2-Clause */
/* CSV (-oC, RFC 4180): one row a port, the host's fields repeated in front, or a result of a sweep;
 * a heading first. */
#include "out/formats.h"

#include <string.h>

#include "out/out_base.h"
#include "out/out_text.h"
#include "out/row.h"

/*
 * - Columns are the rows of model/field.c: those of the host with "host_" before the name, then
 * those of the port. A host without ports to show has one row with empty port columns. A result of a
 * sweep has columns of its own (row.c). --fields chooses among them.
 * - Lines end with CR LF; a cell with a quote, a comma or a blank at its edge is quoted, quotes are
 * doubled (RFC 4180, section 2). Newlines and other control characters are written as \xHH, so a
 * line is always a record.
 * - Spreadsheets take a cell that begins with = + - or @ for a formula, and names
 * on the network are chosen by strangers: text cells that begin so get an apostrophe in front,
 * which spreadsheets show as text. Numbers and times are ours and left alone.
 */

struct csv {
	struct out base;
	struct columns columns;
	bool any_host;	      /* a column is the host's */
	struct row_form rows; /* of results */
};

static void put_text(struct buf *b, const char *text)
{
	struct buf clean;
	bool quote;

	buf_init(&clean);
	if (*text && strchr("=+-@", *text))
		buf_char(&clean, '\'');
	out_term(&clean, text);
	text = buf_text(&clean);
	quote = text[strcspn(text, "\",")] || *text == ' ' ||
		(clean.len && text[clean.len - 1] == ' ');
	if (quote)
		buf_char(b, '"');
	for (; *text; text++) {
		if (*text == '"')
			buf_char(b, '"');
		buf_char(b, *text);
	}
	if (quote)
		buf_char(b, '"');
	b->failed |= clean.failed;
	buf_free(&clean);
}

static void put_addrs(struct buf *b, const struct addr *v, size_t n)
{
	char ip[ADDR_TEXT_MAX];

	for (size_t i = 0; i < n; i++)
		buf_fmt(b, "%s%s", i ? " " : "", addr_text(&v[i], ip));
}

static void put_cell(struct buf *b, const struct column *c, const struct field_value *v)
{
	if (v->type == FIELD_TEXT)
		put_text(b, v->text);
	else if (v->type == FIELD_ADDRS)
		put_addrs(b, v->addrs.v, v->addrs.n);
	else if (v->type == FIELD_NS)
		row_duration(b, c, v->u);
	else
		out_value(b, v);
}

/* One line; p == NULL: the host's cells, and empty ones of a port. */
static void put_row(struct csv *t, const struct rec_host *h, const struct rec_port *p)
{
	struct buf *b = &t->base.body;

	for (size_t i = 0; i < t->columns.n; i++) {
		const struct column *c = &t->columns.v[i];
		struct field_value v;

		if (i)
			buf_char(b, ',');
		if (!p && !c->of_host)
			continue;
		v = column_get(c, p, h);
		if (v.present)
			put_cell(b, c, &v);
	}
	buf_str(b, "\r\n");
}

static void put_host(struct csv *t, const struct rec_host *h)
{
	bool any = false;

	for (size_t i = 0; i < h->n_ports; i++) {
		if (!out_shows_port(&t->base.conf, &h->ports[i]))
			continue;
		put_row(t, h, &h->ports[i]);
		any = true;
	}
	if (!any && t->any_host)
		put_row(t, h, NULL);
}

static void put_title(struct csv *t)
{
	for (size_t i = 0; i < t->columns.n; i++)
		buf_fmt(&t->base.body, "%s%s", i ? "," : "", t->columns.v[i].name);
	buf_str(&t->base.body, "\r\n");
}

static void put_results(struct csv *t, const struct rec_results *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (out_shows_port(&t->base.conf, &r->v[i].port))
			row_add(&t->rows, &t->base.body, &r->v[i]);
}

static int render(struct out *o, const struct rec *r)
{
	struct csv *t = (struct csv *)o;

	if (r->kind == REC_RESULTS)
		put_results(t, r->results);
	if (r->kind == REC_HOST && !o->conf.results && out_shows_host(&o->conf, r->host))
		put_host(t, r->host);
	/* Appending to a table that is there already: its heading stays the only one. */
	if (r->kind == REC_RUN && o->file.end == 0)
		put_title(t);
	return 0;
}

static const struct out_form form = {
	.size = sizeof(struct csv),
	.render = render,
};

static int csv_open(struct out **out, const struct out_conf *c, struct err *e)
{
	int rc = out_base_open(out, &form, c, e);
	struct csv *t = (struct csv *)*out;

	if (rc < 0)
		return rc;
	out_columns(&t->columns, c, c->results ? COLUMN_RESULTS : COLUMN_PORTS);
	if (c->results)
		row_init(&t->rows, ROW_CSV, &t->columns);
	for (size_t i = 0; i < t->columns.n; i++)
		t->any_host |= t->columns.v[i].of_host;
	return 0;
}

const struct out_ops out_csv = {
	.name = "csv",
	.option = "-oC",
	.suffix = NULL,
	.rows = true,
	.want = BUS_WANT(REC_RUN) | BUS_WANT(REC_HOST) | BUS_WANT(REC_RESULTS),
	.open = csv_open,
	.put = out_base_put,
	.close = out_base_close,
};
