/* SPDX-License-Identifier: BSD-2-Clause */
/* A run that dies at a random moment and is resumed from its checkpoint finds what an undisturbed
 * one finds, and asks nothing twice that it knew. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scan/sim_run.c"

#include <limits.h>
#include <unistd.h>

#include "base/rng.h"
#include "store/past.h"

#define COUNT(v) (sizeof(v) / sizeof(*(v)))
#define ROUNDS	 60
#define PORTS	 120

static const struct sim_rule mixed[] = {
	{PROTO_TCP, 1, 20, SIM_OPEN},
	{PROTO_TCP, 21, 40, SIM_DROP},
	{PROTO_TCP, 61, 80, SIM_REJECT_ICMP},
	{PROTO_UDP, 1, 20, SIM_OPEN},
	{PROTO_UDP, 61, 80, SIM_REJECT_ICMP},
};

/* What dies: its checkpoint takes so many records and nothing more. */
struct dying {
	struct sim_run r;
	struct journal *j;
	unsigned left;
};

static struct sim_host hosts[5];

static void make_hosts(void)
{
	static const char *const addrs[] = {
		"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"};

	for (unsigned i = 0; i < COUNT(hosts); i++)
		hosts[i] = (struct sim_host){.addr = sim_addr(addrs[i]),
			.rtt_ns = (1 + 20 * i) * NS_PER_MS,
			.rules = mixed,
			.n_rules = COUNT(mixed),
			.dead = i == 2};
}

static void prepare(struct sim_run *r)
{
	sim_run_init(r, hosts, COUNT(hosts), "syn");
	r->plan.techniques[1] = "udp";
	r->plan.ping = PING_ARP;
	r->plan.keep_verdicts = true;
	r->targets[0] = "10.0.0.1-5";
	r->targets[1] = "10.0.0.5"; /* once more */
	sim_ports(&r->plan.ports.of[PORTS_TCP], 1, PORTS);
	sim_ports(&r->plan.ports.of[PORTS_UDP], 1, PORTS);
}

static void on_record(struct sim_run *r, const struct rec *rec)
{
	struct dying *d = (struct dying *)r;
	struct err e = {0};

	if (!(JOURNAL_WANT & BUS_WANT(rec->kind)))
		return;
	if (d->left == 0) {
		d->j->shut = true;
		r->stop = 1;
		return;
	}
	d->left--;
	assert_int_equal(journal_put(d->j, rec, &e), 0);
}

static void check_union(const struct sim_run *r)
{
	unsigned up = 0, down = 0;

	assert_int_equal(r->n_hosts, 6);
	for (size_t i = 0; i < r->n_hosts; i++) {
		up += r->hosts[i].state == HOST_UP;
		down += r->hosts[i].state == HOST_DOWN;
	}
	for (unsigned i = 0; i < COUNT(hosts); i++) {
		if (hosts[i].dead)
			continue;
		sim_check_ports(r, &hosts[i], PROTO_TCP, 1, PORTS);
		sim_check_ports(r, &hosts[i], PROTO_UDP, 1, PORTS);
	}
	assert_int_equal(up, 5);
	assert_int_equal(down, 1);
	assert_int_equal(r->end.hosts_up, 5);
	assert_int_equal(r->end.hosts_down, 1);
	assert_int_equal(r->end.hosts_total, 6);
	assert_false(r->end.interrupted);
}

/* A host that was found up or down is not discovered again. A port that was decided is asked again
 * only as a canary, which is one port of a host and technique. */
static void check_sent(const struct sim_run *r, struct past *past)
{
	uint16_t canary[COUNT(hosts) + 1][2] = {0};

	for (size_t i = 0; i < r->n_sent; i++) {
		const struct sim_sent *s = &r->sent[i];
		bool udp = s->proto == PROTO_UDP;
		uint16_t *port = &canary[s->dst.b[3]][udp];
		struct rec_verdict v;

		if (s->kind != IO_TX_IP) {
			assert_false(past_host(past, &s->dst, &v));
		} else if (past_port(past, &s->dst, udp ? "udp" : "syn", s->dport, &v)) {
			assert_true(*port == 0 || *port == s->dport);
			assert_int_not_equal(v.port.reason, REASON_NO_RESPONSE);
			*port = s->dport;
		}
	}
}

/* Runs until `records` were kept. */
static void run_until(struct dying *d, struct journal *j, unsigned records, struct past *past)
{
	struct scan_past contract = {past_replay, past_finished, past_host, past_port, past};

	memset(d, 0, sizeof(*d));
	prepare(&d->r);
	d->j = j;
	d->left = records;
	d->r.on = on_record;
	d->r.past = past ? &contract : NULL;
	sim_run(&d->r);
	j->shut = false;
}

/* Dies twice, then ends. */
static void die_and_resume(const unsigned moments[2])
{
	static const struct frame_item args[] = {{"sonde", NULL, 0}};
	static const struct frame_start start = {
		.version = SONDE_VERSION, .directory = "/", .args = {args, 1}};
	char path[] = "/tmp/sonde-recall-XXXXXX";
	struct past *past = NULL;
	struct journal j;
	struct err e = {0};
	struct dying d;

	close(mkstemp(path));
	journal_init(&j);
	assert_int_equal(journal_open(&j, path, true, &e), 0);
	assert_int_equal(journal_begin(&j, &start, &e), 0);
	for (unsigned i = 0; i < 2; i++) {
		run_until(&d, &j, moments[i], past);
		sim_run_free(&d.r);
		past_free(past);
		past = past_new();
		assert_int_equal(past_read(past, &j, &e), 0);
	}
	run_until(&d, &j, UINT_MAX, past);
	check_union(&d.r);
	check_sent(&d.r, past);
	sim_run_free(&d.r);
	past_free(past);
	journal_close(&j);
	unlink(path);
}

static unsigned records_of_a_run(void)
{
	struct journal none;
	struct dying d;

	journal_init(&none);
	run_until(&d, &none, UINT_MAX, NULL);
	check_union(&d.r);
	sim_run_free(&d.r);
	return UINT_MAX - d.left;
}

static void test_resumed(void **state)
{
	unsigned all, moments[2];
	struct rng rng;

	make_hosts();
	all = records_of_a_run();
	assert_true(all > 50);
	rng_seed(&rng, 1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		moments[0] = (unsigned)rng_below(&rng, all);
		moments[1] = (unsigned)rng_below(&rng, all - moments[0]);
		die_and_resume(moments);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_resumed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
