/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to a packet in the simulated network: the path, the host's answer, the stacks'
 * timers. */
#include "io/sim_net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim_reply.h"
#include "pkt/build.h"
#include "pkt/view.h"

#define CONNECT_PORT_LO 32768 /* Linux' ip_local_port_range */
#define CONNECT_PORTS	28232

/* ---- the path -------------------------------------------------------------------------------- */

static void push(struct sim_net *s, struct sim_event *ev)
{
	if (!ev || sim_heap_push(&s->heap, ev))
		s->no_memory = true;
}

/* One way between the scanner and a host: false = lost. */
static bool travel(struct sim_net *s, uint32_t host, uint64_t *at_ns)
{
	const struct sim_host *h = &s->conf.hosts[host];

	if (h->loss > 0 && rng_unit(&s->rng) < h->loss) {
		s->lost++;
		return false;
	}
	*at_ns += h->rtt_ns / 2;
	if (h->jitter_ns)
		*at_ns += rng_below(&s->rng, h->jitter_ns);
	return true;
}

/* The shared queue: false = it was full. */
static bool pass_bottleneck(struct sim_net *s, uint64_t *at_ns)
{
	uint64_t each_ns, waiting_ns;

	if (!s->conf.bottleneck_pps)
		return true;
	each_ns = NS_PER_S / s->conf.bottleneck_pps;
	waiting_ns = s->bottleneck_free_ns > *at_ns ? s->bottleneck_free_ns - *at_ns : 0;
	if (waiting_ns > each_ns * s->conf.queue_packets) {
		s->lost++;
		return false;
	}
	*at_ns += waiting_ns + each_ns;
	s->bottleneck_free_ns = *at_ns;
	return true;
}

/* Takes `ev`, whose host may be SIM_NONE: nobody there. */
static void enter(struct sim_net *s, struct sim_event *ev)
{
	s->probes++;
	if (ev && pass_bottleneck(s, &ev->at_ns) && ev->host != SIM_NONE &&
		travel(s, ev->host, &ev->at_ns)) {
		push(s, ev);
		return;
	}
	if (!ev)
		s->no_memory = true;
	free(ev);
}

/* An answer of `ev`'s host sets out at ev->at_ns. */
static void go_back(struct sim_net *s, const struct sim_event *ev, const uint8_t *data, size_t len)
{
	uint64_t at_ns = ev->at_ns;
	struct sim_event *rx;

	if (!len || !travel(s, ev->host, &at_ns))
		return;
	rx = sim_event_new(ev->conn == SIM_NONE ? SIM_EV_RX : SIM_EV_KERNEL, data, len);
	if (rx) {
		rx->at_ns = at_ns;
		rx->host = ev->host;
		rx->conn = ev->conn;
		rx->rx_kind = ev->rx_kind;
		rx->ethertype = ev->ethertype;
		rx->src_mac = sim_host_mac(&s->conf.hosts[ev->host].addr);
	}
	push(s, rx);
}

/* ---- at the host ----------------------------------------------------------------------------- */

/* The socket filter of a real backend: answers to ports that are not ours never come up. */
static bool port_is_ours(
	const struct sim_net *s, const struct sim_event *ev, const struct pkt_l4 *t)
{
	if (ev->conn != SIM_NONE || !s->port_lo || !t->has_ports)
		return true;
	return t->sport >= s->port_lo && t->sport <= s->port_hi;
}

static bool sender_is_us(const struct sim_net *s, const struct pkt_view *v)
{
	const struct addr *self = v->src.family == 6 ? &s->conf.self6 : &s->conf.self4;

	return !self->family || !memcmp(self->b, v->src.b, sizeof(self->b));
}

static void begin_half_open(struct sim_net *s, const struct sim_event *ev,
	const struct sim_packet *p, const uint8_t *synack, size_t len)
{
	struct sim_event *timer = sim_event_new(SIM_EV_SYNACK, synack, len);

	if (!timer) {
		s->no_memory = true;
		return;
	}
	timer->at_ns = ev->at_ns + sim_tcp_rto_ns(1);
	timer->host = ev->host;
	timer->tries = 1;
	timer->rx_kind = IO_RX_IP;
	timer->hport = p->view.l4.dport;
	timer->sport = p->view.l4.sport;
	timer->peer_seq = p->view.l4.seq;
	if (sim_heap_push(&s->heap, timer))
		s->no_memory = true;
	else
		sim_half_add(&s->half, timer);
}

