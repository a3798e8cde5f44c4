/* SPDX-License-Identifier: BSD-2-Clause */
/* Route tracing over the simulated network: the routers found are those on the way, whatever is
 * silent, lost, forged or farther than it seems, and shared ones are asked once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scan/sim_run.c"

#include "io/sim_reply.h"
#include "scan/tech.h"

#define COUNT(v) (sizeof(v) / sizeof(*(v)))
#define MS	 NS_PER_MS
#define HOSTS	 16
#define ROUTERS	 40

static const struct sim_rule open80[] = {{PROTO_TCP, 80, 80, SIM_OPEN}};

/* Routers 10.9.0.1, 10.9.0.2, ... or fd00:9::1, fd00:9::2, ... */
static struct addr path4[ROUTERS], path6[ROUTERS];

static int make_paths(void **state)
{
	char text[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < ROUTERS; i++) {
		snprintf(text, sizeof(text), "10.9.0.%u", i + 1);
		path4[i] = sim_addr(text);
		snprintf(text, sizeof(text), "fd00:9::%x", i + 1);
		path6[i] = sim_addr(text);
	}
	return 0;
}

static struct sim_host host(const char *a, size_t n_path)
{
	struct sim_host h = {.addr = sim_addr(a), .rtt_ns = 20 * MS, .jitter_ns = MS};

	h.path = h.addr.family == 6 ? path6 : path4;
	h.n_path = n_path;
	return h;
}

static void init(struct sim_run *r, const struct sim_host *hosts, size_t n, const char *technique)
{
	sim_run_init(r, hosts, n, technique);
	r->plan.traceroute = true;
	r->plan.ping = technique ? PING_NONE : PING_ECHO;
	if (technique)
		sim_ports(&r->plan.ports.of[scan_tech_by_name(technique)->ports], 80, 80);
}

/* Every router on the way is where it is, with a round trip; the host is behind them. */
static void check_way(const struct sim_run *r, const struct sim_host *h)
{
	char text[ADDR_TEXT_MAX];
	const struct rec_host *rec = sim_host_of(r, addr_text(&h->addr, text));
	const struct rec_trace *t = rec->trace;

	assert_non_null(t);
	assert_true(t->complete);
	assert_int_equal(t->n_hops, h->n_path + 1);
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct addr *want = i < h->n_path ? &h->path[i] : &h->addr;

		assert_int_equal(t->hops[i].ttl, i + 1);
		assert_int_equal(t->hops[i].addr.family, want->family);
		if (!want->family)
			continue;
		assert_true(addr_eq(&t->hops[i].addr, want));
		assert_in_range(t->hops[i].rtt_ns, h->rtt_ns, h->rtt_ns + 2 * h->jitter_ns);
	}
}

static size_t sent_with_ttl(const struct sim_run *r, unsigned ttl)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_sent; i++)
		n += r->sent[i].ttl == ttl;
	return n;
}

static void trace_one(
	const char *target, const char *technique, size_t n_path, unsigned proto, unsigned port)
{
	struct sim_host h = host(target, n_path);
	struct sim_run r;

	init(&r, &h, 1, technique);
	r.targets[0] = target;
	sim_run(&r);
	check_way(&r, &h);
	assert_int_equal(r.hosts[0].trace->proto, proto);
	assert_int_equal(r.hosts[0].trace->port, port);
	for (size_t i = 0; i < n_path; i++)
		assert_false(r.hosts[0].trace->hops[i].shared);
	assert_int_equal(sent_with_ttl(&r, (unsigned)n_path), n_path ? 1 : 0);
	sim_run_free(&r);
}

