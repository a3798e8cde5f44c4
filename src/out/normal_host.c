/* SPDX-License-Identifier: BSD-2-Clause */
/* One host in the normal report, line by line as nmap's users know it. */
#include "out/normal_host.h"

#include <inttypes.h>
#include <strings.h>

#include "base/clock.h"
#include "out/collapse.h"
#include "out/out_base.h"
#include "out/out_text.h"
#include "out/port_table.h"
#include "out/trace_table.h"

static bool wants_reason(const struct out_conf *c)
{
	return c->reason || c->verbose > 1 || c->debug > 0;
}

static void put_host_state(struct buf *b, const struct rec_host *h, bool reason)
{
	if (h->listed) {
		buf_char(b, '\n');
	} else if (h->state == HOST_UP) {
		buf_str(b, "\nHost is up");
		if (reason)
			buf_fmt(b, ", received %s", reason_name((enum reason)h->reason));
		if (reason && h->ttl)
			buf_fmt(b, " ttl %u", h->ttl);
		if (h->latency_ns) {
			buf_str(b, " (");
			out_latency(b, h->latency_ns);
			buf_str(b, "s latency)");
		}
		buf_str(b, ".\n");
	} else {
		buf_fmt(b, " [host %s", host_state_name((enum host_state)h->state));
		if (reason)
			buf_fmt(b, ", received %s", reason_name((enum reason)h->reason));
		buf_str(b, "]\n");
	}
}

static void put_names(struct buf *b, const struct rec_host *h)
{
	char ip[ADDR_TEXT_MAX];

	if (h->n_other_addrs) {
		buf_str(b, "Other addresses for ");
		out_term(b, h->user_name);
		buf_str(b, " (not scanned):");
		for (size_t i = 0; i < h->n_other_addrs; i++)
			buf_fmt(b, " %s", addr_text(&h->other_addrs[i], ip));
		buf_char(b, '\n');
	}
	if (h->user_name && h->ptr_name && *h->ptr_name &&
		strcasecmp(h->user_name, h->ptr_name) != 0) {
		buf_fmt(b, "rDNS record for %s: ", addr_text(&h->addr, ip));
		out_term(b, h->ptr_name);
		buf_char(b, '\n');
	}
}

static void put_ignored(struct buf *b, const struct rec_host *h, const struct collapse *c)
{
	if (c->n_hidden == c->n_total && c->n_total) {
		buf_fmt(b, "All %u scanned port%s on ", c->n_total, c->n_total == 1 ? "" : "s");
		out_name_ip(b, h);
		buf_str(b, " are in ignored states.\n");
	}
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct collapse_row *r = &c->rows[i];

		buf_fmt(b, "%s%u %s %s %s%s (%s)", i ? ", " : "Not shown: ", r->count,
			port_state_name((enum port_state)r->state), proto_name(r->proto),
			r->proto == PROTO_IP ? "protocol" : "port", r->count == 1 ? "" : "s",
			reason_summary((enum reason)r->reason));
	}
	if (c->n_total)
		buf_char(b, '\n');
}

static void put_ports(struct buf *b, const struct rec_host *h, const struct out_conf *conf)
{
	struct collapse c;

	collapse_make(&c, h, conf);
	put_ignored(b, h, &c);
	port_table(b, h, &c, wants_reason(conf));
}

static void put_mac(struct buf *b, const struct rec_host *h)
{
	char mac[MAC_TEXT_MAX];

	buf_fmt(b, "MAC Address: %s (", mac_text(&h->mac, mac));
	out_term(b, h->vendor && *h->vendor ? h->vendor : "Unknown");
	buf_str(b, ")\n");
}

static void put_scanned_at(struct buf *b, const struct rec_host *h)
{
	uint64_t ns = h->end_wall_ns > h->start_wall_ns ? h->end_wall_ns - h->start_wall_ns : 0;

	buf_str(b, "Scanned at ");
	out_time_second(b, h->start_wall_ns);
	buf_fmt(b, " for %" PRIu64 "s\n", ns / NS_PER_S);
}

/* Which way the probes went: times of different ways do not compare. */
static void put_backend(struct buf *b, const struct rec_host *h)
{
	buf_str(b, "Probed by ");
	out_term(b, h->backend);
	buf_char(b, '\n');
}

static void put_timed_out(struct buf *b, const struct rec_host *h)
{
	buf_str(b, "Skipping host ");
	out_name_ip(b, h);
	buf_str(b, " due to host timeout\n");
}

/* What comes last, and the empty line behind a scan. */
static void put_end(struct buf *b, const struct rec_host *h, bool ports)
{
	if (h->trace)
		trace_table(b, h->trace);
	if (ports || h->trace)
		buf_char(b, '\n');
}

void normal_host(struct buf *b, const struct rec_host *h, const struct out_conf *conf)
{
	bool ports = h->ports_scanned && h->state == HOST_UP && (!h->timed_out || h->n_ports);

	if (!out_shows_host(conf, h))
		return;
	buf_str(b, "Sonde scan report for ");
	out_name_ip(b, h);
	put_host_state(b, h, wants_reason(conf));
	if (!h->listed && h->state != HOST_UP)
		return;
	put_names(b, h);
	if (conf->verbose > 0 && h->backend && h->probes_sent)
		put_backend(b, h);
	if (ports && conf->verbose > 1 && h->start_wall_ns)
		put_scanned_at(b, h);
	if (h->timed_out)
		put_timed_out(b, h);
	if (h->partial)
		buf_str(b, "Interrupted: what is listed was learnt until then\n");
	if (ports)
		put_ports(b, h, conf);
	if (h->has_mac)
		put_mac(b, h);
	if (conf->debug && h->srtt_ns)
		buf_fmt(b,
			"Final times for host: srtt: %" PRIu64 " rttvar: %" PRIu64 "  to: %" PRIu64
			"\n",
			h->srtt_ns / NS_PER_US, h->rttvar_ns / NS_PER_US, h->rto_ns / NS_PER_US);
	put_end(b, h, ports);
}
