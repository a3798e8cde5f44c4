/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of the records: none is missing, and they are those of nmap. */
#include "model/word.h"

#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void every_value_has_a_word(void **state)
{
	for (unsigned i = 0; i < PORT_STATES; i++)
		assert_non_null(port_state_name((enum port_state)i));
	for (unsigned i = 0; i <= HOST_SKIPPED; i++)
		assert_non_null(host_state_name((enum host_state)i));
	for (unsigned i = 0; i < RTT_SOURCES; i++)
		assert_non_null(rtt_source_name((enum rtt_source)i));
	for (unsigned i = 0; i < REASONS; i++) {
		assert_non_null(reason_name((enum reason)i));
		assert_non_null(reason_plural((enum reason)i));
		assert_non_null(reason_summary((enum reason)i));
	}
	assert_string_equal(port_state_name((enum port_state)200), "unknown");
	assert_non_null(reason_name((enum reason)200));
}

/* Reasons seen in XML of nmap 7.93, and the plurals that its older versions wrote in
 * <extrareasons>. */
static void words_of_nmap(void **state)
{
	/* clang-format off */
	static const struct { enum reason r; const char *one, *many; } seen[] = {
		{ REASON_NO_RESPONSE, "no-response", "no-responses" },
		{ REASON_RESET, "reset", "resets" },
		{ REASON_CONN_REFUSED, "conn-refused", "conn-refused" },
		{ REASON_PORT_UNREACH, "port-unreach", "port-unreaches" },
		{ REASON_HOST_UNREACH, "host-unreach", "host-unreaches" },
		{ REASON_NET_UNREACH, "net-unreach", "net-unreaches" },
		{ REASON_PROTO_UNREACH, "proto-unreach", "proto-unreaches" },
		{ REASON_ADMIN_PROHIBITED, "admin-prohibited", "admin-prohibiteds" },
		{ REASON_HOST_PROHIBITED, "host-prohibited", "host-prohibiteds" },
		{ REASON_NET_PROHIBITED, "net-prohibited", "net-prohibiteds" },
		{ REASON_ECHO_REPLY, "echo-reply", "echo-replies" },
		{ REASON_CONN_ACCEPT, "syn-ack", "syn-acks" },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		assert_string_equal(reason_name(seen[i].r), seen[i].one);
		assert_string_equal(reason_plural(seen[i].r), seen[i].many);
	}
	assert_string_equal(port_state_name(PORT_OPEN_FILTERED), "open|filtered");
	assert_string_equal(port_state_name(PORT_CLOSED_FILTERED), "closed|filtered");
	assert_string_equal(proto_name(PROTO_SCTP), "sctp");
	assert_string_equal(proto_name(PROTO_IP), "ip");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_has_a_word),
		cmocka_unit_test(words_of_nmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
