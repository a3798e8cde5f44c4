/* SPDX-License-Identifier: BSD-2-Clause */
/* When probes leave: rates, delays and windows that the user set hold on the virtual clock, packet
 * by packet. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scan/sim_run.c"

#include "base/rng.h"

#define COUNT(v) (sizeof(v) / sizeof(*(v)))
#define MS	 NS_PER_MS
#define BATCH_NS                                                                                   \
	(32 * NS_PER_US) /* io_sim takes a microsecond a packet: so far apart lie the ends of one  \
			    batch */

static const struct sim_rule silent[] = {{PROTO_TCP, 0, 65535, SIM_DROP}};
static const struct sim_rule half[] = {
	{PROTO_TCP, 0, 100, SIM_DROP}, {PROTO_TCP, 101, 110, SIM_OPEN}};

static struct sim_host host(const char *a, uint64_t rtt_ns, const struct sim_rule *rules, size_t n)
{
	return (struct sim_host){
		.addr = sim_addr(a), .rtt_ns = rtt_ns, .rules = rules, .n_rules = n};
}

/* Most probes within any span of `ns`. */
static size_t most_within(const struct sim_run *r, uint64_t ns)
{
	size_t from = 0, most = 0;

	for (size_t i = 0; i < r->n_sent; i++) {
		while (r->sent[i].at_ns - r->sent[from].at_ns >= ns)
			from++;
		most = i - from + 1 > most ? i - from + 1 : most;
	}
	return most;
}

/* Smallest distance of two probes to this host. */
static uint64_t least_gap(const struct sim_run *r, const struct addr *a)
{
	uint64_t last = 0, least = UINT64_MAX;

	for (size_t i = 0; i < r->n_sent; i++) {
		if (!addr_eq(&r->sent[i].dst, a))
			continue;
		if (last && r->sent[i].at_ns - last < least)
			least = r->sent[i].at_ns - last;
		last = r->sent[i].at_ns;
	}
	return least;
}

static void start(struct sim_run *r, const struct sim_host *h, size_t n, unsigned ports)
{
	sim_run_init(r, h, n, "syn");
	r->targets[0] = n == 1 ? "10.0.0.1" : n == 2 ? "10.0.0.1-2" : "10.0.0.1-4";
	sim_ports(&r->plan.ports.of[PORTS_TCP], 1, ports);
}

/* No span of 100 ms and more holds more than its share and one; the run as a whole holds nearly
 * all of it. */
static void check_rate(const struct sim_run *r, double rate)
{
	static const uint64_t spans[] = {100 * MS, 101 * MS, 150 * MS, NS_PER_S, 10 * NS_PER_S};
	uint64_t all = r->sent[r->n_sent - 1].at_ns - r->sent[0].at_ns;

	for (size_t i = 0; i < COUNT(spans); i++)
		assert_in_range(most_within(r, spans[i]), 1,
			(uintmax_t)(rate * (double)spans[i] / NS_PER_S + 1 + 1e-9));
	assert_true((double)(r->n_sent - 1) <= rate * (double)all / NS_PER_S + 1e-9);
}

static void test_max_rate(void **state)
{
	static const double rates[] = {3, 7.7, 100, 1234, 20000};
	const struct sim_host h[] = {host("10.0.0.1", MS, half, 2),
		host("10.0.0.2", 30 * MS, silent, 1), host("10.0.0.3", MS, NULL, 0),
		host("10.0.0.4", 100 * MS, NULL, 0)};

	for (size_t i = 0; i < COUNT(rates); i++) {
		struct sim_run r;
		start(&r, h, 4, rates[i] < 100 ? 20 : 2000);
		plan_template(&r.plan, 5);
		r.plan.timing.max_rate = rates[i];
		sim_run(&r);
		check_rate(&r, rates[i]);
		assert_int_equal(r.n_hosts, 4);
		sim_run_free(&r);
	}
}

/* Requests for hardware addresses, discovery, probes, repeats and connections: all of them count,
 * and with enough to send the mean is within 1 %; a packet an hour as well as a thousand a second.
 */
