/* SPDX-License-Identifier: BSD-2-Clause */
/* DNS: RFC 1035's own example of compression, hostile names, queries byte by byte. */
#include "pkt/dns.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

/* RFC 1035 4.1.4: F.ISI.ARPA at 20, FOO.F.ISI.ARPA at 40, ARPA at 64, the root at 92. */
static void test_rfc1035(void **state)
{
	uint8_t b[93] = {0};
	char text[DNS_NAME_TEXT];
	static const struct {
		size_t at, after;
		const char *name;
	} names[] = {{20, 32, "F.ISI.ARPA"}, {40, 46, "FOO.F.ISI.ARPA"}, {64, 66, "ARPA"},
		{92, 93, "."}};
	struct dns_msg m = {.all = rd_init(b, sizeof(b))};

	memcpy(b + 20,
		"\x01"
		"F\x03ISI\x04"
		"ARPA",
		12);
	memcpy(b + 40,
		"\x03"
		"FOO\xc0\x14",
		6);
	memcpy(b + 64, "\xc0\x1a", 2);
	for (size_t i = 0; i < 4; i++) {
		struct rd r = m.all;

		rd_skip(&r, names[i].at);
		assert_true(dns_name_read(&m, &r, text));
		assert_string_equal(text, names[i].name);
		assert_ptr_equal(r.p, b + names[i].after);
	}
}

static bool reads(const void *bytes, size_t len, size_t at, char text[DNS_NAME_TEXT])
{
	struct dns_msg m = {.all = rd_init(bytes, len)};
	struct rd r = m.all;

	rd_skip(&r, at);
	return dns_name_read(&m, &r, text);
}

static void test_hostile_names(void **state)
{
	char text[DNS_NAME_TEXT];

	assert_false(reads("\xc0\x00", 2, 0, text));	     /* to itself */
	assert_false(reads("\xc0\x02\xc0\x00", 4, 0, text)); /* forward, and round */
	assert_false(reads("\x01"
			   "a\xc0\x00",
		4, 0, text)); /* a loop with a label in it */
	assert_false(reads("\x01"
			   "a\xc0\x00",
		4, 2, text));			 /* the same entered from behind */
	assert_false(reads("\xc0", 1, 0, text)); /* half a pointer */
	assert_false(reads("\x05"
			   "abc",
		4, 0, text)); /* a label cut off */
	assert_false(reads("\x01"
			   "a",
		2, 0, text)); /* no end */
	assert_false(reads("\x41"
			   "abc\0",
		5, 0, text)); /* label types 01 and 10 do not exist */
	assert_false(reads("\x80"
			   "abc\0",
		5, 0, text));
	assert_false(reads("", 0, 0, text));
	assert_true(reads("\x04"
			  "a.\\\x1b\0",
		6, 0, text));
	assert_string_equal(text, "a\\046\\092\\027");
}

/* 255 bytes are a name, 256 are none; every byte escaped must still fit the text. */
static void test_longest_name(void **state)
{
	uint8_t b[300];
	char text[DNS_NAME_TEXT];

	memset(b, 0x01, sizeof(b));
	b[0] = b[64] = b[128] = 63;
	b[192] = 61;
	b[254] = 0;
	assert_true(reads(b, 255, 0, text));
	assert_int_equal(strlen(text), 250 * 4 + 3);
	b[192] = 62;
	b[255] = 0;
	assert_false(reads(b, 256, 0, text));
}

static void test_query(void **state)
{
	static const char wanted[] = "\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0\x03www\x07"
				     "example\x03org\0\0\x1c\0\x01";
	uint8_t b[64];

	assert_int_equal(
		dns_query(b, sizeof(b), 0x1234, "www.example.org", DNS_AAAA), sizeof(wanted) - 1);
	assert_memory_equal(b, wanted, sizeof(wanted) - 1);
	assert_int_equal(dns_query(b, sizeof(b), 1, "www.example.org.", DNS_A), sizeof(wanted) - 1);
	assert_int_equal(dns_query(b, sizeof(b), 1, ".", DNS_NS), 17);
	assert_int_equal(dns_query(b, sizeof(wanted) - 2, 1, "www.example.org", DNS_A), 0);
	assert_int_equal(dns_query(b, sizeof(b), 1, "www..org", DNS_A), 0);
	assert_int_equal(
		dns_query(b, sizeof(b), 1,
			"0123456789012345678901234567890123456789012345678901234567890123", DNS_A),
		0);
}

/* RFC 3596 2.5 has this very address. */
static void test_reverse(void **state)
{
	char text[DNS_REVERSE_TEXT];
	struct addr a;

	assert_int_equal(addr_parse("4321:0:1:2:3:4:567:89ab", &a), 0);
	assert_string_equal(dns_reverse_name(&a, text),
		"b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa");
	assert_int_equal(addr_parse("10.2.0.52", &a), 0);
	assert_string_equal(dns_reverse_name(&a, text), "52.0.2.10.in-addr.arpa");
}

static void test_answer(void **state)
{
	static const char bytes[] =
		"\0\x07\x81\x80\0\x01\0\x02\0\0\0\x01\x01"
		"1\x07in-addr\0\0\x0c\0\x01"			       /* question at 12 */
		"\xc0\x0c\0\x0c\0\x01\0\0\0\x3c\0\x07\x04host\xc0\x0e" /* PTR to host.in-addr */
		"\xc0\x0c\0\x01\x80\x01\0\0\0\x3c\0\x04\x0a\0\0\x01"   /* A with mDNS' flag in the
									  class */
		"\0\0\x10\0\x01\0\0\0\0\0\x05\x03"
		"abc\0"; /* TXT of two strings, the second empty */
	char text[DNS_NAME_TEXT], literal[ADDR_TEXT_MAX];
	struct dns_msg m;
	struct dns_hdr h;
	struct dns_rr rr;
	struct addr a;
	const uint8_t *t;
	size_t len;

	assert_true(dns_open(&m, bytes, sizeof(bytes) - 1, &h));
	assert_int_equal(h.flags & DNS_QR, DNS_QR);
	assert_true(dns_rr_next(&m, &rr));
	assert_string_equal(rr.name, "1.in-addr");
	assert_true(dns_rr_name(&m, &rr, text));
	assert_string_equal(text, "host.in-addr");
	assert_false(dns_rr_addr(&rr, &a));
	assert_true(dns_rr_next(&m, &rr));
	assert_true(dns_rr_addr(&rr, &a));
	assert_string_equal(addr_text(&a, literal), "10.0.0.1");
	assert_true(dns_rr_next(&m, &rr));
	assert_int_equal(rr.section, DNS_ADDITIONAL);
	assert_true(dns_txt_next(&rr.data, &t, &len));
	assert_int_equal(len, 3);
	assert_memory_equal(t, "abc", 3);
	assert_true(dns_txt_next(&rr.data, &t, &len));
	assert_int_equal(len, 0);
	assert_false(dns_txt_next(&rr.data, &t, &len));
	assert_false(dns_rr_next(&m, &rr));
	assert_true(m.at.ok);
}

/* Counts that promise 65535 entries of nothing. */
static void test_empty_promises(void **state)
{
	struct dns_msg m;
	struct dns_hdr h;
	struct dns_rr rr;

	assert_true(dns_open(&m, "\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff", 12, &h));
	assert_false(dns_rr_next(&m, &rr));
	assert_false(m.at.ok);
	assert_false(dns_open(&m, "\0\0\x80\0", 4, &h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc1035),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_reverse),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_empty_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
