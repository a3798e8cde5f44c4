/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which backend carries what. Ethernet neighbours and gateways are reached by frames of our own
 * (packet-ring, or af-xdp when asked for); this machine itself, tunnels and every other link by the
 * IP layer (raw); connect() needs neither. A backend is opened when the first host needs it. Frames
 * of our own need the gateway's hardware address: the kernel's neighbour table is asked first, then
 * the wire.
 */
#include "scan/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/rng.h"
#include "pkt/build.h"
#include "scan/backend.h"
#include "scan/driver.h"
#include "scan/pacing.h"
#include "scan/report.h"

#define HOP_TRIES    5
#define HOP_WAIT_NS  (200 * NS_PER_MS)
#define HOP_AGAIN_NS (5 * NS_PER_S) /* a dead gateway is asked again for hosts that come later */

const char *scan_backend_for(const struct net_route *r)
{
	return r->kind == LINK_ETHERNET && !r->local ? io_packet_ops.name : io_raw_ops.name;
}

bool scan_frames_by(const char *backend)
{
	const struct io_ops *ops = backend ? io_backend_by_name(backend) : NULL;

	return ops && ops->carries & IO_CARRIES(IO_TX_LINK);
}

/* Whether any IP protocol may answer: -sO, -PO. */
static bool wants_all_protocols(const struct engine *e)
{
	for (unsigned i = 0; i < e->n_tasks; i++)
		if (e->tasks[i].tech == &tech_proto)
			return true;
	return e->plan->ping & PING_PROTO;
}

static int open_one(struct engine *e, const struct io_ops *ops, struct io **slot, struct err *err)
{
	const struct net_link *link = NULL;
	struct io_conf c = {
		.log = e->env->log,
		.port_lo = e->run.sport_base,
		.port_hi = e->run.sport_fixed ? e->run.sport_base
					      : (uint16_t)(e->run.sport_base + SPORT_WINDOW - 1),
		.all_protocols = wants_all_protocols(e),
		.clock = e->env->clock,
		.proxies = e->plan->proxies,
	};

	if (*slot)
		return 0;
	if (e->plan->ifindex && e->env->net)
		link = net_link_by_index(e->env->net, e->plan->ifindex);
	if (e->plan->wire.has_mac && ops->carries & IO_CARRIES(IO_TX_LINK))
		c.mac = &e->plan->wire.mac;
	if (link && ops != &io_raw_ops) /* the kernel routes raw packets, and its own answers come
					   by lo */
		c.interface = link->name;
	return ops->open(slot, &c, err);
}

int wire_open(struct engine *e, struct err *err)
{
	const struct io_ops *connect = e->plan->proxies ? &io_proxy_ops : &io_connect_ops;

	e->wire.guise = (struct guise){&e->plan->wire, e->run.key};
	if (e->env->sim) {
		e->wire.packet = e->wire.raw = e->wire.connect = e->env->sim;
		e->wire.sim = true;
		return 0;
	}
	window_hold(e);
	if (pacing_on(e)) /* to sleep as long as was asked for; the default is 50 us more */
		prctl(PR_SET_TIMERSLACK, 1);
	for (unsigned i = 0; i < e->n_tasks; i++)
		if (e->tasks[i].tech->carrier == IO_TX_CONNECT)
			return open_one(e, connect, &e->wire.connect, err);
	if (!e->raw_ok)
		return open_one(e, connect, &e->wire.connect, err);
	return 0;
}

void wire_close(struct engine *e)
{
	window_stop(e);
	if (!e->wire.sim) {
		io_close(e->wire.packet);
		io_close(e->wire.raw);
		io_close(e->wire.connect);
	}
	window_close(e);
	while (e->hops) {
		struct hop *next = e->hops->next;

		free(e->hops);
		e->hops = next;
	}
}

struct io *wire_for(struct engine *e, const struct net_route *r, struct err *err)
{
	const char *name = e->plan->backend ? e->plan->backend : scan_backend_for(r);
	const struct io_ops *ops = scan_frames_by(name) ? io_backend_by_name(name) : &io_raw_ops;
	bool packet = ops != &io_raw_ops;
	struct io **slot = packet ? &e->wire.packet : &e->wire.raw;