static void test_max_rate_mean(void **state)
{
	static const struct {
		double rate;
		unsigned ports;
		const char *technique;
	} rows[] = {{1 / 3600.0, 20, "syn"}, {10, 300, "syn"}, {10, 300, "connect"},
		{1000, 30000, "syn"}};
	const struct sim_host h[] = {
		host("10.0.0.1", MS, silent, 1), host("10.0.0.2", MS, half, 2)};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sim_run r;
		double all;

		start(&r, h, 2, rows[i].ports);
		r.plan.techniques[0] = rows[i].technique;
		r.plan.ping = PING_ARP;
		r.plan.timing.max_rate = rows[i].rate;
		sim_run(&r);
		check_rate(&r, rows[i].rate);
		all = (double)(r.sent[r.n_sent - 1].at_ns - r.sent[0].at_ns) / NS_PER_S;
		assert_true((double)(r.n_sent - 1) > 0.99 * rows[i].rate * all);
		sim_run_free(&r);
	}
}

/* ---- profiles of --stealth: three targets, each asked for its hardware address and then probed */

#define STEALTH_TARGETS 3

struct gaps {
	size_t n, idle;	  /* idle: there was nothing to send before */
	double sum, sum2; /* of the deviations as shares of the jitter: uniform in [-1, 1] */
	size_t tenths[10];
};

static void gap_count(struct gaps *g, double share)
{
	assert_true(share >= -1.001);
	if (share > 1.001) {
		g->idle++;
		return;
	}
	g->n++;
	g->sum += share;
	g->sum2 += share * share;
	g->tenths[(int)fmin(9, (share + 1) * 5)]++;
}

/* Mean and variance within five standard errors, and Pearson's chi-square over ten classes below
 * its 0.999 quantile for 9 degrees of freedom. */
static void check_uniform(const struct gaps *g)
{
	double n = (double)g->n, chi = 0;

	assert_true(n > 1000);
	assert_true(g->idle * 100 < g->n);
	assert_true(fabs(g->sum / n) < 5 * sqrt(1 / 3.0 / n));
	assert_true(fabs(g->sum2 / n - 1 / 3.0) < 5 * sqrt(4 / 45.0 / n));
	for (size_t i = 0; i < COUNT(g->tenths); i++)
		chi += ((double)g->tenths[i] - n / 10) * ((double)g->tenths[i] - n / 10) / (n / 10);
	assert_true(chi < 27.88);
}

/* Each packet against the one before: the profile's delay within its jitter, and the pause where a
 * batch or a target ends, nowhere else. io_sim takes a microsecond a packet. */
static void check_gaps(const struct sim_run *r, const struct plan_stealth *p, struct gaps *g)
{
	double jitter = p->jitter * (double)p->delay_ns;
	unsigned in_batch = 1, targets = 1;

	for (size_t i = 1; i < r->n_sent; i++, in_batch++) {
		double gap = (double)(r->sent[i].at_ns - r->sent[i - 1].at_ns - NS_PER_US);

		if (!addr_eq(&r->sent[i].dst, &r->sent[i - 1].dst)) {
			assert_true(gap >= (double)p->target_pause_ns);
			in_batch = 0;
			targets++;
			continue;
		}
		if (in_batch % p->batch == 0)
			gap -= (double)p->batch_pause_ns;
		gap_count(g, (gap - (double)p->delay_ns) / jitter);
	}
	assert_int_equal(targets, STEALTH_TARGETS); /* one after the other */
}

static void stealth_run(struct sim_run *r, const struct sim_host *h, int profile)
{
	start(r, h, 4, 500);
	r->targets[0] = "10.0.0.1-3";
	plan_template(&r->plan, 5);
	plan_stealth(&r->plan, profile);
	r->plan.ping = PING_ARP;
	sim_run(r);
}

