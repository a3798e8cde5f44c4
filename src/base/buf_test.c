/* SPDX-License-Identifier: BSD-2-Clause */
/* The buffer: always terminated, keeps NUL bytes, fails once and stays failed. */
#include "base/buf.h"

#include <stdlib.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void empty_is_text(void **state)
{
	struct buf b;
	char *text;

	buf_init(&b);
	assert_string_equal(buf_text(&b), "");
	text = buf_take(&b);
	assert_string_equal(text, "");
	free(text);
	buf_free(&b);
}

static void grows_byte_by_byte(void **state)
{
	struct buf b;

	buf_init(&b);
	for (unsigned i = 0; i < 5000; i++) {
		buf_char(&b, (char)i);
		assert_int_equal(b.len, i + 1);
		assert_int_equal(b.data[b.len], 0);
	}
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal((uint8_t)b.data[i], i & 0xff);
	buf_free(&b);
	assert_null(b.data);
}

/* Lengths around the first capacity, where an off-by-one would write past the end (seen by the
 * sanitizer). */
static void formats_at_every_length(void **state)
{
	for (int width = 0; width < 200; width++) {
		struct buf b;

		buf_init(&b);
		buf_str(&b, "ab");
		buf_fmt(&b, "%*s", width, "");
		assert_int_equal(b.len, 2 + width);
		assert_int_equal(strlen(buf_text(&b)), b.len);
		buf_free(&b);
	}
}

static void taken_text_is_the_callers(void **state)
{
	struct buf b;
	char *text;

	buf_init(&b);
	buf_fmt(&b, "%s:%d", "host", 80);
	text = buf_take(&b);
	assert_string_equal(text, "host:80");
	assert_int_equal(b.len, 0);
	free(text);
	buf_str(&b, "again");
	assert_string_equal(buf_text(&b), "again");
	buf_clear(&b);
	assert_string_equal(buf_text(&b), "");
	buf_free(&b);
}

static void failure_sticks(void **state)
{
	struct buf b;

	buf_init(&b);
	buf_str(&b, "kept");
	buf_add(&b, "x", SIZE_MAX - 2); /* cannot be had: nothing is read or written */
	assert_true(b.failed);
	buf_str(&b, "lost");
	assert_string_equal(buf_text(&b), "kept");
	assert_null(buf_take(&b));
	assert_false(b.failed);
}

static void test_read(void **state)
{
	char text[10000];
	struct buf b = {0};
	FILE *f = tmpfile();

	assert_non_null(f);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	assert_int_equal(fwrite(text, 1, sizeof(text), f), sizeof(text));
	rewind(f);
	buf_str(&b, "before ");
	assert_int_equal(buf_read(&b, f, sizeof(text) + 1), 0);
	assert_int_equal(b.len, 7 + sizeof(text));
	assert_memory_equal(b.data + 7, text, sizeof(text));
	rewind(f);
	buf_clear(&b);
	assert_int_equal(buf_read(&b, f, sizeof(text)), -EFBIG);
	fclose(f);
	f = fopen("/", "re"); /* opens, cannot be read */
	buf_clear(&b);
	assert_int_equal(f ? buf_read(&b, f, 100) : -EISDIR, -EISDIR);
	if (f)
		fclose(f);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_is_text),
		cmocka_unit_test(grows_byte_by_byte),
		cmocka_unit_test(formats_at_every_length),
		cmocka_unit_test(taken_text_is_the_callers),
		cmocka_unit_test(failure_sticks),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
