/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP flags as --scanflags takes them, by RFC 9293 3.1 and RFC 3168. */
#include "cmd/tcp_flags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static void test_taken(void **state)
{
	static const struct {
		const char *text;
		uint8_t flags;
	} rows[] = {
		{"SYN", 0x02},
		{"syn", 0x02},
		{"FINSYNRSTPSHACKURGECECWR", 0xff},
		{"UrgAckPshRstSynFin", 0x3f},
		{"syn,fin", 0x03},
		{"SYN|ACK", 0x12},
		{" ece cwr ", 0xc0},
		{"ALL", 0xff},
		{"none", 0},
		{"nonesyn", 0x02},
		{"synsyn", 0x02},
		{"0", 0},
		{"255", 255},
		{"0x12", 0x12},
		{"0Xff", 0xff},
		{"010", 10},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = {0};
		uint8_t flags;

		if (tcp_flags_parse(rows[i].text, &flags, &e) < 0 || flags != rows[i].flags)
			fail_msg("%s: 0x%x, %s", rows[i].text, flags, e.text);
	}
}

static void test_refused(void **state)
{
	static const char *const bad[] = {"", " ", "256", "-1", "0x100", "12x", "0x", "SY", "SYNX",
		"xsyn", "99999999999999999999", "syn 2"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = {0};
		uint8_t flags;

		if (tcp_flags_parse(bad[i], &flags, &e) != ERR_USAGE || !e.text[0])
			fail_msg("%s is taken as 0x%x", bad[i], flags);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