static void test_stealth(void **state)
{
	const struct sim_host h[] = {host("10.0.0.1", MS, half, 2), host("10.0.0.2", MS, silent, 1),
		host("10.0.0.3", 20 * MS, NULL, 0), host("10.0.0.4", MS, NULL, 0)};

	for (int profile = 0; profile < 4; profile++) {
		struct sim_run r;
		struct gaps g = {0};

		stealth_run(&r, h, profile);
		check_gaps(&r, &r.plan.stealth, &g);
		check_uniform(&g);
		sim_run_free(&r);
	}
}

/* Other bounds hold as well: the slower wins. */
static void test_stealth_and_rates(void **state)
{
	const struct sim_host h = host("10.0.0.1", MS, NULL, 0);
	struct sim_run r;

	start(&r, &h, 1, 200);
	plan_stealth(&r.plan, 1);
	r.plan.timing.max_rate = 100;
	sim_run(&r);
	check_rate(&r, 100);
	sim_run_free(&r);
	start(&r, &h, 1, 200);
	plan_stealth(&r.plan, 1);
	r.plan.timing.scan_delay_ns = 5 * MS;
	sim_run(&r);
	assert_true(least_gap(&r, &h.addr) >= 5 * MS);
	sim_run_free(&r);
	start(&r, &h, 1, 200);
	plan_stealth(&r.plan, 2);
	r.plan.timing.scan_delay_ns = 5 * MS;
	sim_run(&r);
	assert_true(least_gap(&r, &h.addr) < 9 * MS);
	assert_true(
		r.sent[r.n_sent - 1].at_ns - r.sent[0].at_ns > 13 * NS_PER_S); /* 199 / 16 pauses */
	sim_run_free(&r);
}

/* Silent hosts, one probe at a time allowed: only --min-rate moves the run on. */
static void test_min_rate(void **state)
{
	const struct sim_host h = host("10.0.0.1", MS, silent, 1);
	struct sim_run r;
	size_t n = 0;

	start(&r, &h, 1, 5000);
	r.plan.timing.max_parallelism = 1;
	r.plan.timing.min_rate = 1000;
	sim_run(&r);
	while (n < r.n_sent && r.sent[n].at_ns - r.sent[0].at_ns < 4 * NS_PER_S)
		n++;
	assert_in_range(n, 4000 * 99 / 100, 4000 * 101 / 100 + 100);
	assert_in_range(most_within(&r, NS_PER_S), 990, 1000 + 100 + 1);
	sim_run_free(&r);
}

/* Of the two the maximum wins. */
static void test_min_and_max_rate(void **state)
{
	const struct sim_host h = host("10.0.0.1", MS, silent, 1);
	struct sim_run r;

	start(&r, &h, 1, 2000);
	r.plan.timing.min_rate = 500;
	r.plan.timing.max_rate = 500;
	sim_run(&r);
	assert_in_range(most_within(&r, NS_PER_S), 495, 501);
	sim_run_free(&r);
}

static void test_scan_delay(void **state)
{
	const struct sim_host h[] = {
		host("10.0.0.1", MS, half, 2), host("10.0.0.2", 30 * MS, silent, 1)};

	for (size_t n = 1; n <= 2; n++) {
		struct sim_run r;

		start(&r, h, n, 120);
		r.plan.timing.scan_delay_ns = 20 * MS;
		sim_run(&r);
		for (size_t i = 0; i < n; i++) {
			sim_check_ports(&r, &h[i], PROTO_TCP, 1, 120);
			assert_in_range(least_gap(&r, &h[i].addr),
				20 * MS - (n == 1 ? 0 : BATCH_NS), 40 * MS);
		}
		sim_run_free(&r);
	}
}

/* Sent and not yet answered, all hosts together; every probe is answered, so none leaves the count
 * by time-out. */
