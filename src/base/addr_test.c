/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses against the examples of RFC 4291 and 5952 and the arithmetic of Python's ipaddress. */
#include "base/addr.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"

static struct addr parsed(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void canonical_text(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *out; } cases[] = {
		{ "10.0.0.1", "10.0.0.1" }, { "0.0.0.0", "0.0.0.0" }, { "255.255.255.255", "255.255.255.255" },
		{ "::", "::" }, { "::1", "::1" }, { "FE80::1", "fe80::1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" }, /* RFC 5952, 4.2.3: the first of equals */
		{ "2001:db8::1:0:0:0", "2001:db8:0:0:1::" },	 /* the longest run */
		{ "2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* 4.2.2: not for one group */
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },	 /* 5: mixed notation */
		{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" }, { "0:0:1::", "0:0:1::" },
	};
	/* clang-format on */
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr a = parsed(cases[i].in);

		assert_string_equal(addr_text(&a, text), cases[i].out);
	}
}

static void bad_text(void **state)
{
	static const char *const bad[] = { "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ",
		" 1.2.3.4", "010.0.0.1", "0x7f.1", "2130706433", ":", ":::", "1::2::3",
		"1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "::1/64", "10.0.0.1%1",
		"::1%1", "2001:db8::1%1", "fe80::1%", "fe80::1%0", "fe80::1%no-such-interface",
		"fe80::1%4294967296", "localhost",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct addr a = addr_v4(0x01020304);

		assert_int_equal(addr_parse(bad[i], &a), ERR_PARSE);
		assert_int_equal(addr_to_v4(&a), 0x01020304);
	}
}

static void zones(void **state)
{
	char name[IF_NAMESIZE], want[ADDR_TEXT_MAX], text[ADDR_TEXT_MAX];
	struct addr a = parsed("fe80::1%1");

	if (!if_indextoname(1, name))
		skip(); /* a namespace without a first interface */
	assert_int_equal(a.zone, 1);
	snprintf(want, sizeof(want), "fe80::1%%%s", name);
	assert_string_equal(addr_text(&a, text), want);
	a = parsed(want);
	assert_int_equal(a.zone, 1);
	assert_int_equal(parsed("ff02::1%1").zone, 1);
	a.zone = 4000000000u; /* of an interface that is gone */
	assert_string_equal(addr_text(&a, text), "fe80::1%4000000000");
}

static void longest_text_fits(void **state)
{
	char text[ADDR_TEXT_MAX];
	struct addr a = parsed("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255");

	a.zone = UINT32_MAX;
	assert_true(strlen(addr_text(&a, text)) < ADDR_TEXT_MAX);
	memset(&a, 0, sizeof(a));
	assert_string_equal(addr_text(&a, text), "");
}

static void with_port(void **state)
{
	struct addr four = parsed("10.0.0.1"), six = parsed("fd00::1");
	char text[ADDR_PORT_TEXT_MAX];

	assert_string_equal(addr_port_text(&four, 80, text), "10.0.0.1:80");
	assert_string_equal(addr_port_text(&six, 65535, text), "[fd00::1]:65535");
}

static void arithmetic(void **state)
{
	struct addr a = addr_add(parsed("10.0.0.255"), 1), b;

	assert_int_equal(addr_to_v4(&a), 0x0a000100);
	a = addr_add(parsed("255.255.255.250"), 6);
	assert_int_equal(addr_to_v4(&a), 0);
	a = addr_add(parsed("2001:db8::ffff:ffff:ffff:ffff"), 1);
	b = parsed("2001:db8:0:1::");
	assert_true(addr_eq(&a, &b));
	a = addr_add(parsed("2001:db8::"), UINT64_MAX);
	b = parsed("2001:db8::ffff:ffff:ffff:ffff");
	assert_true(addr_eq(&a, &b));
	a = addr_add(parsed("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 2);
	b = parsed("::1");
	assert_true(addr_eq(&a, &b));
}

static void order(void **state)
{
	static const char *const sorted[] = { "9.255.255.255", "10.0.0.1", "10.0.0.2", "10.0.1.0",
		"200.0.0.0", "::1", "2001:db8::", "fe80::1", "fe80::1%1", "fe80::2" };
	size_t n = sizeof(sorted) / sizeof(sorted[0]);

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			struct addr a = parsed(sorted[i]), b = parsed(sorted[j]);

			assert_int_equal(addr_cmp(&a, &b), (i > j) - (i < j));
			assert_int_equal(addr_eq(&a, &b), i == j);
		}
	}
}

