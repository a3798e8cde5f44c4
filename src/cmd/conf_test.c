/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration files: lines, line numbers, precedence. */
#include "cmd/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/opts.h"

static int parse(const char *text, struct opt_uses *u, struct err *e)
{
	memset(u, 0, sizeof(*u));
	memset(e, 0, sizeof(*e));
	return conf_parse(&scan_opts, "f", text, strlen(text), u, e);
}

static void test_lines(void **state)
{
	struct opt_uses u;
	struct err e;

	assert_int_equal(
		parse("# comment\n; another\n\n  [scan]\r\n\tp = 22,80 ; web\n  T=4\nreason: yes\nn = yes",
			&u, &e),
		0);
	assert_int_equal(u.n, 4);
	assert_string_equal(u.v[0].as, "-p");
	assert_string_equal(u.v[0].value, "22,80");
	assert_string_equal(u.v[0].where, "f:5");
	assert_string_equal(u.v[1].value, "4");
	assert_string_equal(u.v[3].where, "f:8");
	opt_uses_free(&u);
	assert_int_equal(parse("F = no\np = 22\nn = yes\noX = a\noN = b\n", &u, &e), 0);
	assert_int_equal(u.n, 4); /* no excludes nothing */
	opt_uses_free(&u);
}

/* The message says file and line, whichever part found the error. */
static void test_errors(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"T = 4\nports 22\n", "f:2: not \"key = value\""},
		{"\n\nfoo = 1\n", "f:3: foo: there is no such option"},
		{"host-timout = 1\n", "did you mean --host-timeout?"},
		{"[output]\nT = 4\n", "f:2: the only section is [scan]"},
		{"[scan\nT = 4\n", "f:1: not"},
		{"sV = yes\n", "f:1: -sV (service detection) is not in this version"},
		{"version = yes\n", "f:1: version: only the command line"},
		{"open = 7\n", "f:1: open takes yes or no"},
		{"foo = 1\nbar\n", "f:1: foo"},
		{"bar\nfoo = 1\n", "f:1: not"},
		{"T = 4\n\nT = 3\n", "f:3: T was given before, in line 1"},
		{"p = 22\nports = 80\n", "f:2: ports was given before, in line 1"},
		{"oX = a\noX = b\n", "f:2: oX was given before"},
		{"open = yes\nopen = no\n", "f:2: open was given before"},
		{"p = 22\nn = yes\nF = yes\n", "f:3: F and -p (line 1) exclude each other"},
		{"sS = yes\nsT = yes\n", "f:2: sT and -sS (line 1) exclude each other"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct opt_uses u;
		struct err e;
		int rc = parse(cases[i].text, &u, &e);

		if (rc >= 0 || !strstr(e.text, cases[i].words))
			fail_msg("\"%s\": %d \"%s\" lacks \"%s\"", cases[i].text, rc, e.text,
				cases[i].words);
		opt_uses_free(&u);
	}
}

static void test_long_line(void **state)
{
	char text[1000] = "T = 4\nexclude = ";
	struct opt_uses u;
	struct err e;

	memset(text + strlen(text), '1', 800);
	assert_int_equal(parse(text, &u, &e), ERR_USAGE);
	assert_non_null(strstr(e.text, "f:2: the line is too long"));
	opt_uses_free(&u);
	memset(&u, 0, sizeof(u));
	assert_int_equal(conf_parse(&scan_opts, "f", "T\0=4", 4, &u, &e), ERR_USAGE);
	opt_uses_free(&u);
}

static void test_files(void **state)
{
	struct opt_uses u = {0};
	struct err e = {0};

	assert_int_equal(conf_read(&scan_opts, "/nonexistent/sonde.conf", &u, &e), 0);
	assert_int_equal(conf_read(&scan_opts, "/dev/null", &u, &e), 1);
	assert_int_equal(conf_read(&scan_opts, "/proc", &u, &e), ERR_USAGE); /* a directory */
	assert_int_equal(u.n, 0);
	opt_uses_free(&u);
}

static void test_user_path(void **state)
{
	char path[CONF_PATH_MAX];

	setenv("XDG_CONFIG_HOME", "/x", 1);
	setenv("HOME", "/h", 1);
	assert_string_equal(conf_user_path(path), "/x/sonde/sonde.conf");
	setenv("XDG_CONFIG_HOME", "relative", 1);
	assert_string_equal(conf_user_path(path), "/h/.config/sonde/sonde.conf");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("HOME");
	assert_string_equal(conf_user_path(path), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_user_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
