/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole sweeps over the simulated network: what they record is what the stateful engine finds there
 * by answers, and a function of the seed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scan/sim_run.c"

#include "sweep/ledger.h"
#include "sweep/sweep.h"

#define COUNT(v) (sizeof(v) / sizeof(*(v)))
#define HOSTS	 8
#define PORTS	 100
#define FIRST	 0x0a000001 /* 10.0.0.1 */
#define RESULTS	 (HOSTS * PORTS * 2)
#define MS	 NS_PER_MS

static const struct sim_rule mixed[] = {
	{PROTO_TCP, 1, 20, SIM_OPEN},
	{PROTO_TCP, 21, 40, SIM_DROP},
	{PROTO_TCP, 41, 50, SIM_REJECT_ICMP},
	{PROTO_UDP, 1, 20, SIM_OPEN},
	{PROTO_UDP, 21, 40, SIM_OPEN_MUTE},
	{PROTO_UDP, 41, 50, SIM_REJECT_ICMP},
	{PROTO_SCTP, 1, 20, SIM_OPEN},
	{PROTO_SCTP, 21, 40, SIM_DROP},
};
static const struct sim_rule shut[] = {{PROTO_TCP, 7, 7, SIM_OPEN}};

struct swept {
	struct rec_result v[RESULTS];
	size_t n;
	struct rec_end end;
	struct sweep_result res;
	uint64_t digest;
	volatile sig_atomic_t stop;
	size_t stop_after; /* results; 0 = never */
	int code;	   /* that the run is to end with */
};

/* Hosts .1 to .6 answer, .7 is dead, .8 does not exist. */
static void make_hosts(struct sim_host *h)
{
	memset(h, 0, (HOSTS - 1) * sizeof(*h));
	for (uint32_t i = 0; i < HOSTS - 1; i++) {
		h[i].addr = addr_v4(FIRST + i);
		h[i].rtt_ns = (5 + 7 * i) * MS;
		h[i].rules = i % 2 ? shut : mixed;
		h[i].n_rules = i % 2 ? COUNT(shut) : COUNT(mixed);
		h[i].router = i == 2 ? addr_v4(0x0afe0001) : (struct addr){0};
		h[i].rst_window = i == 4;
	}
	h[HOSTS - 2].dead = true;
}

static int keep(void *ctx, const struct rec *r, struct err *e)
{
	struct swept *s = ctx;

	if (r->kind == REC_END)
		s->end = *r->end;
	for (size_t i = 0; r->kind == REC_RESULTS && i < r->results->n; i++) {
		const struct rec_result *x = &r->results->v[i];

		assert_true(s->n < RESULTS);
		s->v[s->n++] = *x;
		s->digest = s->digest * 31 + x->port.number + x->port.rtt_ns + x->addr.b[3];
		if (s->n == s->stop_after)
			s->stop = 1;
	}
	return 0;
}

static void sweep(struct swept *s, const struct sim_conf *conf, struct plan *p, const char *targets,
	const struct sweep_watch *watch)
{
	const struct sweep_watch *const watches[] = {watch, NULL};
	struct io_conf ic = {.port_lo = 1, .port_hi = 65535};
	struct target_request rq = {.specs = &targets, .n_specs = 1, .family = p->family};
	struct space_request srq = {.targets = &rq};
	struct sweep_env env = {.args = "", .version = "0", .privileged = true, .watches = watches};
	struct space space = {0};
	struct sim_net *net;
	struct bus bus;
	struct err e = {0};

	assert_int_equal(space_build(&space, &srq, NULL, &e), 0);
	assert_int_equal(sim_open(&net, conf, &e), 0);
	ic.sim = net;
	ic.clock = env.clock = sim_clock(net);
	assert_int_equal(io_sim_ops.open(&env.sim, &ic, &e), 0);
	bus_init(&bus);
	assert_int_equal(bus_subscribe(&bus, keep, s, BUS_WANT_ALL), 0);
	env.bus = &bus;
	env.space = &space;
	env.sim_self = p->family == 6 ? conf->self6 : conf->self4;
	env.stop = &s->stop;
	assert_int_equal(sweep_run(p, &env, &s->res, &e), s->code);
	assert_int_equal(e.code, s->code);
	io_close(env.sim);
	sim_free(net);
	space_free(&space);
}

