/* SPDX-License-Identifier: BSD-2-Clause */
/* The progress line, the interval of --stats-every, and where no terminal is. */
#include "ui/cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/clock.h"

static void test_progress_text(void **state)
{
	struct rec_progress p = {.phase = "SYN scan",
		.done = 0.4321,
		.eta_ns = 3723 * NS_PER_S,
		.hosts_done = 2,
		.hosts_up = 3,
		.hosts_active = 1,
		.rate_pps = 1234.4};
	struct buf b = {0};

	cli_progress_text(&b, &p, 200);
	assert_string_equal(buf_text(&b),
		"SYN scan 43.2%  1234 packets/s  3 up, 2 done, 1 in work  ETA 1:02:03");
	buf_clear(&b);
	cli_progress_text(&b, &p, 12);
	assert_string_equal(buf_text(&b), "SYN scan 43.");
	p.eta_ns = 0;
	buf_clear(&b);
	cli_progress_text(&b, &p, 200);
	assert_null(strstr(buf_text(&b), "ETA"));
	p.sweep = &(struct rec_coverage){.sent = 4321, .planned = 10000, .total = 20000, .open = 7};
	p.eta_ns = 12 * NS_PER_S;
	buf_clear(&b);
	cli_progress_text(&b, &p, 200);
	assert_string_equal(buf_text(&b),
		"SYN scan 43.2%  1234 packets/s  4321/10000 probes, 7 open  ETA 0:12");
	buf_free(&b);
}

static void test_stats_every(void **state)
{
	struct levels levels = {0};
	struct cli_conf conf = {.stats_every_ns = 10 * NS_PER_S, .levels = &levels};
	struct scan_hooks h;
	struct cli *c;

	assert_int_equal(cli_open(&c, &conf, NULL), 0);
	cli_start(c);
	h = cli_hooks(c);
	assert_int_equal(h.fd(h.ctx), -1);
	assert_false(h.tick(h.ctx, 5 * NS_PER_S)); /* begins here */
	assert_false(h.tick(h.ctx, 14 * NS_PER_S));
	assert_true(h.tick(h.ctx, 15 * NS_PER_S));
	assert_false(h.tick(h.ctx, 16 * NS_PER_S));
	assert_true(h.tick(h.ctx, 100 * NS_PER_S)); /* a long pause is one interval */
	assert_false(h.tick(h.ctx, 101 * NS_PER_S));
	cli_close(c);
}

static void test_never_asked(void **state)
{
	struct levels levels = {0};
	struct cli_conf conf = {.levels = &levels};
	struct scan_hooks h;
	struct cli *c;

	assert_int_equal(cli_open(&c, &conf, NULL), 0);
	h = cli_hooks(c);
	for (uint64_t s = 0; s < 1000; s++)
		assert_false(h.tick(h.ctx, s * NS_PER_S));
	cli_close(c);
	cli_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_progress_text),
		cmocka_unit_test(test_stats_every),
		cmocka_unit_test(test_never_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
