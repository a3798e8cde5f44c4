/* SPDX-License-Identifier: BSD-2-Clause */
/* What needs no server: lists of servers as users type them, names and messages of the reverse
 * tree. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ares.h>
#include <stdlib.h>
#include <string.h>

#include "net/dnsq.h"
#include "net/ptr.h"
#include "net/resolve.h"

static void test_bad_servers(void **state)
{
	/* clang-format off */
	static const char *const lists[] = {
		"",		"example.com",	     "10.0.0.1,,10.0.0.2", "10.0.0.1,",
		"10.0.0.1:0",	"10.0.0.1:65536",    "[10.0.0.1]",	   "[fd00::1",
		"[fd00::1]x",	"10.0.0.1:53x",	     "fe80::1%lo",	   "10.0.0.1 10.0.0.2",
		"1,1",		",10.0.0.1",	     "10.0.0.1:",
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct resolver_conf conf = {.servers = lists[i]};
		struct err e = {0};
		struct dnsq *d;

		assert_int_equal(dnsq_open(&d, &conf, &e), ERR_USAGE);
		assert_null(d);
		assert_non_null(strstr(e.text, "DNS server"));
	}
}

static void test_too_many_servers(void **state)
{
	char list[17 * 9 + 1] = "";
	struct resolver_conf conf = {.servers = list};
	struct dnsq *d;

	for (unsigned i = 0; i < 16; i++)
		strcat(list, i ? ",10.0.0.1" : "10.0.0.1");
	assert_int_equal(dnsq_open(&d, &conf, NULL), 0);
	dnsq_close(d);
	strcat(list, ",10.0.0.1");
	assert_int_equal(dnsq_open(&d, &conf, NULL), ERR_USAGE);
}

/* The examples of RFC 1035, 3.5 and RFC 3596, 2.5. */
static void test_ptr_names(void **state)
{
	char name[PTR_NAME_MAX];
	struct addr a;

	assert_int_equal(addr_parse("10.2.0.52", &a), 0);
	assert_string_equal(ptr_name(&a, name), "52.0.2.10.in-addr.arpa");
	assert_int_equal(addr_parse("4321:0:1:2:3:4:567:89ab", &a), 0);
	assert_string_equal(ptr_name(&a, name), "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0."
						"0.0.0.0.1.2.3.4.ip6.arpa");
}

/* One question and, behind a CNAME, the PTR record; names by pointers. */
/* clang-format off */
static const uint8_t message[] = {
	0x12, 0x34, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0, /* header */
	1, '5', 3, 'r', 'e', 'v', 0, 0, 12, 0, 1,	/* question, name at 12 */
	0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 4, 1, 'x', 0xc0, 14,
	0xc0, 35, 0, 12, 0, 1, 0, 0, 0, 9, 0, 6, 3, 'w', 'w', 'w', 0xc0, 14,
};
/* clang-format on */

static char *find_in_copy(const uint8_t *bytes, size_t len)
{
	uint8_t *copy =
		malloc(len ? len : 1); /* as long as it is, so that a sanitizer sees overruns */
	char *name;

	memcpy(copy, bytes, len);
	name = ptr_find(copy, len);
	free(copy);
	return name;
}

static void test_message(void **state)
{
	char *name = find_in_copy(message, sizeof(message));

	assert_non_null(name);
	assert_string_equal(name, "www.rev");
	ares_free_string(name);
}

static void test_cut_off(void **state)
{
	for (size_t len = 0; len < sizeof(message); len++)
		assert_null(find_in_copy(message, len));
}

/* Four labels of 62 bytes are a name as long as may be; whatever joins a fifth is none. */
static char *find_labels(unsigned labels)
{
	static const uint8_t head[] = {0, 0, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 12, 0, 1};
	uint8_t m[512] = {0};
	size_t len = sizeof(head) + 4, data = len + 2;

	memcpy(m, head, sizeof(head));
	m[len] = (uint8_t)((labels * 63 + 1) >> 8);
	m[len + 1] = (uint8_t)(labels * 63 + 1);
	for (unsigned i = 0; i < labels; i++) {
		m[data + i * 63] = 62;
		memset(m + data + i * 63 + 1, 'a', 62);
	}
	return find_in_copy(m, data + labels * 63 + 1);
}

static void test_too_long(void **state)
{
	char *name = find_labels(4);

	assert_non_null(name);
	assert_int_equal(strlen(name), 4 * 63 - 1);
	ares_free_string(name);
	assert_null(find_labels(5));
}

/* Any one byte wrong: there may be a name or not, but nothing is read beyond the end. */
static void test_any_byte_wrong(void **state)
{
	uint8_t bad[sizeof(message)];

	for (size_t at = 0; at < sizeof(message); at++) {
		for (unsigned value = 0; value < 256; value++) {
			memcpy(bad, message, sizeof(bad));
			bad[at] = (uint8_t)value;
			ares_free_string(find_in_copy(bad, sizeof(bad)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_servers),
		cmocka_unit_test(test_too_many_servers),
		cmocka_unit_test(test_ptr_names),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_any_byte_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
