/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The window of source ports: held, claimed, and its half-open connections reset.
 *
 * The kernel of this machine knows nothing of raw probes. Left alone it answers each SYN-ACK with
 * RST and each UDP answer with port unreachable, and would hand an answer to a program that happens
 * to have the port. So the ports are held first (net/hold.h); then, on each interface that probes
 * leave by, a program drops what comes for them behind our receive ring (bpfobj/claim.h). Where
 * that is not to be had the scan goes on, and the kernel answers as it does for any raw scanner.
 */
#include "scan/window.h"

#include <errno.h>

#include "base/rng.h"
#include "bpfobj/claim.h"
#include "model/bus.h"
#include "net/hold.h"
#include "pkt/build.h"
#include "scan/engine.h"
#include "scan/pacing.h"
#include "scan/wire.h"

/* Source ports are drawn above those that Linux gives to programs (32768-60999), so that no answer
 * to a probe meets a connection. */
#define SPORT_LO   61000
#define SPORT_SPAN (65536 - SPORT_LO - SPORT_WINDOW)
#define DRAWS_MAX  64

void window_draw(struct engine *e)
{
	e->run.sport_fixed = e->plan->source_port != 0;
	e->run.sport_base = e->run.sport_fixed
				    ? e->plan->source_port
				    : (uint16_t)(SPORT_LO + rng_below(&e->rng, SPORT_SPAN));
}

static bool is_raw_with_ports(const struct scan_tech *t)
{
	return t->carrier == IO_TX_IP && (t->proto || t->ports == PORTS_IP);
}

/* Whether answers will come to ports of ours. */
static bool is_wanted(const struct engine *e)
{
	bool wanted = e->plan->traceroute;

	for (unsigned i = 0; i < e->n_tasks; i++)
		wanted |= is_raw_with_ports(e->tasks[i].tech);
	for (unsigned i = 0; i < e->n_pings4; i++)
		wanted |= is_raw_with_ports(e->pings4[i].tech);
	for (unsigned i = 0; i < e->n_pings6; i++)
		wanted |= is_raw_with_ports(e->pings6[i].tech);
	return wanted && e->raw_ok && !e->env->sim && !e->plan->list_only;
}

static unsigned ports(const struct engine *e)
{
	return e->run.sport_fixed ? 1 : SPORT_WINDOW;
}

static void say_not(struct engine *e, const char *why)
{
	bus_note(e->env->bus, LOG_INFO,
		"this machine's own stack sees the answers to our probes as well, and may reset connections or refuse datagrams: %s",
		why);
}

void window_hold(struct engine *e)
{
	struct err err = {0};
	int rc = 0;

	if (!is_wanted(e))
		return;
	for (unsigned i = 0; i < DRAWS_MAX; i++) {
		rc = hold_ports(&e->window.hold, e->run.sport_base, ports(e), &err);
		if (rc != -EADDRINUSE || e->run.sport_fixed)
			break;
		window_draw(e);
	}
	if (rc)
		say_not(e, err.text);
}

/* The route's source is this machine's, unless -S says another. */
static bool is_own(const struct engine *e, const struct addr *src)
{
	const struct net_addr *v;
	size_t n;

	if (e->plan->wire.source.family != src->family)
		return src->family != 0;
	v = net_addrs(e->env->net, &n);
	for (size_t i = 0; i < n; i++)
		if (addr_eq(&v[i].addr, src))
			return true;
	return addr_is_loopback(src);
}

/* Packets to this machine itself come in by loopback, whatever interface their route names. */
static uint32_t comes_by(const struct engine *e, const struct net_route *r)
{
	const struct net_link *v;
	size_t n;

	v = net_links(e->env->net, &n);
	for (size_t i = 0; r->local && i < n; i++)
		if (v[i].kind == LINK_LOOPBACK)
			return v[i].index;
	return r->ifindex;
}

void window_claim(struct engine *e, const struct net_route *r)
{
	struct window *w = &e->window;
	uint16_t lo = e->run.sport_base;

	if (!w->hold || !is_own(e, &r->src))
		return;
	if (!w->claim && claim_new(&w->claim, lo, (uint16_t)(lo + ports(e) - 1), NULL))
		return;
	if (!claim_begin(w->claim, comes_by(e, r), &r->src))
		return;
	w->begun = comes_by(e, r);
	w->begun_self = r->src;
}

