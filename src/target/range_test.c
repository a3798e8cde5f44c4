/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks and range sets against counting on the fingers: every member listed one by one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "target/range.h"

/* ---- blocks ---------------------------------------------------------------------------------- */

/* A few values for each octet, sometimes a run, sometimes all. */
static void random_octets(struct rng *rng, struct octet_bits *o)
{
	memset(o, 0, sizeof(*o));
	for (unsigned k = 0; k < 4; k++) {
		unsigned n = 1 + (unsigned)rng_below(rng, 3);

		for (unsigned i = 0; i < n; i++) {
			unsigned first = (unsigned)rng_below(rng, 256);
			unsigned last = first + (unsigned)rng_below(rng, 4);

			for (unsigned v = first; v <= last && v < 256; v++)
				o->has[k][v] = true;
		}
	}
	if (rng_below(rng, 4) == 0)
		memset(o->has[3], true, 256);
}

/* Is the address in a network of `bits` bits that also holds a member of the product? */
static bool in_product(const struct octet_bits *o, unsigned bits, uint32_t a)
{
	for (unsigned k = 0; k < 4; k++) {
		unsigned fixed = bits >= 8 * (k + 1) ? 8 : bits > 8 * k ? bits - 8 * k : 0;
		unsigned v = a >> (24 - 8 * k) & 255, size = 1u << (8 - fixed),
			 base = v & ~(size - 1);
		bool any = false;

		for (unsigned i = base; i < base + size; i++)
			any = any || o->has[k][i];
		if (!any)
			return false;
	}
	return true;
}

static void check_members(const struct block *b, const struct octet_bits *o, unsigned bits)
{
	u128 before = 0;

	for (uint64_t i = 0; i < b->count; i++) {
		u128 v = block_at(b, i);

		assert_true(i == 0 || v > before);
		assert_true(in_product(o, bits, (uint32_t)v));
		assert_true(block_contains(b, v));
		assert_true(block_rank(b, v) == i);
		assert_true(block_rank(b, v + 1) == i + 1);
		before = v;
	}
	assert_true(block_at(b, 0) == b->first && before == b->last);
}

static void test_octets(void **state)
{
	struct rng rng;

	rng_seed(&rng, 1);
	for (int round = 0; round < 300; round++) {
		unsigned bits = rng_below(&rng, 2) ? 32 : 20 + (unsigned)rng_below(&rng, 13);
		struct octet_bits o, widened;
		struct block b;
		uint64_t n = 1;

		random_octets(&rng, &o);
		widened = o;
		assert_true(block_from_octets(&b, &widened, bits));
		for (unsigned k = 0; k < 4; k++) {
			unsigned in_octet = 0;

			for (unsigned v = 0; v < 256; v++)
				in_octet += widened.has[k][v];
			n *= in_octet;
		}
		assert_true(b.count == n);
		if (n < 300000)
			check_members(&b, &o, bits);
		for (int i = 0; i < 2000; i++) {
			uint32_t a = (uint32_t)rng_u64(&rng);

			/* near the members, where a mistake would show */
			a = (a & 0x03030303) ^
			    (uint32_t)block_at(&b, rng_below(&rng, (uint64_t)b.count));
			assert_int_equal(block_contains(&b, a), in_product(&o, bits, a));
		}
		block_fini(&b);
	}
}

static void test_prefix_ends(void **state)
{
	struct addr a;
	struct block b;

	assert_int_equal(addr_parse("fd00::5", &a), 0);
	block_from_prefix(&b, &a, 0);
	assert_true(b.count == ~(u128)0 && b.first == 0 && b.last == ~(u128)0);
	block_from_prefix(&b, &a, 64);
	assert_true(b.count == (u128)1 << 64);
	assert_true(block_rank(&b, b.last) == UINT64_MAX);
	block_from_prefix(&b, &a, 65);
	assert_true(b.count == UINT64_C(1) << 63);
	block_from_prefix(&b, &a, 128);
	assert_true(b.count == 1 && b.first == block_number(&a));
	a = addr_v4(0xffffffff);
	block_from_prefix(&b, &a, 0);
	assert_true(b.count == UINT64_C(1) << 32 && b.first == 0 && b.last == 0xffffffff);
	block_from_prefix(&b, &a, 31);
	assert_true(b.count == 2 && b.first == 0xfffffffe);
}

