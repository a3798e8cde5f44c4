/* SPDX-License-Identifier: BSD-2-Clause */
/* What of its targets a sweep may send to, and how fast. */
#include "cmd/sweep_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define SCOPE_FILE "sweep_set_test.scope"
#define CDN_FILE   "sweep_set_test.cdn"
#define NOW	   (UINT64_C(1780000000) * NS_PER_S) /* May 2026 */

struct made {
	struct sweep_set set;
	struct plan_sweep sweep;
	struct err e;
	int rc;
	int said;
};

static void count(void *ctx, enum log_level level, const char *text)
{
	++*(int *)ctx;
}

static const struct net *net; /* NULL: the machine has only loopback */

/* The set of one specification, with what the plan says beside the rate. */
static struct made make_with(const char *target, const struct opts_sweep *os, double rate,
	const struct plan_sweep *asked)
{
	struct made m = {.rc = 0};
	struct opts o = {.sweep = *os};
	struct target_request rq = {
		.specs = &target, .n_specs = 1, .family = strchr(target, ':') ? 6 : 4};
	struct log log = {.max = LOG_INFO, .write = count, .ctx = &m.said};
	struct sweep_world w = {.net = net, .targets = &rq, .log = &log, .now_wall_ns = NOW};
	struct plan p;

	plan_init(&p);
	p.sweep = *asked;
	p.sweep.rate_pps = rate > 0 ? rate : 0;
	p.sweep.rate_auto = rate < 0;
	m.rc = sweep_set_make(&m.set, &p, &o, &w, &m.e);
	m.sweep = p.sweep;
	plan_free(&p);
	return m;
}

static struct made make(const char *target, const struct opts_sweep *os, double rate)
{
	return make_with(target, os, rate, &(struct plan_sweep){0});
}

