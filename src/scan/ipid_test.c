/* SPDX-License-Identifier: BSD-2-Clause */
/* Classes of IP identification, and how far apart two numbers are. */
#include "scan/ipid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define N 8

static void check(enum ipid_class want, const uint16_t ids[N])
{
	assert_int_equal(ipid_classify(ids, N), want);
}

static void test_classes(void **state)
{
	check(IPID_ZERO, (const uint16_t[N]){0});
	check(IPID_CONSTANT, (const uint16_t[N]){7, 7, 7, 7, 7, 7, 7, 7});
	check(IPID_COUNTER, (const uint16_t[N]){65533, 65534, 65535, 0, 1, 2, 3, 4});
	check(IPID_COUNTER, (const uint16_t[N]){1, 2, 9, 11, 12, 40, 41, 42});
	check(IPID_COUNTER2, (const uint16_t[N]){65530, 65532, 65534, 0, 2, 8, 10, 12});
	check(IPID_RANDOM, (const uint16_t[N]){100, 40000, 3, 29, 60000, 512, 768, 1});
	check(IPID_RANDOM, (const uint16_t[N]){1, 2, 3, 3, 4, 5, 6, 7}); /* counts not all */
	check(IPID_RANDOM, (const uint16_t[N]){9, 8, 7, 6, 5, 4, 3, 2});
}

static uint16_t swapped(uint16_t v)
{
	return (uint16_t)(v << 8 | v >> 8);
}

/* A little-endian counter is one wherever it begins, also where a byte overflows. */
static void test_swapped(void **state)
{
	uint16_t ids[N];

	for (unsigned from = 0; from < 65536; from += 251) {
		for (unsigned i = 0; i < N; i++)
			ids[i] = swapped((uint16_t)(from + 2 * i));
		check(IPID_SWAPPED, ids);
		assert_int_equal(ipid_distance(IPID_SWAPPED, ids[0], ids[N - 1]), 2 * (N - 1));
	}
}

static void test_distance(void **state)
{
	assert_int_equal(ipid_distance(IPID_COUNTER, 65535, 2), 3);
	assert_int_equal(ipid_distance(IPID_COUNTER2, 65534, 4), 3);
	assert_int_equal(ipid_distance(IPID_COUNTER, 5, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_swapped),
		cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
