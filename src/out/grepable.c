/* SPDX-License-Identifier: BSD-2-Clause */
/* nmap's grepable format (-oG): one line a host and fact, fields separated by tabs. */
#include "out/formats.h"

#include <inttypes.h>
#include <string.h>

#include "out/collapse.h"
#include "out/out_base.h"
#include "out/out_text.h"

/*
 *	Host: ADDR (PTR)\tStatus: Up
 *	Host: ADDR (PTR)\tPorts: PORT, PORT, ...\tIgnored State: closed (997)
 *	PORT: NUMBER/STATE/PROTO/OWNER/SERVICE/RPC/VERSION/
 *
 * The name in parentheses is the one of reverse DNS only, and "Ignored State" stands there only
 * when it is exactly one: both as nmap does. A slash, a comma or a parenthesis in foreign text
 * would break the grammar and becomes '|', nmap's own choice.
 */

static void put_field(struct buf *b, const char *text)
{
	size_t from = b->len;

	out_term(b, text);
	for (size_t i = from; i < b->len; i++) {
		if (strchr("/,()", b->data[i]))
			b->data[i] = '|';
	}
}

static const struct rec_scaninfo *info_of(const struct rec_run *run, unsigned proto)
{
	for (size_t i = 0; i < run->n_info; i++) {
		if (run->info[i].proto == proto)
			return &run->info[i];
	}
	return NULL;
}

static void put_scanned(struct out *o, const struct rec_run *run)
{
	static const struct {
		const char *word;
		unsigned proto;
	} columns[] = {{"TCP", PROTO_TCP}, {"UDP", PROTO_UDP}, {"SCTP", PROTO_SCTP},
		{"PROTOCOLS", PROTO_IP}};

	buf_str(&o->body, "# Ports scanned:");
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		const struct rec_scaninfo *info = info_of(run, columns[i].proto);

		buf_fmt(&o->body, " %s(%" PRIu32 ";%s)", columns[i].word, info ? info->n_ports : 0,
			info ? info->services : "");
	}
	buf_char(&o->body, '\n');
}

static void put_prefix(struct buf *b, const struct rec_host *h)
{
	char ip[ADDR_TEXT_MAX];

	buf_fmt(b, "Host: %s (", addr_text(&h->addr, ip));
	put_field(b, h->ptr_name);
	buf_str(b, ")\t");
}

static void put_status(struct buf *b, const struct rec_host *h)
{
	const char *word = h->listed		   ? "Unknown"
			   : h->state == HOST_UP   ? "Up"
			   : h->state == HOST_DOWN ? "Down"
						   : "Unknown";

	put_prefix(b, h);
	buf_fmt(b, "Status: %s\n", word);
	if (h->timed_out) {
		put_prefix(b, h);
		buf_str(b, "Status: Timeout\n");
	}
	if (h->partial) {
		put_prefix(b, h);
		buf_str(b, "Status: Interrupted\n");
	}
}

static void put_port(struct buf *b, const struct rec_port *p)
{
	if (p->proto == PROTO_IP) {
		buf_fmt(b, "%u/%s/", p->number, port_state_name((enum port_state)p->state));
		put_field(b, p->service);
		buf_char(b, '/');
		return;
	}
	buf_fmt(b, "%u/%s/%s//", p->number, port_state_name((enum port_state)p->state),
		proto_name(p->proto));
	put_field(b, p->service);
	buf_str(b, "///");
}

static void put_ports(struct out *o, const struct rec_host *h)
{
	struct buf *b = &o->body;
	struct collapse c;
	bool first = true;

	collapse_make(&c, h, &o->conf);
	if (c.n_total == 0)
		return;
	put_prefix(b, h);
	buf_str(b, h->ports[0].proto == PROTO_IP ? "Protocols: " : "Ports: ");
	for (size_t i = 0; i < h->n_ports; i++) {
		const struct rec_port *p = &h->ports[i];

		if (p->state == PORT_UNKNOWN || p->state >= PORT_STATES || c.ignored[p->state])
			continue;
		if (!first)
			buf_str(b, ", ");
		put_port(b, p);
		first = false;
	}
	if (c.n_ignored == 1)
		buf_fmt(b, "\tIgnored State: %s (%" PRIu32 ")",
			port_state_name((enum port_state)c.order[0]), c.count[c.order[0]]);
	buf_char(b, '\n');
}

static int render(struct out *o, const struct rec *r)
{
	if (r->kind == REC_RUN) {
		out_first_line(&o->body, r->run);
		if (o->conf.verbose > 0)
			put_scanned(o, r->run);
	} else if (r->kind == REC_HOST && out_shows_host(&o->conf, r->host)) {
		put_status(&o->body, r->host);
		if (r->host->ports_scanned && r->host->state == HOST_UP)
			put_ports(o, r->host);
	} else if (r->kind == REC_END) {
		out_last_line(&o->body, r->end, true);
	}
	return 0;
}

static int tail(struct out *o)
{
	struct rec_end killed = out_killed(o);

	out_last_line(&o->tail, &killed, true);
	return 0;
}

static const struct out_form form = {
	.size = sizeof(struct out),
	.render = render,
	.tail = tail,
};

static int grepable_open(struct out **out, const struct out_conf *c, struct err *e)
{
	return out_base_open(out, &form, c, e);
}

const struct out_ops out_grepable = {
	.name = "grepable",
	.option = "-oG",
	.suffix = "gnmap",
	.want = BUS_WANT(REC_RUN) | BUS_WANT(REC_HOST) | BUS_WANT(REC_END),
	.open = grepable_open,
	.put = out_base_put,
	.close = out_base_close,
};
