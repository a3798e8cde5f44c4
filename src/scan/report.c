/* SPDX-License-Identifier: BSD-2-Clause */
/* From the engine's state to records on the bus. */
#include "scan/report.h"

#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "base/clock.h"
#include "pkt/arp.h"
#include "pkt/build.h"
#include "pkt/view.h"

static void publish(struct engine *e, struct rec r)
{
	bus_publish(e->env->bus, &r);
}

void report_run(struct engine *e)
{
	struct rec_scaninfo info[TECHS_MAX];
	char *text[TECHS_MAX] = {0};
	struct rec_run run = {
		.program = "sonde",
		.version = e->env->version,
		.args = e->env->args,
		.start_wall_ns = e->start_wall_ns,
		.info = info,
		.n_info = e->n_techs,
		.verbose = e->plan->verbose,
		.debug = e->plan->debug,
		.privileged = e->env->privileged,
	};

	for (unsigned i = 0; i < e->n_techs; i++) {
		const struct port_list *l = &e->plan->ports.of[e->techs[i]->ports];

		text[i] = port_list_text(l);
		info[i] = (struct rec_scaninfo){
			e->techs[i]->scaninfo, e->techs[i]->proto, l->n, text[i] ? text[i] : ""};
	}
	publish(e, (struct rec){.kind = REC_RUN, .run = &run});
	for (unsigned i = 0; i < e->n_techs; i++)
		free(text[i]);
}

static struct rec_port port_of(
	const struct engine *e, const struct task *t, uint32_t i, const struct slot *s)
{
	return (struct rec_port){
		.number = t->ports[i],
		.proto = t->tech->proto,
		.state = s->state,
		.reason = s->reason,
		.ttl = s->ttl,
		.from = s->from,
		.rtt_src = s->answered ? s->rtt_src : RTT_NONE,
		.rtt_ns = s->answered ? s->t : 0,
		.service = e->env->services
				   ? services_name(e->env->services, t->tech->ports, t->ports[i])
				   : NULL,
	};
}

static unsigned proto_rank(uint8_t proto)
{
	return proto == PROTO_TCP ? 0 : proto == PROTO_UDP ? 1 : proto == PROTO_SCTP ? 2 : 3;
}

static int by_proto_and_number(const void *a, const void *b)
{
	const struct rec_port *p = a, *q = b;

	if (p->proto != q->proto)
		return (int)proto_rank(p->proto) - (int)proto_rank(q->proto);
	return (int)p->number - (int)q->number;
}

/* The ports with a verdict, sorted; owned, NULL when there are none. */
static struct rec_port *ports_of(const struct engine *e, const struct host *h, size_t *n)
{
	struct rec_port *v;
	size_t max = 0;

	*n = 0;
	for (unsigned i = 0; i < e->n_tasks; i++)
		if (h->result[i])
			max += e->tasks[i].n;
	if (max == 0 || !(v = malloc(max * sizeof(*v))))
		return NULL;
	for (unsigned i = 0; i < e->n_tasks; i++)
		for (uint32_t k = 0; h->result[i] && k < e->tasks[i].n; k++)
			if (h->result[i][k].state != PORT_UNKNOWN)
				v[(*n)++] = port_of(e, &e->tasks[i], k, &h->result[i][k]);
	qsort(v, *n, sizeof(*v), by_proto_and_number);
	return v;
}

static const char *vendor_of(struct engine *e, const struct mac *m)
{
	if (!e->oui_tried && e->env->oui)
		e->oui = e->env->oui(e->env->oui_ctx);
	e->oui_tried = true;
	return e->oui ? oui_vendor(e->oui, m) : NULL;
}

static const char *backend_of(const struct engine *e, const struct host *h)
{
	if (e->n_tasks && e->tasks[0].tech->carrier == IO_TX_CONNECT && e->wire.connect)
		return e->wire.connect->ops->name;
	if (h->io)
		return h->io->ops->name;
	return e->wire.connect ? e->wire.connect->ops->name : NULL;
}

