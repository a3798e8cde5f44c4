/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What came back: every packet is asked who sent it and which probe it answers. Only what a
 * technique owns - address, ports, cookie - changes anything; the rest is other people's traffic.
 */
#include "scan/rx.h"

#include <string.h>

#include "base/clock.h"
#include "pkt/arp.h"
#include "pkt/icmp6.h"
#include "scan/report.h"
#include "scan/driver.h"
#include "scan/evidence.h"
#include "scan/sched.h"
#include "scan/wire.h"

#define RX_BATCH 64

/* One answer, taken apart. */
struct reply {
	const struct io_rx *rx;
	struct addr responder;
	uint8_t ttl;
	uint32_t slot;
	uint8_t try; /* UINT8_MAX = cannot be told */
	struct verdict verdict;
	bool direct; /* from the target, not an ICMP error */
};

/* When the try left that was answered; 0 = unknown. */
static uint64_t sent_at(const struct slot *s, uint8_t try)
{
	if (try == UINT8_MAX)
		return s->tries == 1 ? s->t : 0;
	if (try + 1 == s->tries || (try == CANARY_TRY - 1 && s->tries > CANARY_TRY))
		return s->t;
	if (try + 2 == s->tries && s->gap16 != UINT32_MAX)
		return s->t - 16 * (uint64_t)s->gap16;
	return 0;
}

static uint64_t sample(struct engine *e, struct host *h, const struct io_rx *rx, uint64_t sent_ns)
{
	uint64_t rtt;

	if (!sent_ns)
		return 0;
	/* an interpolated send time may lie after a reply that came within the same batch */
	rtt = rx->at_ns > sent_ns ? rx->at_ns - sent_ns : 1;
	rtt_update(&h->rtt, &e->bounds, rtt);
	rtt_update(&e->group_rtt, &e->bounds, rtt);
	h->rtt_src = rx->at_src;
	return rtt;
}

/* Discovery: any answer of the target's own says that it is there; an error says so only when the
 * target itself sent it. */
static void settle_ping(struct engine *e, struct host *h, const struct reply *r)
{
	bool itself = addr_eq(&r->responder, &h->addr);
	bool refused =
		r->rx->kind == IO_RX_CONNECT && !r->direct; /* by whom, connect() does not say */
	bool reset = r->verdict.reason == REASON_RESET || r->verdict.reason == REASON_CONN_REFUSED;

	if (reset && e->plan->ignore_rst) {
		if (h->job.undecided == 0)
			host_stage_done(e, h);
		return;
	}
	if (r->direct || (itself && !refused)) {
		h->found_by = h->job.pings[r->slot];
		host_is_up(e, h, r->verdict.reason, r->ttl);
		return;
	}
	h->unreach = r->verdict.reason;
	if (h->job.undecided == 0)
		host_stage_done(e, h);
}

/* A canary's mark; where a fixed source port (-g) leaves no mark, a second answer of the canary's
 * slot. */
static bool is_canary(const struct host *h, const struct reply *r)
{
	if (r->try != UINT8_MAX)
		return r->try == CANARY_TRY;
	return h->canary_sent_ns && (int32_t)r->slot == h->job.canary &&
	       h->job.slots[r->slot].answered;
}

static void settle(struct engine *e, struct host *h, const struct reply *r)
{
	struct slot *s = &h->job.slots[r->slot];
	uint64_t sent_ns, rtt;
	bool undecided = s->state == PORT_UNKNOWN;

	if (is_canary(h, r)) {
		if (!h->canary_sent_ns)
			return;
		e->replies++;
		sample(e, h, r->rx, h->canary_sent_ns);
		if (!r->direct)
			evidence_refused(e, h, h->canary_sent_ns);
		evidence_answered(e, h, r->slot, CANARY_TRY, h->canary_sent_ns);
		sched_wake(e, h);
		return;
	}
	if (s->answered || s->tries == 0)
		return;
	e->replies++;
	sent_ns = sent_at(s, r->try);
	rtt = sample(e, h, r->rx, sent_ns);
	if (!r->direct)
		evidence_refused(e, h, sent_ns ? sent_ns : s->t);
	evidence_answered(e, h, r->slot, r->try, sent_ns ? sent_ns : s->t);
	s->state = r->verdict.state;
	s->reason = r->verdict.reason;
	s->ttl = r->ttl;
	s->from = host_from(h, &r->responder);
	s->t = rtt;
	s->rtt_src = rtt ? r->rx->at_src : RTT_NONE;
	s->answered = true;
	s->answered_try = r->try;
	if (s->answered_try >= CANARY_TRY)
		s->answered_try = 0;
	if (undecided)
		h->job.undecided--;
	report_verdict(e, h, r->slot);
	if (h->stage == STAGE_PING) {
		settle_ping(e, h, r);
		return;
	}
	if (r->direct || s->state == PORT_CLOSED)
		evidence_canary(e, h, r->slot);
	if (s->state == PORT_OPEN)
		report_found(e, h, r->slot);
	if (h->job.undecided == 0)
		host_stage_done(e, h);
	else
		sched_wake(e, h);
}

