/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers and times as users type them (what nmap 7.93 takes and refuses), wildcards, and escaping
 * of hostile text. */
#include "base/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* What nmap answered, seen from the project's folder; no part of it. */
#define SPECS "../shared/conformance/specs.tsv"

static void durations(void **state)
{
	/* clang-format off */
	static const struct { const char *text; uint64_t ns; } good[] = {
		{ "1", UINT64_C(1000000000) },	    { "100ms", UINT64_C(100000000) }, { "1.5s", UINT64_C(1500000000) },
		{ "0.5", UINT64_C(500000000) },	    { "2m", UINT64_C(120000000000) }, { "1h", UINT64_C(3600000000000) },
		{ "10S", UINT64_C(10000000000) },   { "1M", UINT64_C(60000000000) },  { "100MS", UINT64_C(100000000) },
		{ "1e3ms", UINT64_C(1000000000) },  { "0", 0 },			      { "0x10", UINT64_C(16000000000) },
		{ "0.001ms", 1000 },		    { "12.7ms", 12700000 },
	};
	static const char *const bad[] = { "", "5 s", "-1", "abc", "1d", "ms", "1msx", "1ss", "inf", "nan", "1e400", "1e300h",
		"1,5s" };
	/* clang-format on */
	uint64_t ns;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(str_duration_ns(good[i].text, &ns), 0);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(str_duration_ns(bad[i], &ns), ERR_PARSE);
}

/* A line of the table: "time --option<TAB>argument<TAB>exit code<TAB>...". Returns the argument, or
 * NULL. */
static char *time_case(char *line, bool *taken)
{
	char *arg, *code;

	if (strncmp(line, "time ", 5) != 0 || !(arg = strchr(line, '\t')))
		return NULL;
	*arg++ = '\0';
	if (!(code = strchr(arg, '\t')))
		return NULL;
	*code++ = '\0';
	*taken = *code == '0';
	return arg;
}

static void durations_as_nmap(void **state)
{
	char line[4096], *arg;
	unsigned n = 0;
	uint64_t ns;
	bool taken;
	FILE *f;

	f = fopen(SPECS, "r");
	if (!f) {
		print_message(SPECS " is not here: skipped\n");
		skip();
	}
	while (fgets(line, sizeof(line), f)) {
		arg = time_case(line, &taken);
		if (!arg)
			continue;
		assert_int_equal(str_duration_ns(arg, &ns) == 0, taken);
		n++;
	}
	fclose(f);
	assert_true(n >= 20);
}

