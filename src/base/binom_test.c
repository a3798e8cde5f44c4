/* SPDX-License-Identifier: BSD-2-Clause */
/* Intervals against published values, against sums of the distribution, and by coverage. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "base/binom.h"
#include "base/rng.h"

static void near(double a, double b, double by)
{
	if (fabs(a - b) > by)
		fail_msg("%.8g instead of %.8g", a, b);
}

/* The rule of three, and closed forms at the ends: (1-p)^n = tail. */
static void test_ends(void **state)
{
	double low, high;

	for (double n = 1; n < 1e7; n *= 7) {
		binom_interval(0, n, 0.95, &low, &high);
		assert_true(low == 0);
		near(high, 1 - pow(0.025, 1 / n), 1e-9);
		binom_interval(n, n, 0.95, &low, &high);
		assert_true(high == 1);
		near(low, pow(0.025, 1 / n), 1e-9);
	}
}

/* The probability of k or fewer successes, added up. */
static double tail(int k, int n, double p)
{
	double sum = 0;

	for (int i = 0; i <= k; i++)
		sum += exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * log(p) +
			   (n - i) * log1p(-p));
	return sum;
}

/* At its bounds the tails are what they are defined by. */
static void test_definition(void **state)
{
	static const int counts[][2] = {
		{1, 10}, {3, 10}, {5, 300}, {150, 300}, {299, 300}, {12, 10000}, {2000, 20000}};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int x = counts[i][0], n = counts[i][1];
		double low, high;

		binom_interval(x, n, 0.99, &low, &high);
		near(tail(x, n, high), 0.005, 1e-7);
		near(1 - tail(x - 1, n, low), 0.005, 1e-7);
	}
}

/* Brown, Cai, DasGupta (2001) discuss 10 of 100: 0.0490 to 0.1762 exact, 0.0552 to 0.1744
 * Wilson. */
static void test_published(void **state)
{
	double low, high;

	binom_interval(10, 100, 0.95, &low, &high);
	near(low, 0.0490, 5e-5);
	near(high, 0.1762, 5e-5);
	binom_wilson(10, 100, 1.959964, &low, &high);
	near(low, 0.0552, 5e-5);
	near(high, 0.1744, 5e-5);
}

/* How often an interval holds the truth, over counts that are drawn. */
static double coverage(struct rng *rng, int n, double p, bool wilson, double confidence)
{
	int hit = 0, runs = 2000;

	for (int r = 0; r < runs; r++) {
		double low, high;
		int x = 0;

		for (int i = 0; i < n; i++)
			x += rng_unit(rng) < p;
		if (wilson)
			binom_wilson(x, n, 2.575829, &low, &high);
		else
			binom_interval(x, n, confidence, &low, &high);
		hit += low <= p && p <= high;
	}
	return (double)hit / runs;
}

/* Clopper-Pearson keeps its word at every rate; Wilson does not at rare losses, and so is not what
 * is reported. */
static void test_coverage(void **state)
{
	static const double rates[] = {0, 0.0002, 0.001, 0.01, 0.1};
	double worst = 1;
	struct rng rng;

	rng_seed(&rng, 9);
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		for (int n = 50; n <= 2000; n *= 6) {
			double cp = coverage(&rng, n, rates[i], false, 0.99);
			double w = coverage(&rng, n, rates[i], true, 0.99);

			assert_true(cp >= 0.99 - 0.007); /* three deviations of 2,000 runs */
			worst = fmin(worst, w);
		}
	}
	print_message("Wilson's worst coverage of 0.99: %.4f\n", worst);
	assert_true(worst < 0.99 - 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_definition),
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_coverage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
