/* SPDX-License-Identifier: BSD-2-Clause */
/* IP options against the bytes that nmap 7.93 was seen to send, and RFC 791 where it differs. */
#include "pkt/ipopt.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

static void assert_bytes(const char *text, const char *hex)
{
	struct ipopt o;
	char got[2 * IPOPT_MAX + 1] = "";

	assert_int_equal(ipopt_parse(text, &o, NULL), 0);
	for (unsigned i = 0; i < o.len; i++)
		sprintf(got + 2 * i, "%02x", o.bytes[i]);
	assert_string_equal(got, hex);
}

#define ZEROS_32 "0000000000000000000000000000000000000000000000000000000000000000"
#define ZEROS_36 ZEROS_32 "00000000"

static void test_record(void **state)
{
	assert_bytes("R", "01072704" ZEROS_36);
	assert_bytes("T", "44280500" ZEROS_36);
	assert_bytes("U", "44240501" ZEROS_32);
}

/* nmap leaves the first hop in the list, too; RFC 791 3.1 has only those that are to come. */
static void test_source_route(void **state)
{
	struct ipopt o;

	assert_bytes("L 10.9.0.5 10.9.0.6", "01830b040a09000600000000");
	assert_bytes("S 10.9.0.5", "0189070400000000");
	assert_int_equal(ipopt_parse("L10.9.0.5,10.9.0.6", &o, NULL), 0);
	assert_int_equal(addr_to_v4(&o.first_hop), 0x0a090005);
	assert_int_equal(ipopt_parse("L 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 "
				     "1.1.1.1 1.1.1.1",
				 &o, NULL),
		0);
	assert_int_equal(o.len, 40);
	assert_int_equal(ipopt_parse("R", &o, NULL), 0);
	assert_int_equal(o.first_hop.family, 0);
}

static void test_bytes(void **state)
{
	assert_bytes("\\x01*4", "01010101");
	assert_bytes("\\x94\\x04\\0*2", "94040000");
	assert_bytes("\\7\\4\\255", "0704ff00");
	assert_bytes("\\x44\\x24\\x05\\x00*33", "442405" ZEROS_32 "00");
}

static void test_refused(void **state)
{
	static const char *const wrong[] = {"Q", "", "RU", "L", "L fd00::1", "L 1.2.3", "S x",
		"\\x", "\\", "\\256", "\\x1*", "\\x1*0", "\\x1*41", "\\x1 \\x2", "0102",
		"L 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct err e = {0};
		struct ipopt o;

		assert_int_equal(ipopt_parse(wrong[i], &o, &e), ERR_PARSE);
		assert_true(e.text[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_source_route),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
