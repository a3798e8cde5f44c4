/* SPDX-License-Identifier: BSD-2-Clause */
/* Cells against their definition: who shares a cell lies in the same prefixes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "net/cells.h"

struct prefix {
	struct addr addr;
	unsigned bits;
};

/* One bit a prefix: which of them hold the address. */
static uint64_t members(const struct prefix *p, size_t n, const struct addr *a)
{
	uint64_t set = 0;

	for (size_t i = 0; i < n; i++)
		set |= (uint64_t)addr_in_prefix(a, &p[i].addr, p[i].bits) << i;
	return set;
}

static struct cells *cut(const struct prefix *p, size_t n)
{
	struct cells *c = cells_new();

	assert_non_null(c);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(cells_add(c, &p[i].addr, p[i].bits), 0);
	cells_seal(c);
	return c;
}

/* The last address of a cell is in it, and the one behind is not. */
static void check_last(const struct cells *c, struct addr a, uint32_t cell)
{
	struct addr last = cells_last(c, &a), behind = addr_add(last, 1);

	assert_int_equal(cells_find(c, &last), cell);
	if (addr_cmp(&behind, &last) > 0)
		assert_int_equal(cells_find(c, &behind), cell + 1);
}

static void check_run(struct addr a, const struct prefix *p, size_t n)
{
	struct cells *c = cut(p, n);
	struct addr last = a;

	for (unsigned i = 0; i < 1024; i++) {
		uint32_t before = cells_find(c, &last), cell = cells_find(c, &a);

		assert_true(cell == before || cell == before + 1);
		if (cell == before)
			assert_true(members(p, n, &a) == members(p, n, &last));
		assert_true(cell <= 2 * n);
		check_last(c, a, cell);
		last = a;
		a = addr_add(a, 1);
	}
	cells_free(c);
}

static void test_v4(void **state)
{
	struct rng r;
	struct prefix p[8];

	rng_seed(&r, 4);
	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < 8; i++)
			p[i] = (struct prefix){addr_v4(0x0a000000 + (uint32_t)rng_below(&r, 1024)),
				22 + (unsigned)rng_below(&r, 11)};
		check_run(addr_v4(0x0a000000), p, 8);
	}
}

static void test_v6(void **state)
{
	struct rng r;
	struct prefix p[8];
	struct addr base;

	rng_seed(&r, 6);
	assert_int_equal(addr_parse("2001:db8::fe00", &base), 0);
	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < 8; i++)
			p[i] = (struct prefix){addr_add(base, rng_below(&r, 1024)),
				118 + (unsigned)rng_below(&r, 11)};
		check_run(base, p, 8);
	}
}

/* The ends of the space, where "the address behind" does not exist. */
static void test_ends(void **state)
{
	struct prefix p[3] = {{addr_v4(0), 0}, {addr_v4(0xff000000), 8}, {addr_v4(0), 32}};
	struct cells *c = cut(p, 3);
	struct addr zero = addr_v4(0), one = addr_v4(1), below = addr_v4(0xfeffffff);
	struct addr first = addr_v4(0xff000000), last = addr_v4(0xffffffff);

	assert_int_equal(cells_find(c, &zero), 0);
	assert_int_equal(cells_find(c, &one), 1);
	assert_int_equal(cells_find(c, &below), 1);
	assert_int_equal(cells_find(c, &first), 2);
	assert_int_equal(cells_find(c, &last), 2);
	cells_free(c);
}

static void test_empty(void **state)
{
	struct cells *c = cut(NULL, 0);
	struct addr last = addr_v4(0xffffffff);

	assert_int_equal(cells_find(c, &last), 0);
	cells_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
