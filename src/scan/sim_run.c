/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests only: included by them behind <cmocka.h>, since each unit test is one file. A tap
 * before io_sim sees, throttles and forges packets. */
#include "scan/sim_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "pkt/view.h"

struct addr sim_addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void sim_note_sent(struct sim_run *r, const struct io_tx *tx)
{
	struct sim_sent *s;
	struct pkt_view v;

	if (r->n_sent == r->cap_sent) {
		r->cap_sent = r->cap_sent ? 2 * r->cap_sent : 1024;
		r->sent = realloc(r->sent, r->cap_sent * sizeof(*r->sent));
		assert_non_null(r->sent);
	}
	s = &r->sent[r->n_sent++];
	*s = (struct sim_sent){.at_ns = tx->sent_ns,
		.dst = tx->dst,
		.kind = (uint8_t)tx->kind,
		.dport = tx->dport};
	if (++r->outstanding > r->max_outstanding)
		r->max_outstanding = r->outstanding;
	if (tx->kind != IO_TX_IP)
		return;
	/* a protocol scan also sends the announcement of a header that is not there */
	if (pkt_view(tx->data, tx->len, &v) == 0)
		assert_true(pkt_view_checksum(tx->data, tx->len));
	else
		assert_string_equal(r->plan.techniques[0], "proto");
	*s = (struct sim_sent){tx->sent_ns, tx->dst, IO_TX_IP, v.l4.proto, v.l4.flags, v.l4.type,
		v.ttl, v.l4.sport, v.l4.dport, v.l4.seq};
}

static struct sim_run *run_of(struct io *io)
{
	return (struct sim_run *)(void *)((char *)io - offsetof(struct sim_run, io));
}

static int sim_tap_send(struct io *io, struct io_tx *v, unsigned n, struct err *e)
{
	struct sim_run *r = run_of(io);
	int taken = io_send(r->sim, v, r->take && n > r->take ? r->take : n, e);

	for (int i = 0; i < taken; i++) {
		sim_note_sent(r, &v[i]);
		if (r->forge && r->n_forged < 64)
			r->forged_len[r->n_forged] =
				(uint32_t)r->forge(r, &v[i], r->forged[r->n_forged], 256);
		if (r->forge && r->n_forged < 64 && r->forged_len[r->n_forged])
			r->n_forged++;
	}
	return taken;
}

static int sim_tap_recv(struct io *io, struct io_rx *v, unsigned n, struct err *e)
{
	struct sim_run *r = run_of(io);
	unsigned k;
	int got;

	for (k = 0; k < r->n_forged && k < n; k++)
		v[k] = (struct io_rx){.kind = IO_RX_IP,
			.data = r->forged[k],
			.len = r->forged_len[k],
			.wire_len = r->forged_len[k],
			.at_ns = clock_now(r->clock),
			.at_src = RTT_SIM};
	r->n_forged = 0;
	got = k < n ? io_recv(r->sim, v + k, n - k, e) : 0;
	if (got > 0)
		r->outstanding -= (size_t)got < r->outstanding ? (size_t)got : r->outstanding;
	return got < 0 ? got : (int)k + got;
}

static int sim_tap_wait(struct io *io, uint64_t timeout_ns)
{
	struct sim_run *r = run_of(io);

	return io_wait(r->sim, timeout_ns);
}

static const struct io_ops sim_tap_ops = {
	.name = "sim", .send = sim_tap_send, .recv = sim_tap_recv, .wait = sim_tap_wait};

static void sim_digest(struct sim_run *r, const void *data, size_t len)
{
	struct hash_key k = {r->digest, 1};

	r->digest = hash_sip(&k, data, len);
}

