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

/* The set of one specification. */
static struct made make(const char *target, const struct opts_sweep *os, double rate)
{
	struct made m = {.rc = 0};
	struct opts o = {.sweep = *os};
	struct target_request rq = {
		.specs = &target, .n_specs = 1, .family = strchr(target, ':') ? 6 : 4};
	struct log log = {.max = LOG_INFO, .write = count, .ctx = &m.said};
	struct sweep_world w = {.net = net, .targets = &rq, .log = &log, .now_wall_ns = NOW};
	struct plan p;

	plan_init(&p);
	p.sweep.rate_pps = rate > 0 ? rate : 0;
	p.sweep.rate_auto = rate < 0;
	m.rc = sweep_set_make(&m.set, &p, &o, &w, &m.e);
	m.sweep = p.sweep;
	plan_free(&p);
	return m;
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
		cmocka_unit_test(scope_files),
		cmocka_unit_test(special_use),
		cmocka_unit_test(providers),
		cmocka_unit_test(connected_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
