/* SPDX-License-Identifier: BSD-2-Clause */
/* The estimate of what was missed against simulations that know it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "sweep/recheck.h"

#define N    (UINT64_C(1) << 18)
#define MASK 7
#define AT   3

/* Who is lost, with what memory. */
struct losses {
	double rate;
	double burst; /* mean length of a burst in probes, all of which are lost; 0 = independent */
	double left;
};

static bool lost(struct losses *l, struct rng *rng)
{
	if (l->burst <= 0)
		return rng_unit(rng) < l->rate;
	if (l->left >= 1) {
		l->left--;
		return true;
	}
	/* the time between two bursts gives the rate */
	if (rng_unit(rng) < l->rate / (1 - l->rate) / l->burst)
		l->left = -log(1 - rng_unit(rng)) * l->burst;
	return false;
}

/* Both passes over the space; returns the share of answering targets that the first one missed. */
static double sweep(struct recheck *r, struct rng *rng, double share, double rate, double burst)
{
	struct losses first = {rate, burst, 0}, again = {rate, burst, 0};
	uint64_t there = 0, missed = 0;

	for (uint64_t i = 0; i < N; i++) {
		bool gone = lost(&first, rng);

		if (rng_unit(rng) >= share)
			continue;
		there++;
		missed += gone;
		if (!gone)
			recheck_answer(r, i, false);
		/* the second pass is over the sample alone, so that fewer fall into a burst */
		if ((i & MASK) == AT && !lost(&again, rng))
			recheck_answer(r, i, true);
	}
	return (double)missed / (double)there;
}

/* In how many of 100 runs the interval holds the loss rate. */
static unsigned bracketed(double share, double rate, double burst)
{
	unsigned n = 0;
	struct rng rng;

	rng_seed(&rng, 77);
	for (int run = 0; run < 100; run++) {
		struct recheck r;
		struct recheck_estimate e;
		double truth;

		assert_int_equal(recheck_init(&r, 0, N, MASK, AT), 0);
		truth = sweep(&r, &rng, share, rate, burst);
		recheck_estimate(&r, &e);
		assert_true(e.known);
		assert_true(e.first >= e.both && e.second == e.both + e.missed);
		n += e.low <= truth && truth <= e.high;
		recheck_free(&r);
	}
	print_message("share %g, loss %g, bursts of %g: %u of 100\n", share, rate, burst, n);
	return n;
}

static void test_independent(void **state)
{
	static const double rates[] = {0, 0.001, 0.01, 0.1};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		assert_true(bracketed(0.5, rates[i], 0) >= 95);
		assert_true(bracketed(0.01, rates[i], 0) >= 95);
	}
}

/* Bursts shorter than the blocks widen the interval; it still holds the truth. */
static void test_bursts(void **state)
{
	assert_true(bracketed(0.5, 0.01, 100) >= 95);
	assert_true(bracketed(0.5, 0.1, 1000) >= 95);
	assert_true(bracketed(0.5, 0.05, 2000) >= 90);
}

static void test_nothing_answers(void **state)
{
	struct recheck r;
	struct recheck_estimate e;

	assert_int_equal(recheck_init(&r, 0, N, MASK, AT), 0);
	recheck_estimate(&r, &e);
	assert_false(e.known);
	recheck_answer(&r, AT, false); /* the first pass alone tells nothing */
	recheck_estimate(&r, &e);
	assert_false(e.known);
	assert_int_equal(e.first, 1);
	recheck_free(&r);
}

/* Each sample counts once, others do not, whatever the shard begins with. */
static void test_account(void **state)
{
	struct recheck r;
	struct recheck_estimate e;

	assert_int_equal(recheck_init(&r, 1001, 2001, 15, 4), 0);
	for (uint64_t i = 0; i < 4000; i++) {
		recheck_answer(&r, i, true);
		recheck_answer(&r, i, true);
		if (i < 1500)
			recheck_answer(&r, i, false);
	}
	recheck_estimate(&r, &e);
	/* 1012, 1028, ... 1988: counted by hand 62; below 1500: 31 */
	assert_int_equal(e.sampled, 62);
	assert_int_equal(e.second, 62);
	assert_int_equal(e.first, 31);
	assert_int_equal(e.missed, 31);
	assert_true(e.rate == 0.5);
	recheck_free(&r);
	assert_int_equal(recheck_init(&r, 5, 5, 15, 4), 0);
	recheck_answer(&r, 20, true);
	recheck_estimate(&r, &e);
	assert_int_equal(e.sampled, 0);
	assert_false(e.known);
	recheck_free(&r);
}

/* Spaces of any size need no more memory. */
static void test_bounded(void **state)
{
	struct recheck r;
	struct recheck_estimate e;

	assert_int_equal(recheck_init(&r, 0, UINT64_C(1) << 48, 255, 7), 0);
	assert_true(r.n <= RECHECK_MAX);
	for (uint64_t i = 7; i < UINT64_C(1) << 48; i += UINT64_C(1) << 36)
		recheck_answer(&r, i, true);
	recheck_estimate(&r, &e);
	assert_int_equal(e.second, 4096);
	recheck_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_independent),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_nothing_answers),
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