static void sim_keep_host(struct sim_run *r, const struct rec_host *h)
{
	struct rec_host *c;
	char text[256];

	if (r->n_hosts == r->cap_hosts) {
		r->cap_hosts = r->cap_hosts ? 2 * r->cap_hosts : 16;
		r->hosts = realloc(r->hosts, r->cap_hosts * sizeof(*r->hosts));
		r->reported_ns = realloc(r->reported_ns, r->cap_hosts * sizeof(*r->reported_ns));
		assert_non_null(r->hosts);
		assert_non_null(r->reported_ns);
	}
	r->reported_ns[r->n_hosts] = clock_wall(r->clock);
	c = &r->hosts[r->n_hosts++];
	*c = *h;
	c->ports = NULL;
	c->from = NULL;
	if (h->n_ports)
		c->ports = memcpy(malloc(h->n_ports * sizeof(*h->ports)), h->ports,
			h->n_ports * sizeof(*h->ports));
	if (h->n_from)
		c->from = memcpy(malloc(h->n_from * sizeof(*h->from)), h->from,
			h->n_from * sizeof(*h->from));
	if (h->trace) {
		c->trace = memcpy(malloc(sizeof(*h->trace)), h->trace, sizeof(*h->trace));
		((struct rec_trace *)c->trace)->hops =
			memcpy(malloc(h->trace->n_hops * sizeof(*h->trace->hops)), h->trace->hops,
				h->trace->n_hops * sizeof(*h->trace->hops));
	}
	snprintf(text, sizeof(text), "%u %u %u %llu %llu", h->state, h->reason, h->ttl,
		(unsigned long long)h->start_wall_ns, (unsigned long long)h->end_wall_ns);
	sim_digest(r, text, strlen(text));
	sim_digest(r, &h->addr, sizeof(h->addr));
	for (size_t i = 0; i < h->n_ports; i++) {
		const struct rec_port *p = &h->ports[i];

		snprintf(text, sizeof(text), "%u/%u %u %u %u %u %llu", p->number, p->proto,
			p->state, p->reason, p->ttl, p->from, (unsigned long long)p->rtt_ns);
		sim_digest(r, text, strlen(text));
	}
}

static int sim_on(void *ctx, const struct rec *rec, struct err *e)
{
	struct sim_run *r = ctx;

	if (rec->kind == REC_HOST)
		sim_keep_host(r, rec->host);
	else if (rec->kind == REC_END)
		r->end = *rec->end;
	if (rec->kind == REC_PACKET)
		sim_digest(r, rec->packet->text, strlen(rec->packet->text));
	sim_digest(r, &rec->kind, sizeof(rec->kind));
	if (r->on)
		r->on(r, rec);
	return 0;
}

void sim_ports(struct port_list *l, unsigned lo, unsigned hi)
{
	l->n = hi - lo + 1;
	l->ports = malloc(l->n * sizeof(*l->ports));
	assert_non_null(l->ports);
	for (unsigned i = 0; i < l->n; i++)
		l->ports[i] = (uint16_t)(lo + i);
}

void sim_run_init(struct sim_run *r, const struct sim_host *hosts, size_t n, const char *technique)
{
	memset(r, 0, sizeof(*r));
	r->conf = (struct sim_conf){.seed = 1,
		.self4 = sim_addr(SIM_SELF4),
		.self6 = sim_addr(SIM_SELF6),
		.hosts = hosts,
		.n_hosts = n};
	plan_init(&r->plan);
	r->plan.reverse_dns = false;
	r->plan.ping = PING_NONE;
	r->plan.seed = 1;
	r->plan.techniques[0] = technique;
	r->plan.ports_wanted = technique != NULL;
}

void sim_run(struct sim_run *r)
{
	struct io_conf ic = {.port_lo = 1, .port_hi = 65535};
	struct target_request rq = {.specs = r->targets};
	struct scan_env env = {.past = r->past,
		.stop = &r->stop,
		.args = "",
		.version = "0",
		.privileged = true,
		.sim_self4 = r->conf.self4,
		.sim_self6 = r->conf.self6};
	struct targets *t;
	struct sim_net *net;
	struct bus bus;
	struct err e = {0};

	while (rq.n_specs < 4 && r->targets[rq.n_specs])
		rq.n_specs++;
	assert_int_equal(targets_open(&t, &rq, &e), 0);
	assert_int_equal(sim_open(&net, &r->conf, &e), 0);
	ic.sim = net;
	r->clock = ic.clock = env.clock = sim_clock(net);
	assert_int_equal(io_sim_ops.open(&r->sim, &ic, &e), 0);
	r->io = (struct io){&sim_tap_ops, r->clock};
	bus_init(&bus);
	assert_int_equal(bus_subscribe(&bus, sim_on, r, BUS_WANT_ALL), 0);
	env.bus = &bus;
	env.targets = t;
	env.sim = &r->io;
	r->code = scan_run(&r->plan, &env, &r->result, &e);
	assert_string_equal(e.text, "");
	assert_int_equal(r->code, 0);
	io_close(r->sim);
	sim_free(net);
	targets_free(t);
}

