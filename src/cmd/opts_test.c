/* SPDX-License-Identifier: BSD-2-Clause */
/* The option table itself, and what options mean together. */
#include "cmd/opts.h"

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

/* Splits at blanks and reads; the words must outlive *o. */
static int read_line(struct opts *o, char *line, struct err *e)
{
	const char *argv[32] = {"--config", "/dev/null"};
	int argc = strstr(line, "--config") ? 0 : 2;
	char *save, *word;

	memset(e, 0, sizeof(*e));
	for (word = strtok_r(line, " ", &save); word && argc < 31;
		word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	return opts_read(o, argc, argv, e);
}

static void test_table_is_sound(void **state)
{
	for (size_t i = 0; i < scan_opts.n_rows; i++) {
		const struct opt_row *r = &scan_opts.rows[i];

		assert_non_null(r->names[0]);
		assert_non_null(r->help);
		assert_true(r->group < scan_opts.n_groups);
		for (size_t k = 0; k < OPT_NAMES_MAX && r->names[k]; k++) {
			assert_int_equal(r->names[k][0], '-');
			if (opt_find(&scan_opts, r->names[k]) != r)
				fail_msg("%s stands twice in the table", r->names[k]);
		}
		if (r->arg != OPT_NO_ARG)
			assert_non_null(r->meta);
		if (r->absent)
			continue;
		assert_true(r->lands >= offsetof(struct opts, input_list) &&
			    r->lands < sizeof(struct opts));
		if (r->type == OPT_UINT || r->type == OPT_REAL)
			assert_true(r->max > r->min);
		if (r->type == OPT_CHOICE)
			assert_non_null(r->choices);
		if (r->arg == OPT_NO_ARG)
			assert_true(r->type == OPT_FLAG || r->type == OPT_CONST ||
				    r->type == OPT_BITS || r->type == OPT_LEVEL);
	}
}

static void test_reads(void **state)
{
	char line[] =
		"-sSU -p 22,80 -T4 --max-rtt-timeout 250ms -oX - -vvv -d2 -6 --exclude fd00::1 fd00::/64 -PS -PA1,2 "
		"-Pn --min-rate 10.5 --timeout=1s -g53";
	struct opts o;
	struct err e;

	assert_int_equal(read_line(&o, line, &e), 0);
	assert_int_equal(o.techniques, TECH_SYN | TECH_UDP);
	assert_string_equal(o.ports, "22,80");
	assert_int_equal(o.timing, 4);
	assert_int_equal(o.max_rtt, NS_PER_S);
	assert_int_equal(o.min_rtt, OPT_UNSET);
	assert_int_equal(o.verbose, 3);
	assert_int_equal(o.debug, 2);
	assert_int_equal(o.family, 6);
	assert_string_equal(o.ping_syn, "80");
	assert_string_equal(o.ping_ack, "1,2");
	assert_true(o.min_rate > 10.4 && o.min_rate < 10.6);
	assert_int_equal(o.source_port, 53);
	assert_int_equal(o.outputs.n, 1);
	assert_int_equal(o.outputs.v[0].row->value, OUTPUT_XML);
	assert_int_equal(o.args.n_words, 1);
	opts_free(&o);
}

static void test_contradictions(void **state)
{
	static const char *const lines[] = {
		"-sn -p80 h",
		"-sL -F h",
		"-sn -sS h",
		"-sL -sU h",
		"-sn --top-ports 5 h",
		"-sL --top-ports 5 h",
		"-sn --port-ratio 0.5 h",
		"-sL --port-ratio 0.5 h",
		"-sn --exclude-ports 5 h",
		"-sL --exclude-ports 5 h",
		"-sn -r h",
		"-sL -r h",
		"-sST h",
		"-4 -6 h",
		"-F -p1 h",
		"-p1 -p2 h",
		"--min-rate 9 --max-rate 8 h",
		"--min-rate 9 --scan-delay 1s h",
		"--stealth normal --min-rate 9 h",
		"--stealth 3 --min-hostgroup 2 h",
		"--stealth stealthy --min-parallelism 2 h",
		"--min-hostgroup 9 --max-hostgroup 8 h",
		"--min-parallelism 9 --max-parallelism 8 h",
		"-oX - -oG - h",
		"-oX - --route-dst 127.0.0.1 h",
		"--packet-capture-limit 1M h",
		"--packet-capture f --packet-capture-limit 1 h",
		"--packet-capture f --packet-capture-limit 1T h",
		"--packet-capture f --packet-capture-limit M h",
		"--packet-capture f -sL h",
		"-oH f -sL h",
		"--webxml h",
		"--no-stylesheet -oN f h",
		"--stylesheet x -oG f h",
		"--nsock-engine kqueue h",
		"-Pq h",
		"--servicedb f -p1 h",
		"--unprivileged -sS h",
		"--unprivileged -sU h",
		"--disable-arp-ping -PR h",
		"-oA - h",
		"-oN -x h",
		"--stylesheet x --no-stylesheet h",
		"--config /nonexistent/sonde.conf h",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *line = strdup(lines[i]);
		struct opts o;
		struct err e;

		if (read_line(&o, line, &e) != ERR_USAGE || !e.text[0])
			fail_msg("%s was taken", lines[i]);
		opts_free(&o);
		free(line);
	}
}

static void test_names_the_idle_option(void **state)
{
	static const char *const lines[][2] = {
		{"-sn --ports 5 h", " --ports;"}, {"-sL -n -r h", " -r;"}, {"-sL -sU h", " -sU;"}};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *line = strdup(lines[i][0]);
		struct opts o;
		struct err e;

		if (read_line(&o, line, &e) != ERR_USAGE || !strstr(e.text, lines[i][1]))
			fail_msg("%s: %s", lines[i][0], e.text);
		opts_free(&o);
		free(line);
	}
}

