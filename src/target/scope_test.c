/* SPDX-License-Identifier: BSD-2-Clause */
/* Scope files: what they permit, and how they are refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "target/scope.h"

#define WHOLE                                                                                      \
	"[scope]\nnetworks = 192.0.2.0/24, 198.51.100.0-198.51.100.9\nnetworks=2001:db8::/64\n"    \
	"until = 2026-12-31 # UTC\n\ncontact = Noc of example.net <noc@example.net>\n"             \
	"max-rate = 20000\nports = 80,443,8000-8010\n"
#define NEW_YEAR_2027 (UINT64_C(1798761600) * NS_PER_S)

static int read_text(struct scope *s, const char *text, struct err *e)
{
	return scope_parse(s, "f", text, strlen(text), e);
}

static void takes_a_whole_one(void **state)
{
	struct scope s;
	struct err e;

	assert_int_equal(read_text(&s, WHOLE, &e), 0);
	assert_int_equal(s.until_wall_ns, NEW_YEAR_2027);
	assert_string_equal(s.contact, "Noc of example.net <noc@example.net>");
	assert_int_equal(s.ports.n, 13);
	assert_true(s.max_rate == 20000);
	assert_int_equal(s.line_until, 4);
	assert_int_equal(s.networks.v4.n, 2);
	assert_int_equal(s.networks.v6.n, 1);
	scope_free(&s);
	assert_int_equal(read_text(&s,
				 "; made by hand\r\n[scope]\r\nuntil=2026-12-31 18:30\r\n"
				 "contact=a\r\nnetworks=10.0.0.0/8\r\n",
				 &e),
		0);
	assert_int_equal(s.until_wall_ns, NEW_YEAR_2027 - 330 * 60 * NS_PER_S);
	scope_free(&s);
}

static void refuses_malformed_ones(void **state)
{
	static const struct {
		const char *text, *say;
	} bad[] = {
		{"", "\"networks\" is missing"},
		{"networks = 10.0.0.0/8\n", "f:1: "},
		{"[scope]\nnetworks = 10.0.0.0/8\nuntil = 2026-12-31\n", "\"contact\" is missing"},
		{"[scope]\nnetworks = 10.0.0.0/8\ncontact = a\n", "\"until\" is missing"},
		{"[scope]\nnetworks = 10.0.0.0/33\n", "f:2: \"10.0.0.0/33\""},
		{"[scope]\nnetworks = example.net\n", "f:2: "},
		{"[scope]\nnetworks = 10.0.0.1,\n", "f:2: "},
		{"[scope]\n\nuntil = tomorrow\n", "f:3: \"tomorrow\""},
		{"[scope]\nuntil = 2026-02-30\n", "f:2: \"2026-02-30\" is no date"},
		{"[scope]\nuntil = 9999-12-31\n", "f:2: \"9999-12-31\" is no date"},
		{"[scope]\nuntil = 2026-12-31 at noon\n", "f:2: "},
		{"[scope]\nuntil =\n", "f:2: \"until\" has no value"},
		{"[scope]\ncontact = a\ncontact = b\n", "f:3: \"contact\" was given before"},
		{"[scope]\nmax-rate = fast\n", "f:2: "},
		{"[scope]\nmax-rate = 0\n", "f:2: "},
		{"[scope]\nports = 99999\n", "f:2: "},
		{"[scope]\nports = http,[1-9]\n", "f:2: "},
		{"[scope]\nrate = 9\n", "f:2: \"rate\" is unknown"},
		{"[scope]\nhello\n", "f:2: "},
		{"[other]\n", "f:1: "},
		{"[scope]\n[scope]\n", "f:2: "},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct scope s;
		struct err e;

		assert_int_equal(read_text(&s, bad[i].text, &e), ERR_USAGE);
		if (!strstr(e.text, bad[i].say))
			fail_msg("\"%s\" gives: %s", bad[i].text, e.text);
		scope_free(&s);
	}
}

/* What checking says of one address at a rate and a time; "" = it is permitted. */
static const char *check(
	const struct scope *s, const char *target, double rate, uint64_t now, uint16_t port)
{
	static struct err e;
	struct target_request rq = {.specs = &target, .n_specs = 1, .family = 4};
	struct space_request sr = {.targets = &rq};
	struct port_list ports = {&port, 1};
	struct addr_set spared = {0};
	struct scope_use u = {
		.ports = &ports, .rate_pps = rate, .now_wall_ns = now, .spared = &spared};
	struct space space;

	e = (struct err){0};
	assert_int_equal(range_set_add(&spared.v4, 0x7f000000, 0x7fffffff), 0);
	addr_set_seal(&spared);
	assert_int_equal(space_build(&space, &sr, NULL, &e), 0);
	u.space = &space;
	if (scope_check(s, &u, &e) == 0)
		assert_string_equal(e.text, "");
	space_free(&space);
	addr_set_free(&spared);
	return e.text;
}

static void holds_what_it_says(void **state)
{
	const uint64_t now = NEW_YEAR_2027 - 1;
	struct scope s;
	struct err e;

	assert_int_equal(read_text(&s, WHOLE, &e), 0);
	assert_string_equal(check(&s, "192.0.2.0/24", 20000, now, 80), "");
	assert_string_equal(check(&s, "198.51.100.9", 1, now, 8010), "");
	assert_string_equal(check(&s, "127.0.0.1", 1, now, 80), "");
	assert_non_null(strstr(check(&s, "198.51.100.0/28", 1, now, 80),
		"f:2: \"networks\" does not hold 198.51.100.10"));
	assert_non_null(strstr(check(&s, "192.0.2.1", 20001, now, 80), "f:7: \"max-rate\""));
	assert_non_null(strstr(check(&s, "192.0.2.1", 1, now, 81), "f:8: \"ports\""));
	assert_non_null(strstr(check(&s, "192.0.2.1", 1, NEW_YEAR_2027, 80), "f:4: "));
	scope_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_whole_one),
		cmocka_unit_test(refuses_malformed_ones),
		cmocka_unit_test(holds_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
