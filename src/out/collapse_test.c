/* SPDX-License-Identifier: BSD-2-Clause */
/* Collapsing equals what nmap 7.93 did with n closed ports at each level of -v and -d. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "out/collapse.h"

static struct rec_port ports[65535];

static struct rec_host host_of(size_t n)
{
	return (struct rec_host){
		.state = HOST_UP, .ports_scanned = true, .ports = ports, .n_ports = n};
}

static void fill(size_t n, uint8_t state, uint8_t reason)
{
	for (size_t i = 0; i < n; i++)
		ports[i] = (struct rec_port){.number = (uint16_t)(i + 1),
			.proto = PROTO_TCP,
			.state = state,
			.reason = reason};
}

static bool collapses(size_t n, const struct out_conf *conf)
{
	static struct collapse c;
	struct rec_host h = host_of(n);

	collapse_make(&c, &h, conf);
	return c.n_hidden == n;
}

/* Found by bisection with nmap -oG on closed ports; nmap counts each -d as a -v too, so verbose is
 * given here as it sees it. */
static void test_threshold(void **state)
{
	static const struct {
		int verbose, debug;
		size_t shown_max;
	} nmap[] = {{0, 0, 25}, {1, 0, 50}, {2, 0, 75}, {3, 0, 100}, {4, 0, 125}, {1, 1, 550},
		{2, 2, 1075}, {2, 1, 575}, {3, 1, 600}, {3, 2, 1100}, {4, 2, 1125}};

	fill(2000, PORT_CLOSED, REASON_RESET);
	for (size_t i = 0; i < sizeof(nmap) / sizeof(nmap[0]); i++) {
		struct out_conf conf = {.verbose = nmap[i].verbose, .debug = nmap[i].debug};

		assert_false(collapses(nmap[i].shown_max, &conf));
		assert_true(collapses(nmap[i].shown_max + 1, &conf));
	}
}

static void test_all_shown_at_d3(void **state)
{
	struct out_conf conf = {.verbose = 3, .debug = 3};

	fill(40000, PORT_CLOSED, REASON_RESET);
	assert_false(collapses(40000, &conf));
}

static void test_open_is_never_hidden(void **state)
{
	struct out_conf conf = {0};

	fill(1000, PORT_OPEN, REASON_SYN_ACK);
	assert_false(collapses(1000, &conf));
	conf.open_only = true;
	assert_false(collapses(1000, &conf));
}

/* nmap --open: "Not shown: 1 closed udp port", while open|filtered is shown. */
static void test_open_only(void **state)
{
	struct out_conf conf = {.open_only = true, .debug = 3};

	fill(2, PORT_CLOSED, REASON_RESET);
	assert_true(collapses(2, &conf));
	fill(2, PORT_OPEN_FILTERED, REASON_NO_RESPONSE);
	assert_false(collapses(2, &conf));
}

/* nmap on 79 TCP and 42 UDP ports: closed 83 (78 reset, 5 port-unreach), then open|filtered 37. */
static void test_order(void **state)
{
	static struct collapse c;
	struct rec_host h = host_of(121);
	struct out_conf conf = {0};

	fill(79, PORT_CLOSED, REASON_RESET);
	ports[0].state = PORT_OPEN;
	ports[0].reason = REASON_SYN_ACK;
	for (size_t i = 79; i < 121; i++) {
		bool refused = i >= 116;

		ports[i] = (struct rec_port){.number = (uint16_t)(i + 21), .proto = PROTO_UDP};
		ports[i].state = refused ? PORT_CLOSED : PORT_OPEN_FILTERED;
		ports[i].reason = refused ? REASON_PORT_UNREACH : REASON_NO_RESPONSE;
	}
	collapse_make(&c, &h, &conf);
	assert_int_equal(c.n_rows, 3);
	assert_int_equal(c.rows[0].count, 78);
	assert_int_equal(c.rows[1].count, 5);
	assert_int_equal(c.rows[1].proto, PROTO_UDP);
	assert_int_equal(c.rows[2].state, PORT_OPEN_FILTERED);
	assert_int_equal(c.n_hidden, 120);
	assert_int_equal(c.n_total, 121);
}

static void test_without_verdict(void **state)
{
	static struct collapse c;
	struct rec_host h = host_of(100);
	struct out_conf conf = {0};

	fill(100, PORT_UNKNOWN, REASON_NONE);
	collapse_make(&c, &h, &conf);
	assert_int_equal(c.n_total, 0);
	assert_int_equal(c.n_rows, 0);
}

static void check_numbers(const uint16_t *numbers, size_t n, const char *want)
{
	struct rec_host h = host_of(n);
	struct collapse_row row = {PORT_CLOSED, PROTO_TCP, REASON_RESET, 0};
	struct buf b;

	fill(n, PORT_CLOSED, REASON_RESET);
	for (size_t i = 0; i < n; i++)
		ports[i].number = numbers[i];
	buf_init(&b);
	collapse_numbers(&b, &h, &row);
	assert_string_equal(buf_text(&b), want);
	buf_free(&b);
}

static void test_numbers(void **state)
{
	check_numbers((const uint16_t[]){7}, 1, "7");
	check_numbers((const uint16_t[]){0, 1}, 2, "0-1");
	check_numbers((const uint16_t[]){53, 116, 118, 127, 130}, 5, "53,116,118,127,130");
	check_numbers((const uint16_t[]){100, 101, 102, 117, 119, 120, 65535}, 7,
		"100-102,117,119-120,65535");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threshold),
		cmocka_unit_test(test_all_shown_at_d3),
		cmocka_unit_test(test_open_is_never_hidden),
		cmocka_unit_test(test_open_only),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_without_verdict),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
