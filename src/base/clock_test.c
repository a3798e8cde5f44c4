/* SPDX-License-Identifier: BSD-2-Clause */
/* The real clock goes forward and agrees with time(2); the virtual one obeys. */
#include "base/clock.h"

#include <time.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void real_clock(void **state)
{
	struct clock *c = clock_real();
	uint64_t a = clock_now(c), b = clock_now(c);
	uint64_t before = (uint64_t)time(NULL), wall = clock_wall(c) / NS_PER_S;

	assert_true(b >= a);
	assert_true(wall + 1 >= before); /* time(2) may lag by a tick */
}

static void virtual_clock(void **state)
{
	struct clock_virtual v;

	clock_virtual_init(&v, 5 * NS_PER_S);
	assert_int_equal(clock_now(&v.base), 0);
	assert_int_equal(clock_wall(&v.base), 5 * NS_PER_S);
	clock_virtual_advance_to(&v, 100);
	clock_virtual_advance_to(&v, 40);
	assert_int_equal(clock_now(&v.base), 100);
	assert_int_equal(clock_wall(&v.base), 5 * NS_PER_S + 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(real_clock),
		cmocka_unit_test(virtual_clock) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
