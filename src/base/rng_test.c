/* SPDX-License-Identifier: BSD-2-Clause */
/* xoshiro256** and splitmix64 against values of an independent computation and of the published
 * generators. */
#include "base/rng.h"

#include <stdbool.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* clang-format off */
static const struct { uint64_t seed, first[4], thousandth; } runs[] = {
	{ 0, { UINT64_C(0x99ec5f36cb75f2b4), UINT64_C(0xbf6e1f784956452a), UINT64_C(0x1a5f849d4933e6e0),
	       UINT64_C(0x6aa594f1262d2d2c) }, UINT64_C(0x7aac8c483a2edd2f) },
	{ 42, { UINT64_C(0x15780b2e0c2ec716), UINT64_C(0x6104d9866d113a7e), UINT64_C(0xae17533239e499a1),
		UINT64_C(0xecb8ad4703b360a1) }, UINT64_C(0x8de5848c61ab8968) },
	{ UINT64_C(0xdeadbeefcafebabe), { UINT64_C(0x2299b3421aa78b66), UINT64_C(0x9af6550483e02887),
		UINT64_C(0xda059cb5eec5c979), UINT64_C(0xcf86bd29360fff98) }, UINT64_C(0x228e76aa54dada68) },
};
/* clang-format on */

static void seeded_runs(void **state)
{
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct rng r;
		uint64_t v = 0;

		rng_seed(&r, runs[i].seed);
		for (unsigned n = 0; n < 1000; n++) {
			v = rng_u64(&r);
			if (n < 4)
				assert_int_equal(v, runs[i].first[n]);
		}
		assert_int_equal(v, runs[i].thousandth);
	}
}

/* The sequence of the published reference from the state 1, 2, 3, 4 (as other implementations test
 * it). */
static void published_state(void **state)
{
	static const uint64_t want[] = { 11520, 0, 1509978240, UINT64_C(1215971899390074240),
		UINT64_C(1216172134540287360), UINT64_C(607988272756665600) };
	struct rng r = { { 1, 2, 3, 4 } };

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(rng_u64(&r), want[i]);
}

static void splitmix_state(void **state)
{
	struct rng r;

	rng_seed(&r, 1234567);
	assert_int_equal(r.s[0], UINT64_C(6457827717110365317));
	assert_int_equal(r.s[1], UINT64_C(3203168211198807973));
	assert_int_equal(r.s[2], UINT64_C(9817491932198370423));
	assert_int_equal(r.s[3], UINT64_C(4593380528125082431));
}

static void below_is_uniform(void **state)
{
	unsigned count[6] = { 0 };
	double chi = 0;
	struct rng r;

	rng_seed(&r, 7);
	for (unsigned i = 0; i < 60000; i++) {
		uint64_t v = rng_below(&r, 6);

		assert_true(v < 6);
		count[v]++;
	}
	for (unsigned i = 0; i < 6; i++)
		chi += (count[i] - 10000.0) * (count[i] - 10000.0) / 10000.0;
	assert_true(chi < 20.5); /* 5 degrees of freedom, p = 0.001 */
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(rng_below(&r, 1), 0);
}

/* With n = 3 * 2^62 a plain modulo would give the first third of the range half of all draws. */
static void below_has_no_bias(void **state)
{
	const uint64_t quarter = UINT64_C(1) << 62;
	unsigned low = 0;
	struct rng r;

	rng_seed(&r, 3);
	for (unsigned i = 0; i < 30000; i++)
		low += rng_below(&r, 3 * quarter) < quarter;
	assert_in_range(low, 9600, 10400);
}

static void unit_interval(void **state)
{
	double sum = 0;
	struct rng r;

	rng_seed(&r, 11);
	for (unsigned i = 0; i < 100000; i++) {
		double u = rng_unit(&r);

		assert_true(u >= 0 && u < 1);
		sum += u;
	}
	assert_true(sum > 49500 && sum < 50500);
}

static void entropy_differs(void **state)
{
	/* longer than the 256 bytes that one call always gives */
	uint8_t a[300] = { 0 }, b[300] = { 0 };

	rng_entropy(a, sizeof(a));
	rng_entropy(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a + 256, b + 256, 44);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seeded_runs),
		cmocka_unit_test(published_state),
		cmocka_unit_test(splitmix_state),
		cmocka_unit_test(below_is_uniform),
		cmocka_unit_test(below_has_no_bias),
		cmocka_unit_test(unit_interval),
		cmocka_unit_test(entropy_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
