/* SPDX-License-Identifier: BSD-2-Clause */
/* The cursors: values, the sticky error, and that nothing beyond the end is touched. */
#include "pkt/rd.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "pkt/wr.h"

static void test_values(void **state)
{
	static const uint8_t b[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
	struct rd r = rd_init(b, sizeof(b));

	assert_int_equal(rd_u8(&r), 1);
	assert_int_equal(rd_u16be(&r), 0x0203);
	assert_int_equal(rd_u32be(&r), 0x04050607);
	assert_true(rd_u64be(&r) == UINT64_C(0x08090a0b0c0d0e0f));
	assert_int_equal(rd_left(&r), 1);
	assert_ptr_equal(rd_bytes(&r, 1), b + 15);
	assert_true(r.ok);
}

/* After one read too many nothing is true any more, even where bytes would still have been there.
 */
static void test_sticky(void **state)
{
	static const uint8_t b[] = {0xff, 0xff, 0xff};
	struct rd r = rd_init(b, sizeof(b));

	assert_int_equal(rd_u32be(&r), 0);
	assert_false(r.ok);
	assert_int_equal(rd_u8(&r), 0);
	assert_int_equal(rd_left(&r), 0);
	assert_null(rd_bytes(&r, 1));
	rd_skip(&r, 0);
	assert_false(r.ok);
}

static void test_sub(void **state)
{
	static const uint8_t b[] = {1, 2, 3, 4};
	struct rd r = rd_init(b, sizeof(b));
	struct rd sub = rd_sub(&r, 3);
	uint8_t out[2] = {7, 7};

	assert_int_equal(rd_left(&sub), 3);
	assert_int_equal(rd_left(&r), 1);
	rd_copy(&sub, out, 2);
	assert_memory_equal(out, b, 2);
	rd_copy(&sub, out, 2);
	assert_int_equal(out[0] | out[1], 0);
	assert_false(sub.ok);
	assert_true(r.ok);
	sub = rd_sub(&r, 2);
	assert_false(sub.ok);
	assert_false(r.ok);
}

static void test_nothing(void **state)
{
	struct rd r = rd_init(NULL, 0);

	rd_skip(&r, 0);
	rd_copy(&r, NULL, 0);
	assert_true(r.ok);
	rd_limit(&r, 5);
	assert_int_equal(rd_u16be(&r), 0);
	assert_false(r.ok);
}

static void test_write(void **state)
{
	uint8_t b[9];
	struct wr w = wr_init(b, 8);

	b[8] = 0x5a;
	wr_u8(&w, 1);
	wr_u16be(&w, 0x0203);
	wr_u32be(&w, 0x04050607);
	wr_bytes(&w, NULL, 0);
	wr_patch16be(&w, 0, 0xaabb);
	assert_int_equal(wr_len(&w), 7);
	assert_memory_equal(b, "\xaa\xbb\x03\x04\x05\x06\x07", 7);
	wr_u16be(&w, 0xffff);
	assert_int_equal(wr_len(&w), 0);
	wr_u8(&w, 0xff);
	assert_int_equal(wr_len(&w), 0);
	assert_int_equal(b[8], 0x5a);
}

static void test_patch_outside(void **state)
{
	uint8_t b[4] = {0};
	struct wr w = wr_init(b, sizeof(b));

	wr_u16be(&w, 1);
	wr_patch16be(&w, 1, 0xffff);
	assert_int_equal(wr_len(&w), 0);
	assert_int_equal(b[2], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_sticky),
		cmocka_unit_test(test_sub),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_patch_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
