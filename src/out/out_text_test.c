/* SPDX-License-Identifier: BSD-2-Clause */
/* Times and latencies as nmap prints them, and foreign text that must not hurt a reader. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "out/out_text.h"

/* Up to 0.31 ms: what nmap 7.93 printed beside such an srtt. Beyond: two significant digits, by
 * hand. */
static void test_latency(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} nmap[] = {{6000, "0.0000060"}, {11000, "0.000011"}, {29000, "0.000029"},
		{100000, "0.00010"}, {310000, "0.00031"}, {99600, "0.00010"}, {20000000, "0.020"},
		{210000000, "0.21"}, {1250000000, "1.2"}, {12300000000, "12"}, {0, "0.0"}};

	for (size_t i = 0; i < sizeof(nmap) / sizeof(nmap[0]); i++) {
		struct buf b;

		buf_init(&b);
		out_latency(&b, nmap[i].ns);
		assert_string_equal(buf_text(&b), nmap[i].text);
		buf_free(&b);
	}
}

static void check(void (*fn)(struct buf *, uint64_t), uint64_t ns, const char *want)
{
	struct buf b;

	buf_init(&b);
	fn(&b, ns);
	assert_string_equal(buf_text(&b), want);
	buf_free(&b);
}

/* date -u -d @1795227914 */
static void test_times(void **state)
{
	uint64_t t = UINT64_C(1795227914) * NS_PER_S + 5;

	check(out_time_minute, t, "2026-11-21 02:25 UTC");
	check(out_time_second, t, "2026-11-21 02:25:14 UTC");
	check(out_time_clock, t, "02:25");
	check(out_time_c, t, "Sat Nov 21 02:25:14 2026");
	check(out_time_rfc3339, t, "2026-11-21T02:25:14.000000005Z");
	check(out_time_span, 3725 * NS_PER_S, "1:02:05");
	check(out_time_span, 36000 * NS_PER_S, "10:00:00");
}

static void check_utf8(const char *text, bool xml, const char *want)
{
	struct buf b;

	buf_init(&b);
	out_utf8(&b, text, xml);
	assert_string_equal(buf_text(&b), want);
	buf_free(&b);
}

#define BAD "\xef\xbf\xbd"

/* Cases from RFC 3629 (section 3 and 10) and from the Char production of XML 1.0. */
static void test_utf8(void **state)
{
	check_utf8("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", true,
		"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	check_utf8("\xc0\x80", true, BAD BAD);		       /* overlong NUL */
	check_utf8("\xe0\x80\xaf", true, BAD BAD BAD);	       /* overlong slash */
	check_utf8("\xed\xa0\x80", true, BAD BAD BAD);	       /* surrogate */
	check_utf8("\xf4\x90\x80\x80", true, BAD BAD BAD BAD); /* above U+10FFFF */
	check_utf8("\xe2\x82", true, BAD BAD);		       /* cut off */
	check_utf8("\xff\xfe", true, BAD BAD);
	check_utf8("\xef\xbf\xbf\xef\xbf\xbe", false, BAD BAD);
	check_utf8("\xc2\x9b[2J", false, BAD "[2J"); /* C1 CSI */
	check_utf8("\x1b\n\t\x01", false, "\x1b\n\t\x01");
	check_utf8("\x1b\n\t\x01", true, BAD "\n\t" BAD);
	check_utf8(NULL, true, "");
}

static void test_names(void **state)
{
	struct rec_host h = {.addr = addr_v4(0x0a000001)};
	struct buf b;

	buf_init(&b);
	out_name_ip(&b, &h);
	assert_string_equal(buf_text(&b), "10.0.0.1");
	buf_clear(&b);
	h.ptr_name = "\x1b[31mred";
	out_name_ip(&b, &h);
	assert_string_equal(buf_text(&b), "\\x1B[31mred (10.0.0.1)");
	buf_clear(&b);
	h.user_name = "typed";
	out_name_ip(&b, &h);
	assert_string_equal(buf_text(&b), "typed (10.0.0.1)");
	buf_free(&b);
}

static void check_coverage(const struct rec_coverage *c, const char *want)
{
	struct buf b;

	buf_init(&b);
	out_coverage(&b, c, "|");
	assert_string_equal(buf_text(&b), want);
	buf_free(&b);
}

static void test_coverage(void **state)
{
	struct rec_coverage c = {.total = 1000,
		.behind = 1000,
		.planned = 1016,
		.sent = 1010,
		.skipped = 6,
		.unsent = 2,
		.answers = 101,
		.unlisted = 2,
		.duplicates = 3,
		.forged = 4,
		.late = 5,
		.no_room = 7,
		.open = 8,
		.closed = 90,
		.other = 1,
		.rate_pps = 99.96,
		.sender = "af-xdp",
		.receiver = "xdp"};

	check_coverage(&c,
		"1010 of 1016 probes sent at 100.0/s by af-xdp, answers taken by xdp"
		"|answers 101 (hit rate 10%), duplicates 3; open 8, closed 90, other 1, only counted 2"
		"|refused: forged 4, late 5; lost on this machine: probes 2, answers 7; skipped 6");
	c = (struct rec_coverage){.total = 1000, .first = 250, .behind = 500, .planned = 250};
	check_coverage(&c, /* of a run that never began */
		"0 of 250 probes sent at 0.0/s; all shards have 1000"
		"|answers 0 (hit rate 0%), duplicates 0; open 0, closed 0, other 0"
		"|refused: forged 0, late 0; lost on this machine: probes 0, answers 0; skipped 0");
}

static void test_summary(void **state)
{
	struct rec_end end = {.hosts_total = 2, .hosts_up = 1, .elapsed_ns = 1234567890};
	struct buf b;

	buf_init(&b);
	out_summary(&b, &end);
	assert_string_equal(buf_text(&b), "2 IP addresses (1 host up) scanned in 1.23 seconds");
	buf_clear(&b);
	end.hosts_unknown = true;
	out_summary(&b, &end);
	assert_string_equal(buf_text(&b), "2 IP addresses scanned in 1.23 seconds");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_latency),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_summary),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
