/* SPDX-License-Identifier: BSD-2-Clause */
/* The techniques: what answers, errors and silence mean, by the tables of RFCs and of nmap's
 * manual. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "scan/tech.h"

#define COUNT(v) (sizeof(v) / sizeof(*(v)))

/* The table: what a segment means to each technique. */
static void test_tcp_verdicts(void **state)
{
	enum { NONE = PORT_UNKNOWN };
	static const struct {
		const struct scan_tech *tech;
		uint8_t syn_ack, rst, rst_window, silence;
	} rows[] = {
		{&tech_syn, PORT_OPEN, PORT_CLOSED, PORT_CLOSED, PORT_FILTERED},
		{&tech_null, NONE, PORT_CLOSED, PORT_CLOSED, PORT_OPEN_FILTERED},
		{&tech_fin, NONE, PORT_CLOSED, PORT_CLOSED, PORT_OPEN_FILTERED},
		{&tech_xmas, NONE, PORT_CLOSED, PORT_CLOSED, PORT_OPEN_FILTERED},
		{&tech_maimon, NONE, PORT_CLOSED, PORT_CLOSED, PORT_OPEN_FILTERED},
		{&tech_ack, NONE, PORT_UNFILTERED, PORT_UNFILTERED, PORT_FILTERED},
		{&tech_window, NONE, PORT_CLOSED, PORT_OPEN, PORT_FILTERED},
	};
	static const uint8_t nothing[] = {TCP_ACK, TCP_FIN | TCP_ACK, 0};
	struct pkt_l4 l4 = {.proto = PROTO_TCP, .has_tcp = true};
	struct answer a = {.l4 = &l4};
	struct verdict v;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct scan_tech *t = rows[i].tech;

		assert_int_equal(t->silence, rows[i].silence);
		l4.flags = TCP_SYN | TCP_ACK | TCP_ECE;
		assert_int_equal(t->classify(&a, &v), rows[i].syn_ack != NONE);
		if (rows[i].syn_ack != NONE)
			assert_int_equal(v.state, rows[i].syn_ack);
		for (int k = 0; k < 4; k++) {
			l4.flags = k & 1 ? TCP_RST : TCP_RST | TCP_ACK;
			l4.window = k & 2 ? 4096 : 0;
			assert_true(t->classify(&a, &v));
			assert_int_equal(v.state, k & 2 ? rows[i].rst_window : rows[i].rst);
			assert_int_equal(v.reason, REASON_RESET);
		}
		for (size_t k = 0; k < COUNT(nothing); k++) { /* a challenge ACK (RFC 5961) */
			l4.flags = nothing[k];
			assert_false(t->classify(&a, &v));
		}
	}
}

static void test_sctp_verdicts(void **state)
{
	struct pkt_l4 l4 = {.proto = PROTO_SCTP, .has_sctp = true};
	struct answer a = {.l4 = &l4};
	struct verdict v;

	for (unsigned chunk = 0; chunk < 256; chunk++) {
		l4.chunk = (uint8_t)chunk;
		assert_int_equal(tech_sctp_init.classify(&a, &v), chunk == 2 || chunk == 6);
		if (chunk == 2 || chunk == 6) {
			assert_int_equal(v.state, chunk == 2 ? PORT_OPEN : PORT_CLOSED);
			assert_int_equal(v.reason, chunk == 2 ? REASON_INIT_ACK : REASON_ABORT);
		}
		assert_int_equal(tech_sctp_cookie.classify(&a, &v), chunk == 6);
	}
	assert_int_equal(v.state, PORT_CLOSED);
	assert_int_equal(tech_sctp_init.silence, PORT_FILTERED);
	assert_int_equal(tech_sctp_cookie.silence, PORT_OPEN_FILTERED);
}

/* nmap's manual on -sO; RFC 4443 3.4 for IPv6. */
static void test_proto_verdicts(void **state)
{
	static const struct {
		uint8_t family, type, code, from_target, from_router;
	} rows[] = {
		{4, 3, 2, PORT_CLOSED, PORT_FILTERED},
		{4, 3, 3, PORT_OPEN, PORT_FILTERED},
		{4, 3, 1, PORT_FILTERED, PORT_FILTERED},
		{4, 3, 13, PORT_FILTERED, PORT_FILTERED},
		{6, 4, 1, PORT_CLOSED, PORT_FILTERED},
		{6, 4, 0, PORT_OPEN, PORT_FILTERED},
		{6, 1, 4, PORT_OPEN, PORT_FILTERED},
		{6, 1, 1, PORT_FILTERED, PORT_FILTERED},
	};
	struct verdict v;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pkt_view view = {.src.family = rows[i].family,
			.l4 = {.has_icmp = true, .type = rows[i].type, .code = rows[i].code}};

		assert_true(tech_proto.icmp(&view, true, &v));
		assert_int_equal(v.state, rows[i].from_target);
		assert_true(tech_proto.icmp(&view, false, &v));
		assert_int_equal(v.state, rows[i].from_router);
	}
	assert_int_equal(tech_proto.silence, PORT_OPEN_FILTERED);
}

/* RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1 (IPv4); RFC 4443 3.1-3.4 (IPv6). */
static void test_icmp_verdicts(void **state)
{
	static const struct {
		uint8_t family, type, code;
		bool says;
		uint8_t reason;
	} rows[] = {
		{4, 3, 0, true, REASON_NET_UNREACH},
		{4, 3, 1, true, REASON_HOST_UNREACH},
		{4, 3, 2, true, REASON_PROTO_UNREACH},
		{4, 3, 3, true, REASON_PORT_UNREACH},
		{4, 3, 6, true, REASON_NET_UNREACH},
		{4, 3, 7, true, REASON_HOST_UNREACH},
		{4, 3, 9, true, REASON_NET_PROHIBITED},
		{4, 3, 10, true, REASON_HOST_PROHIBITED},
		{4, 3, 11, true, REASON_NET_UNREACH},
		{4, 3, 12, true, REASON_HOST_UNREACH},
		{4, 3, 13, true, REASON_ADMIN_PROHIBITED},
		{4, 3, 200, true, REASON_DEST_UNREACH},
		{4, 11, 0, true, REASON_TIME_EXCEEDED},
		{4, 11, 1, true, REASON_TIME_EXCEEDED},
		{4, 0, 0, false, 0},
		{4, 4, 0, false, 0},
		{4, 5, 1, false, 0},
		{4, 8, 0, false, 0},
		{6, 1, 0, true, REASON_NO_ROUTE},
		{6, 1, 1, true, REASON_ADMIN_PROHIBITED},
		{6, 1, 2, true, REASON_BEYOND_SCOPE},
		{6, 1, 3, true, REASON_HOST_UNREACH},
		{6, 1, 4, true, REASON_PORT_UNREACH},
		{6, 1, 5, true, REASON_ADMIN_PROHIBITED},
		{6, 1, 6, true, REASON_REJECT_ROUTE},
		{6, 1, 200, true, REASON_DEST_UNREACH},
		{6, 3, 0, true, REASON_TIME_EXCEEDED},
		{6, 4, 1, true, REASON_PARAM_PROBLEM},
		{6, 2, 0, false, 0},
		{6, 128, 0, false, 0},
		{6, 129, 0, false, 0},
	};
	const struct scan_tech *techs[] = {&tech_syn, &tech_udp};

	for (size_t i = 0; i < COUNT(rows) * 4; i++) {
		const struct scan_tech *t = techs[i & 1];
		bool itself = i & 2,
		     closed = t == &tech_udp && itself && rows[i / 4].reason == REASON_PORT_UNREACH;
		struct pkt_view view = {.src.family = rows[i / 4].family,
			.l4 = {.has_icmp = true,
				.type = rows[i / 4].type,
				.code = rows[i / 4].code}};
		struct verdict v;

		assert_int_equal(tech_icmp_verdict(t, &view, itself, &v), rows[i / 4].says);
		if (!rows[i / 4].says)
			continue;
		assert_int_equal(v.reason, rows[i / 4].reason);
		assert_int_equal(v.state, closed ? PORT_CLOSED : PORT_FILTERED);
	}
}

/* connect(2) and Linux' icmp_err_convert. */
static void test_connect_verdicts(void **state)
{
	static const struct {
		int error;
		uint8_t state, reason;
	} rows[] = {
		{0, PORT_OPEN, REASON_CONN_ACCEPT},
		{ECONNREFUSED, PORT_CLOSED, REASON_CONN_REFUSED},
		{EHOSTUNREACH, PORT_FILTERED, REASON_HOST_UNREACH},
		{ENETUNREACH, PORT_FILTERED, REASON_NET_UNREACH},
		{EACCES, PORT_FILTERED, REASON_ADMIN_PROHIBITED},
	};
	struct verdict v;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(tech_connect_verdict(rows[i].error, &v));
		assert_int_equal(v.state, rows[i].state);
		assert_int_equal(v.reason, rows[i].reason);
	}
	assert_false(tech_connect_verdict(ETIMEDOUT, &v)); /* the engine's own time-outs decide */
	assert_false(tech_connect_verdict(EMFILE, &v));
}

static void test_table(void **state)
{
	assert_ptr_equal(scan_tech_by_name("syn"), &tech_syn);
	assert_ptr_equal(scan_tech_by_name("udp"), &tech_udp);
	assert_ptr_equal(scan_tech_by_name("connect"), &tech_connect);
	for (size_t i = 0; scan_techs[i]; i++) {
		assert_ptr_equal(scan_tech_by_name(scan_techs[i]->name), scan_techs[i]);
		assert_non_null(scan_techs[i]->scaninfo);
		assert_int_not_equal(scan_techs[i]->letter, 0);
	}
	assert_null(scan_tech_by_name("ack-ping"));
	assert_null(scan_tech_by_name(""));
	assert_int_equal(tech_syn.silence, PORT_FILTERED);
	assert_int_equal(tech_connect.silence, PORT_FILTERED);
	assert_int_equal(tech_udp.silence, PORT_OPEN_FILTERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_verdicts),
		cmocka_unit_test(test_sctp_verdicts),
		cmocka_unit_test(test_proto_verdicts),
		cmocka_unit_test(test_icmp_verdicts),
		cmocka_unit_test(test_connect_verdicts),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