void report_host(struct engine *e, struct host *h)
{
	struct rec_host r = {
		.addr = h->addr,
		.user_name = h->name,
		.ptr_name = h->ptr,
		.other_addrs = h->others,
		.n_other_addrs = h->n_others,
		.has_mac = h->has_mac,
		.mac = h->mac,
		.state = h->state,
		.reason = h->reason,
		.ttl = h->ttl,
		.timed_out = h->timed_out,
		.partial = h->partial,
		.listed = e->plan->list_only,
		.ports_scanned = h->state == HOST_UP && e->n_tasks > 0,
		.start_wall_ns = h->start_wall_ns,
		.end_wall_ns = h->end_wall_ns,
		.srtt_ns = h->rtt.srtt_ns,
		.rttvar_ns = h->rtt.rttvar_ns,
		.rto_ns = h->rtt.rto_ns,
		.latency_ns = h->rtt.srtt_ns,
		.latency_src = h->rtt.n_samples ? h->rtt_src : RTT_NONE,
		.from = h->from,
		.n_from = h->n_from,
		.probes_sent = h->probes_sent,
		.backend = backend_of(e, h),
		.trace = h->trace,
	};
	struct rec_port *ports;

	if (h->replayed || (h->state == HOST_UNKNOWN && !h->timed_out))
		return; /* known already; interrupted before anything was known */
	if (h->has_mac)
		r.vendor = vendor_of(e, &h->mac);
	ports = ports_of(e, h, &r.n_ports);
	r.ports = ports;
	publish(e, (struct rec){.kind = REC_HOST, .host = &r});
	free(ports);
}

void report_found(struct engine *e, struct host *h, uint32_t slot)
{
	struct rec_port p = port_of(e, h->job.task, slot, &h->job.slots[slot]);
	struct rec_found f = {.addr = h->addr, .port = &p};

	report_verdicts(e); /* what is told is in the checkpoint first */
	publish(e, (struct rec){.kind = REC_FOUND, .found = &f});
}

/* Share of the run that is done: whole hosts, and of hosts in work the share of their slots. */
static double share_done(const struct engine *e, uint32_t *active)
{
	double total = e->n_targets == UINT64_MAX ? 0 : (double)e->n_targets, part = 0;
	unsigned n = 0;

	*active = e->n_unreported - e->n_done;
	for (const struct host *h = e->order_head; h && n < 1000; h = h->order_next) {
		if (h->stage == STAGE_PORTS)
			part += (h->task + 1.0 - (double)h->job.undecided / h->job.n_slots) /
				e->n_tasks,
				n++;
	}
	if (total < (double)e->hosts_done + 1)
		total = (double)e->hosts_done + *active;
	return total > 0 ? ((double)e->hosts_done + part) / total : 0;
}

/* Hosts done, and of those in work. */
static uint64_t found_up(const struct engine *e)
{
	uint64_t n = e->hosts_up;

	for (const struct host *h = e->order_head; h; h = h->order_next)
		n += h->stage != STAGE_DONE && h->state == HOST_UP;
	return n;
}

void report_progress(struct engine *e, bool asked)
{
	uint32_t active;
	double done = share_done(e, &active);
	uint64_t elapsed = e->now - e->start_ns;
	bool ping = e->n_pinging > 0 && e->n_scanning == 0;
	struct rec_progress p = {
		.phase = e->plan->list_only || !e->n_tasks ? (ping ? "Ping Scan" : "name look-up")
			 : ping				   ? "Ping Scan"
							   : e->tasks[0].tech->title,
		.done = done > 1 ? 1 : done,
		.elapsed_ns = e->before_ns + elapsed,
		.eta_ns = done > 0.01 && done < 1 ? (uint64_t)((double)elapsed * (1 - done) / done)
						  : 0,
		.hosts_done = e->hosts_done,
		.hosts_up = found_up(e),
		.hosts_active = active,
		.probes_sent = e->probes_sent,
		.rate_pps = e->rate_pps,
		.asked = asked,
	};

	publish(e, (struct rec){.kind = REC_PROGRESS, .progress = &p});
}