void sim_run_free(struct sim_run *r)
{
	for (size_t i = 0; i < r->n_hosts; i++) {
		free((void *)r->hosts[i].ports);
		free((void *)r->hosts[i].from);
		if (r->hosts[i].trace)
			free((void *)r->hosts[i].trace->hops);
		free((void *)r->hosts[i].trace);
	}
	free(r->hosts);
	free(r->reported_ns);
	free(r->sent);
	plan_free(&r->plan);
}

const struct rec_host *sim_host_of(const struct sim_run *r, const char *addr)
{
	struct addr a = sim_addr(addr);

	for (size_t i = 0; i < r->n_hosts; i++)
		if (addr_eq(&r->hosts[i].addr, &a))
			return &r->hosts[i];
	fail_msg("no record of %s", addr);
	return NULL;
}

size_t sim_sent_to(const struct sim_run *r, const struct addr *a, unsigned proto)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_sent; i++)
		n += addr_eq(&r->sent[i].dst, a) && (!proto || r->sent[i].proto == proto);
	return n;
}

enum sim_port sim_what(const struct sim_host *h, unsigned proto, uint16_t port)
{
	enum sim_port what = h->dead ? SIM_DROP : SIM_CLOSED;

	for (size_t i = 0; i < h->n_rules && !h->dead; i++)
		if (h->rules[i].proto == proto && port >= h->rules[i].lo && port <= h->rules[i].hi)
			what = h->rules[i].what;
	return what;
}

enum port_state sim_truth(const struct sim_host *h, unsigned proto, uint16_t port)
{
	static const enum port_state tcp[] = {[SIM_CLOSED] = PORT_CLOSED,
		[SIM_OPEN] = PORT_OPEN,
		[SIM_DROP] = PORT_FILTERED,
		[SIM_REJECT_RST] = PORT_CLOSED,
		[SIM_REJECT_ICMP] = PORT_FILTERED,
		[SIM_OPEN_MUTE] = PORT_OPEN};
	static const enum port_state udp[] = {[SIM_CLOSED] = PORT_CLOSED,
		[SIM_OPEN] = PORT_OPEN,
		[SIM_DROP] = PORT_OPEN_FILTERED,
		[SIM_REJECT_RST] = PORT_OPEN_FILTERED,
		[SIM_REJECT_ICMP] = PORT_FILTERED,
		[SIM_OPEN_MUTE] = PORT_OPEN_FILTERED};
	enum sim_port what = sim_what(h, proto, port);

	return proto == PROTO_UDP ? udp[what] : tcp[what];
}

void sim_check_ports(
	const struct sim_run *r, const struct sim_host *h, unsigned proto, unsigned lo, unsigned hi)
{
	char text[ADDR_TEXT_MAX];
	const struct rec_host *rec = sim_host_of(r, addr_text(&h->addr, text));
	unsigned next = lo;

	assert_int_equal(rec->state, HOST_UP);
	for (size_t i = 0; i < rec->n_ports; i++) {
		const struct rec_port *p = &rec->ports[i];

		if (p->proto != proto)
			continue;
		assert_int_equal(p->number, next);
		if (p->state != sim_truth(h, proto, p->number))
			fail_msg("%s port %u/%u is %s, not %s", text, p->number, proto,
				port_state_name(p->state),
				port_state_name(sim_truth(h, proto, p->number)));
		next++;
	}
	assert_int_equal(next, hi + 1);
}
