/* SPDX-License-Identifier: BSD-2-Clause */
/* Bisection against a zombie and a target that are a set of open ports and a source of noise. */
#include "scan/bisect.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/rng.h"

struct world {
	struct rng rng;
	bool open[BISECT_MAX];
	uint32_t n;
	double noise;	 /* other people's packets in a count, on average */
	unsigned counts; /* taken */
};

/* How often something of this mean happens (Knuth's product of uniform numbers). */
static unsigned poisson(struct rng *rng, double mean)
{
	double limit = exp(-mean), p = 1;
	unsigned k = 0;

	while ((p *= (double)rng_below(rng, 1u << 30) / (double)(1u << 30)) > limit)
		k++;
	return k;
}

static unsigned count(struct world *w, const struct bisect_ask *ask)
{
	unsigned n = poisson(&w->rng, w->noise);

	assert_true(ask->lo < ask->hi && ask->hi <= w->n);
	for (uint32_t i = ask->lo; i < ask->hi; i++)
		n += w->open[i] ? ask->copies : 0;
	w->counts++;
	return n;
}

static void search(struct world *w, struct bisect *b)
{
	struct bisect_ask ask;

	w->counts = 0;
	bisect_start(b, w->n);
	while (bisect_next(b, &ask)) {
		assert_true(b->depth < BISECT_DEPTH);
		bisect_counted(b, count(w, &ask), w->noise);
	}
}

static void world_init(struct world *w, uint64_t seed, uint32_t n, unsigned open)
{
	memset(w, 0, sizeof(*w));
	rng_seed(&w->rng, seed);
	w->n = n;
	for (unsigned i = 0; i < open; i++)
		w->open[rng_below(&w->rng, n)] = true;
}

/* Without noise: the set itself, by no more counts than bisection needs. */
static void test_quiet(void **state)
{
	static const uint32_t sizes[] = {1, 2, 3, 7, 16, 100, BISECT_MAX};
	struct bisect b;
	struct world w;

	for (unsigned s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		for (unsigned open = 0; open <= sizes[s]; open++) {
			world_init(&w, s * 1000 + open, sizes[s], open);
			search(&w, &b);
			assert_memory_equal(b.open, w.open, sizes[s]);
			assert_int_equal(b.first, b.n_open);
			assert_true(w.counts <= 1 + b.n_open * (ceil(log2(sizes[s])) + 1));
		}
	}
}

/* A zombie with traffic of its own: nothing false is confirmed more often than chance allows, and a
 * group in which nothing was seen has no open port. */
static void test_noise(void **state)
{
	static const double noises[] = {0.02, 0.2, 0.5};
	unsigned runs = 2000, wrong, missed, there;
	struct bisect b;
	struct world w;

	for (unsigned k = 0; k < sizeof(noises) / sizeof(*noises); k++) {
		wrong = missed = there = 0;
		for (unsigned i = 0; i < runs; i++) {
			world_init(&w, 7000 * k + i, 64, 3);
			w.noise = noises[k];
			search(&w, &b);
			for (uint32_t p = 0; p < w.n; p++) {
				wrong += b.open[p] && !w.open[p];
				missed += !b.open[p] && w.open[p];
				there += w.open[p];
			}
			assert_true(b.first > 0);
		}
		assert_true(wrong <= runs / 50);  /* of some six confirmations a search */
		assert_true(missed <= there / 2); /* the next pass finds them */
	}
}

/* One that counts far more than there is ends, too, and confirms nothing. */
static void test_storm(void **state)
{
	struct bisect_ask ask;
	struct bisect b;
	unsigned counts = 0;

	bisect_start(&b, BISECT_MAX);
	while (bisect_next(&b, &ask)) {
		bisect_counted(&b, 5000, 0.5);
		assert_true(++counts < 20 * BISECT_MAX);
	}
	assert_int_equal(b.n_open, 0);
}

static void test_poisson_tail(void **state)
{
	assert_float_equal(poisson_tail(1, 0), 1, 1e-9);
	assert_float_equal(poisson_tail(1, 1), 1 - exp(-1), 1e-9);
	assert_float_equal(poisson_tail(2, 3), 1 - 5 * exp(-2), 1e-9);
	assert_float_equal(poisson_tail(0, 1), 0, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_poisson_tail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
