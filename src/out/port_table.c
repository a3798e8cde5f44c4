/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of ports in the normal report: aligned columns, one row a column's definition. */
#include "out/port_table.h"

#include "base/str.h"
#include "out/out_text.h"

/*
 * PORT, STATE, SERVICE and REASON stand where nmap has them, so that scripts which count columns go
 * on working; RTT is ours and comes behind them.
 */

static void cell_port(struct buf *b, const struct rec_host *h, const struct rec_port *p)
{
	if (p->proto == PROTO_IP)
		buf_fmt(b, "%u", p->number);
	else
		buf_fmt(b, "%u/%s", p->number, proto_name(p->proto));
}

static void cell_state(struct buf *b, const struct rec_host *h, const struct rec_port *p)
{
	buf_str(b, port_state_name((enum port_state)p->state));
}

static void cell_service(struct buf *b, const struct rec_host *h, const struct rec_port *p)
{
	out_term(b, p->service && *p->service ? p->service : "unknown");
}

void port_reason(struct buf *b, const struct rec_host *h, const struct rec_port *p)
{
	char ip[ADDR_TEXT_MAX];

	buf_str(b, reason_name((enum reason)p->reason));
	if (p->ttl)
		buf_fmt(b, " ttl %u", p->ttl);
	if (p->from && p->from <= h->n_from)
		buf_fmt(b, " from %s", addr_text(&h->from[p->from - 1], ip));
}

static void cell_rtt(struct buf *b, const struct rec_host *h, const struct rec_port *p)
{
	if (p->rtt_ns)
		str_rtt(b, p->rtt_ns);
	else
		buf_char(b, '-');
}

/* clang-format off */
static const struct column {
	const char *title;
	bool only_reason; /* only with --reason */
	void (*cell)(struct buf *b, const struct rec_host *h, const struct rec_port *p);
} columns[] = {
	{ "PORT",    false, cell_port },
	{ "STATE",   false, cell_state },
	{ "SERVICE", false, cell_service },
	{ "REASON",  true,  port_reason },
	{ "RTT",     false, cell_rtt },
};
/* clang-format on */

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct table {
	const struct rec_host *host;
	const struct collapse *collapse;
	bool reason, ip_protocols;
	size_t width[N_COLUMNS];
};

static bool is_shown(const struct table *t, const struct rec_port *p)
{
	return p->state != PORT_UNKNOWN && p->state < PORT_STATES &&
	       !t->collapse->ignored[p->state];
}

/* Characters, not bytes: a name may be UTF-8. */
static size_t display_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s >> 6) != 2;
	return n;
}

static const char *title_of(const struct table *t, size_t col)
{
	return col == 0 && t->ip_protocols ? "PROTOCOL" : columns[col].title;
}

/* The text of a cell; p == NULL: of the heading. */
static void cell_text(struct buf *b, const struct table *t, size_t col, const struct rec_port *p)
{
	buf_clear(b);
	if (p)
		columns[col].cell(b, t->host, p);
	else
		buf_str(b, title_of(t, col));
}

static void measure(struct table *t, struct buf *cell, const struct rec_port *p)
{
	for (size_t col = 0; col < N_COLUMNS; col++) {
		size_t n;

		cell_text(cell, t, col, p);
		n = display_width(buf_text(cell));
		if (n > t->width[col])
			t->width[col] = n;
	}
}

static void print_row(
	struct buf *b, const struct table *t, struct buf *cell, const struct rec_port *p)
{
	size_t pad = 0;

	for (size_t col = 0; col < N_COLUMNS; col++) {
		if (columns[col].only_reason && !t->reason)
			continue;
		cell_text(cell, t, col, p);
		for (; pad; pad--)
			buf_char(b, ' ');
		buf_str(b, buf_text(cell));
		pad = t->width[col] - display_width(buf_text(cell)) + 1;
	}
	buf_char(b, '\n');
}

void port_table(struct buf *b, const struct rec_host *h, const struct collapse *c, bool reason)
{
	struct table t = {.host = h, .collapse = c, .reason = reason};
	struct buf cell;

	if (c->n_hidden == c->n_total)
		return;
	buf_init(&cell);
	for (size_t i = 0; i < h->n_ports; i++) {
		if (is_shown(&t, &h->ports[i])) {
			t.ip_protocols = h->ports[i].proto == PROTO_IP;
			measure(&t, &cell, &h->ports[i]);
		}
	}
	measure(&t, &cell, NULL);
	print_row(b, &t, &cell, NULL);
	for (size_t i = 0; i < h->n_ports; i++) {
		if (is_shown(&t, &h->ports[i]))
			print_row(b, &t, &cell, &h->ports[i]);
	}
	if (cell.failed)
		b->failed = true;
	buf_free(&cell);
}