static void every_kind_of_probe(void **state)
{
	trace_one("10.0.0.1", "syn", 5, PROTO_TCP, 80);
	trace_one("10.0.0.1", "connect", 5, PROTO_TCP, 80);
	trace_one("10.0.0.1", "udp", 5, PROTO_UDP, 80);
	trace_one("10.0.0.1", "fin", 5, PROTO_TCP, 80);
	trace_one("10.0.0.1", "ack", 5, PROTO_TCP, 80);
	trace_one("10.0.0.1", "sctp-init", 5, PROTO_SCTP, 80);
	trace_one("10.0.0.1", "proto", 5, PROTO_ICMP, 0);
	trace_one("10.0.0.1", NULL, 5, PROTO_ICMP, 0);
	trace_one("fd00::1", "syn", 5, PROTO_TCP, 80);
	trace_one("fd00::1", "udp", 5, PROTO_UDP, 80);
	trace_one("fd00::1", NULL, 5, PROTO_ICMP6, 0);
	trace_one("10.0.0.1", "syn", 0, PROTO_TCP, 80);
	trace_one("10.0.0.1", "syn", 1, PROTO_TCP, 80);
	trace_one("10.0.0.1", "syn", 29, PROTO_TCP, 80);
}

static void discovery_probe_is_used_again(void **state)
{
	struct sim_host h = host("10.0.0.1", 3);
	struct sim_run r;

	h.no_ping = true;
	init(&r, &h, 1, NULL);
	r.targets[0] = "10.0.0.1";
	r.plan.ping = PING_ECHO | PING_ACK;
	sim_ports(&r.plan.ping_ack, 443, 443);
	sim_run(&r);
	check_way(&r, &h);
	assert_int_equal(r.hosts[0].trace->port, 443);
	sim_run_free(&r);
}

static void neighbour_is_its_own_hop(void **state)
{
	struct sim_host h = host("10.0.0.1", 0);
	struct sim_run r;

	init(&r, &h, 1, NULL);
	r.targets[0] = "10.0.0.1";
	r.plan.ping = PING_ARP;
	sim_run(&r);
	check_way(&r, &h);
	assert_int_equal(r.hosts[0].trace->proto, PROTO_IP);
	assert_int_equal(r.n_sent, 1); /* ARP */
	sim_run_free(&r);
}

static void silent_routers_are_hops(void **state)
{
	struct addr path[8];
	struct sim_host h = host("10.0.0.1", COUNT(path));
	struct sim_run r;

	memcpy(path, path4, sizeof(path));
	path[0].family = path[3].family = path[4].family = path[7].family = 0;
	h.path = path;
	init(&r, &h, 1, "syn");
	r.targets[0] = "10.0.0.1";
	sim_run(&r);
	check_way(&r, &h);
	assert_int_equal(sent_with_ttl(&r, 4), 3);
	sim_run_free(&r);
}

/* The host's TTL says less than the way is long, or more; or nothing at all. */
static void distance_that_deceives(void **state)
{
	static const uint8_t first[] = {40, 64, 67, 75, 120, 255, 63};

	for (size_t i = 0; i < COUNT(first); i++) {
		struct sim_host h = host("10.0.0.1", 12);
		struct sim_run r;

		h.ttl = first[i];
		init(&r, &h, 1, "syn");
		r.targets[0] = "10.0.0.1";
		sim_run(&r);
		check_way(&r, &h);
		sim_run_free(&r);
	}
}

static void too_far_ends_at_thirty(void **state)
{
	struct sim_host h = host("10.0.0.1", ROUTERS);
	struct sim_run r;

	init(&r, &h, 1, NULL);
	r.targets[0] = "10.0.0.1";
	sim_run(&r);
	assert_false(r.hosts[0].trace->complete);
	assert_int_equal(r.hosts[0].trace->n_hops, 30);
	assert_true(addr_eq(&r.hosts[0].trace->hops[29].addr, &path4[29]));
	sim_run_free(&r);
}

/* Nobody there: the routers before, and no more than a few TTLs behind them. */
static void nobody_at_the_end(void **state)
{
	struct sim_host h = host("10.0.0.1", 3);
	struct sim_run r;
	const struct rec_trace *t;

	h.dead = true;
	init(&r, &h, 1, "syn");
	r.targets[0] = "10.0.0.1";
	sim_run(&r);
	t = r.hosts[0].trace;
	assert_false(t->complete);
	assert_in_range(t->n_hops, 4, 20);
	for (size_t i = 0; i < 3; i++)
		assert_true(addr_eq(&t->hops[i].addr, &path4[i]));
	for (size_t i = 3; i < t->n_hops; i++)
		assert_int_equal(t->hops[i].addr.family, 0);
	sim_run_free(&r);
}