static void test_max_parallelism(void **state)
{
	const struct sim_host h[] = {host("10.0.0.1", 20 * MS, NULL, 0),
		host("10.0.0.2", 30 * MS, NULL, 0), host("10.0.0.3", 5 * MS, NULL, 0),
		host("10.0.0.4", 80 * MS, NULL, 0)};
	static const unsigned limits[] = {1, 2, 10, 50};

	for (size_t i = 0; i < COUNT(limits); i++) {
		struct sim_run r;

		start(&r, h, 4, 300);
		r.plan.timing.max_parallelism = limits[i];
		sim_run(&r);
		assert_int_equal(r.max_outstanding, limits[i]);
		assert_int_equal(r.n_sent, 4 * 300);
		sim_run_free(&r);
	}
}

/* --nogcc: the hosts' windows alone hold, 16 probes each at first, where otherwise the run's does,
 * 64 at first with what the silent rate adds in that time. */
static void test_no_group_window(void **state)
{
	const struct sim_host h = host("10.0.0.1", 50 * MS, NULL, 0);
	size_t most[2];

	for (unsigned no = 0; no < 2; no++) {
		struct sim_run r;

		start(&r, &h, 1, 30);
		r.targets[0] = "10.0.0.0/26";
		r.plan.timing.no_group_window = no;
		sim_run(&r);
		most[no] = most_within(&r, 4 * MS);
		sim_run_free(&r);
	}
	assert_in_range(most[0], 64, 64 + 64);
	assert_in_range(most[1], 16 * 64, 17 * 64 + 64);
}

/* Silence too: within the shortest time-out no more than the window leaves. */
static void test_max_parallelism_of_silence(void **state)
{
	const struct sim_host h[] = {
		host("10.0.0.1", 20 * MS, silent, 1), host("10.0.0.2", 30 * MS, silent, 1)};
	struct sim_run r;

	start(&r, h, 2, 100);
	r.plan.timing.max_parallelism = 7;
	sim_run(&r);
	assert_int_equal(most_within(&r, 99 * MS), 7);
	sim_run_free(&r);
}

/* The first probes leave together when so many are wanted. */
static void test_min_parallelism(void **state)
{
	const struct sim_host h = host("10.0.0.1", 50 * MS, NULL, 0);
	struct sim_run r;

	start(&r, &h, 1, 400);
	r.plan.timing.min_parallelism = 200;
	sim_run(&r);
	assert_in_range(most_within(&r, 40 * MS), 200, 400);
	sim_check_ports(&r, &h, PROTO_TCP, 1, 400);
	sim_run_free(&r);
}

/* --max-retries n: at most n + 1 probes a port, and 0 means one each. */
static void test_max_retries(void **state)
{
	struct sim_host h[] = {
		host("10.0.0.1", 20 * MS, half, 2), host("10.0.0.2", 20 * MS, silent, 1)};
	static uint8_t sent[2][201];

	h[0].loss = 0.1;
	for (unsigned max = 0; max <= 3; max += 3) {
		struct sim_run r;
		unsigned most = 0;

		start(&r, h, 2, 200);
		r.plan.timing.max_retries = max;
		r.plan.timing.max_retries_set = true;
		sim_run(&r);
		memset(sent, 0, sizeof(sent));
		for (size_t i = 0; i < r.n_sent; i++)
			sent[r.sent[i].dst.b[3] - 1][r.sent[i].dport]++;
		for (size_t i = 1; i <= 200; i++) {
			assert_in_range(sent[1][i], 1, max + 1);
			most = sent[0][i] > most ? sent[0][i] : most;
			if (max == 0)
				assert_int_equal(sent[0][i], 1);
		}
		if (max)
			assert_true(most > 1);
		assert_int_equal(r.hosts[0].n_ports, 200);
		sim_run_free(&r);
	}
}

/* T0 to T2: the next probe of the run waits for the answer to the last, and for the template's
 * delay (nmap's manual: 300, 15, 0.4 s). */