static void make_plan(struct plan *p, const char *tech, enum port_class c)
{
	plan_init(p);
	p->family = 4;
	p->seed = 7;
	p->ping = PING_NONE;
	p->techniques[0] = tech;
	p->ports_wanted = true;
	p->sweep.on = p->sweep.all_answers = true;
	p->sweep.recheck = 0;
	sim_ports(&p->ports.of[c], 1, PORTS);
}

static const struct rec_result *find(const struct swept *s, const struct addr *a, uint16_t port)
{
	for (size_t i = 0; i < s->n; i++)
		if (addr_eq(&s->v[i].addr, a) && s->v[i].port.number == port)
			return &s->v[i];
	return NULL;
}

/* Port by port: the same state and reason where there was an answer, no record where there was
 * none. */
static void compare(const struct swept *s, const struct sim_run *r)
{
	size_t answered = 0;

	for (size_t i = 0; i < r->n_hosts; i++) {
		for (size_t k = 0; k < r->hosts[i].n_ports; k++) {
			const struct rec_port *p = &r->hosts[i].ports[k];
			const struct rec_result *x = find(s, &r->hosts[i].addr, p->number);

			if (p->reason == REASON_NO_RESPONSE) {
				assert_null(x);
				continue;
			}
			answered++;
			assert_non_null(x);
			assert_int_equal(x->port.state, p->state);
			assert_int_equal(x->port.reason, p->reason);
			assert_int_equal(x->port.ttl, p->ttl);
			assert_int_equal(x->port.proto, p->proto);
			assert_int_equal(x->port.from != 0, p->from != 0);
			if (p->from)
				assert_true(addr_eq(&x->from, &r->hosts[i].from[p->from - 1]));
		}
	}
	assert_int_equal(s->n, answered);
}

static void check_technique(const char *tech, enum port_class c, bool timed)
{
	struct sim_host hosts[HOSTS - 1];
	struct swept *s = calloc(1, sizeof(*s)), *again = calloc(1, sizeof(*s));
	struct sim_run r;
	struct plan p;

	make_hosts(hosts);
	sim_run_init(&r, hosts, HOSTS - 1, tech);
	r.targets[0] = "10.0.0.1-8";
	sim_ports(&r.plan.ports.of[c], 1, PORTS);
	sim_run(&r);
	make_plan(&p, tech, c);
	p.sweep.probe_time = timed;
	sweep(s, &r.conf, &p, "10.0.0.1-8", NULL);
	assert_int_equal(s->res.sent, HOSTS * PORTS);
	assert_true(s->n > 0);
	compare(s, &r);
	sweep(again, &r.conf, &p, "10.0.0.1-8", NULL);
	assert_int_equal(s->digest, again->digest);
	plan_free(&p);
	sim_run_free(&r);
	free(s);
	free(again);
}

static void test_tcp(void **state)
{
	static const char *const techs[] = {
		"syn", "null", "fin", "xmas", "maimon", "ack", "window"};

	for (size_t i = 0; i < COUNT(techs); i++) {
		check_technique(techs[i], PORTS_TCP, true);
		check_technique(techs[i], PORTS_TCP, false);
	}
}

static void test_udp_and_sctp(void **state)
{
	check_technique("udp", PORTS_UDP, true);
	check_technique("sctp-init", PORTS_SCTP, true);
}

/* With timed probes the round trip is the simulated one. */
static void test_rtt(void **state)
{
	struct sim_host hosts[HOSTS - 1];
	struct sim_conf conf = {
		.seed = 1, .self4 = addr_v4(0x0aff0001), .hosts = hosts, .n_hosts = HOSTS - 1};
	struct swept *s = calloc(1, sizeof(*s));
	struct plan p;

	make_hosts(hosts);
	make_plan(&p, "syn", PORTS_TCP);
	p.sweep.rate_pps = 1000; /* one by one: probes of a batch have one time */
	sweep(s, &conf, &p, "10.0.0.1-8", NULL);
	for (size_t i = 0; i < s->n; i++) {
		const struct sim_host *h = &hosts[addr_to_v4(&s->v[i].addr) - FIRST];

		assert_int_equal(s->v[i].port.rtt_src, RTT_SIM);
		assert_true(s->v[i].port.rtt_ns >= h->rtt_ns - 2048);
		assert_true(s->v[i].port.rtt_ns <= h->rtt_ns + 2048);
	}
	plan_free(&p);
	free(s);
}

