/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports that were cut off: which hosts they hold in full. */
#include "cmd/reported.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define HEAD "# Nmap 7.93 scan initiated Sat Nov 21 10:00:00 2026 as: nmap -oN x 10.0.0.0/24\n"
#define ONE                                                                                        \
	"Nmap scan report for web.lab (10.0.0.1)\nHost is up (0.1s latency).\nPORT STATE SERVICE\n22/tcp open ssh\n\n"
#define TWO "Nmap scan report for 10.0.0.2 [host down, received no-response]\n"
#define GREPABLE                                                                                   \
	"Host: 10.0.0.1 (web.lab)\tStatus: Up\n"                                                   \
	"Host: 10.0.0.1 (web.lab)\tPorts: 22/open/tcp//ssh///\n"                                   \
	"Host: 10.0.0.2 ()\tStatus: Down\nHost: fd00::3 ()\tStatus: Up\n"                          \
	"Host: fd00::3 ()\tStatus: Interrupted\n"

static void read_text(struct reported *r, const char *text)
{
	assert_int_equal(reported_init(r), 0);
	while (*text) {
		size_t len = strcspn(text, "\n");

		len += text[len] == '\n';
		assert_int_equal(reported_line(r, text, len), 0);
		text += len;
	}
	assert_int_equal(reported_end(r), 0);
}

static enum host_state state_of(struct reported *r, const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return past_finished(r->past, &a);
}

static void test_normal(void **state)
{
	struct reported r;

	read_text(&r, HEAD ONE TWO
		"Nmap scan report for 10.0.0.3\nHost is up.\nNot shown: 998 closed tcp ports (reset)\nPORT ST");
	assert_string_equal(r.command, "nmap -oN x 10.0.0.0/24");
	assert_false(r.complete);
	assert_int_equal(state_of(&r, "10.0.0.1"), HOST_UP);
	assert_int_equal(state_of(&r, "10.0.0.2"), HOST_DOWN);
	assert_int_equal(state_of(&r, "10.0.0.3"), HOST_UNKNOWN);
	assert_int_equal(r.keep, strlen(HEAD ONE TWO));
	reported_free(&r);
}

/* The last one is whole when its empty line is there, and a footer ends it too. */
static void test_last(void **state)
{
	static const struct {
		const char *text;
		enum host_state state;
		bool complete;
		size_t keep;
	} rows[] = {
		{HEAD ONE, HOST_UP, false, sizeof(HEAD ONE) - 1},
		{HEAD ONE "# Sonde interrupted at X\n", HOST_UP, false,
			sizeof(HEAD ONE "# Sonde interrupted at X\n") - 1},
		{HEAD ONE "# Nmap done at X -- 1 IP\n", HOST_UP, true,
			sizeof(HEAD ONE "# Nmap done at X -- 1 IP\n") - 1},
		{HEAD "Nmap scan report for 10.0.0.1\nHost is up.\n", HOST_UNKNOWN, false,
			sizeof(HEAD) - 1},
		{HEAD "Nmap scan report for 10.0.0.1", HOST_UNKNOWN, false, sizeof(HEAD) - 1},
		{HEAD "Nmap scan report for 10.0.0.1\nInterrupted: what is\n\n# Sonde interrupted at\n",
			HOST_UNKNOWN, false,
			sizeof(HEAD
				"Nmap scan report for 10.0.0.1\nInterrupted: what is\n\n# Sonde interrupted at\n") -
				1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reported r;

		read_text(&r, rows[i].text);
		assert_int_equal(r.complete, rows[i].complete);
		assert_int_equal(r.keep, rows[i].keep);
		assert_int_equal(state_of(&r, "10.0.0.1"), rows[i].state);
		reported_free(&r);
	}
}

static void test_grepable(void **state)
{
	struct reported r;

	read_text(&r, HEAD GREPABLE "Host: 10.0.0.4 ()\tStatus: Up\nHost: 10.0.0.4 ()\tPor");
	assert_int_equal(state_of(&r, "10.0.0.1"), HOST_UP);
	assert_int_equal(state_of(&r, "10.0.0.2"), HOST_DOWN);
	assert_int_equal(state_of(&r, "fd00::3"), HOST_UNKNOWN);
	assert_int_equal(state_of(&r, "10.0.0.4"), HOST_UNKNOWN);
	assert_int_equal(r.keep, strlen(HEAD GREPABLE));
	reported_free(&r);
}

/* A run that resumes the one before adds to it; another one, or a complete one, does not count. */
static void test_runs(void **state)
{
	static const char other[] = "# Sonde 0.1.0 scan initiated X as: sonde -oN x 10.0.0.9\n"
				    "Sonde scan report for 10.0.0.9\nHost is up.\n\n";
	char text[1024];
	struct reported r;

	snprintf(text, sizeof(text), "%s%s%s%s", other, HEAD ONE, HEAD,
		TWO "# Nmap interrupted at\n");
	read_text(&r, text);
	assert_int_equal(state_of(&r, "10.0.0.1"), HOST_UP);
	assert_int_equal(state_of(&r, "10.0.0.2"), HOST_DOWN);
	assert_int_equal(state_of(&r, "10.0.0.9"), HOST_UNKNOWN);
	reported_free(&r);
	snprintf(text, sizeof(text), "%s%s%s", HEAD ONE, "# Nmap done at X\n", HEAD TWO);
	read_text(&r, text);
	assert_false(r.complete);
	assert_int_equal(state_of(&r, "10.0.0.1"), HOST_UNKNOWN);
	assert_int_equal(state_of(&r, "10.0.0.2"), HOST_DOWN);
	reported_free(&r);
}

static void test_no_report(void **state)
{
	struct reported r;

	read_text(&r, "hello\n# a comment as: no\nHost: x\n scan report for \n\n");
	assert_null(r.command);
	reported_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_grepable),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_no_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
