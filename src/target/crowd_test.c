/* SPDX-License-Identifier: BSD-2-Clause */
/* The densest network against counting address by address. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "base/rng.h"
#include "target/crowd.h"

static void build(struct space *s, unsigned family, const char *const *specs, size_t n)
{
	struct target_request targets = {.specs = specs, .n_specs = n, .family = family};
	struct space_request rq = {.targets = &targets};
	struct err e = {0};

	if (space_build(s, &rq, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static void test_known(void **state)
{
	static const struct {
		const char *spec;
		unsigned family;
		uint64_t densest;
	} rows[] = {
		{"10.0.0.7", 4, 1},
		{"10.0.0.128/25", 4, 128},
		{"10.0.0.0/16", 4, 256},
		{"10.0.0.250-10.0.1.4", 4, 6},
		{"10.0.0.250-10.0.1.9", 4, 10},
		{"10.0.0.250-10.0.2.9", 4, 256},
		{"10.0-255.1.1", 4, 1},
		{"2001:db8::/120", 6, 256},
		{"2001:db8:0:ffff:ffff:ffff:ffff:fff0-2001:db8:1::4", 6, 16},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct space s = {0};

		build(&s, rows[i].family, &rows[i].spec, 1);
		assert_int_equal(crowd_densest(&s), rows[i].densest);
		space_free(&s);
	}
}

static void test_counted(void **state)
{
	struct rng rng;

	rng_seed(&rng, 3);
	for (int turn = 0; turn < 50; turn++) {
		char texts[40][40];
		const char *specs[40];
		unsigned count[16] = {0}, most = 0;
		size_t n = 1 + rng_below(&rng, 40);
		struct space s = {0};

		for (size_t i = 0; i < n; i++) {
			uint64_t at = rng_below(&rng, 4000), len = rng_below(&rng, 90);

			sprintf(texts[i], "10.0.%u.%u-10.0.%u.%u", (unsigned)(at >> 8),
				(unsigned)(at & 255), (unsigned)((at + len) >> 8),
				(unsigned)((at + len) & 255));
			specs[i] = texts[i];
		}
		build(&s, 4, specs, n);
		for (uint64_t i = 0; i < s.view.count; i++) {
			struct addr a = space_at(&s, i);

			count[a.b[2]]++;
		}
		for (int i = 0; i < 16; i++)
			most = count[i] > most ? count[i] : most;
		assert_int_equal(crowd_densest(&s), most);
		space_free(&s);
	}
}

static void test_rates(void **state)
{
	const char *spec = "10.0.0.0/22";
	struct space s = {0};

	build(&s, 4, &spec, 1);
	assert_true(crowd_rate(&s, 0, 0) == 0);
	assert_true(fabs(crowd_rate(&s, 2, 0) - 2048) < 1e-9);
	assert_true(fabs(crowd_rate(&s, 0, 100) - 400) < 1e-9);
	assert_true(fabs(crowd_rate(&s, 2, 100) - 400) < 1e-9);
	assert_true(fabs(crowd_rate(&s, 0.1, 100) - 102.4) < 1e-9);
	space_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