	if (packet && (r->kind != LINK_ETHERNET || r->local) && !e->wire.sim) {
		err_set(err, ERR_UNSUPPORTED,
			"backend %s cannot reach this target: its frames need an Ethernet interface and the address of a neighbour (not --disable-arp-ping); leave --backend, --send-eth and --spoof-mac out",
			name);
		return NULL;
	}
	if (open_one(e, ops, slot, err)) {
		if (e->plan->backend) /* one that was asked for by name is not done without */
			engine_fail(e, err);
		return NULL;
	}
	window_claimed(e);
	return *slot;
}

/* A copy or a fragment that could not leave; each kind of refusal is said once. */
static void say_incomplete(struct engine *e, const struct io_tx *tx)
{
	uint64_t bit = UINT64_C(1) << (-tx->error & 63);
	char text[ADDR_TEXT_MAX];

	if (e->said_errors & bit)
		return;
	e->said_errors |= bit;
	bus_note(e->env->bus, LOG_WARN,
		"a decoy or a fragment to %s could not be sent (%s); others may be missing, too",
		addr_text(&tx->dst, text), strerror(-tx->error));
}

/* Sends on: 1 = all of it has left, 0 = not now, or the backend's negative code. */
static int rest_send(struct engine *e, struct err *err)
{
	struct rest *r = &e->wire.rest;
	unsigned n = guise_count(&e->wire.guise, &r->tx);
	uint8_t buf[GUISE_MAX];
	struct io_tx one;

	for (; r->next < n; r->next++) {
		bool ours = guise_make(&e->wire.guise, &r->tx, r->nonce, r->next, &one, buf);
		int rc;

		if (!pacing_ready(e, 0)) {
			e->held = true;
			return 0;
		}
		rc = io_send(r->io, &one, 1, err);
		e->queue_full |= rc == 0;
		if (rc <= 0)
			return rc;
		pacing_sent(e, 1);
		report_sent(e, &one);
		if (ours || r->next == 0)
			r->tx.sent_ns = one.sent_ns;
		if (ours && !r->tx.error)
			r->tx.error = one.error;
		else if (one.error)
			say_incomplete(e, &one);
	}
	r->io = NULL;
	return 1;
}

bool wire_rest(struct engine *e)
{
	struct err err = {0};

	if (e->wire.rest.io && rest_send(e, &err) < 0)
		engine_fail(e, &err);
	return !e->wire.rest.io;
}

static int put_disguised(
	struct engine *e, struct io *io, struct io_tx *v, unsigned n, struct err *err)
{
	struct rest *r = &e->wire.rest;
	unsigned i;
	int rc = 1;

	for (i = 0; i < n && rc == 1; i++) {
		r->io = io;
		r->tx = v[i];
		r->tx.error = 0;
		r->next = 0;
		r->nonce = (uint32_t)rng_u64(&e->rng);
		rc = rest_send(e, err);
		if (r->next == 0) { /* not even one packet of it */
			r->io = NULL;
			break;
		}
		v[i].sent_ns = r->tx.sent_ns;
		v[i].error = r->tx.error;
	}
	if (r->io) {
		memcpy(r->data, r->tx.data, r->tx.len);
		r->tx.data = r->data;
	}
	return i || rc == 1 ? (int)i : rc;
}

int wire_put_plain(struct engine *e, struct io *io, struct io_tx *v, unsigned n, struct err *err)
{
	int taken = io_send(io, v, n, err);

	for (int i = 0; i < taken; i++)
		report_sent(e, &v[i]);
	return taken;
}

int wire_put(struct engine *e, struct io *io, struct io_tx *v, unsigned n, struct err *err)
{
	int taken;

	if (!wire_rest(e))
		return 0;
	if (guise_wanted(&e->plan->wire))
		return put_disguised(e, io, v, n, err);
	taken = wire_put_plain(e, io, v, n, err);
	if (taken > 0)
		pacing_sent(e, (unsigned)taken);
	return taken;
}