static void publish_packet(struct engine *e, struct rec_packet *p, uint64_t at_ns)
{
	uint64_t since = clock_now(e->env->clock) - at_ns;

	p->at_ns = at_ns > e->start_ns ? at_ns - e->start_ns : 0;
	p->wall_ns = clock_wall(e->env->clock) - since;
	publish(e, (struct rec){.kind = REC_PACKET, .packet = p});
}

static void connect_text(char *text, size_t cap, const struct addr *dst, uint16_t port,
	const char *arrow, const char *outcome)
{
	char a[ADDR_PORT_TEXT_MAX];

	snprintf(text, cap, "CONN TCP %s%s%s", addr_port_text(dst, port, a), arrow, outcome);
}

static void arp_text(char *text, size_t cap, const uint8_t *data, uint32_t len)
{
	char dst[ADDR_TEXT_MAX], src[ADDR_TEXT_MAX], mac[MAC_TEXT_MAX];
	struct rd r = rd_init(data, len);
	struct arp_msg m;

	if (!arp_read(&r, &m))
		snprintf(text, cap, "ARP of %u bytes that cannot be read", len);
	else if (m.op == ARP_REQUEST)
		snprintf(text, cap, "ARP who-has %s tell %s", addr_text(&m.dst_ip, dst),
			addr_text(&m.src_ip, src));
	else
		snprintf(text, cap, "ARP reply %s is-at %s", addr_text(&m.src_ip, src),
			mac_text(&m.src_mac, mac));
}

static void packet_text(
	char *text, size_t cap, uint16_t ethertype, const uint8_t *data, uint32_t len)
{
	if (ethertype == 0x0806)
		arp_text(text, cap, data, len);
	else
		pkt_describe(data, len, text, cap);
}

bool report_packets(const struct engine *e)
{
	const struct levels *now = e->env->levels;

	return e->plan->capture || (now ? now->trace : e->plan->packet_trace);
}

static uint16_t ip_ethertype(const uint8_t *data, uint32_t len)
{
	return len && data[0] >> 4 == 6 ? 0x86dd : 0x0800;
}

static const struct net_link *link_of(const struct engine *e, uint32_t ifindex)
{
	return e->env->net && ifindex ? net_link_by_index(e->env->net, ifindex) : NULL;
}

void report_sent(struct engine *e, const struct io_tx *tx)
{
	const struct net_link *l;
	char text[512];
	struct rec_packet p = {.sent = true, .text = text};

	if (!report_packets(e))
		return;
	l = link_of(e, tx->ifindex);
	p.interface = l ? l->name : NULL;
	if (tx->kind == IO_TX_CONNECT) {
		connect_text(text, sizeof(text), &tx->dst, tx->dport, tx->error ? " => " : "",
			tx->error ? strerror(-tx->error) : "");
	} else if (tx->error) {
		return; /* it never left; a note says why */
	} else {
		p.data = tx->data;
		p.len = p.wire_len = tx->len;
		p.dst_mac = tx->dst_mac;
		p.src_mac = tx->src_mac;
		p.ethertype =
			tx->kind == IO_TX_LINK ? tx->ethertype : ip_ethertype(tx->data, tx->len);
		packet_text(text, sizeof(text), p.ethertype, tx->data, tx->len);
	}
	publish_packet(e, &p, tx->sent_ns);
}

/* Whom a frame that reached us was for. The rings do not tell; but it was for the interface, for
 * the address we gave it, or for a group of IPv6 (whose answers to others we see). */
static struct mac received_by(
	const struct engine *e, const struct net_link *l, const struct rec_packet *p)
{
	struct addr group;

	if (!l || l->kind != LINK_ETHERNET)
		return (struct mac){{0}};
	if (p->ethertype == 0x86dd && p->len >= 40 && p->data[24] == 0xff) {
		group = addr_from_bytes(6, p->data + 24);
		return build_multicast_mac(&group);
	}
	return e->plan->wire.has_mac ? e->plan->wire.mac : l->mac;
}