/* What would be a file name glued to -o is a format that there is not. */
static void test_unknown_formats(void **state)
{
	static const struct {
		const char *line;
		int code;
		const char *words;
	} cases[] = {
		{"-oZ x h", ERR_USAGE, "unknown output format -oZ; there are -oN "},
		{"-oreport h", ERR_USAGE, "unknown output format -oreport;"},
		{"-o Z h", 0, ""},
		{"-oXZ h", 0, ""},
		{"-open h", 0, ""},
		{"-oX a -oS b -oH c h", 0, ""},
		{"--fields addr h", ERR_USAGE, "--fields is about -oC, -oD and -oJ"},
		{"--fields addr -oX a h", ERR_USAGE, "--fields is about"},
		{"--fields addr -oD a h", 0, ""},
		{"-sn --where x h", ERR_USAGE, "-sn scans no ports"},
		{"-sL --where x h", ERR_USAGE, "-sL scans no ports"},
		{"-oX a --frobnicate h", ERR_USAGE, "--frobnicate: there is no such option"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *line = strdup(cases[i].line);
		struct opts o;
		struct err e;
		int rc = read_line(&o, line, &e);

		if (rc != cases[i].code || !strstr(e.text, cases[i].words))
			fail_msg("%s: %d \"%s\"", cases[i].line, rc, e.text);
		opts_free(&o);
		free(line);
	}
}

static void test_sizes(void **state)
{
	static const struct {
		const char *size;
		uint64_t bytes;
	} rows[] = {
		{"131072", 131072}, {"128k", 131072}, {"3M", 3 << 20}, {"2G", UINT64_C(2) << 30}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[80];
		struct opts o;
		struct err e;

		snprintf(line, sizeof(line), "--packet-capture f --packet-capture-limit %s h",
			rows[i].size);
		assert_int_equal(read_line(&o, line, &e), 0);
		assert_int_equal(o.capture_limit, rows[i].bytes);
		opts_free(&o);
	}
}

static void test_no_contradictions(void **state)
{
	static const char *const lines[] = {
		"-sL --servicedb f h",
		"-sn --servicedb f h",
		"-sL --datadir d h",
		"--min-rate 9 --scan-delay 0 h",
		"--min-rate 9 -T2 h",
		"--stealth normal --max-rate 9 --scan-delay 1s -T0 --max-hostgroup 5 --min-hostgroup 1 h",
		"--min-rate 9 --max-scan-delay 1s h",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *line = strdup(lines[i]);
		struct opts o;
		struct err e;

		if (read_line(&o, line, &e) != 0)
			fail_msg("%s: %s", lines[i], e.text);
		opts_free(&o);
		free(line);
	}
}

static void test_command_line_wins(void **state)
{
	char path[] = "/tmp/sonde-opts-XXXXXX", line[100];
	static const char text[] = "T = 2\nF = yes\nreason = yes\nmax-retries = 5\nsT = yes\n";
	struct opts o;
	struct err e;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	snprintf(line, sizeof(line), "-T5 -p80 -sS --config %s h", path);
	assert_int_equal(read_line(&o, line, &e), 0);
	assert_int_equal(o.timing, 5);
	assert_false(o.fast); /* -p excludes it */
	assert_true(o.reason);
	assert_int_equal(o.max_retries, 5);
	assert_int_equal(o.techniques, TECH_SYN);
	opts_free(&o);
	/* the file's ports are for scans of ports */
	snprintf(line, sizeof(line), "-sn --config %s h", path);
	assert_int_equal(read_line(&o, line, &e), 0);
	opts_free(&o);
	snprintf(line, sizeof(line), "-sn -p80 --config %s h", path);
	assert_int_equal(read_line(&o, line, &e), ERR_USAGE);
	opts_free(&o);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_sound),
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_names_the_idle_option),
		cmocka_unit_test(test_unknown_formats),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_no_contradictions),
		cmocka_unit_test(test_command_line_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