/* Shards add up to the whole; a fixed source port and a ping do, too; passes and the recheck record
 * nothing twice. */
static void test_parts(void **state)
{
	struct sim_host hosts[HOSTS - 1];
	struct sim_conf conf = {
		.seed = 1, .self4 = addr_v4(0x0aff0001), .hosts = hosts, .n_hosts = HOSTS - 1};
	struct swept *whole = calloc(1, sizeof(*whole)), *s = calloc(1, sizeof(*s));
	struct plan p;
	uint64_t sent = 0;
	size_t n = 0;

	make_hosts(hosts);
	make_plan(&p, "syn", PORTS_TCP);
	sweep(whole, &conf, &p, "10.0.0.1-8", NULL);
	for (p.sweep.shard = 0, p.sweep.n_shards = 3; p.sweep.shard < 3; p.sweep.shard++) {
		*s = (struct swept){0};
		sweep(s, &conf, &p, "10.0.0.1-8", NULL);
		sent += s->res.sent;
		n += s->n;
	}
	assert_int_equal(sent, HOSTS * PORTS);
	assert_int_equal(n, whole->n);
	p.sweep.shard = 0;
	p.sweep.n_shards = 1;
	p.sweep.passes = 3;
	p.sweep.recheck = 0.25;
	*s = (struct swept){0};
	sweep(s, &conf, &p, "10.0.0.1-8", NULL);
	assert_int_equal(s->n, whole->n);
	assert_int_equal(s->res.sent, HOSTS * PORTS * 3 + HOSTS * PORTS / 4);
	p.sweep.passes = 1;
	p.source_port = 53;
	*s = (struct swept){0};
	sweep(s, &conf, &p, "10.0.0.1-8", NULL);
	assert_int_equal(s->n, whole->n);
	plan_free(&p);
	free(whole);
	free(s);
}

static void test_ping(void **state)
{
	struct sim_host hosts[HOSTS - 1];
	struct sim_conf conf = {
		.seed = 1, .self4 = addr_v4(0x0aff0001), .hosts = hosts, .n_hosts = HOSTS - 1};
	static const unsigned kinds[] = {PING_ECHO, PING_TSTAMP};
	struct swept *s = calloc(1, sizeof(*s));
	struct plan p;

	make_hosts(hosts);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		make_plan(&p, NULL, PORTS_TCP);
		p.ports_wanted = false;
		p.ping = kinds[i];
		*s = (struct swept){0};
		sweep(s, &conf, &p, "10.0.0.0/24", NULL);
		assert_int_equal(s->n, HOSTS - 2);
		assert_int_equal(s->res.sent, 256);
		assert_int_equal(s->v[0].port.state, PORT_OPEN);
		plan_free(&p);
	}
	free(s);
}

/* A rate is kept on the simulated clock, the last probe is where it belongs, and a stop stops. */
static void test_rate(void **state)
{
	struct sim_host hosts[HOSTS - 1];
	struct sim_conf conf = {
		.seed = 1, .self4 = addr_v4(0x0aff0001), .hosts = hosts, .n_hosts = HOSTS - 1};
	struct swept *s = calloc(1, sizeof(*s));
	struct plan p;

	make_hosts(hosts);
	make_plan(&p, "syn", PORTS_TCP);
	p.sweep.rate_pps = 100;
	sweep(s, &conf, &p, "10.0.0.1-8", NULL);
	assert_true(s->res.send_ns >= 7990 * MS && s->res.send_ns <= 8020 * MS);
	*s = (struct swept){.stop_after = 5};
	sweep(s, &conf, &p, "10.0.0.1-8", NULL);
	assert_true(s->res.interrupted && s->end.interrupted);
	assert_true(s->res.sent < HOSTS * PORTS);
	plan_free(&p);
	free(s);
}

