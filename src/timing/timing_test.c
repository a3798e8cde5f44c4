/* SPDX-License-Identifier: BSD-2-Clause */
/* Estimators and windows against arithmetic done by hand from RFC 6298, RFC 5681 and the binomial.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/rng.h"
#include "timing/cwnd.h"
#include "timing/loss.h"
#include "timing/pace.h"
#include "timing/rtt.h"

static const struct rtt_bounds bounds = {
	.initial_ns = NS_PER_S, .min_ns = 100 * NS_PER_MS, .max_ns = 10 * NS_PER_S};

/* RFC 6298 2.2 and 2.3 worked by hand: 800 ms, then 400 ms. */
static void test_rtt(void **state)
{
	struct rtt r;

	rtt_init(&r, &bounds);
	assert_int_equal(r.rto_ns, NS_PER_S);
	rtt_update(&r, &bounds, 800 * NS_PER_MS);
	assert_int_equal(r.srtt_ns, 800 * NS_PER_MS);
	assert_int_equal(r.rto_ns, 2400 * NS_PER_MS);
	rtt_update(&r, &bounds, 400 * NS_PER_MS);
	assert_int_equal(r.rttvar_ns, 400 * NS_PER_MS); /* 3/4 400 + 1/4 400 */
	assert_int_equal(r.srtt_ns, 750 * NS_PER_MS);	/* 7/8 800 + 1/8 400 */
	assert_int_equal(r.rto_ns, 2350 * NS_PER_MS);
}

static void test_rtt_bounds(void **state)
{
	struct rtt r;

	rtt_init(&r, &bounds);
	for (int i = 0; i < 50; i++)
		rtt_update(&r, &bounds, 50 * NS_PER_US);
	assert_int_equal(r.rto_ns, bounds.min_ns);
	rtt_update(&r, &bounds, 60 * NS_PER_S); /* no round trip of this run */
	assert_int_equal(r.rto_ns, bounds.min_ns);
}

/* p^k <= miss is solved by k = ceil(log miss / log p). */
static void test_loss_tries(void **state)
{
	static const double p[] = {0.0975, 0.19, 0.36, 0.5};
	struct loss l;

	for (size_t i = 0; i < sizeof(p) / sizeof(*p); i++) {
		loss_init(&l, p[i], 1000);
		assert_int_equal(
			loss_tries(&l, 1e-3, 1, 50), (unsigned)ceil(log(1e-3) / log(p[i]) - 1e-9));
	}
	loss_init(&l, 0.001, 10);
	assert_int_equal(loss_tries(&l, 0.5, 2, 10), 2);
	loss_init(&l, 0.9, 10);
	assert_int_equal(loss_tries(&l, 1e-9, 2, 7), 7);
}

/* Geometric answers with loss p give p back: 1/(1-p) tries for each answer. */
static void test_loss_rate(void **state)
{
	struct loss l;

	loss_init(&l, 0.01, 20);
	for (int i = 0; i < 1000; i++) {
		for (int k = 0; k < 64; k++)
			loss_answered(&l, 1);
		for (int k = 0; k < 16; k++)
			loss_answered(&l, 2);
		for (int k = 0; k < 4; k++)
			loss_answered(&l, 3);
		loss_answered(&l, 4);
	}
	/* lost 16 + 8 + 3 = 27 of 64 + 32 + 12 + 4 = 112 tries; the memory holds a few rounds */
	assert_true(fabs(loss_rate(&l) - 27.0 / 112) < 0.05);
}

static void test_cwnd(void **state)
{
	struct cwnd c;

	cwnd_init(&c, 10, 1, 1000);
	for (int i = 0; i < 10; i++)
		cwnd_answered(&c);
	assert_true(c.window == 20); /* slow start doubles in a round trip */
	assert_true(cwnd_lost(&c, 50, 100));
	assert_true(c.window == 10);
	assert_false(cwnd_lost(&c, 60, 110)); /* sent before the cut: the same event */
	for (int i = 0; i < 10; i++)
		cwnd_answered(&c);
	assert_true(c.window > 10.9 && c.window < 11.0); /* about one in a round trip */
}

static void test_pace(void **state)
{
	struct pace p;
	uint64_t now = 0;
	unsigned n = 0;

	pace_init(&p, 1000, 10, 0);
	while (now < NS_PER_S) {
		if (pace_ready(&p, 0, now)) {
			pace_take(&p, 1, now);
			n++;
		}
		now = pace_next_ns(&p, now);
	}
	assert_in_range(n, 999, 1001);
	pace_init(&p, 1000, 10, 0);
	assert_true(pace_ready(&p, 9, NS_PER_S)); /* idle time buys a burst, no more */
	assert_false(pace_ready(&p, 10, NS_PER_S));
	pace_take(&p, 100, NS_PER_S);
	assert_int_equal(pace_next_ns(&p, NS_PER_S), NS_PER_S + 11 * NS_PER_MS + 1); /* 10 owed */
}