static bool in_job(const struct host *h)
{
	return h && (h->stage == STAGE_PING || h->stage == STAGE_PORTS) && h->job.slots;
}

/* Finds the probe among those of one technique; true when it was answered by this. */
static bool match(struct engine *e, struct host *h, const struct scan_tech *t,
	struct answer *a, struct reply *r)
{
	bool itself = addr_eq(&a->view->src, &h->addr);
	uint16_t port;
	int32_t slot;

	a->tech = t;
	if (!t->owns || !t->owns(&e->run, &h->addr, a, &port, &r->try))
		return false;
	slot = job_find(&h->job, t, port);
	if (slot < 0)
		return false;
	r->slot = (uint32_t)slot;
	if (a->quoted)
		return (t->icmp ? t->icmp(a->view, itself, &r->verdict)
				: tech_icmp_verdict(t, a->view, itself, &r->verdict));
	return t->classify(a, &r->verdict);
}

/*
 * On loopback our own UDP probes come in as well. One that went to a port within our source ports
 * looks like an answer of that port; its payload tells.
 */
static bool our_own(const struct engine *e, const struct host *h, const struct pkt_view *v)
{
	uint8_t mark, other;
	const uint8_t *payload;
	size_t len;

	if (!h->route.local || v->l4.proto != PROTO_UDP || !v->l4.has_ports ||
		!tech_sport_try(&e->run, v->l4.sport, &mark) ||
		!tech_sport_try(&e->run, v->l4.dport, &other))
		return false;
	payload = tech_udp_payload(&e->run, v->l4.dport, mark == UINT8_MAX ? 0 : mark, &len);
	return v->l4.payload_len == len && (len == 0 || memcmp(v->l4.payload, payload, len) == 0);
}

/* What comes by that answers a decoy's probe tells the state, but not when ours was answered: that
 * comes as well. A decoy may be an address of our own. */
static bool for_decoy(const struct engine *e, const struct host *h, const struct pkt_view *v)
{
	const struct addr *to = v->has_quote ? &v->quote_src : &v->dst;

	return guise_is_decoy(&e->plan->wire, to) && !addr_eq(to, &h->route.src);
}

static bool answer_ip(struct engine *e, const struct io_rx *rx, const struct pkt_view *v)
{
	struct answer a = {
		.view = v, .l4 = v->has_quote ? &v->quote : &v->l4, .quoted = v->has_quote};
	struct host *h = engine_find(e, v->has_quote ? &v->quote_dst : &v->src);
	struct reply r = {.rx = rx, .responder = v->src, .ttl = v->ttl, .direct = !v->has_quote};
	bool found = false;

	if (!in_job(h) || (!v->has_quote && our_own(e, h, v)) || for_decoy(e, h, v))
		return false;
	if (h->job.task)
		found = match(e, h, h->job.task->tech, &a, &r);
	for (uint32_t i = 0; !h->job.task && !found && i < h->job.n_slots; i++)
		found = match(e, h, h->job.pings[i].tech, &a, &r);
	if (found)
		settle(e, h, &r);
	return found;
}

/* An address and its hardware address, by ARP or a neighbour advertisement. */
static void answer_neighbour(struct engine *e, const struct io_rx *rx, struct addr a,
	const struct mac *m, enum reason why)
{
	const struct scan_tech *t = why == REASON_ARP_RESPONSE ? &tech_arp : &tech_nd;
	struct reply r = {.rx = rx,
		.try = UINT8_MAX,
		.direct = true,
		.verdict = {.state = PORT_OPEN, .reason = why}};
	struct host *h;
	int32_t slot;

	if (addr_is_linklocal(&a) && a.family == 6)
		a.zone = rx->ifindex;
	r.responder = a;
	hop_answer(e, &a, rx->ifindex, m);
	h = engine_find(e, &a);
	if (!in_job(h) || h->stage != STAGE_PING)
		return;
	slot = job_find(&h->job, t, 0);
	if (slot < 0 || h->job.slots[slot].tries == 0)
		return;
	h->mac = *m;
	h->has_mac = true;
	r.slot = (uint32_t)slot;
	settle(e, h, &r);
}