/*
 * A segment for a half-open connection (RFC 9293 3.10.7.4 as Linux does it): a reset or an
 * acknowledgement ends it, the same SYN gets the same SYN-ACK, another SYN an acknowledgement of
 * the first. True: dealt with.
 */
static bool half_open(struct sim_net *s, const struct sim_event *ev, const struct sim_packet *p)
{
	const struct pkt_l4 *t = &p->view.l4;
	struct sim_event *half = t->has_tcp ? sim_half_find(&s->half, ev->host, t) : NULL;
	uint8_t buf[SIM_ANSWER_MAX];
	size_t len;

	if (!half)
		return false;
	if (t->flags & (TCP_RST | TCP_ACK)) {
		sim_half_remove(&s->half, half);
		return true;
	}
	if (!(t->flags & TCP_SYN))
		return true;
	if (t->seq == half->peer_seq) {
		go_back(s, ev, half->data, half->len);
		return true;
	}
	len = sim_reply_tcp(buf, &p->view,
		&(struct sim_segment){
			.flags = TCP_ACK, .ack = half->peer_seq + 1, .window = 64240});
	go_back(s, ev, buf, len);
	return true;
}

static void probe_ip(struct sim_net *s, const struct sim_event *ev)
{
	struct sim_packet p = {
		.host = ev->host, .at_ns = ev->at_ns, .data = ev->data, .len = ev->len};
	uint8_t buf[SIM_ANSWER_MAX];
	size_t len;

	/* Real stacks drop what does not sum up, without a word. */
	if (pkt_view(ev->data, ev->len, &p.view) || !pkt_view_checksum(ev->data, ev->len))
		return;
	if (sim_host_expired(&s->hosts, &p, buf, &len)) {
		if (sender_is_us(s, &p.view))
			go_back(s, ev, buf, len);
		return;
	}
	if (p.view.l4.proto == PROTO_TCP && half_open(s, ev, &p))
		return;
	len = sim_host_answer(&s->hosts, &p, &s->rng, buf);
	sim_host_way_back(&s->conf.hosts[ev->host], buf, len);
	if (p.synack && ev->conn == SIM_NONE)
		begin_half_open(s, ev, &p, buf, len);
	if (sender_is_us(s, &p.view) && port_is_ours(s, ev, &p.view.l4))
		go_back(s, ev, buf, len);
}

static void probe_arp(struct sim_net *s, const struct sim_event *ev)
{
	const struct sim_host *h = &s->conf.hosts[ev->host];
	uint8_t buf[28];

	if (!h->dead)
		go_back(s, ev, buf, sim_reply_arp(buf, ev->data, &h->addr));
}

/* ---- connect() ------------------------------------------------------------------------------- */

static void conn_outcome(struct sim_net *s, const struct sim_event *ev, int error)
{
	struct sim_event *rx = sim_event_new(SIM_EV_RX, NULL, 0);

	s->conns.v[ev->conn].done = true;
	if (rx) {
		rx->at_ns = ev->at_ns;
		rx->conn = ev->conn;
		rx->rx_kind = IO_RX_CONNECT;
		rx->error = error;
	}
	push(s, rx);
}

static void conn_syn(struct sim_net *s, const struct sim_event *ev)
{
	const struct sim_conn *c = &s->conns.v[ev->conn];
	struct build_ip ip = {.src = c->src, .dst = c->dst, .ttl = 64, .df = true};
	struct build_tcp t = {.sport = c->sport,
		.dport = c->dport,
		.seq = c->seq,
		.flags = TCP_SYN,
		.window = 64240};
	uint8_t buf[80];
	size_t len = build_tcp(buf, sizeof(buf), &ip, &t);
	struct sim_event *probe = sim_event_new(SIM_EV_PROBE, buf, len);

	if (probe) {
		probe->at_ns = ev->at_ns;
		probe->host = sim_hosts_find(&s->hosts, &c->dst);
		probe->conn = ev->conn;
	}
	enter(s, probe);
}

/* The stack's timer of one connect(): sends, sets itself anew, gives up after 127 s. Takes `ev`. */
static void conn_timer(struct sim_net *s, struct sim_event *ev)
{
	if (s->conns.v[ev->conn].done) {
		free(ev);
		return;
	}
	if (ev->tries == SIM_SYN_TRIES) {
		conn_outcome(s, ev, ETIMEDOUT);
		free(ev);
		return;
	}
	conn_syn(s, ev);
	ev->tries++;
	ev->at_ns += sim_tcp_rto_ns(ev->tries);
	push(s, ev);
}