/* A caller of the ceiling: how late it is, how long its packets take to leave. */
struct caller {
	double rate;
	uint64_t late_ns, leave_ns; /* at most */
	bool stalls;
	struct rng rng;
};

/* Times at which packets left, and how many had left before: the batch is one moment. */
struct left {
	uint64_t at_ns;
	uint64_t before;
	unsigned n;
};

#define LEFT_MAX 20000

/* Fills v; returns how many batches there were until LEFT_MAX or 1,000 s and 1,000 packets. */
static size_t call(struct caller *c, struct left *v)
{
	struct pace p;
	uint64_t now = 0, total = 0;
	size_t n = 0;

	pace_ceiling(&p, c->rate, now);
	while (n < LEFT_MAX && (total < 1000 || now < 1000 * NS_PER_S)) {
		unsigned want = 1 + (unsigned)rng_below(&c->rng, 2000), k = 0;

		now = pace_next_ns(&p, now) + rng_below(&c->rng, c->late_ns);
		if (c->stalls && rng_below(&c->rng, 100) == 0)
			now += rng_below(&c->rng, 300 * NS_PER_MS);
		while (k < want && pace_ready(&p, k, now))
			k++;
		if (k == 0)
			continue;
		v[n++] = (struct left){now + rng_below(&c->rng, c->leave_ns), total, k};
		total += k;
		now += c->leave_ns;
		pace_take(&p, k, now);
	}
	return n;
}

/* Every span of 100 ms and more, from any packet to any later one. */
static void check_ceiling(const struct caller *c, const struct left *v, size_t n)
{
	double least = INFINITY; /* of packets before less what was due by then, 100 ms ago */
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		double after = (double)(v[i].before + v[i].n), due;

		for (; v[i].at_ns - v[from].at_ns >= 100 * NS_PER_MS; from++) {
			due = c->rate * (double)v[from].at_ns / 1e9;
			least = fmin(least, (double)v[from].before - due);
		}
		if (after - (double)v[from].before > c->rate / 10 + 1 + 1e-6)
			fail_msg("%g/s: %g in 100 ms", c->rate, after - (double)v[from].before);
		due = c->rate * (double)v[i].at_ns / 1e9;
		if (after - due - least > 1 + 1e-6)
			fail_msg("%g/s: %g too many", c->rate, after - due - least - 1);
	}
}

/* From one an hour to a million a second, the caller late, stalled, or its packets held up. */
static void test_ceiling(void **state)
{
	static struct left v[LEFT_MAX];
	struct caller c = {0};

	rng_seed(&c.rng, 7);
	for (int i = 0; i < 300; i++) {
		c.rate = pow(10, log10(1 / 3600.0) + rng_unit(&c.rng) * (6 - log10(1 / 3600.0)));
		c.late_ns = 1 + rng_below(&c.rng, 3 * NS_PER_MS);
		c.leave_ns = 1 + rng_below(&c.rng, i % 3 ? 100 * NS_PER_US : 20 * NS_PER_MS);
		c.stalls = i % 2;
		check_ceiling(&c, v, call(&c, v));
	}
}

/* The mean of a caller that is on time is at most 1 % less. */
static void test_ceiling_mean(void **state)
{
	static const double rates[] = {1 / 3600.0, 0.3, 1, 7, 99, 1000, 12345, 100000, 1000000};
	static struct left v[LEFT_MAX];
	struct caller c = {.late_ns = PACE_LATE_NS / 2, .leave_ns = PACE_LATE_NS / 20};

	rng_seed(&c.rng, 8);
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		c.rate = rates[i];
		size_t n = call(&c, v);
		double mean = (double)(v[n - 1].before - v[0].before) /
			      ((double)(v[n - 1].at_ns - v[0].at_ns) / 1e9);

		if (mean < 0.99 * c.rate || mean > 1.0 * c.rate)
			fail_msg("%g/s: %g/s", c.rate, mean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rtt),
		cmocka_unit_test(test_rtt_bounds),
		cmocka_unit_test(test_loss_tries),
		cmocka_unit_test(test_loss_rate),
		cmocka_unit_test(test_cwnd),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_ceiling_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
