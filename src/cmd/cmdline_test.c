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

static void test_plain(void **state)
{
	static const char *const argv[] = {"sonde", "-p22,80", "10.0.0.1/24", NULL};
	char *text = cmdline_text(3, argv);

	assert_string_equal(text, "sonde -p22,80 10.0.0.1/24");
	free(text);
}

static void test_shell_gives_it_back(void **state)
{
	static const char *const argv[] = {"printf", "<%s>", "", "it's", "a b", "$HOME", "`x`",
		"\"", "\\", "*", "[1-5]", NULL};
	static const char want[] = "<><it's><a b><$HOME><`x`><\"><\\><*><[1-5]>";
	char *text = cmdline_text(11, argv);
	char got[256] = "";
	FILE *f = popen(text, "re");

	assert_non_null(f);
	assert_non_null(fgets(got, sizeof(got), f));
	pclose(f);
	assert_string_equal(got, want);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_shell_gives_it_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
