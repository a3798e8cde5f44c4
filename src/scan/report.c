/* SPDX-License-Identifier: BSD-2-Clause */
/* From the engine's state to records on the bus. */
#include "scan/report.h"

#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "base/clock.h"
#include "pkt/view.h"

static void publish(struct engine *e, struct rec r)
{
	bus_publish(e->env->bus, &r);
}

int report_run(struct engine *e)
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
	return 0;
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
	};
	struct rec_port *ports;

	if (h->state == HOST_UNKNOWN && !h->timed_out)
		return; /* interrupted before anything was known */
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
		.elapsed_ns = elapsed,
		.eta_ns = done > 0.01 && done < 1 ? (uint64_t)((double)elapsed * (1 - done) / done)
						  : 0,
		.hosts_done = e->hosts_done,
		.hosts_up = e->hosts_up,
		.hosts_active = active,
		.probes_sent = e->probes_sent,
		.rate_pps = e->rate_pps,
		.asked = asked,
	};

	publish(e, (struct rec){.kind = REC_PROGRESS, .progress = &p});
}

static void trace_text(struct engine *e, bool sent, uint64_t at_ns, const char *text)
{
	struct rec_packet p = {
		.sent = sent, .at_ns = at_ns > e->start_ns ? at_ns - e->start_ns : 0, .text = text};

	publish(e, (struct rec){.kind = REC_PACKET, .packet = &p});
}

void report_trace(struct engine *e, bool sent, uint64_t at_ns, const uint8_t *data, uint32_t len)
{
	char text[512];

	pkt_describe(data, len, text, sizeof(text));
	trace_text(e, sent, at_ns, text);
}

void report_trace_arp(struct engine *e, bool sent, uint64_t at_ns, const struct arp_msg *m)
{
	char dst[ADDR_TEXT_MAX], src[ADDR_TEXT_MAX], mac[MAC_TEXT_MAX], text[256];

	if (m->op == ARP_REQUEST)
		snprintf(text, sizeof(text), "ARP who-has %s tell %s", addr_text(&m->dst_ip, dst),
			addr_text(&m->src_ip, src));
	else
		snprintf(text, sizeof(text), "ARP reply %s is-at %s", addr_text(&m->src_ip, src),
			mac_text(&m->src_mac, mac));
	trace_text(e, sent, at_ns, text);
}

void report_trace_connect(struct engine *e, bool sent, uint64_t at_ns, const struct addr *dst,
	uint16_t port, const char *outcome)
{
	char a[ADDR_TEXT_MAX], text[256];
	bool v6 = dst->family == 6;

	snprintf(text, sizeof(text), "CONN TCP %s%s%s:%u%s%s", v6 ? "[" : "", addr_text(dst, a),
		v6 ? "]" : "", port, sent ? "" : " => ", outcome);
	trace_text(e, sent, at_ns, text);
}

void report_end(struct engine *e, bool interrupted)
{
	struct rec_end r = {
		.end_wall_ns = clock_wall(e->env->clock),
		.elapsed_ns = clock_now(e->env->clock) - e->start_ns,
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