static void conn_answer(struct sim_net *s, const struct sim_event *ev)
{
	struct pkt_view v;
	int error;

	if (s->conns.v[ev->conn].done || pkt_view(ev->data, ev->len, &v))
		return;
	if (sim_conn_outcome(&s->conns.v[ev->conn], &v, &error))
		conn_outcome(s, ev, error);
}

static void synack_timer(struct sim_net *s, struct sim_event *ev)
{
	if (ev->gone || ev->tries == SIM_SYNACK_TRIES) {
		if (!ev->gone)
			sim_half_remove(&s->half, ev);
		free(ev);
		return;
	}
	go_back(s, ev, ev->data, ev->len);
	ev->tries++;
	ev->at_ns += sim_tcp_rto_ns(ev->tries);
	if (sim_heap_push(&s->heap, ev))
		s->no_memory = true;
}

/* ---- from and to sim.c ----------------------------------------------------------------------- */

static struct sim_event *tx_link(struct sim_net *s, const struct io_tx *tx)
{
	struct sim_event *ev = sim_event_new(SIM_EV_PROBE, tx->data, tx->len);
	struct addr target;

	if (!ev)
		return NULL;
	ev->rx_kind = IO_RX_LINK;
	ev->ethertype = tx->ethertype;
	if (tx->ethertype == 0x0806 && sim_arp_target(tx->data, tx->len, &target))
		ev->host = sim_hosts_find(&s->hosts, &target);
	return ev;
}

static struct sim_event *tx_ip(struct sim_net *s, const struct io_tx *tx)
{
	struct sim_event *ev = sim_event_new(SIM_EV_PROBE, tx->data, tx->len);
	struct pkt_view v;
	struct addr target;

	if (!ev)
		return NULL;
	if (pkt_view(tx->data, tx->len, &v))
		return ev; /* leaves, and is understood by nobody */
	if (!sim_nd_target(&v, &target))
		target = v.dst;
	ev->host = sim_hosts_find(&s->hosts, &target);
	return ev;
}

void sim_net_put(struct sim_net *s, const struct io_tx *tx)
{
	struct sim_event *ev = tx->kind == IO_TX_LINK ? tx_link(s, tx) : tx_ip(s, tx);

	if (ev)
		ev->at_ns = tx->sent_ns;
	enter(s, ev);
}

int sim_net_connect(struct sim_net *s, const struct io_tx *tx)
{
	struct sim_conn c = {.src = tx->src.family	  ? tx->src
				    : tx->dst.family == 6 ? s->conf.self6
							  : s->conf.self4,
		.dst = tx->dst,
		.dport = tx->dport,
		.id = tx->id,
		.seq = (uint32_t)rng_u64(&s->rng),
		.sport = (uint16_t)(CONNECT_PORT_LO + s->conns.n % CONNECT_PORTS)};
	struct sim_event *timer = sim_event_new(SIM_EV_CONNECT, NULL, 0);

	if (!timer)
		return ENOMEM;
	timer->at_ns = s->clock.now_ns;
	timer->conn = sim_conns_add(&s->conns, &c);
	if (timer->conn == SIM_NONE) {
		free(timer);
		return ENOMEM;
	}
	push(s, timer);
	return 0;
}

/* Lets the earliest event happen, which must not be a SIM_EV_RX. */
static void happen(struct sim_net *s)
{
	struct sim_event *ev = sim_heap_pop(&s->heap);

	switch (ev->kind) {
	case SIM_EV_CONNECT:
		conn_timer(s, ev);
		return;
	case SIM_EV_SYNACK:
		synack_timer(s, ev);
		return;
	case SIM_EV_PROBE:
		if (ev->rx_kind == IO_RX_LINK)
			probe_arp(s, ev);
		else
			probe_ip(s, ev);
		break;
	case SIM_EV_KERNEL:
		conn_answer(s, ev);
		break;
	case SIM_EV_RX:
		break;
	}
	free(ev);
}

struct sim_event *sim_net_next(struct sim_net *s, uint64_t until_ns)
{
	struct sim_event *ev;

	while ((ev = sim_heap_top(&s->heap)) && ev->at_ns <= until_ns && ev->kind != SIM_EV_RX)
		happen(s);
	return ev && ev->at_ns <= until_ns ? ev : NULL;
}