void report_received(struct engine *e, const struct io_rx *rx)
{
	const struct net_link *l;
	char text[512];
	struct rec_packet p = {.text = text,
		.data = rx->data,
		.len = rx->len,
		.wire_len = rx->wire_len,
		.src_mac = rx->src_mac,
		.verdict = *e->said ? e->said : NULL};

	if (!report_packets(e))
		return;
	l = link_of(e, rx->ifindex);
	p.interface = l ? l->name : NULL;
	p.ethertype = rx->kind == IO_RX_LINK ? rx->ethertype : ip_ethertype(rx->data, rx->len);
	p.dst_mac = received_by(e, l, &p);
	packet_text(text, sizeof(text), p.ethertype, rx->data, rx->len);
	publish_packet(e, &p, rx->at_ns);
}

void report_connected(
	struct engine *e, const struct io_rx *rx, const struct addr *dst, uint16_t port)
{
	char text[512];
	struct rec_packet p = {.text = text, .verdict = *e->said ? e->said : NULL};

	if (!report_packets(e))
		return;
	connect_text(text, sizeof(text), dst, port, " => ",
		rx->error ? strerror(rx->error) : "connected");
	publish_packet(e, &p, rx->at_ns);
}

void report_words(struct engine *e, bool sent, const char *text)
{
	struct rec_packet p = {.sent = sent, .text = text};

	if (report_packets(e))
		publish_packet(e, &p, e->now);
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static void keep(struct engine *e, const struct rec_verdict *v)
{
	if (e->n_verdicts == VERDICTS_MAX)
		report_verdicts(e);
	e->verdicts[e->n_verdicts++] = *v;
}

void report_verdict(struct engine *e, struct host *h, uint32_t slot)
{
	struct rec_verdict v = {.addr = h->addr};
	const struct slot *s = &h->job.slots[slot];

	if (!h->job.task)
		return;
	v.tech = h->job.task->tech->name;
	v.port = port_of(e, h->job.task, slot, s);
	if (e->plan->capture)
		snprintf(e->said, sizeof(e->said), "%u/%s %s (%s)", v.port.number,
			proto_name(v.port.proto), port_state_name(v.port.state),
			reason_name(v.port.reason));
	if (!e->plan->keep_verdicts)
		return;
	if (s->from)
		v.from = h->from[s->from - 1];
	keep(e, &v);
}

void report_state(struct engine *e, struct host *h)
{
	struct rec_verdict v = {.addr = h->addr,
		.port = {.state = h->state, .reason = h->reason, .ttl = h->ttl},
		.mac = h->mac};

	if (e->plan->capture)
		snprintf(e->said, sizeof(e->said), "host %s (%s)", host_state_name(h->state),
			reason_name(h->reason));
	if (e->plan->keep_verdicts)
		keep(e, &v);
}

void report_verdicts(struct engine *e)
{
	struct rec_verdicts r = {e->verdicts, e->n_verdicts};

	if (r.n == 0)
		return;
	e->n_verdicts = 0;
	publish(e, (struct rec){.kind = REC_VERDICTS, .verdicts = &r});
}

void report_end(struct engine *e, bool interrupted)
{
	struct rec_end r = {
		.end_wall_ns = clock_wall(e->env->clock),
		.elapsed_ns = e->before_ns + clock_now(e->env->clock) - e->start_ns,
		.hosts_up = e->hosts_up,
		.hosts_down = e->hosts_down,
		.hosts_total = e->hosts_done,
		.probes_sent = e->probes_sent,
		.replies = e->replies,
		.interrupted = interrupted,
		.error = e->dead.code	? e->dead.text
			 : e->lost.code ? e->lost.text
					: NULL,
	};

	publish(e, (struct rec){.kind = REC_END, .end = &r});
}