static void integers(void **state)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x", "1a", "0xg",
		"18446744073709551616", "99999999999999999999999" };
	uint64_t v = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(str_u64(bad[i], 0, UINT64_MAX, &v), ERR_PARSE);
	assert_int_equal(str_u64("9", 10, 20, &v), ERR_PARSE);
	assert_int_equal(str_u64("21", 10, 20, &v), ERR_PARSE);
	assert_int_equal(v, 77);
	assert_int_equal(str_u64("20", 10, 20, &v), 0);
	assert_int_equal(v, 20);
	assert_int_equal(str_u64("18446744073709551615", 0, UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(str_u64("0xFf", 0, 255, &v), 0);
	assert_int_equal(v, 255);
	assert_int_equal(str_u64("010", 0, 255, &v), 0);
	assert_int_equal(v, 10); /* never octal */
}

static void reals(void **state)
{
	static const char *const bad[] = { "", "x", "1.2.3", " 1", "1 ", "nan", "inf", "0x10",
		"1e400", "1e", "--1" };
	double v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(str_double(bad[i], &v), ERR_PARSE);
	assert_int_equal(str_double("-1.25e2", &v), 0);
	assert_true(v == -125.0);
	assert_int_equal(str_double(".5", &v), 0);
	assert_true(v == 0.5);
}

static void globs(void **state)
{
	/* clang-format off */
	static const struct { const char *pattern, *text; bool match; } cases[] = {
		{ "http", "http", true },   { "http", "https", false }, { "http*", "https", true },  { "http*", "http", true },
		{ "*", "", true },	    { "", "", true },		{ "", "a", false },	     { "?", "", false },
		{ "?", "a", true },	    { "a?c", "abc", true },	{ "a?c", "ac", false },	     { "*b*", "abc", true },
		{ "*abc", "ababc", true },  { "a*b*c", "axxbyyc", true }, { "a*b*c", "axxbyy", false }, { "**", "x", true },
		{ "[a]", "a", false },	    { "[a]", "[a]", true },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(str_glob(cases[i].pattern, cases[i].text), cases[i].match);
}

/* What backtracking over every star would never finish. */
static void glob_is_not_exponential(void **state)
{
	char text[2001];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(str_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

static void terminal_text(void **state)
{
	/* clang-format off */
	static const struct { const char *in; size_t len; const char *out; } cases[] = {
#define T(s) s, sizeof(s) - 1
		{ T("plain text, 100% \\ \"'<>&"), "plain text, 100% \\ \"'<>&" },
		{ T("\x1b[31mred"), "\\x1B[31mred" },
		{ T("a\nb\tc\0d\r"), "a\\x0Ab\\x09c\\x00d\\x0D" },
		{ T("\x7f"), "\\x7F" },
		{ T("Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80"), "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ T("\xc2\x9b" "31m"), "\\xC2\\x9B31m" },	 /* C1 CSI, as UTF-8 */
		{ T("\x9b" "31m"), "\\x9B31m" },		 /* and as a bare byte */
		{ T("\xe2\x80\xae" "exe"), "\\xE2\\x80\\xAEexe" }, /* U+202E, right-to-left override */
		{ T("\xe2\x81\xa6"), "\\xE2\\x81\\xA6" },	 /* U+2066, isolate */
		{ T("\xe2\x80\x8b"), "\\xE2\\x80\\x8B" },	 /* U+200B, zero width */
		{ T("\xef\xbb\xbf"), "\\xEF\\xBB\\xBF" },	 /* U+FEFF */
		{ T("\xc0\x8a"), "\\xC0\\x8A" },		 /* overlong line feed */
		{ T("\xe0\x80\x8a"), "\\xE0\\x80\\x8A" },
		{ T("\xed\xa0\x80"), "\\xED\\xA0\\x80" },	 /* surrogate */
		{ T("\xf4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80" }, /* above U+10FFFF */
		{ T("\xf3\xa0\x81\x81"), "\\xF3\\xA0\\x81\\x81" }, /* U+E0041, a tag character */
		{ T("a\xe2\x82"), "a\\xE2\\x82" },		 /* cut short */
		{ T("\xff\xfe"), "\\xFF\\xFE" },
#undef T
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b;
		/* of the exact size, so that the sanitizer sees a byte read past the end */
		char *exact = malloc(cases[i].len);

		assert_non_null(exact);
		memcpy(exact, cases[i].in, cases[i].len);
		buf_init(&b);
		str_term(&b, exact, cases[i].len);
		assert_string_equal(buf_text(&b), cases[i].out);
		buf_free(&b);
		free(exact);
	}
}

/* Whatever comes in, only printable ASCII and bytes of UTF-8 sequences come out. */
static void terminal_never_gets_controls(void **state)
{
	for (unsigned first = 0; first < 256; first++) {
		for (unsigned second = 0; second < 256; second++) {
			char in[2] = { (char)first, (char)second };
			struct buf b;

			buf_init(&b);
			str_term(&b, in, 2);
			for (size_t i = 0; i < b.len; i++)
				assert_true((uint8_t)b.data[i] >= 0x20 && b.data[i] != 0x7f);
			buf_free(&b);
		}
	}
}

static void round_trip_times(void **state)
{
	/* clang-format off */
	static const struct { uint64_t ns; const char *text; } cases[] = {
		{ 0, "0ns" },			      { 1, "1ns" },	       { 999, "999ns" },
		{ 1000, "1.00us" },		      { 1234, "1.23us" },      { 9994, "9.99us" },
		{ 9995, "10.0us" },		      { 84100, "84.1us" },     { 99949, "99.9us" },
		{ 99950, "100us" },		      { 999499, "999us" },     { 999500, "1.00ms" },
		{ 20200000, "20.2ms" },		      { 312345678, "312ms" },  { 999500000, "1.00s" },
		{ UINT64_C(12345678901), "12.3s" },   { UINT64_C(1234567890123), "1235s" },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b;

		buf_init(&b);
		str_rtt(&b, cases[i].ns);
		assert_string_equal(buf_text(&b), cases[i].text);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(durations_as_nmap),
		cmocka_unit_test(integers),
		cmocka_unit_test(reals),
		cmocka_unit_test(globs),
		cmocka_unit_test(glob_is_not_exponential),
		cmocka_unit_test(terminal_text),
		cmocka_unit_test(terminal_never_gets_controls),
		cmocka_unit_test(round_trip_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