static struct sim_host many[HOSTS];

static void many_hosts(struct sim_run *r, size_t n_path)
{
	char text[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < HOSTS; i++) {
		snprintf(text, sizeof(text), "10.0.0.%u", i);
		many[i] = host(text, n_path);
		many[i].rules = open80;
		many[i].n_rules = 1;
	}
	init(r, many, HOSTS, "syn");
	r->targets[0] = "10.0.0.0/28";
}

/* The last router is where two ways may meet: each host asks for it, and nobody asks again for what
 * lies before. */
static void shared_routers_are_asked_once(void **state)
{
	struct sim_run r;
	size_t shared = 0;

	many_hosts(&r, 9);
	sim_run(&r);
	for (unsigned i = 0; i < HOSTS; i++) {
		check_way(&r, &many[i]);
		for (size_t k = 0; k < 8; k++)
			shared += r.hosts[i].trace->hops[k].shared;
	}
	assert_int_equal(shared, (HOSTS - 1) * 8);
	assert_int_equal(sent_with_ttl(&r, 9), HOSTS);
	for (unsigned ttl = 1; ttl < 9; ttl++)
		assert_int_equal(sent_with_ttl(&r, ttl), 1);
	sim_run_free(&r);
}

/* Ways that part: two halves of the hosts behind different last routers. */
static void ways_that_part(void **state)
{
	struct addr other[9];
	struct sim_run r;

	many_hosts(&r, 9);
	memcpy(other, path4, sizeof(other));
	for (unsigned i = 5; i < 9; i++)
		other[i] = path4[i + 9];
	for (unsigned i = 0; i < HOSTS; i += 2)
		many[i].path = other;
	sim_run(&r);
	for (unsigned i = 0; i < HOSTS; i++)
		check_way(&r, &many[i]);
	for (unsigned ttl = 1; ttl < 5; ttl++)
		assert_in_range(sent_with_ttl(&r, ttl), 1, 2);
	sim_run_free(&r);
}

static void loss_is_made_good(void **state)
{
	struct sim_run r;
	size_t found = 0;

	many_hosts(&r, 9);
	for (unsigned i = 0; i < HOSTS; i++)
		many[i].loss = 0.1;
	sim_run(&r);
	for (unsigned i = 0; i < HOSTS; i++)
		for (size_t k = 0; k < r.hosts[i].trace->n_hops; k++)
			found += r.hosts[i].trace->hops[k].addr.family != 0;
	assert_in_range(found, HOSTS * 10 - 5, HOSTS * 10);
	sim_run_free(&r);
}

static void rate_is_kept(void **state)
{
	struct sim_run r;

	many_hosts(&r, 9);
	r.plan.timing.max_rate = 20;
	sim_run(&r);
	for (unsigned i = 0; i < HOSTS; i++)
		check_way(&r, &many[i]);
	for (size_t i = 40; i < r.n_sent; i++) /* a token saved up may go early */
		assert_true(r.sent[i].at_ns - r.sent[i - 40].at_ns >= 39 * NS_PER_S / 20);
	sim_run_free(&r);
}

static void one_at_a_time(void **state)
{
	struct sim_host h = host("10.0.0.1", 9);
	struct sim_run r;

	init(&r, &h, 1, "syn");
	r.targets[0] = "10.0.0.1";
	r.plan.timing.scan_delay_ns = 300 * MS;
	r.plan.timing.max_parallelism = 1;
	sim_run(&r);
	check_way(&r, &h);
	for (size_t i = 1; i < r.n_sent; i++)
		assert_true(r.sent[i].at_ns - r.sent[i - 1].at_ns >= 300 * MS);
	sim_run_free(&r);
}

/* With -g the source port tells nothing: sequence numbers do, and where there are none, echo. */
static void fixed_source_port(void **state)
{
	static const struct {
		const char *technique;
		unsigned proto;
	} rows[] = {{"syn", PROTO_TCP}, {"ack", PROTO_TCP}, {"udp", PROTO_ICMP}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sim_host h = host("10.0.0.1", 5);
		struct sim_run r;

		init(&r, &h, 1, rows[i].technique);
		r.targets[0] = "10.0.0.1";
		r.plan.source_port = 53;
		sim_run(&r);
		check_way(&r, &h);
		assert_int_equal(r.hosts[0].trace->proto, rows[i].proto);
		sim_run_free(&r);
	}
}

