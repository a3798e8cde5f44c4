/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a count of successes says about their probability.
 *
 * The tails of the binomial distribution are regularised incomplete beta functions (NIST Digital
 * Library of Mathematical Functions 8.17.5), these a continued fraction (8.17.22), evaluated by
 * Lentz's method; the bounds are found by bisection.
 */
#include "base/binom.h"

#include <math.h>

#define TERMS	 3000
#define CLOSE	 1e-12
#define TINY	 1e-300
#define HALVINGS 60

static double not_zero(double v)
{
	return fabs(v) < TINY ? TINY : v;
}

/* The continued fraction, good for p < (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double p)
{
	double c = 1, d = 1 / not_zero(1 - (a + b) * p / (a + 1)), f = d;

	for (int m = 1; m < TERMS; m++) {
		double even = m * (b - m) * p / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * p / ((a + 2 * m) * (a + 2 * m + 1));

		d = 1 / not_zero(1 + even * d);
		c = not_zero(1 + even / c);
		f *= c * d;
		d = 1 / not_zero(1 + odd * d);
		c = not_zero(1 + odd / c);
		f *= c * d;
		if (fabs(c * d - 1) < CLOSE)
			break;
	}
	return f;
}

/* The regularised incomplete beta function I_p(a, b); a, b > 0. */
static double beta(double a, double b, double p)
{
	double front;

	if (p <= 0 || p >= 1)
		return p >= 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(p) + b * log1p(-p));
	if (p < (a + 1) / (a + b + 2))
		return front * fraction(a, b, p) / a;
	return 1 - front * fraction(b, a, 1 - p) / b;
}

/* The p with I_p(a, b) = q; I rises with p. */
static double beta_at(double a, double b, double q)
{
	double low = 0, high = 1;

	for (int i = 0; i < HALVINGS; i++) {
		double mid = (low + high) / 2;

		if (beta(a, b, mid) < q)
			low = mid;
		else
			high = mid;
	}
	return (low + high) / 2;
}

void binom_interval(double x, double n, double confidence, double *low, double *high)
{
	double tail = (1 - confidence) / 2;

	*low = x <= 0 ? 0 : beta_at(x, n - x + 1, tail);
	*high = x >= n ? 1 : beta_at(x + 1, n - x, 1 - tail);
}

void binom_wilson(double x, double n, double z, double *low, double *high)
{
	double p = x / n, mid = (p + z * z / (2 * n)) / (1 + z * z / n);
	double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

	*low = x <= 0 ? 0 : fmax(0, mid - half);
	*high = x >= n ? 1 : fmin(1, mid + half);
}
