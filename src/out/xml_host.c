/* SPDX-License-Identifier: BSD-2-Clause */
/* The host element of nmap's XML. */
#include "out/xml_host.h"

#include "out/collapse.h"

static void put_status(struct xml_writer *w, const struct rec_host *h)
{
	enum reason reason = (enum reason)h->reason;

	if (h->listed && reason == REASON_NONE)
		reason = REASON_USER_SET;
	xml_begin(w, "status");
	xml_attr(w, "state", h->listed ? "unknown" : host_state_name((enum host_state)h->state));
	xml_attr(w, "reason", reason_name(reason));
	xml_attr_u64(w, "reason_ttl", h->ttl);
	xml_end(w);
	xml_raw(w, "\n");
}

static void put_addresses(struct xml_writer *w, const struct rec_host *h)
{
	char text[ADDR_TEXT_MAX > MAC_TEXT_MAX ? ADDR_TEXT_MAX : MAC_TEXT_MAX];

	xml_begin(w, "address");
	xml_attr(w, "addr", addr_text(&h->addr, text));
	xml_attr(w, "addrtype", h->addr.family == 6 ? "ipv6" : "ipv4");
	xml_end(w);
	xml_raw(w, "\n");
	if (!h->has_mac)
		return;
	xml_begin(w, "address");
	xml_attr(w, "addr", mac_text(&h->mac, text));
	xml_attr(w, "addrtype", "mac");
	xml_attr(w, "vendor", h->vendor);
	xml_end(w);
	xml_raw(w, "\n");
}

static void put_hostname(struct xml_writer *w, const char *name, const char *type)
{
	if (!name)
		return;
	xml_begin(w, "hostname");
	xml_attr(w, "name", name);
	xml_attr(w, "type", type);
	xml_end(w);
	xml_raw(w, "\n");
}

/* Hosts that are up have the element even without a name. */
static void put_hostnames(struct xml_writer *w, const struct rec_host *h)
{
	if (h->state != HOST_UP && !h->user_name && !h->ptr_name)
		return;
	xml_begin(w, "hostnames");
	xml_raw(w, "\n");
	put_hostname(w, h->user_name, "user");
	put_hostname(w, h->ptr_name, "PTR");
	xml_end(w);
	xml_raw(w, "\n");
}

static void put_extraports(
	struct xml_writer *w, const struct rec_host *h, const struct collapse *c, uint8_t state)
{
	struct buf ports;

	buf_init(&ports);
	xml_begin(w, "extraports");
	xml_attr(w, "state", port_state_name((enum port_state)state));
	xml_attr_u64(w, "count", c->count[state]);
	xml_raw(w, "\n");
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct collapse_row *row = &c->rows[i];

		if (row->state != state)
			continue;
		buf_clear(&ports);
		collapse_numbers(&ports, h, row);
		xml_begin(w, "extrareasons");
		xml_attr(w, "reason", reason_name((enum reason)row->reason));
		xml_attr_u64(w, "count", row->count);
		xml_attr(w, "proto", proto_name(row->proto));
		xml_attr(w, "ports", buf_text(&ports));
		xml_end(w);
		xml_raw(w, "\n");
		w->failed |= ports.failed;
	}
	xml_end(w);
	xml_raw(w, "\n");
	buf_free(&ports);
}

static void put_port(struct xml_writer *w, const struct rec_host *h, const struct rec_port *p)
{
	char ip[ADDR_TEXT_MAX];

	xml_begin(w, "port");
	xml_attr(w, "protocol", proto_name(p->proto));
	xml_attr_u64(w, "portid", p->number);
	xml_begin(w, "state");
	xml_attr(w, "state", port_state_name((enum port_state)p->state));
	xml_attr(w, "reason", reason_name((enum reason)p->reason));
	xml_attr_u64(w, "reason_ttl", p->ttl);
	if (p->from && p->from <= h->n_from)
		xml_attr(w, "reason_ip", addr_text(&h->from[p->from - 1], ip));
	xml_end(w);
	if (p->service && *p->service) {
		xml_begin(w, "service");
		xml_attr(w, "name", p->service);
		xml_attr(w, "method", "table");
		xml_attr(w, "conf", "3");
		xml_end(w);
	}
	xml_end(w);
	xml_raw(w, "\n");
}

static void put_ports(struct xml_writer *w, const struct rec_host *h, const struct out_conf *conf)
{
	struct collapse c;

	collapse_make(&c, h, conf);
	if (h->timed_out && c.n_total == 0)
		return;
	xml_begin(w, "ports");
	for (size_t i = 0; i < c.n_ignored; i++)
		put_extraports(w, h, &c, c.order[i]);
	for (size_t i = 0; i < h->n_ports; i++) {
		uint8_t state = h->ports[i].state;

		if (state != PORT_UNKNOWN && state < PORT_STATES && !c.ignored[state])
			put_port(w, h, &h->ports[i]);
	}
	xml_end(w);
	xml_raw(w, "\n");
}

/* As nmap has it: routers that were silent are left out. */
static void put_trace(struct xml_writer *w, const struct rec_trace *t)
{
	char ip[ADDR_TEXT_MAX];

	if (!t)
		return;
	xml_begin(w, "trace");
	if (t->port)
		xml_attr_u64(w, "port", t->port);
	if (t->proto != PROTO_IP)
		xml_attr(w, "proto", proto_name(t->proto));
	xml_raw(w, "\n");
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct rec_hop *hop = &t->hops[i];

		if (!hop->addr.family)
			continue;
		xml_begin(w, "hop");
		xml_attr_u64(w, "ttl", hop->ttl);
		xml_attr(w, "ipaddr", addr_text(&hop->addr, ip));
		if (hop->rtt_ns)
			xml_attr_fmt(w, "rtt", "%.2f", (double)hop->rtt_ns / (double)NS_PER_MS);
		xml_attr(w, "host", hop->name);
		xml_end(w);
		xml_raw(w, "\n");
	}
	xml_end(w);
	xml_raw(w, "\n");
}

static void put_times(struct xml_writer *w, const struct rec_host *h)
{
	if (!h->srtt_ns)
		return;
	xml_begin(w, "times");
	xml_attr_u64(w, "srtt", h->srtt_ns / NS_PER_US);
	xml_attr_u64(w, "rttvar", h->rttvar_ns / NS_PER_US);
	xml_attr_u64(w, "to", h->rto_ns / NS_PER_US);
	xml_end(w);
	xml_raw(w, "\n");
}

/* A comment, because nmap's DTD has no place for it. */
static void put_backend(struct xml_writer *w, const struct rec_host *h)
{
	if (!h->backend || !h->probes_sent)
		return;
	xml_raw(w, "<!-- backend: ");
	xml_comment_text(w, h->backend);
	xml_raw(w, " -->\n");
}

void xml_host(struct xml_writer *w, const struct rec_host *h, const struct out_conf *conf)
{
	bool ports = h->ports_scanned && h->state == HOST_UP;

	xml_begin(w, "host");
	if (ports && h->start_wall_ns) {
		xml_attr_u64(w, "starttime", h->start_wall_ns / NS_PER_S);
		xml_attr_u64(w, "endtime", h->end_wall_ns / NS_PER_S);
	}
	if (h->timed_out)
		xml_attr(w, "timedout", "true");
	put_status(w, h);
	put_addresses(w, h);
	put_hostnames(w, h);
	if (ports)
		put_ports(w, h, conf);
	put_trace(w, h->trace);
	put_times(w, h);
	put_backend(w, h);
	xml_end(w);
	xml_raw(w, "\n");
}