static void kinds(void **state)
{
	/* clang-format off */
	static const struct { const char *text; bool loopback, linklocal, multicast; } cases[] = {
		{ "127.0.0.1", true, false, false },  { "127.255.255.255", true, false, false },
		{ "128.0.0.1", false, false, false }, { "::1", true, false, false },
		{ "::2", false, false, false },	      { "169.254.1.1", false, true, false },
		{ "169.253.1.1", false, false, false }, { "fe80::1", false, true, false },
		{ "febf::1", false, true, false },    { "fec0::1", false, false, false },
		{ "224.0.0.1", false, false, true },  { "239.255.255.255", false, false, true },
		{ "240.0.0.1", false, false, false }, { "ff02::1", false, false, true },
		{ "::127.0.0.1", false, false, false },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr a = parsed(cases[i].text);

		assert_int_equal(addr_is_loopback(&a), cases[i].loopback);
		assert_int_equal(addr_is_linklocal(&a), cases[i].linklocal);
		assert_int_equal(addr_is_multicast(&a), cases[i].multicast);
	}
}

static void prefixes(void **state)
{
	/* clang-format off */
	static const struct { const char *a, *net; unsigned bits; bool in; } cases[] = {
		{ "10.1.2.3", "10.1.0.0", 16, true },	  { "10.2.2.3", "10.1.0.0", 16, false },
		{ "192.0.2.127", "192.0.2.64", 26, true }, { "192.0.2.128", "192.0.2.64", 26, false },
		{ "1.2.3.4", "255.0.0.0", 0, true },	  { "1.2.3.4", "1.2.3.4", 32, true },
		{ "1.2.3.5", "1.2.3.4", 32, false },	  { "1.2.3.4", "1.2.3.4", 33, false },
		{ "2001:db8::1", "2001:db8::", 64, true }, { "2001:db9::1", "2001:db8::", 31, true },
		{ "2001:db9::1", "2001:db8::", 32, false }, { "::1", "::1", 128, true },
		{ "::1", "0.0.0.0", 0, false },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr a = parsed(cases[i].a), net = parsed(cases[i].net);

		assert_int_equal(addr_in_prefix(&a, &net, cases[i].bits), cases[i].in);
	}
}

static void bytes_and_mac(void **state)
{
	static const uint8_t raw[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	const struct mac m = { { 0x00, 0x0c, 0x29, 0xaa, 0xbb, 0xcc } };
	struct addr a = addr_from_bytes(6, raw), b = parsed("2001:db8::1");
	char text[MAC_TEXT_MAX];

	assert_true(addr_eq(&a, &b));
	assert_int_equal(addr_len(&a), 16);
	a = addr_from_bytes(4, raw);
	assert_int_equal(addr_to_v4(&a), 0x20010db8);
	assert_int_equal(addr_len(&a), 4);
	a = addr_v4(0x20010db8);
	assert_memory_equal(a.b, raw, 4);
	assert_string_equal(mac_text(&m, text), "00:0C:29:AA:BB:CC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_text),
		cmocka_unit_test(bad_text),
		cmocka_unit_test(zones),
		cmocka_unit_test(longest_text_fits),
		cmocka_unit_test(with_port),
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(order),
		cmocka_unit_test(kinds),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(bytes_and_mac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