int wire_route(struct engine *e, const struct addr *dst, struct net_route *r, struct err *err)
{
	const struct plan_wire *w = &e->plan->wire;
	const struct addr *hop = &w->ip_options.first_hop;
	bool by_hop = dst->family == 4 && hop->family == 4;
	int rc = net_route_get(e->env->net, by_hop ? hop : dst, e->plan->ifindex, r, err);

	if (rc)
		return rc;
	if (by_hop)
		r->on_link = false; /* frames go to the hop, whose hardware address it is */
	if (w->source.family == dst->family)
		r->src = w->source;
	if (w->has_mac)
		r->src_mac = w->mac;
	window_claim(e, r);
	return 0;
}

int path_open(struct engine *e, struct path *p, const struct addr *dst, struct err *err)
{
	int rc;

	*p = (struct path){.dst = *dst};
	if (e->wire.sim) {
		p->io = e->wire.raw;
		p->route.src = dst->family == 6 ? e->env->sim_self6 : e->env->sim_self4;
		return 0;
	}
	rc = wire_route(e, dst, &p->route, err);
	if (rc)
		return rc;
	p->io = wire_for(e, &p->route, err);
	if (!p->io)
		return err->code;
	if (p->io != e->wire.packet)
		return 0;
	if (p->route.on_link)
		p->route.next_hop = *dst;
	p->hop = hop_get(e, &p->route);
	return p->hop ? 0 : err_set(err, -ENOMEM, "out of memory");
}

enum path_state path_state(const struct path *p)
{
	if (!p->hop || p->hop->state == HOP_KNOWN)
		return PATH_OPEN;
	return p->hop->state == HOP_DEAD ? PATH_DEAD : PATH_WAITS;
}

int path_put(struct engine *e, const struct path *p, const uint8_t *packet, uint32_t len,
	uint64_t *sent_ns, struct err *err)
{
	struct io_tx tx = {.kind = IO_TX_IP,
		.data = packet,
		.len = len,
		.dst = p->dst,
		.ifindex = p->route.ifindex,
		.src_mac = p->route.src_mac};
	int rc;

	if (!pacing_ready(e, 0)) {
		e->held = true;
		return -EAGAIN;
	}
	if (p->hop)
		tx.dst_mac = p->hop->mac;
	rc = wire_put(e, p->io, &tx, 1, err);
	if (rc == 1) {
		e->probes_sent++;
		*sent_ns = tx.sent_ns;
		return tx.error;
	}
	return rc < 0 ? rc : -EAGAIN;
}

static void hop_ask(struct engine *e, struct hop *p)
{
	uint8_t data[128];
	struct io_tx tx = {
		.kind = IO_TX_LINK, .data = data, .ifindex = p->ifindex, .ethertype = 0x0806};
	struct err err = {0};
	int taken = 1;

	if (!pacing_ready(e, 0)) {
		p->ask_at_ns = pacing_next_ns(e);
		return;
	}
	memset(tx.dst_mac.b, 0xff, sizeof(tx.dst_mac.b));
	if (p->addr.family == 4) {
		tx.len = (uint32_t)build_arp(data, sizeof(data), &p->src_mac, &p->src, &p->addr);
	} else {
		struct addr group =
			addr_from_bytes(6, (const uint8_t[16]){0xff, 2, [11] = 1, [12] = 0xff});

		memcpy(group.b + 13, p->addr.b + 13, 3);
		tx.kind = IO_TX_IP;
		tx.dst = group;
		tx.dst_mac = build_multicast_mac(&group);
		tx.len = (uint32_t)build_nd_solicit(
			data, sizeof(data), &p->src_mac, &p->src, &p->addr);
	}
	tx.src_mac = p->src_mac;
	if (tx.len) /* there may be no address to ask from, which is as good as no answer */
		taken = wire_put(e, e->wire.packet, &tx, 1, &err);
	if (taken < 0)
		engine_fail(e, &err);
	p->tries += taken != 0; /* a full queue is no silence of the gateway's */
	p->ask_at_ns = e->now + HOP_WAIT_NS;
}

/* Our address to ask with: of the gateway's family, link-local first (RFC 8950 routes IPv4 through
 * IPv6 gateways). */
static struct addr source_for(const struct engine *e, const struct net_route *r)
{
	const struct net_addr *v;
	struct addr best = r->src;
	size_t n;

