/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of networks, and the ranges that a sweep leaves out, against the registries' own figures.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "target/groups.h"
#include "target/special.h"

static bool has(const struct addr_set *s, const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return addr_set_contains(s, &a);
}

static void takes_groups(void **state)
{
	static const char text[] = "# remark\n\ndate 2025-01-31\n  one 192.0.2.0/24 # why\n"
				   "two\t2001:db8::/32\r\nOne 198.51.100.7\n";
	struct net_groups g;
	struct err e;

	assert_int_equal(groups_parse(&g, "t", text, strlen(text), &e), 0);
	assert_int_equal(g.n, 2);
	assert_string_equal(g.date, "2025-01-31");
	assert_true(has(&groups_find(&g, "ONE")->set, "192.0.2.255"));
	assert_true(has(&groups_find(&g, "one")->set, "198.51.100.7"));
	assert_false(has(&groups_find(&g, "one")->set, "198.51.100.8"));
	assert_true(has(&groups_find(&g, "two")->set, "2001:db8:ffff::1"));
	assert_null(groups_find(&g, "three"));
	groups_free(&g);
}

static void refuses_with_the_line(void **state)
{
	static const char *const bad[] = {"a 192.0.2.1/24", "a 192.0.2.0/33", "a 192.0.2", "a",
		"a b c", "a 192.0.2.0/24 5", "a! 192.0.2.0/24", "a 192.0.2.0/", "a fe80::1%lo",
		"date 2025-01-31-and-so-on"};
	struct net_groups g;
	char text[128];
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "x 10.0.0.0/8\n%s\n", bad[i]);
		assert_int_equal(groups_parse(&g, "t", text, strlen(text), &e), ERR_USAGE);
		assert_non_null(strstr(e.text, "t:2: "));
		assert_int_equal(g.n, 0);
	}
	assert_int_equal(groups_read(&g, "/nonexistent/table", &e), ERR_USAGE);
}

static uint64_t size(const struct range_set *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += (uint64_t)(s->v[i].last - s->v[i].first) + 1;
	return n;
}

/* 2^32 less what the RFCs set aside, counted by hand. */
static void special_use_of_ipv4(void **state)
{
	static const char *const in[] = {"0.1.2.3", "10.255.0.1", "100.64.0.0", "127.0.0.1",
		"169.254.169.254", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1",
		"192.168.0.1", "198.19.255.255", "224.0.0.1", "255.255.255.255"};
	static const char *const out[] = {"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255",
		"100.128.0.0", "172.32.0.0", "192.0.0.9", "192.0.0.10", "192.31.196.1",
		"198.20.0.0", "223.255.255.255"};
	struct special s;
	struct err e;

	assert_int_equal(special_open(&s, NULL, &e), 0);
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		assert_true(has(&s.out, in[i]));
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		assert_false(has(&s.out, out[i]));
	assert_int_equal(size(&s.out.v4), 3 * (1u << 24) + (1u << 22) + 2 * (1u << 16) +
						  (1u << 20) + (1u << 17) + 5 * 256 + (1u << 29) -
						  2);
	special_free(&s);
}

/* Only 2000::/3 is global unicast. */
static void special_use_of_ipv6(void **state)
{
	static const char *const in[] = {"::", "::1", "::ffff:1.2.3.4", "100::1",
		"1fff::", "2001::1", "2001:2::1", "2001:db8::1", "2002::1", "3fff:fff::1",
		"4000::", "5f00::1", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	static const char *const out[] = {"64:ff9b::1.2.3.4", "2000::", "2001:1::1", "2001:1::2",
		"2001:200::1", "2606:4700::1111", "2620:4f:8000::1", "3fff:1000::1",
		"2a00:1450::1"};
	struct special s;
	struct err e;

	assert_int_equal(special_open(&s, NULL, &e), 0);
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		assert_true(has(&s.out, in[i]));
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		assert_false(has(&s.out, out[i]));
	special_free(&s);
}

/* Private ranges are free where they are connected, others are not for that. */
static void connected_networks_are_free(void **state)
{
	struct special s;
	struct addr_set near = {0};
	struct err e;

	assert_int_equal(range_set_add(&near.v4, 0xc0a80100, 0xc0a801ff), 0); /* 192.168.1.0/24 */
	assert_int_equal(range_set_add(&near.v4, 0xc0000200, 0xc00002ff), 0); /* 192.0.2.0/24 */
	addr_set_seal(&near);
	assert_int_equal(special_open(&s, &near, &e), 0);
	assert_false(has(&s.out, "192.168.1.77"));
	assert_true(has(&s.out, "192.168.2.0"));
	assert_true(has(&s.out, "192.0.2.1"));
	special_free(&s);
	addr_set_free(&near);
}

/* The providers' table: it can be read, and no provider holds private or reserved networks. */
static void providers(void **state)
{
	static const struct {
		const char *name, *addr;
	} known[] = {{"cloudflare", "104.16.132.229"}, {"cloudflare", "2606:4700::6810:84e5"},
		{"fastly", "151.101.1.6"}, {"cloudfront", "13.32.99.1"}, {"akamai", "23.55.1.1"},
		{"google", "142.250.80.46"}, {"azure-front-door", "13.107.246.10"},
		{"imperva", "45.60.1.1"}, {"sucuri", "192.88.134.9"}};
	struct range_set both = {0};
	struct net_groups g;
	struct special s;
	struct err e;

	assert_int_equal(groups_parse(&g, "cdn", cdn_text, strlen(cdn_text), &e), 0);
	assert_int_equal(special_open(&s, NULL, &e), 0);
	assert_int_equal(strlen(g.date), 10);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_true(has(&groups_find(&g, known[i].name)->set, known[i].addr));
	for (size_t i = 0; i < g.n; i++) {
		uint64_t before = size(&g.v[i].set.v4);

		assert_int_equal(special_subtract(&both, &g.v[i].set.v4, &s.all.v4), 0);
		assert_int_equal(size(&both), before);
		range_set_free(&both);
	}
	groups_free(&g);
	special_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_groups),
		cmocka_unit_test(refuses_with_the_line),
		cmocka_unit_test(special_use_of_ipv4),
		cmocka_unit_test(special_use_of_ipv6),
		cmocka_unit_test(connected_networks_are_free),
		cmocka_unit_test(providers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
