/* SPDX-License-Identifier: BSD-2-Clause */
/* Quoting, judged by the shell that has to read it. */
#include "cmd/cmdline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/opts.h"

static void test_plain(void **state)
{
	static const char *const argv[] = {"sonde", "-p22,80", "10.0.0.1/24", NULL};
	char *text = cmdline_text(3, argv, NULL);

	assert_string_equal(text, "sonde -p22,80 10.0.0.1/24");
	free(text);
}

static void test_shell_gives_it_back(void **state)
{
	static const char *const argv[] = {"printf", "<%s>", "", "it's", "a b", "$HOME", "`x`",
		"\"", "\\", "*", "[1-5]", NULL};
	static const char want[] = "<><it's><a b><$HOME><`x`><\"><\\><*><[1-5]>";
	char *text = cmdline_text(11, argv, NULL);
	char got[256] = "";
	FILE *f = popen(text, "re");

	assert_non_null(f);
	assert_non_null(fgets(got, sizeof(got), f));
	pclose(f);
	assert_string_equal(got, want);
	free(text);
}

static void free_words(char **words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(words[i]);
	free(words);
}

/* What one puts together the other takes apart; other spellings as POSIX's shell does (2.2). */
static void test_words(void **state)
{
	static const char *const argv[] = {
		"nmap", "", "it's", "a b", "\"", "\\", "$x", "\\\"", "tab\there"};
	char *text = cmdline_text(9, argv, NULL), **words;
	size_t n;

	words = cmdline_words(text, &n);
	assert_int_equal(n, 9);
	for (size_t i = 0; i < 9; i++)
		assert_string_equal(words[i], argv[i]);
	free_words(words, n);
	free(text);
	words = cmdline_words("  a\\ b  \"c \\\" \\d\"'e'f \t", &n);
	assert_int_equal(n, 2);
	assert_string_equal(words[0], "a b");
	assert_string_equal(words[1], "c \" \\def");
	free_words(words, n);
	words = cmdline_words(" ", &n);
	assert_int_equal(n, 0);
	free_words(words, n);
	assert_null(cmdline_words("a 'b", &n));
	assert_null(cmdline_words("\"", &n));
}

/* However it was written; what only looks like one is shown. */
static void test_passwords(void **state)
{
	static const struct {
		const char *argv[4], *want;
	} rows[] = {
		{{"s", "-b", "me:a,://@b@h:21", "me:x@h"}, "s -b 'me:***@h:21' me:x@h"},
		{{"s", "-nbme:x@h", "--", "-b"}, "s '-nbme:***@h' -- -b"},
		{{"s", "-b", "me@h:21", "h"}, "s -b me@h:21 h"},
		{{"s", "--proxies=http://h:1,socks5://me:x@[2001:db8::1]:9", "a", "b"},
			"s '--proxies=http://h:1,socks5://me:***@[2001:db8::1]:9' a b"},
		{{"s", "-proxy", "http://:x@h,http://u:y@h", "a"},
			"s -proxy 'http://:***@h,http://u:***@h' a"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct opt_uses uses = {0};
		char *text;

		assert_int_equal(opt_parse(&scan_opts, 3, rows[i].argv + 1, &uses, NULL), 0);
		text = cmdline_text(4, rows[i].argv, &uses);
		assert_string_equal(text, rows[i].want);
		free(text);
		opt_uses_free(&uses);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_shell_gives_it_back),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_passwords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