/* rate 0: not said, negative: auto. "" = accepted. */
static void expect(const char *target, const struct opts_sweep *o, double rate, const char *say)
{
	struct made m = make(target, o, rate);

	if ((m.rc == 0) != (*say == '\0') || (m.rc && !strstr(m.e.text, say)))
		fail_msg("%s at %g: %d %s", target, rate, m.rc, m.e.text);
	sweep_set_free(&m.set);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void limits_without_permission(void **state)
{
	const struct opts_sweep none = {0}, permitted = {.permission = true};

	expect("198.0.0.0/12", &none, 0, "");
	expect("198.0.0.0/11", &none, 0, "more than 2^20");
	expect("198.0.0.0/11", &permitted, 0, "");
	expect("198.0.0.0/24", &none, 10000, "");
	expect("198.0.0.0/24", &none, 10001, "more than 10000");
	expect("198.0.0.0/24", &permitted, 1e6, "");
	expect("127.0.0.0/8", &none, 1e6, "");
	expect("::1", &none, 1e6, "");
	expect("2600::/100", &none, 0, "more than 2^20");
}

static void default_rates(void **state)
{
	const struct opts_sweep none = {0}, permitted = {.permission = true};
	struct made m = make("198.0.0.1", &none, 0);

	assert_true(m.sweep.rate_pps == SWEEP_FAR_PPS);
	sweep_set_free(&m.set);
	m = make("127.0.0.1", &none, 0);
	assert_true(m.sweep.rate_pps == SWEEP_NEAR_PPS);
	sweep_set_free(&m.set);
	m = make("198.0.0.1", &none, -1);
	assert_true(m.sweep.rate_auto && m.sweep.rate_limit_pps == SWEEP_FREE_PPS);
	assert_int_equal(m.said, 1);
	sweep_set_free(&m.set);
	m = make("198.0.0.1", &permitted, -1);
	assert_true(m.sweep.rate_auto && m.sweep.rate_limit_pps == 0);
	sweep_set_free(&m.set);
}

/* A host's ceiling times the hosts; a /24's or /48's times the hosts for one of its own. */
static void ceilings(void **state)
{
	static const struct {
		const char *target;
		double rate, host, net, bits, max; /* rate -1: auto; bits: -B */
		double want_rate, want_limit;
		int said;
	} v[] = {
		{"198.0.0.0/24", 5000, 2, 0, 0, 0, 512, 512, 1},
		{"198.0.0.0/24", 500, 2, 0, 0, 0, 500, 0, 0},
		{"198.0.0.0/23", 5000, 0, 100, 0, 0, 200, 200, 1},
		{"198.0.0.0/23", 5000, 0.25, 100, 0, 0, 128, 128, 1},
		{"198.0.0.0/23", 0, 0, 100, 0, 0, 200, 200, 1},
		{"198.0.0.0/23", -1, 0, 100, 0, 0, 0, 200, 1},
		{"198.0.0.0/23", 5000, 0, 100, 0, 150, 5000, 150, 0},
		{"198.0.0.0/23", 0, 0, 100, 1e6, 0, 0, 200, 1},
		{"2600::/120", 5000, 0, 100, 0, 0, 100, 100, 1},
		/* what is lowered below 10,000 needs no permission */
		{"198.0.0.0/24", 50000, 10, 0, 0, 0, 2560, 2560, 1},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct plan_sweep asked = {.host_limit_pps = v[i].host,
			.net_limit_pps = v[i].net,
			.bandwidth_bps = (uint64_t)v[i].bits,
			.rate_limit_pps = v[i].max};
		struct made m = make_with(v[i].target, &(struct opts_sweep){0}, v[i].rate, &asked);

		if (m.rc || m.sweep.rate_pps != v[i].want_rate ||
			m.sweep.rate_limit_pps != v[i].want_limit || m.said != v[i].said)
			fail_msg("%zu: %d %s: rate %g, at most %g, said %d", i, m.rc, m.e.text,
				m.sweep.rate_pps, m.sweep.rate_limit_pps, m.said);
		sweep_set_free(&m.set);
	}
}

static void scope_files(void **state)
{
	const struct opts_sweep o = {.scope = SCOPE_FILE};

	write_file(SCOPE_FILE, "[scope]\nnetworks = 198.0.0.0/8\nuntil = 2026-12-31\ncontact = a\n"
			       "max-rate = 50000\n");
	expect("198.0.0.0/11", &o, 50000, "");
	expect("198.0.0.0/11", &o, 50001, SCOPE_FILE ":5: ");
	expect("199.0.0.1", &o, 1, SCOPE_FILE ":2: \"networks\" does not hold 199.0.0.1");
	expect("127.0.0.1", &o, 1e6, "");
	expect("198.0.0.0/11", &o, -1, "");
	write_file(
		SCOPE_FILE, "[scope]\nnetworks = 198.0.0.0/8\nuntil = 2025-12-31\ncontact = a\n");
	expect("198.0.0.1", &o, 1, SCOPE_FILE ":3: the permission has expired");
	unlink(SCOPE_FILE);
	expect("198.0.0.1", &o, 1, "cannot read the scope");
}

/* With -sU -p T:80,U:54 the ports that count are those of UDP. */
static void ports_of_the_scope(void **state)
{
	static uint16_t http[] = {80}, other[] = {54};
	const char *target = "198.0.0.1";
	struct opts o = {.sweep = {.scope = SCOPE_FILE}};
	struct target_request rq = {.specs = &target, .n_specs = 1, .family = 4};
	struct sweep_world w = {.targets = &rq, .log = NULL, .now_wall_ns = NOW};
	struct sweep_set set;
	struct err e = {0};
	struct plan p;

	write_file(SCOPE_FILE, "[scope]\nnetworks = 198.0.0.0/8\nuntil = 2026-12-31\ncontact = a\n"
			       "ports = 80\n");
	plan_init(&p);
	p.ports_wanted = true;
	p.techniques[0] = "udp";
	p.ports.of[PORTS_TCP] = (struct port_list){.ports = http, .n = 1};
	p.ports.of[PORTS_UDP] = (struct port_list){.ports = other, .n = 1};
	assert_int_equal(sweep_set_make(&set, &p, &o, &w, &e), ERR_USAGE);
	assert_non_null(strstr(e.text, SCOPE_FILE ":5: \"ports\" does not hold port 54"));
	sweep_set_free(&set);
	p.techniques[0] = "syn";
	assert_int_equal(sweep_set_make(&set, &p, &o, &w, &e), 0);
	sweep_set_free(&set);
	unlink(SCOPE_FILE);
}

static void special_use(void **state)
{
	const struct opts_sweep o = {.permission = true};
	struct made m = make("192.0.0.0/8", &o, 0);

	/* 192.0.0.0/24 less two, 192.0.2.0/24, 192.88.99.0/24, 192.168.0.0/16 */
	assert_int_equal(m.set.special, 3 * 256 - 2 + 65536);
	assert_int_equal(m.set.space.view.count, (1 << 24) - m.set.special);
	assert_int_equal(m.said, 1);
	sweep_set_free(&m.set);
	m = make("192.168.0.0/16", &o, 0);
	assert_int_equal(m.set.special, 0);
	assert_int_equal(m.set.space.view.count, 65536);
	assert_int_equal(m.said, 0);
	sweep_set_free(&m.set);
}

static void providers(void **state)
{
	struct opts_sweep o = {.skip_cdn = true, .cdn_file = CDN_FILE};
	struct buf text = {0};
	struct made m;

	write_file(CDN_FILE, "date 2026-01-01\none 198.0.1.0/24\ntwo 198.0.2.0/23\n");
	m = make("198.0.0.0/16", &o, 0);
	sweep_set_left_out(&m.set, &text);
	assert_string_equal(buf_text(&text), "one 256, two 512");
	assert_int_equal(m.set.space.view.count, 65536 - 768);
	sweep_set_free(&m.set);
	buf_free(&text);
	o.cdn_only = "TWO";
	m = make("198.0.0.0/16", &o, 0);
	assert_int_equal(m.set.cdn_out[0], 0);
	assert_int_equal(m.set.cdn_out[1], 512);
	sweep_set_free(&m.set);
	o.cdn_only = NULL;
	o.cdn_except = "two";
	m = make("198.0.0.0/16", &o, 0);
	assert_int_equal(m.set.cdn_out[0], 256);
	assert_int_equal(m.set.cdn_out[1], 0);
	sweep_set_free(&m.set);
	expect("198.0.1.0/25", &o, 0, "no address is left");
	o.cdn_except = "two,three";
	expect("198.0.0.0/16", &o, 0, "there is no provider \"three\"; there are one,two");
	unlink(CDN_FILE);
	expect("198.0.0.0/16", &o, 0, "cannot read");
	o = (struct opts_sweep){.skip_cdn = true, .cdn_only = "cloudflare"};
	expect("104.16.0.0/16", &o, 0, "no address is left");
	expect("151.101.0.0/16", &o, 0, "");
}

/* In a network namespace of its own, with networks that ip(8) made. */
static void connected_networks(void **state)
{
	const struct opts_sweep none = {0}, permitted = {.permission = true};
	struct net *here;
	struct err e;
	struct made m;

	if (unshare(CLONE_NEWNET) || system("ip link add c0 type veth peer name c1 && "
					    "ip addr add 192.168.7.1/22 dev c0 && "
					    "ip addr add 100.0.0.1/9 dev c0 && "
					    "ip addr add 10.9.0.1/24 dev c1 && "
					    "ip -6 addr add 2600:7::1/96 dev c0 nodad && "
					    "ip link set c0 up && ip link set c1 up") != 0)
		skip();
	assert_int_equal(net_open(&here, &e), 0);
	net = here;
	expect("100.0.0.0/9", &none, 1e6, "");
	expect("100.0.0.0/8", &none, 0, "more than 2^20");
	expect("2600:7::/96", &none, 1e6, "");
	expect("2600:7::/95", &none, 0, "more than 2^20");
	expect("101.0.0.1", &none, 1e6, "more than 10000");
	m = make("192.168.0.0/16", &permitted, 0);
	assert_int_equal(m.set.n_far, 65536 - 1024);
	sweep_set_free(&m.set);
	m = make(
		"192.0.0.0/8", &permitted, 0); /* our own /22 is free, the rest of 192.168 is not */
	assert_int_equal(m.set.special, 3 * 256 - 2 + 65536 - 1024);
	assert_int_equal(m.set.n_far, m.set.space.view.count - 1024);
	sweep_set_free(&m.set);
	m = make("192.0.0.0/24", &permitted, 0); /* named, with its public islands */
	assert_int_equal(m.set.space.view.count, 256);
	sweep_set_free(&m.set);
	net_free(here);
	net = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_without_permission),
		cmocka_unit_test(default_rates),
		cmocka_unit_test(ceilings),
		cmocka_unit_test(scope_files),
		cmocka_unit_test(ports_of_the_scope),
		cmocka_unit_test(special_use),
		cmocka_unit_test(providers),
		cmocka_unit_test(connected_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