/* ---- watches --------------------------------------------------------------------------------- */

struct watcher {
	unsigned begun, ticks, done;
	uint64_t hits, marked[SWEEP_MARKS];
	bool resent;
};

static int on_begin(void *ctx, struct sweep *s, const struct sweep_facts *f, struct err *e)
{
	struct watcher *w = ctx;

	assert_int_equal(f->behind - f->first, HOSTS * PORTS);
	w->begun++;
	return 0;
}

static void on_hits(void *ctx, const struct sweep_hit *v, size_t n)
{
	struct watcher *w = ctx;

	w->hits += n;
	for (size_t i = 0; i < n; i++)
		w->marked[v[i].mark]++;
}

/* At the end of the first pass the first hundred indices again, and one canary. */
static void on_phase(void *ctx, struct sweep *s, enum sweep_phase p, const struct sweep_tick *t)
{
	struct watcher *w = ctx;
	struct sweep_span span = {.to = 100, .stride = 1, .mark = SWEEP_PASS};

	w->done += p == SWEEP_DONE;
	if (p != SWEEP_COOLDOWN || w->resent)
		return;
	assert_int_equal(t->sent, HOSTS * PORTS);
	assert_int_equal(sweep_todo(s, NULL, 0), 0);
	w->resent = true;
	assert_int_equal(sweep_send_span(s, &span), 0);
	assert_int_equal(sweep_todo(s, NULL, 0), 1);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(sweep_send_one(s, i, SWEEP_CANARY), 0);
}

static void on_tick(void *ctx, struct sweep *s, const struct sweep_tick *t)
{
	((struct watcher *)ctx)->ticks++;
}

static void test_watch(void **state)
{
	struct sim_host hosts[HOSTS - 1];
	struct sim_conf conf = {
		.seed = 1, .self4 = addr_v4(0x0aff0001), .hosts = hosts, .n_hosts = HOSTS - 1};
	struct watcher w = {0};
	struct sweep_watch watch = {&w, on_begin, on_hits, on_tick, on_phase};
	struct swept *s = calloc(1, sizeof(*s));
	struct plan p;

	make_hosts(hosts);
	make_plan(&p, "syn", PORTS_TCP);
	p.sweep.recheck = 0.25;
	sweep(s, &conf, &p, "10.0.0.1-8", &watch);
	assert_int_equal(w.begun, 1);
	assert_int_equal(w.done, 1);
	assert_true(w.ticks > 10);
	assert_int_equal(s->res.sent, HOSTS * PORTS + HOSTS * PORTS / 4 + 200);
	assert_true(w.marked[SWEEP_PASS] > 0);
	assert_int_equal(w.marked[SWEEP_PASS], w.marked[SWEEP_CANARY]);
	assert_int_equal(w.marked[SWEEP_RECHECK], w.marked[SWEEP_SAMPLED]);
	assert_int_equal(w.marked[SWEEP_PLAIN] + w.marked[SWEEP_SAMPLED], s->n);
	plan_free(&p);
	free(s);
}

/* A checkpoint of another plan: the run ends by what the ledger says, before anything is sent. */
static void test_other_plan(void **state)
{
	struct sim_host hosts[HOSTS - 1];
	struct sim_conf conf = {
		.seed = 1, .self4 = addr_v4(0x0aff0001), .hosts = hosts, .n_hosts = HOSTS - 1};
	struct receipt before = {0};
	struct ledger l = {0};
	struct sweep_watch watch =
		ledger_watch(&l, &(struct ledger_conf){.clock = clock_real(), .before = &before});
	struct swept *s = calloc(1, sizeof(*s));
	struct plan p;

	make_hosts(hosts);
	make_plan(&p, "syn", PORTS_TCP);
	s->code = ERR_USAGE;
	sweep(s, &conf, &p, "10.0.0.1-8", &watch);
	assert_int_equal(s->res.sent, 0);
	ledger_free(&l);
	plan_free(&p);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_udp_and_sctp),
		cmocka_unit_test(test_rtt),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_ping),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_other_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
