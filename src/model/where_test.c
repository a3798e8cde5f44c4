/* SPDX-License-Identifier: BSD-2-Clause */
/* Filters and columns: what passes, and where what is wrong stands. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "model/where.h"

static struct rec_result result(void)
{
	struct rec_result r = {
		.addr = addr_v4(0xc0000201),
		.port = {.number = 8080,
			.proto = PROTO_TCP,
			.state = PORT_OPEN,
			.reason = REASON_SYN_ACK,
			.ttl = 57,
			.rtt_src = RTT_XDP,
			.rtt_ns = 4999999},
		.at_wall_ns = UINT64_C(1795215600500000000), /* 2026-11-20T23:00:00.5Z */
		.mss = 1460,
		.options = RESULT_MSS | RESULT_SACK,
	};

	return r;
}

static bool passes(const char *text)
{
	struct rec_result r = result();
	struct where *w = NULL;
	struct err e = {0};
	bool pass;

	if (where_parse(&w, COLUMN_RESULTS, text, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	pass = where_match(w, &r, NULL);
	where_free(w);
	return pass;
}

static void test_results(void **state)
{
	static const struct {
		const char *text;
		bool pass;
	} cases[] = {
		{"state = open and rtt_ms < 5", true},
		{"state=open and rtt_ms<4.9", false},
		{"state == 'open'", true},
		{"state = \"open|filtered\"", false},
		{"state != open|filtered", true},
		{"state in (closed, open)", true},
		{"state not in (closed, open)", false},
		{"rtt_ns = 4999999", true},
		{"rtt_ns >= 5000000", false},
		{"rtt_us = 4999.999", true},
		{"rtt_s < 0.005", true},
		{"rtt < 5ms", true},
		{"rtt > 4999us and rtt <= 4999999ns", true},
		{"rtt_ms in 4-5", true},
		{"rtt in (1s, 4ms-5ms)", true},
		{"has rtt and has rtt_ns and has rtt_ms", true},
		{"not has mss", false},
		{"has wscale", false},
		{"wscale = 0 or wscale != 0", false}, /* unknown */
		{"not (wscale = 0)", true},
		{"port in 8000-8100", true},
		{"port in (80, 443, 8080)", true},
		{"port > 8080 or port < 8080", false},
		{"port = 0x1f90", true},
		{"addr = 192.0.2.1", true},
		{"addr != 192.0.2.1", false},
		{"addr in 192.0.2.0/24", true},
		{"addr in (2001:db8::/32, 192.0.2.128/25)", false},
		{"addr not in 0.0.0.0/0", false},
		{"at >= 2026-11-20T23:00:00Z and at < 2026-11-20T23:00:01Z", true},
		{"at = 2026-11-21T00:00:00.5+01:00", true},
		{"at < 2026-11-20", false},
		{"at > 2026-11-20T23:00:00.499999999Z", true},
		{"at < 2026-11-20T23:00:00.500000001Z", true},
		{"sack", true},
		{"sack = false", false},
		{"not timestamps AND sack", true},
		{"not not sack", true},
		{"state = closed or state = open and port = 1", false}, /* and binds closer */
		{"(state = closed or state = open) and port = 8080", true},
		{"not state = open or port = 8080", true}, /* not binds closest */
		{"reason_ttl <= 57", true},
		{"check = speaks", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (passes(cases[i].text) != cases[i].pass)
			fail_msg("%s", cases[i].text);
}

/* Of existing scans: the port's fields, and the host's. */
static void test_ports(void **state)
{
	struct rec_port p = {
		.number = 22, .proto = PROTO_TCP, .state = PORT_OPEN, .service = "ssh"};
	struct rec_host h = {
		.addr = addr_v4(0x0a000001), .has_mac = true, .mac = {{0, 12, 41, 1, 2, 3}}};
	static const char *const yes[] = {
		"addr in 10.0.0.0/8 and service = ssh",
		"host_addr = 10.0.0.1 and state = open",
		"mac = 00:0c:29:01:02:03",
		"host_state = unknown and not has ptr",
		"has mac and not has other_addrs",
	};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		struct where *w = NULL;
		struct err e = {0};

		if (where_parse(&w, COLUMN_PORTS, yes[i], &e) < 0)
			fail_msg("%s: %s", yes[i], e.text);
		assert_true(where_match(w, &p, &h));
		where_free(w);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *column, *word;
	} cases[] = {
		{"", "column 1:", "a field is expected"},
		{"state", "column 6:", "behind state"},
		{"stat = open", "column 1:", "no field \"stat\""},
		{"state = opn", "column 9:", "it is one of"},
		{"state < open", "column 7:", "is a text"},
		{"port = http", "column 8:", "no number"},
		{"port = 1 and", "column 13:", "a field is expected"},
		{"port = 1 port = 2", "column 10:", "\"and\", \"or\""},
		{"(port = 1", "column 10:", "closing )"},
		{"port in (1, 2", "column 14:", "closing )"},
		{"port in ()", "column 10:", "a value"},
		{"port = 1-2", "column 8:", "write: in 1-2"},
		{"port in 2-1", "column 9:", "backward"},
		{"port = 'x", "column 8:", "a value"},
		{"port ! 1", "column 6:", "expected behind port"},
		{"rtt < 5", "column 7:", "5ms"},
		{"rtt_ms < 5 min", "column 12:", "\"and\", \"or\""},
		{"rtt_ms < 5min", "column 10:", "no number"},
		{"addr = 192.0.2.0/24", "column 8:", "write: in"},
		{"addr in 192.0.2.0/33", "column 9:", "0 to 32"},
		{"addr in 192.0.2", "column 9:", "no address"},
		{"addr > 192.0.2.1", "column 6:", "an address"},
		{"sack = maybe", "column 8:", "true or false"},
		{"at > yesterday", "column 6:", "no time"},
		{"service = ssh", "column 1:", "no field"},
		{"not", "column 4:", "a field is expected"},
		{"has", "column 4:", "a field is expected"},
		{"port = 99999999999999999999999999999999999", "column 8:", "no number"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct where *w = NULL;
		struct err e = {0};

		assert_int_equal(where_parse(&w, COLUMN_RESULTS, cases[i].text, &e), ERR_USAGE);
		if (strncmp(e.text, cases[i].column, strlen(cases[i].column)) != 0 ||
			!strstr(e.text, cases[i].word))
			fail_msg("%s: %s", cases[i].text, e.text);
	}
}

static void test_deep(void **state)
{
	char text[4096] = "";
	struct where *w = NULL;
	struct err e = {0};

	memset(text, '(', 1000);
	strcpy(text + 1000, "sack");
	assert_int_equal(where_parse(&w, COLUMN_RESULTS, text, &e), ERR_USAGE);
	assert_non_null(strstr(e.text, "too deep"));
}

static void test_columns(void **state)
{
	struct columns c;
	struct err e = {0};

	assert_int_equal(columns_parse(&c, COLUMN_RESULTS, "addr,port,rtt_ms,rtt_s", &e), 0);
	assert_int_equal(c.n, 4);
	assert_string_equal(c.v[2].name, "rtt_ms");
	assert_int_equal(c.v[2].digits, 6);
	assert_int_equal(columns_parse(&c, COLUMN_PORTS, "addr,mac,host_state,state", &e), 0);
	assert_string_equal(c.v[0].name, "host_addr");
	assert_true(c.v[2].of_host && !c.v[3].of_host);
	assert_int_equal(columns_parse(&c, COLUMN_RESULTS, "addr,adr", &e), ERR_USAGE);
	assert_non_null(strstr(e.text, "\"adr\""));
	assert_non_null(strstr(e.text, "addr proto port state"));
	assert_int_equal(columns_parse(&c, COLUMN_RESULTS, "addr,addr", &e), ERR_USAGE);
	assert_int_equal(columns_parse(&c, COLUMN_RESULTS, "addr,", &e), ERR_USAGE);
	assert_int_equal(columns_parse(&c, COLUMN_RESULTS, "", &e), ERR_USAGE);
	assert_int_equal(columns_parse(&c, COLUMN_RESULTS, " addr,\tport , rtt_ms", &e), 0);
	assert_int_equal(c.n, 3);
	assert_int_equal(columns_parse(&c, COLUMN_PORTS, "host_addr,addr", &e), ERR_USAGE);
	columns_all(&c, COLUMN_PORTS);
	assert_string_equal(c.v[0].name, "host_addr");
	assert_string_equal(c.v[c.n - 1].name, "service");
}

static void test_asks(void **state)
{
	static const struct {
		const char *text;
		bool asks;
	} cases[] = {{"state = closed", true}, {"port = 80 or not (state in (open, closed))", true},
		{"state != closed", false}, {"state = open", false}, {"has state", false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct where *w;
		struct err e = {0};

		assert_int_equal(where_parse(&w, COLUMN_RESULTS, cases[i].text, &e), 0);
		assert_int_equal(where_asks(w, "state", "closed"), cases[i].asks);
		where_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_asks),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
