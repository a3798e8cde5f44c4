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
		if (pace_ready(&p, now)) {
			pace_take(&p);
			n++;
		}
		now = pace_next_ns(&p, now);
	}
	assert_in_range(n, 999, 1001);
	pace_init(&p, 1000, 10, 0);
	assert_true(pace_ready(&p, NS_PER_S));
	for (n = 0; pace_ready(&p, NS_PER_S); n++)
		pace_take(&p);
	assert_int_equal(n, 10); /* idle time buys a burst, no more */
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