static void rx_arp(struct engine *e, const struct io_rx *rx)
{
	struct arp_msg m;
	struct rd r;

	if (rx->ethertype != 0x0806)
		return;
	r = rd_init(rx->data, rx->len);
	if (!arp_read(&r, &m) || m.op != ARP_REPLY)
		return;
	answer_neighbour(e, rx, m.src_ip, &m.src_mac, REASON_ARP_RESPONSE);
	report_received(e, rx);
}

static void rx_connect(struct engine *e, const struct io_rx *rx)
{
	struct reply r = {
		.rx = rx, .direct = true, .try = rx->id & 0xf, .slot = (rx->id >> 4) & 0xfffff};
	uint64_t seq = rx->id >> 28;
	struct host *h = e->by_seq[seq % HASH_SIZE];
	struct addr addr;
	uint16_t port;

	while (h && h->seq != seq)
		h = h->seq_next;
	if (!in_job(h) || r.slot >= h->job.n_slots || sched_probe_id(h, r.slot, r.try) != rx->id)
		return; /* of a stage that is over */
	if (job_tech(&h->job, r.slot)->carrier != IO_TX_CONNECT)
		return;
	r.responder = h->addr;
	addr = h->addr;
	port = job_port(&h->job, r.slot);
	if (!tech_connect_verdict(rx->error, &r.verdict)) {
		report_connected(e, rx, &addr, port);
		return;
	}
	if (h->stage == STAGE_PING && r.verdict.state != PORT_OPEN &&
		r.verdict.state != PORT_CLOSED)
		r.direct = false;
	settle(e, h, &r);
	report_connected(e, rx, &addr, port);
}

/* RFC 4861 7.1.2 and 4.4: hop limit 255, the target in the body; a proxy answers from its own
 * address. */
static void rx_advert(struct engine *e, const struct io_rx *rx, const struct pkt_view *v)
{
	struct icmp_hdr h = {.type = ICMP6_ND_ADVERT};
	struct icmp6_nd nd;

	if (v->ttl != 255 || !icmp6_nd_read(&h, rd_init(v->l4.payload, v->l4.payload_len), &nd))
		return;
	answer_neighbour(e, rx, nd.target, nd.has_mac ? &nd.mac : &rx->src_mac, REASON_ND_RESPONSE);
}

/* Link-local addresses are those of the link they came by; our own answer over the loopback
 * interface. */
static void zone_of(struct engine *e, const struct io_rx *rx, struct addr *a)
{
	const struct net_link *l;

	if (a->family != 6 || !addr_is_linklocal(a))
		return;
	a->zone = rx->ifindex;
	l = e->env->net ? net_link_by_index(e->env->net, rx->ifindex) : NULL;
	if (l && l->kind == LINK_LOOPBACK)
		a->zone = net_own_zone(e->env->net, a);
}

static void rx_ip(struct engine *e, const struct io_rx *rx)
{
	struct pkt_view v;

	if (pkt_view(rx->data, rx->len, &v))
		return;
	zone_of(e, rx, &v.src);
	if (v.has_quote)
		zone_of(e, rx, &v.quote_dst);
	if (v.src.family == 6 && v.l4.has_icmp && v.l4.type == ICMP6_ND_ADVERT)
		rx_advert(e, rx, &v);
	else if (!answer_ip(e, rx, &v))
		drivers_rx(e, rx, &v);
	window_answer(e, rx, &v);
	report_received(e, rx);
}

/* With two rings open both see what comes over Ethernet: the packet ring's copy counts. */
static bool seen_twice(const struct engine *e, const struct io *io, const struct io_rx *rx)
{
	const struct net_link *l;

	if (e->wire.sim || io != e->wire.raw || !e->wire.packet || !rx->ifindex)
		return false;
	l = net_link_by_index(e->env->net, rx->ifindex);
	return l && l->kind == LINK_ETHERNET;
}

static void rx_one(struct engine *e, const struct io_rx *rx)
{
	*e->said = '\0';
	if (rx->kind == IO_RX_IP)
		rx_ip(e, rx);
	else if (rx->kind == IO_RX_LINK)
		rx_arp(e, rx);
	else
		rx_connect(e, rx);
}

void rx_all(struct engine *e)
{
	struct io *const ios[] = {e->wire.packet, e->wire.raw, e->wire.connect};
	struct io_rx v[RX_BATCH];
	struct err err = {0};
	int n, rounds;

	for (size_t i = 0; i < (e->wire.sim ? 1 : 3); i++) {
		if (!ios[i])
			continue;
		rounds = 16; /* then it is time to send again */
		do {
			n = io_recv(ios[i], v, RX_BATCH, &err);
			if (n < 0) {
				engine_fail(e, &err);
				return;
			}
			for (int k = 0; k < n; k++)
				if (!seen_twice(e, ios[i], &v[k]))
					rx_one(e, &v[k]);
		} while (n == RX_BATCH && --rounds);
	}
}
