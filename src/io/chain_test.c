/* SPDX-License-Identifier: BSD-2-Clause */
/* Chains of proxies as users write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "io/chain.h"

static void chains_are_read(void **state)
{
	struct chain c;
	char text[PROXY_TEXT_MAX];

	assert_int_equal(chain_parse("http://192.0.2.1,SOCKS5://me:p%40%2cs@[2001:db8::1]:9050,"
				     "socks4a://192.0.2.3/,socks4://192.0.2.4:65535",
				 &c, NULL),
		0);
	assert_int_equal(c.n, 4);
	assert_string_equal(proxy_text(&c.v[0], text), "http://192.0.2.1:8080");
	assert_false(c.v[0].at.has_user);
	assert_string_equal(proxy_text(&c.v[1], text), "socks5://[2001:db8::1]:9050");
	assert_string_equal(c.v[1].at.user, "me");
	assert_string_equal(c.v[1].at.password, "p@,s");
	assert_string_equal(proxy_text(&c.v[2], text), "socks4a://192.0.2.3:1080");
	assert_string_equal(proxy_text(&c.v[3], text), "socks4://192.0.2.4:65535");
}

static void bad_chains_are_refused(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "",                                       "empty" },
		{ "foo://192.0.2.1:1",                      "\"foo\"" },
		{ "192.0.2.1:1080",                         "\"192.0.2.1\"" },
		{ "http",                                   "://" },
		{ "http://192.0.2.1,",                      "empty" },
		{ "http://192.0.2.1,,http://192.0.2.2",     "empty" },
		{ "http://proxy.example:3128",              "outside the chain" },
		{ "http://user:hush@192.0.2.1:x",           "no port" },
		{ "http://user:%zz@192.0.2.1",              "hexadecimal" },
		{ "socks4://192.0.2.1,http://[2001:db8::1]","IPv4 only" },
	};
	/* clang-format on */
	struct chain c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = {0};

		assert_int_equal(chain_parse(rows[i].text, &c, &e), ERR_USAGE);
		assert_non_null(strstr(e.text, rows[i].says));
		assert_null(strstr(e.text, "hush"));
	}
}

static void chains_have_an_end(void **state)
{
	char text[32 * (CHAIN_MAX + 1)] = "socks5://192.0.2.1";
	struct chain c;

	for (unsigned i = 1; i < CHAIN_MAX; i++)
		strcat(text, ",socks5://192.0.2.1");
	assert_int_equal(chain_parse(text, &c, NULL), 0);
	assert_int_equal(c.n, CHAIN_MAX);
	strcat(text, ",socks5://192.0.2.1");
	assert_int_equal(chain_parse(text, &c, NULL), ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_are_read),
		cmocka_unit_test(bad_chains_are_refused),
		cmocka_unit_test(chains_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
