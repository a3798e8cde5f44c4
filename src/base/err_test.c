/* SPDX-License-Identifier: BSD-2-Clause */
/* Codes come back as they went in, texts are never longer than their place, and NULL never turns
 * failure into success. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log.h"

static void set_and_prefix(void **state)
{
	struct err e = { 0 };

	assert_int_equal(err_set(&e, ERR_PARSE, "line %d: bad", 7), ERR_PARSE);
	assert_int_equal(err_prefix(&e, "file %s", "x"), ERR_PARSE);
	assert_int_equal(e.code, ERR_PARSE);
	assert_string_equal(e.text, "file x: line 7: bad");
}

static void sys_takes_errno(void **state)
{
	struct err e = { 0 };

	errno = ENOSPC;
	assert_int_equal(err_sys(&e, "cannot write %s", "a.xml"), -ENOSPC);
	assert_string_equal(e.text, "cannot write a.xml: No space left on device");
	errno = 0;
	assert_true(err_sys(&e, "strange") < 0);
}

static void null_is_allowed(void **state)
{
	errno = EPERM;
	assert_int_equal(err_sys(NULL, "x"), -EPERM);
	assert_int_equal(err_set(NULL, ERR_USAGE, "x"), ERR_USAGE);
	assert_true(err_prefix(NULL, "x") < 0);
}

static void long_text_is_cut(void **state)
{
	char subject[400];
	struct err e;

	memset(subject, 'x', sizeof(subject) - 1);
	subject[sizeof(subject) - 1] = '\0';
	err_set(&e, ERR_PARSE, "%s", subject);
	err_prefix(&e, "<%s>", subject);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_memory_equal(e.text, "<x", 2);
	errno = EIO;
	err_sys(&e, "%s%s", subject, subject);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
}

static void collect(void *ctx, enum log_level level, const char *text)
{
	char *line = ctx;

	snprintf(line, 64, "%d:%s", (int)level, text);
}

static void log_respects_its_level(void **state)
{
	char line[64] = "";
	struct log l = { .max = LOG_WARN, .write = collect, .ctx = line };

	log_say(&l, LOG_INFO, "quiet");
	assert_string_equal(line, "");
	log_say(&l, LOG_WARN, "%s %d", "port", 80);
	assert_string_equal(line, "1:port 80");
	log_say(NULL, LOG_ERROR, "nobody listens");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_and_prefix),
		cmocka_unit_test(sys_takes_errno),
		cmocka_unit_test(null_is_allowed),
		cmocka_unit_test(long_text_is_cut),
		cmocka_unit_test(log_respects_its_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
