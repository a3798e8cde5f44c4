/* SPDX-License-Identifier: BSD-2-Clause */
/* Output files: their names, and that they are opened, fed and completed. */
#include "cmd/outputs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* 2026-03-07 08:09:05 UTC, by date(1) */
#define WHEN (1772870945 * NS_PER_S)

static void test_names(void **state)
{
	static const struct {
		const char *name, *path;
	} cases[] = {
		{"scan.xml", "scan.xml"},
		{"%Y-%m-%d_%H.%M.%S", "2026-03-07_08.09.05"},
		{"%D-%T-%R-%y", "030726-080905-0809-26"},
		{"100%%-%x-%", "100%-x-%"},
	};

	setenv("TZ", "UTC", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *path = outputs_path(cases[i].name, WHEN);

		assert_string_equal(path, cases[i].path);
		free(path);
	}
}

static void test_files(void **state)
{
	static const char *const suffixes[] = {"nmap", "xml", "gnmap", "json"};
	char dir[] = "/tmp/sonde-outputs-XXXXXX", all[64], json[64];
	const char *argv[] = {
		"-v0", "-oA", all, "-oJ", json, "--config", "/dev/null", "192.0.2.1", NULL};
	struct rec_run run = {
		.program = "sonde", .version = "0", .args = "sonde", .start_wall_ns = WHEN};
	struct rec_end end = {.end_wall_ns = WHEN};
	struct out_conf conf = {0};
	struct outputs w;
	struct bus bus;
	struct opts o;
	struct err e = {0};

	assert_non_null(mkdtemp(dir));
	snprintf(all, sizeof(all), "%s/a", dir);
	snprintf(json, sizeof(json), "%s/a.json", dir);
	assert_int_equal(opts_read(&o, 8, argv, &e), 0);
	bus_init(&bus);
	assert_int_equal(outputs_name(&w, &o, 0, &e), 0);
	assert_int_equal(outputs_open(&w, &conf, &bus, &e), 0);
	assert_int_equal(w.n, 4); /* -v0: no report on standard output */
	bus_publish(&bus, &(struct rec){.kind = REC_RUN, .run = &run});
	bus_publish(&bus, &(struct rec){.kind = REC_END, .end = &end});
	assert_false(bus_failed(&bus));
	assert_int_equal(outputs_close(&w), 0);
	for (size_t i = 0; i < 4; i++) {
		snprintf(json, sizeof(json), "%s/a.%s", dir, suffixes[i]);
		assert_int_equal(unlink(json), 0);
	}
	assert_int_equal(rmdir(dir), 0);
	opts_free(&o);
}

static void test_refusal(void **state)
{
	const char *argv[] = {"-oN", "/nonexistent/x", "--config", "/dev/null", "192.0.2.1", "-v0"};
	struct out_conf conf = {0};
	struct outputs w;
	struct bus bus;
	struct opts o;
	struct err e = {0};

	assert_int_equal(opts_read(&o, 6, argv, &e), 0);
	bus_init(&bus);
	assert_int_equal(outputs_name(&w, &o, 0, &e), 0);
	assert_true(outputs_open(&w, &conf, &bus, &e) < 0);
	assert_non_null(strstr(e.text, "/nonexistent/x"));
	assert_int_equal(outputs_close(&w), 0);
	opts_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