static void test_polite_templates_are_serial(void **state)
{
	static const uint64_t delay_ns[] = {300 * NS_PER_S, 15 * NS_PER_S, 400 * MS};
	const struct sim_host h[] = {
		host("10.0.0.1", 20 * MS, NULL, 0), host("10.0.0.2", 30 * MS, NULL, 0)};

	for (int t = 0; t <= 2; t++) {
		struct sim_run r;

		start(&r, h, 2, 6);
		plan_template(&r.plan, t);
		sim_run(&r);
		assert_int_equal(r.max_outstanding, 1);
		assert_int_equal(r.n_sent, 12);
		for (size_t i = 0; i < 2; i++) {
			sim_check_ports(&r, &h[i], PROTO_TCP, 1, 6);
			assert_in_range(least_gap(&r, &h[i].addr), delay_ns[t], 2 * delay_ns[t]);
		}
		sim_run_free(&r);
	}
}

/* A host that sends 20 resets a second: nothing is called filtered, and the run takes about as long
 * as that. */
static void test_reset_limit(void **state)
{
	struct sim_host h = host("10.0.0.1", 10 * MS, NULL, 0);
	struct sim_run r;

	h.rst_per_s = 20;
	start(&r, &h, 1, 200);
	sim_run(&r);
	sim_check_ports(&r, &h, PROTO_TCP, 1, 200);
	assert_in_range(r.end.elapsed_ns, 9 * NS_PER_S, 60 * NS_PER_S);
	sim_run_free(&r);
}

static void start_udp(struct sim_run *r, const struct sim_host *h, unsigned ports)
{
	sim_run_init(r, h, 1, "udp");
	r->targets[0] = "10.0.0.1";
	sim_ports(&r->plan.ports.of[PORTS_UDP], 1, ports);
}

/* A host that sends six ICMP errors at once and then one a second (Linux): a scan takes the seconds
 * that its closed ports need and little more, whatever else there is, at any distance. */
static void test_icmp_limit(void **state)
{
	static const struct sim_rule mixed[] = {
		{PROTO_UDP, 61, 95, SIM_DROP}, {PROTO_UDP, 96, 100, SIM_OPEN}};
	static const struct sim_rule silent_udp[] = {{PROTO_UDP, 0, 65535, SIM_DROP}};
	static const struct {
		const struct sim_rule *rules;
		size_t n;
		uint64_t rtt_ns;
		unsigned closed, more_s;
	} rows[] = {
		{NULL, 0, MS, 100, 3},
		{NULL, 0, 200 * MS, 100, 6},
		{mixed, 2, MS, 60, 12},
		{mixed, 2, 200 * MS, 60, 20},
		{silent_udp, 1, MS, 6, 5},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sim_host h = host("10.0.0.1", rows[i].rtt_ns, rows[i].rules, rows[i].n);
		struct sim_run r;

		h.icmp_per_s = 1;
		start_udp(&r, &h, 100);
		sim_run(&r);
		sim_check_ports(&r, &h, PROTO_UDP, 1, 100);
		assert_in_range(r.end.elapsed_ns, (rows[i].closed - 6) * NS_PER_S,
			(rows[i].closed - 6 + rows[i].more_s) * NS_PER_S);
		sim_run_free(&r);
	}
}

static size_t count_ports(const struct sim_run *r, enum port_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < r->hosts[0].n_ports; i++)
		n += r->hosts[0].ports[i].state == state;
	return n;
}

