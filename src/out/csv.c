/* SPDX-License-Identifier: BSD-2-Clause */
/* CSV (-oC, RFC 4180): one row a port, the host's fields repeated in front; a heading first. */
#include "out/formats.h"

#include <string.h>

#include "model/field.h"
#include "out/out_base.h"
#include "out/out_text.h"

/*
 * - Columns are the rows of model/field.c: those of the host with "host_" before the name, then
 * those of the port. A host without ports to show has one row with empty port columns.
 * - Lines end with CR LF; a cell with a quote, a comma or a blank at its edge is quoted, quotes are
 * doubled (RFC 4180, section 2). Newlines and other control characters are written as \xHH, so a
 * line is always a record.
 * - Spreadsheets take a cell that begins with = + - or @ for a formula, and names
 * on the network are chosen by strangers: text cells that begin so get an apostrophe in front,
 * which spreadsheets show as text. Numbers and times are ours and left alone.
 */

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

static void put_cell(struct buf *b, const struct field_value *v)
{
	if (v->type == FIELD_TEXT)
		put_text(b, v->text);
	else if (v->type == FIELD_ADDRS)
		put_addrs(b, v->addrs.v, v->addrs.n);
	else
		out_value(b, v);
}

/* Cells of one record, each with a comma before it; rec == NULL: empty cells. */
static void put_cells(
	struct buf *b, const char *record, const void *rec, const struct rec_host *host)
{
	for (size_t i = 0; i < n_rec_fields; i++) {
		struct field_value v;

		if (strcmp(rec_fields[i].record, record) != 0)
			continue;
		buf_char(b, ',');
		if (!rec)
			continue;
		v = rec_fields[i].get(rec, host);
		if (v.present)
			put_cell(b, &v);
	}
}

static void put_heading(struct buf *b, const char *record, const char *prefix)
{
	for (size_t i = 0; i < n_rec_fields; i++) {
		if (strcmp(rec_fields[i].record, record) == 0)
			buf_fmt(b, "%s%s%s", b->len ? "," : "", prefix, rec_fields[i].name);
	}
}

static void put_host(struct out *o, const struct rec_host *h)
{
	struct buf host;
	bool any = false;

	buf_init(&host);
	put_cells(&host, "host", h, NULL);
	if (host.failed) {
		o->body.failed = true;
		buf_free(&host);
		return;
	}
	for (size_t i = 0; i < h->n_ports; i++) {
		if (!out_shows_port(&o->conf, &h->ports[i]))
			continue;
		buf_str(&o->body, buf_text(&host) + 1); /* without the first comma */
		put_cells(&o->body, "port", &h->ports[i], h);
		buf_str(&o->body, "\r\n");
		any = true;
	}
	if (!any) {
		buf_str(&o->body, buf_text(&host) + 1);
		put_cells(&o->body, "port", NULL, NULL);
		buf_str(&o->body, "\r\n");
	}
	buf_free(&host);
}

static void put_title(struct out *o)
{
	put_heading(&o->body, "host", "host_");
	put_heading(&o->body, "port", "");
	buf_str(&o->body, "\r\n");
}

static int render(struct out *o, const struct rec *r)
{
	if (r->kind == REC_HOST && out_shows_host(&o->conf, r->host))
		put_host(o, r->host);
	/* Appending to a table that is there already: its heading stays the only one. */
	if (r->kind == REC_RUN && o->file.end == 0)
		put_title(o);
	return 0;
}

static const struct out_form form = {
	.size = sizeof(struct out),
	.render = render,
};

static int csv_open(struct out **out, const struct out_conf *c, struct err *e)
{
	return out_base_open(out, &form, c, e);
}

const struct out_ops out_csv = {
	.name = "csv",
	.option = "-oC",
	.suffix = NULL,
	.want = BUS_WANT(REC_RUN) | BUS_WANT(REC_HOST),
	.open = csv_open,
	.put = out_base_put,
	.close = out_base_close,
};