void window_claimed(struct engine *e)
{
	struct window *w = &e->window;
	const struct net_link *l;
	struct err err = {0};
	int rc;

	if (!w->begun)
		return;
	l = net_link_by_index(e->env->net, w->begun);
	rc = claim_wait(w->claim, &err);
	claim_renew(w->claim, e->now);
	if (rc)
		say_not(e, err.text);
	else
		bus_note(e->env->bus, LOG_DEBUG, "%s: answers to ports %u-%u claimed by %s",
			l ? l->name : "?", e->run.sport_base, e->run.sport_base + ports(e) - 1,
			claim_how_name(claim_covers(w->claim, w->begun, &w->begun_self)));
	w->begun = 0;
}

static bool is_ours(const struct engine *e, uint16_t port)
{
	return (uint16_t)(port - e->run.sport_base) < ports(e);
}

/* Frames go back to the neighbour that brought it. */
static void reset_make(
	struct engine *e, struct reset *r, const struct io_rx *rx, const struct pkt_view *v)
{
	const struct plan_wire *plan = &e->plan->wire;
	const struct net_link *l = net_link_by_index(e->env->net, rx->ifindex);
	struct build_ip ip = {.src = v->dst,
		.dst = v->src,
		.ttl = plan->ttl_set ? plan->ttl : e->run.ttl,
		.df = true};
	struct build_tcp tcp = {
		.sport = v->l4.dport, .dport = v->l4.sport, .seq = v->l4.ack, .flags = TCP_RST};

	r->io = (l && l->kind == LINK_ETHERNET && e->wire.packet) || !e->wire.raw ? e->wire.packet
										  : e->wire.raw;
	r->tx = (struct io_tx){.kind = IO_TX_IP,
		.len = (uint32_t)build_tcp(r->data, sizeof(r->data), &ip, &tcp),
		.ifindex = rx->ifindex,
		.dst_mac = rx->src_mac,
		.dst = v->src};
	if (l)
		r->tx.src_mac = plan->has_mac ? plan->mac : l->mac;
}

void window_answer(struct engine *e, const struct io_rx *rx, const struct pkt_view *v)
{
	struct window *w = &e->window;

	if (!v->l4.has_tcp || (v->l4.flags & (TCP_SYN | TCP_ACK | TCP_RST)) != (TCP_SYN | TCP_ACK))
		return;
	if (!is_ours(e, v->l4.dport) || claim_covers(w->claim, rx->ifindex, &v->dst) == CLAIM_NOT)
		return;
	if (w->n == RESETS_MAX) {
		w->lost++;
		return;
	}
	reset_make(e, &w->resets[(w->head + w->n++) % RESETS_MAX], rx, v);
}

/* Those that wait and leave by the same backend, as many as may leave now. */
static unsigned gather(struct engine *e, struct io_tx v[BATCH])
{
	struct window *w = &e->window;
	unsigned n = 0;

	for (; n < w->n && n < BATCH && pacing_reply_ready(e, n); n++) {
		struct reset *r = &w->resets[(w->head + n) % RESETS_MAX];

		if (r->io != w->resets[w->head].io)
			break;
		v[n] = r->tx;
		v[n].data = r->data;
	}
	return n;
}

void window_step(struct engine *e)
{
	struct window *w = &e->window;
	struct io_tx v[BATCH];
	struct err err = {0};
	unsigned n;
	int taken;

	claim_renew(w->claim, e->now);
	while (!e->wire.rest.io && (n = gather(e, v))) {
		taken = wire_put_plain(e, w->resets[w->head].io, v, n, &err);
		if (taken < 0)
			engine_fail(e, &err);
		if (taken <= 0) {
			e->queue_full = true;
			return;
		}
		pacing_replied(e, (unsigned)taken);
		w->head = (w->head + (unsigned)taken) % RESETS_MAX;
		w->n -= (unsigned)taken;
		w->sent += (unsigned)taken;
	}
}

uint64_t window_next_ns(struct engine *e)
{
	return e->window.n && !e->wire.rest.io ? pacing_next_reply_ns(e) : UINT64_MAX;
}

void window_report(struct engine *e)
{
	const struct window *w = &e->window;

	if (w->sent || w->lost)
		bus_note(e->env->bus, LOG_DEBUG,
			"%llu SYN-ACKs were answered with RST, %llu were not for want of room",
			(unsigned long long)w->sent, (unsigned long long)w->lost);
}

void window_stop(struct engine *e)
{
	claim_stop(e->window.claim);
}

void window_close(struct engine *e)
{
	claim_free(e->window.claim);
	hold_free(e->window.hold);
}