/* Not slowed down by limits, and what silence is called then; open ports are found all the same. */
static void test_defeat(void **state)
{
	static const struct sim_rule rules[] = {
		{PROTO_TCP, 1, 10, SIM_OPEN},
		{PROTO_UDP, 1, 10, SIM_OPEN}, {PROTO_SCTP, 1, 10, SIM_OPEN}};
	struct sim_host h = host("10.0.0.1", 10 * MS, rules, COUNT(rules));
	struct sim_run r;

	h.rst_per_s = 20;
	h.icmp_per_s = 1;
	start(&r, &h, 1, 200);
	r.plan.defeat_rst = true;
	sim_run(&r);
	assert_in_range(r.end.elapsed_ns, 0, 2 * NS_PER_S);
	assert_int_equal(count_ports(&r, PORT_OPEN), 10);
	assert_int_equal(count_ports(&r, PORT_CLOSED) + count_ports(&r, PORT_FILTERED), 190);
	sim_run_free(&r);
	start_udp(&r, &h, 200);
	r.plan.defeat_icmp = true;
	sim_run(&r);
	assert_in_range(r.end.elapsed_ns, 0, 2 * NS_PER_S);
	assert_int_equal(count_ports(&r, PORT_OPEN), 10);
	assert_in_range(count_ports(&r, PORT_CLOSED), 6, 8);
	assert_int_equal(count_ports(&r, PORT_CLOSED) + count_ports(&r, PORT_CLOSED_FILTERED), 190);
	sim_run_free(&r);
	sim_run_init(&r, &h, 1, "sctp-cookie"); /* beside -sS: neither limit is its own */
	r.targets[0] = "10.0.0.1";
	sim_ports(&r.plan.ports.of[PORTS_SCTP], 1, 20);
	r.plan.defeat_rst = r.plan.defeat_icmp = true;
	sim_run(&r);
	assert_int_equal(count_ports(&r, PORT_OPEN_FILTERED), 10);
	assert_int_equal(count_ports(&r, PORT_CLOSED), 10);
	sim_run_free(&r);
}

/* 10,000 addresses with nobody there: 8 probes each, at most 4,096 in work at once, within a
 * minute. */
static void active_hosts(struct sim_run *r, const struct rec *rec)
{
	if (rec->kind == REC_HOST)
		assert_int_equal(rec->host->state, HOST_DOWN);
}

static size_t most_in_work(const struct sim_run *r, size_t n)
{
	uint8_t *seen = calloc(n, 1);
	size_t begun = 0, reported = 0, most = 0;

	assert_non_null(seen);
	for (size_t i = 0; i < r->n_sent; i++) {
		size_t k = addr_to_v4(&r->sent[i].dst) - 0x0a000000;

		assert_true(k < n);
		begun += !seen[k];
		seen[k] = 1;
		while (reported < r->n_hosts && r->reported_ns[reported] - r->reported_ns[0] +
								r->hosts[0].end_wall_ns -
								r->hosts[0].start_wall_ns <
							r->sent[i].at_ns - r->sent[0].at_ns)
			reported++;
		most = begun - reported > most ? begun - reported : most;
	}
	free(seen);
	return most;
}

static void test_ten_thousand_dead(void **state)
{
	struct sim_run r;

	sim_run_init(&r, NULL, 0, NULL);
	r.targets[0] = "10.0.0-39.0-249";
	r.on = active_hosts;
	r.plan.ping = PING_ECHO | PING_SYN | PING_ACK | PING_TSTAMP;
	sim_ports(&r.plan.ping_syn, 443, 443);
	sim_ports(&r.plan.ping_ack, 80, 80);
	sim_run(&r);
	assert_int_equal(r.n_hosts, 10000);
	assert_int_equal(r.end.hosts_down, 10000);
	assert_int_equal(r.n_sent, 80000);
	assert_in_range(r.end.elapsed_ns, NS_PER_S, 60 * NS_PER_S);
	assert_in_range(most_in_work(&r, 40 * 256), 1, 4096 + 1024);
	sim_run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_max_rate),
		cmocka_unit_test(test_max_rate_mean),
		cmocka_unit_test(test_stealth),
		cmocka_unit_test(test_stealth_and_rates),
		cmocka_unit_test(test_min_rate),
		cmocka_unit_test(test_min_and_max_rate),
		cmocka_unit_test(test_scan_delay),
		cmocka_unit_test(test_max_parallelism),
		cmocka_unit_test(test_no_group_window),
		cmocka_unit_test(test_max_parallelism_of_silence),
		cmocka_unit_test(test_min_parallelism),
		cmocka_unit_test(test_max_retries),
		cmocka_unit_test(test_polite_templates_are_serial),
		cmocka_unit_test(test_reset_limit),
		cmocka_unit_test(test_icmp_limit),
		cmocka_unit_test(test_defeat),
		cmocka_unit_test(test_ten_thousand_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
