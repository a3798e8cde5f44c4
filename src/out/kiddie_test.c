/* SPDX-License-Identifier: BSD-2-Clause */
/* Respelled text can be read back, and what must stay true stays. */
#include "out/kiddie.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const char plain[] =
	"Nmap and Sonde scan report for cafe:: (fd77::a) dead:beef\n"
	"MAC Address: AA:BB:CC:DD:EE:FF (Some Vendor)\n22/tcp open  ssh 84.1us\nNote: that is it.\n";

/* What a letter of the spelling stands for. */
static char read_back(char c)
{
	static const char from[] = "@43!10$5z7+", to[] = "aaeiiosss"
							 "tt";
	const char *at = strchr(from, c);

	return c && at ? to[at - from] : (char)tolower(c);
}

static void test_read_back(void **state)
{
	char text[sizeof(plain)];

	for (uint64_t seed = 0; seed < 200; seed++) {
		memcpy(text, plain, sizeof(plain));
		kiddie_spell(text, sizeof(plain) - 1, seed);
		assert_string_not_equal(text, plain);
		assert_non_null(strstr(text, " cafe:: (fd77::a) dead:beef\n"));
		assert_non_null(strstr(text, " AA:BB:CC:DD:EE:FF ("));
		assert_non_null(strstr(text, "\n22/tcp "));
		assert_non_null(strstr(text, " 84.1us\n"));
		for (size_t i = 0; i < sizeof(plain); i++)
			assert_true(text[i] == plain[i] || read_back(text[i]) == tolower(plain[i]));
	}
}

static void test_seed_decides(void **state)
{
	char a[sizeof(plain)], b[sizeof(plain)], c[sizeof(plain)];

	memcpy(a, plain, sizeof(plain));
	memcpy(b, plain, sizeof(plain));
	memcpy(c, plain, sizeof(plain));
	kiddie_spell(a, sizeof(plain) - 1, 1);
	kiddie_spell(b, sizeof(plain) - 1, 1);
	kiddie_spell(c, sizeof(plain) - 1, 2);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	kiddie_spell(NULL, 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_seed_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