/* Time exceeded by somebody who has not seen the probe: right addresses and ports, other cookie. */
static size_t forge_hop(struct sim_run *r, const struct io_tx *tx, uint8_t *buf, size_t cap)
{
	struct sim_error er = {
		.from = sim_addr("10.66.6.6"), .to = sim_addr(SIM_SELF4), .why = SIM_TIME_EXCEEDED};
	uint8_t copy[128];
	struct pkt_view v;

	assert_true(tx->len <= sizeof(copy));
	memcpy(copy, tx->data, tx->len);
	assert_int_equal(pkt_view(copy, tx->len, &v), 0);
	if (v.l4.proto != PROTO_TCP || v.ttl > 20)
		return 0;
	copy[20 + 5] ^= 0x40; /* sequence number */
	er.quote = copy;
	er.quote_len = tx->len;
	return sim_reply_error(buf, cap, &er);
}

static void forged_hops_do_not_enter(void **state)
{
	struct sim_host h = host("10.0.0.1", 5);
	struct sim_run r;

	init(&r, &h, 1, "syn");
	r.targets[0] = "10.0.0.1";
	r.forge = forge_hop;
	sim_run(&r);
	check_way(&r, &h);
	sim_run_free(&r);
}

/* What was learnt until the time-out is kept. */
static void host_timeout_keeps_hops(void **state)
{
	struct addr path[3] = {path4[0], {0}, path4[2]};
	struct sim_host h = host("10.0.0.1", COUNT(path));
	struct sim_run r;

	h.path = path;
	h.rules = open80;
	h.n_rules = 1;
	init(&r, &h, 1, "syn");
	r.targets[0] = "10.0.0.1";
	r.plan.timing.host_timeout_ns = 500 * MS;
	sim_run(&r);
	assert_true(r.hosts[0].timed_out);
	check_way(&r, &h);
	sim_run_free(&r);
}

static void stop_soon(struct sim_run *r, const struct rec *rec)
{
	if (rec->kind == REC_FOUND)
		r->stop = 1;
}

static void interrupted_run_ends(void **state)
{
	struct sim_run r;

	many_hosts(&r, 9);
	r.on = stop_soon;
	sim_run(&r);
	assert_true(r.end.interrupted);
	sim_run_free(&r);
}

static void more_hosts_than_at_once(void **state)
{
	static struct sim_host v[256];
	struct sim_run r;
	char text[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < COUNT(v); i++) {
		snprintf(text, sizeof(text), "10.0.0.%u", i);
		v[i] = host(text, 4);
		v[i].dead = i % 3 == 0;
	}
	init(&r, v, COUNT(v), NULL);
	r.targets[0] = "10.0.0.0/24";
	sim_run(&r);
	for (unsigned i = 0; i < COUNT(v); i++)
		if (!v[i].dead)
			check_way(&r, &v[i]);
	assert_null(sim_host_of(&r, "10.0.0.0")->trace);
	sim_run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_probe),
		cmocka_unit_test(discovery_probe_is_used_again),
		cmocka_unit_test(neighbour_is_its_own_hop),
		cmocka_unit_test(silent_routers_are_hops),
		cmocka_unit_test(distance_that_deceives),
		cmocka_unit_test(too_far_ends_at_thirty),
		cmocka_unit_test(nobody_at_the_end),
		cmocka_unit_test(shared_routers_are_asked_once),
		cmocka_unit_test(ways_that_part),
		cmocka_unit_test(loss_is_made_good),
		cmocka_unit_test(rate_is_kept),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(fixed_source_port),
		cmocka_unit_test(forged_hops_do_not_enter),
		cmocka_unit_test(host_timeout_keeps_hops),
		cmocka_unit_test(interrupted_run_ends),
		cmocka_unit_test(more_hosts_than_at_once),
	};

	return cmocka_run_group_tests(tests, make_paths, NULL);
}