/* ---- sets ------------------------------------------------------------------------------------ */

#define SMALL_WORLD 512

static void check_world(const struct range_set *s, const bool in[SMALL_WORLD])
{
	for (size_t i = 0; i < s->n; i++) {
		assert_true(s->v[i].first <= s->v[i].last);
		/* disjoint, in order, and with a gap between */
		assert_true(i == 0 || s->v[i].first > s->v[i - 1].last + 1);
	}
	for (unsigned v = 0; v < SMALL_WORLD; v++)
		assert_int_equal(range_set_contains(s, v), in[v]);
}

/* One by one (each put in its place) and all at once (sorted) must come to the same. */
static void test_range_sets(void **state)
{
	struct rng rng;

	rng_seed(&rng, 2);
	for (int round = 0; round < 400; round++) {
		struct range_set single = { 0 }, bulk = { 0 };
		bool in[SMALL_WORLD] = { false };

		for (unsigned k = 0, n = (unsigned)rng_below(&rng, 40); k < n; k++) {
			unsigned first = (unsigned)rng_below(&rng, SMALL_WORLD);
			unsigned last = first + (unsigned)rng_below(&rng, 20);

			last = last < SMALL_WORLD ? last : SMALL_WORLD - 1;
			memset(in + first, true, last - first + 1);
			assert_int_equal(range_set_add(&single, first, last), 0);
			range_set_seal(&single);
			check_world(&single, in);
			assert_int_equal(range_set_add(&bulk, first, last), 0);
		}
		range_set_seal(&bulk);
		check_world(&bulk, in);
		assert_int_equal(single.n, bulk.n);
		range_set_free(&single);
		range_set_free(&bulk);
	}
}

static void test_edges(void **state)
{
	u128 top = ~(u128)0;
	struct range_set s = { 0 };

	assert_int_equal(range_set_add(&s, top, top), 0);
	assert_int_equal(range_set_add(&s, 0, 0), 0);
	range_set_seal(&s);
	assert_int_equal(s.n, 2);
	assert_true(range_set_contains(&s, 0) && range_set_contains(&s, top) &&
		    !range_set_contains(&s, top - 1));
	assert_int_equal(range_set_add(&s, 1, top - 1), 0);
	range_set_seal(&s);
	assert_int_equal(s.n, 1);
	assert_true(s.v[0].first == 0 && s.v[0].last == top);
	range_set_free(&s);
}

/*
 * Products become ranges where that is cheap, and stay products where it is not; either way they
 * hold the same.
 */
static void test_octets_in_sets(void **state)
{
	struct rng rng;

	rng_seed(&rng, 3);
	for (int round = 0; round < 200; round++) {
		struct addr_set s = { 0 };
		struct octet_bits o, copy;
		struct block b;

		random_octets(&rng, &o);
		if (round % 2)
			memset(o.has[2], true, 256);
		copy = o;
		assert_true(block_from_octets(&b, &copy, 32));
		assert_int_equal(addr_set_take(&s, &b), 0);
		addr_set_seal(&s);
		assert_true(s.v4.n <= 256);
		for (int i = 0; i < 3000; i++) {
			struct addr a =
				addr_v4(((uint32_t)rng_u64(&rng) & 0x07070707) ^ (uint32_t)b.first);

			assert_int_equal(
				addr_set_contains(&s, &a), in_product(&o, 32, addr_to_v4(&a)));
		}
		addr_set_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_prefix_ends),
		cmocka_unit_test(test_range_sets),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_octets_in_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
