/* SPDX-License-Identifier: BSD-2-Clause */
/* The permutation: a bijection for every size, its inverse, and no visible order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "target/perm.h"

/* Each value of 0 .. n-1 comes exactly once, and perm_index leads back. */
static void check_bijection(uint64_t n, uint64_t key)
{
	uint8_t *met = calloc(n, 1);
	struct perm p;

	assert_non_null(met);
	perm_init(&p, n, key);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t v = perm_at(&p, i);

		assert_true(v < n);
		assert_int_equal(met[v], 0);
		met[v] = 1;
		assert_true(perm_index(&p, v) == i);
	}
	free(met);
}

static void test_bijection(void **state)
{
	static const uint64_t sizes[] = { 1000, 4095, 4096, 4097, 65535, 65536, 65537, 100003,
		1u << 18 };

	for (uint64_t n = 1; n <= 300; n++)
		check_bijection(n, n * 77);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		check_bijection(sizes[i], i);
}

/* Sizes too large to count through: no two of many indices meet, and the way back is right. */
static void test_large(void **state)
{
	static const uint64_t sizes[] = { UINT64_C(1) << 32, (UINT64_C(1) << 32) + 1,
		UINT64_C(0xe0000000), (UINT64_C(1) << 40) + 7, (UINT64_C(1) << 62) + 1,
		PERM_MAX - 1, PERM_MAX };
	struct rng rng;

	rng_seed(&rng, 5);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct perm p;

		perm_init(&p, sizes[i], rng_u64(&rng));
		for (int k = 0; k < 5000; k++) {
			uint64_t x = rng_below(&rng, sizes[i]);
			uint64_t y = perm_at(&p, x);

			assert_true(y < sizes[i]);
			assert_true(perm_index(&p, y) == x);
		}
	}
}

static void test_same_key_same_order(void **state)
{
	struct perm a, b, c;
	unsigned same = 0;

	perm_init(&a, 100003, 1);
	perm_init(&b, 100003, 1);
	perm_init(&c, 100003, 2);
	for (uint64_t i = 0; i < 100003; i++) {
		assert_true(perm_at(&a, i) == perm_at(&b, i));
		same += perm_at(&a, i) == perm_at(&c, i);
	}
	/* two unrelated orders agree in one place on the average (Poisson) */
	assert_true(same < 12);
}

/*
 * Neighbouring hosts must not be probed one after the other. Over a /16 cut in 16 parts the first
 * 1/16 of the walk should visit each part about equally often: 256 +- 15.5, so 100 off is
 * impossible by chance.
 */
static void test_spread(void **state)
{
	for (uint64_t key = 0; key < 20; key++) {
		unsigned part[16] = { 0 }, neighbours = 0;
		uint64_t last = 0;
		struct perm p;

		perm_init(&p, 65536, key);
		for (uint64_t i = 0; i < 4096; i++) {
			uint64_t v = perm_at(&p, i);

			part[v / 4096]++;
			neighbours += v == last + 1;
			last = v;
		}
		for (unsigned k = 0; k < 16; k++)
			assert_in_range(part[k], 156, 356);
		assert_true(neighbours < 8);
	}
}

/* Every order of 4 values turns up: the small sizes are shuffled too. */
static void test_small_orders(void **state)
{
	uint8_t met[256] = { 0 };
	unsigned orders = 0;

	for (uint64_t key = 0; key < 2000; key++) {
		unsigned code = 0;
		struct perm p;

		perm_init(&p, 4, key);
		for (uint64_t i = 0; i < 4; i++)
			code = code << 2 | (unsigned)perm_at(&p, i);
		orders += !met[code];
		met[code] = 1;
	}
	assert_int_equal(orders, 24);
}

static uint64_t walk(const struct perm *p, uint64_t *met, uint64_t at, uint64_t stop)
{
	uint64_t seen = stop - at;

	for (; at < stop; at++) {
		uint64_t v = perm_at(p, at), bit = UINT64_C(1) << v % 64;

		if (v >= p->n || met[v / 64] & bit)
			fail_msg("index %llu of %llu", (unsigned long long)at,
				(unsigned long long)p->n);
		met[v / 64] |= bit;
	}
	return seen;
}

/*
 * 2^24 values in several shapes (a power of two, just beside, hosts times ports), cut into 1 to 64
 * shards, each walked in stretches that stop and go on at random points: no hole, no duplicate.
 */
static void check_shards(struct rng *rng, uint64_t n, unsigned shards)
{
	uint64_t *met = calloc(n / 64 + 1, sizeof(*met)), seen = 0;
	struct perm p;

	assert_non_null(met);
	for (unsigned s = shards; s-- > 0;) {
		uint64_t at = n * s / shards, end = n * (s + 1) / shards;

		while (at < end) {
			uint64_t stop = at + 1 + rng_below(rng, end - at);

			perm_init(&p, n, 99); /* a new process */
			seen += walk(&p, met, at, stop);
			at = stop;
		}
	}
	assert_true(seen == n);
	free(met);
}

static void test_shards(void **state)
{
	struct rng rng;

	rng_seed(&rng, 24);
	check_shards(&rng, 1u << 24, 1);
	check_shards(&rng, (1u << 24) - 1, 2);
	check_shards(&rng, (1u << 24) + 1, 3);
	check_shards(&rng, UINT64_C(65536) * 256, 7);
	check_shards(&rng, UINT64_C(16777) * 1000, 16);
	check_shards(&rng, UINT64_C(65535) * 255, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bijection),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_same_key_same_order),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_small_orders),
		cmocka_unit_test(test_shards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