	if (r->src.family == r->next_hop.family)
		return r->src;
	v = net_addrs(e->env->net, &n);
	for (size_t i = 0; i < n; i++) {
		if (v[i].ifindex != r->ifindex || v[i].addr.family != r->next_hop.family ||
			!v[i].usable)
			continue;
		if (best.family != r->next_hop.family || addr_is_linklocal(&v[i].addr))
			best = v[i].addr;
	}
	return best;
}

struct hop *hop_get(struct engine *e, const struct net_route *r)
{
	/* an idle scan shows nobody our address: an ARP probe (RFC 5227 2.1.1) */
	static const struct addr nobody = {.family = 4};
	struct hop *p;
	uint32_t ifindex = r->ifindex;

	for (p = e->hops; p; p = p->next) {
		if (p->ifindex != ifindex || !addr_eq(&p->addr, &r->next_hop))
			continue;
		if (p->state == HOP_DEAD && e->now >= p->ask_at_ns + HOP_AGAIN_NS) {
			p->state = HOP_ASKING; /* it may have come back */
			p->tries = 0;
			hop_ask(e, p);
		}
		return p;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	*p = (struct hop){.addr = r->next_hop,
		.ifindex = ifindex,
		.on_link = r->on_link,
		.src = e->plan->zombie ? nobody : source_for(e, r),
		.src_mac = r->src_mac,
		.next = e->hops};
	e->hops = p;
	if (!e->env->net || net_neigh_get(e->env->net, ifindex, &p->addr, &p->mac) == 1)
		p->state = HOP_KNOWN;
	else
		hop_ask(e, p);
	return p;
}

static void hop_settle(struct engine *e, struct hop *p, int state)
{
	struct host *h = p->waiting, *next;

	p->state = state;
	p->waiting = NULL;
	for (; h; h = next) {
		next = h->wait_next;
		h->wait_next = NULL;
		host_hop_known(e, h);
	}
}

void hop_answer(struct engine *e, const struct addr *a, uint32_t ifindex, const struct mac *m)
{
	for (struct hop *p = e->hops; p; p = p->next) {
		if (p->state != HOP_ASKING || p->ifindex != ifindex || !addr_eq(&p->addr, a))
			continue;
		p->mac = *m;
		hop_settle(e, p, HOP_KNOWN);
	}
}

void hop_timers(struct engine *e)
{
	for (struct hop *p = e->hops; p; p = p->next) {
		if (p->state != HOP_ASKING || p->ask_at_ns > e->now)
			continue;
		if (p->tries < HOP_TRIES) {
			hop_ask(e, p);
			continue;
		}
		char text[ADDR_TEXT_MAX];

		if (!p->on_link)
			bus_note(e->env->bus, LOG_WARN,
				"gateway %s does not answer %s: nothing behind it can be reached; check the cable, the address and the route (ip route)",
				addr_text(&p->addr, text),
				p->addr.family == 4 ? "ARP" : "neighbour discovery");
		hop_settle(e, p, HOP_DEAD);
	}
}

uint64_t hop_next_ns(const struct engine *e)
{
	uint64_t next = UINT64_MAX;

	for (const struct hop *p = e->hops; p; p = p->next)
		if (p->state == HOP_ASKING && p->ask_at_ns < next)
			next = p->ask_at_ns;
	return next;
}

void wire_wait(struct engine *e, uint64_t timeout_ns)
{
	struct io *const ios[] = {e->wire.packet, e->wire.raw, e->wire.connect};
	struct pollfd fds[24];
	struct timespec ts;
	size_t n = 0;
	int fd;

	if (e->wire.sim) {
		io_wait(e->wire.raw, timeout_ns);
		return;
	}
	for (size_t i = 0; i < 3; i++) {
		if (ios[i] && (fd = ios[i]->ops->fd(ios[i])) >= 0)
			fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	if (e->env->hooks.fd && (fd = e->env->hooks.fd(e->env->hooks.ctx)) >= 0)
		fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
	if (e->env->resolver)
		n += resolver_fds(e->env->resolver, fds + n, sizeof(fds) / sizeof(*fds) - n);
	n += drivers_fds(e, fds + n, sizeof(fds) / sizeof(*fds) - n);
	ts = (struct timespec){(time_t)(timeout_ns / NS_PER_S), (long)(timeout_ns % NS_PER_S)};
	ppoll(fds, n, &ts, NULL);
}
