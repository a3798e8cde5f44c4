/* SPDX-License-Identifier: BSD-2-Clause */
/* The conformance suite of output formats: every row of the table, the same promises. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "out/out.h"

static char path[] = "/tmp/sonde-out-XXXXXX";

static const struct rec_run run = {
	.program = "sonde", .version = "0.1.0", .args = "sonde", .start_wall_ns = 1};
static const struct rec_end end = {
	.end_wall_ns = 2000000000, .elapsed_ns = 1999999999, .hosts_up = 1, .hosts_total = 1};
static const struct rec_port ports[] = {
	{.number = 22,
		.proto = PROTO_TCP,
		.state = PORT_OPEN,
		.reason = REASON_SYN_ACK,
		.service = "s\x1b[0m\xff"},
	{.number = 23, .proto = PROTO_TCP, .state = PORT_CLOSED, .reason = REASON_RESET, .from = 9},
	{.number = 24, .proto = PROTO_TCP, .state = PORT_UNKNOWN},
	{.number = 53,
		.proto = PROTO_UDP,
		.state = PORT_OPEN_FILTERED,
		.reason = REASON_NO_RESPONSE},
	{.number = 47, .proto = PROTO_IP, .state = PORT_OPEN, .reason = REASON_PROTO_RESPONSE},
};
static const struct rec_note note = {LOG_WARN, "note \x1b]0;x\x07"};
static const struct rec_progress progress = {.phase = "SYN scan", .done = 0.5, .asked = true};
static const struct rec_packet packet = {.sent = true, .text = "TCP"};

static const struct rec_hop hops[] = {{.ttl = 1, .name = "x"}, {.ttl = 2},
	{.ttl = 3, .addr = {.family = 4}, .name = "\x1b]0;x\x07\xff"}};
static const struct rec_trace trace = {.proto = PROTO_UDP, .port = 53, .hops = hops, .n_hops = 3};

static struct rec_host host_up(void)
{
	return (struct rec_host){.addr = addr_v4(0x0a000001),
		.user_name = "name\n\x9b",
		.ptr_name = "\xe2\x80\xae",
		.has_mac = true,
		.vendor = "=x",
		.state = HOST_UP,
		.reason = REASON_ARP_RESPONSE,
		.ports_scanned = true,
		.ports = ports,
		.n_ports = sizeof(ports) / sizeof(ports[0]),
		.trace = &trace};
}

static char *content(size_t *len)
{
	static char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	assert_true(n >= 0);
	text[n] = '\0';
	*len = (size_t)n;
	return text;
}

static void put(const struct out_ops *ops, struct out *o, const struct rec *r)
{
	struct err e;

	if (ops->want & BUS_WANT(r->kind))
		assert_int_equal(ops->put(o, r, &e), 0);
}

static void put_all(const struct out_ops *ops, struct out *o)
{
	struct rec_host h = host_up();
	struct rec_found found = {h.addr, &ports[0]};

	put(ops, o, &(struct rec){.kind = REC_RUN, .run = &run});
	put(ops, o, &(struct rec){.kind = REC_NOTE, .note = &note});
	put(ops, o, &(struct rec){.kind = REC_FOUND, .found = &found});
	put(ops, o, &(struct rec){.kind = REC_PACKET, .packet = &packet});
	put(ops, o, &(struct rec){.kind = REC_PROGRESS, .progress = &progress});
	put(ops, o, &(struct rec){.kind = REC_HOST, .host = &h});
}

static struct out *open_out(const struct out_ops *ops, struct out_conf c)
{
	struct out *o = NULL;
	struct err e;

	c.path = path;
	assert_int_equal(ops->open(&o, &c, &e), 0);
	return o;
}

/* Whether it tells of hosts in text; the others hold packets, or bytes. */
static bool is_report(const struct out_ops *ops)
{
	return ops->want & BUS_WANT(REC_HOST) && ops != out_format_by_name("binary");
}

static void test_table(void **state)
{
	static const char *const options[] = {
		"-oN", "-oX", "-oG", "-oJ", "-oD", "-oC", "-oB", "-oS", "-oH", "--packet-capture"};
	size_t n = 0;

	for (; out_formats[n]; n++) {
		assert_ptr_equal(out_format_by_name(out_formats[n]->name), out_formats[n]);
		assert_string_equal(out_formats[n]->option, options[n]);
		assert_true(out_formats[n]->want & BUS_WANT(REC_RUN) &&
			    out_formats[n]->want & (BUS_WANT(REC_HOST) | BUS_WANT(REC_PACKET)));
	}
	assert_int_equal(n, 10);
	assert_null(out_format_by_name("yaml"));
}

/* Nothing is written before the first record, and closing then leaves the file as it is. */
static void test_no_record(void **state)
{
	for (size_t i = 0; out_formats[i]; i++) {
		struct out *o = open_out(out_formats[i], (struct out_conf){0});
		struct err e;
		size_t len;

		assert_string_equal(content(&len), "");
		assert_int_equal(out_formats[i]->close(o, &e), 0);
		assert_string_equal(content(&len), "");
	}
}

/* No byte that a terminal obeys, whatever the network says. pcapng and binary are not text. */
static void test_no_control_bytes(void **state)
{
	for (size_t i = 0; out_formats[i] != out_format_by_name("pcapng"); i++) {
		struct out *o = open_out(
			out_formats[i], (struct out_conf){.verbose = 2, .debug = 1, .trace = true});
		struct err e;
		size_t len;
		char *text;

		put_all(out_formats[i], o);
		if (out_formats[i] == out_format_by_name("binary")) {
			assert_int_equal(out_formats[i]->close(o, &e), 0);
			continue;
		}
		put(out_formats[i], o, &(struct rec){.kind = REC_END, .end = &end});
		assert_int_equal(out_formats[i]->close(o, &e), 0);
		text = content(&len);
		assert_int_equal(strlen(text), len);
		for (size_t k = 0; k < len; k++)
			assert_true((unsigned char)text[k] >= ' ' || strchr("\n\t\r", text[k]));
		assert_null(strchr(text, 0x7f));
		assert_null(strstr(text, "\xff"));
	}
}

/* A run that stops without REC_END has the same records in its file, and closing adds nothing to
 * what a kill would leave. */
static void test_killed(void **state)
{
	for (size_t i = 0; out_formats[i]; i++) {
		struct out *o = open_out(out_formats[i], (struct out_conf){0});
		char before[65536];
		struct err e;
		const char *text;
		size_t len;

		put_all(out_formats[i], o);
		text = content(&len);
		assert_true(len > 0 && len < sizeof(before));
		memcpy(before, text, len + 1);
		assert_int_equal(strstr(before, "10.0.0.1") != NULL, is_report(out_formats[i]));
		assert_int_equal(out_formats[i]->close(o, &e), 0);
		assert_memory_equal(content(&len), before, len + 1);
	}
}

/* Hosts that are down cost nothing and show only with -v; --open hides hosts without an open port.
 */
static void test_who_is_shown(void **state)
{
	struct rec_port closed = {
		.number = 9, .proto = PROTO_TCP, .state = PORT_CLOSED, .reason = REASON_RESET};
	struct rec_host down = {
		.addr = addr_v4(0x0a000002), .state = HOST_DOWN, .reason = REASON_NO_RESPONSE};
	struct rec_host shut = {.addr = addr_v4(0x0a000003),
		.state = HOST_UP,
		.ports_scanned = true,
		.ports = &closed,
		.n_ports = 1};

	for (size_t i = 0; out_formats[i] && out_formats[i]->want & BUS_WANT(REC_HOST); i++) {
		if (!is_report(out_formats[i]))
			continue;
		for (int v = 0; v < 4; v++) {
			struct out_conf c = {.verbose = v & 1, .open_only = v & 2};
			struct out *o = open_out(out_formats[i], c);
			struct err e;
			size_t len;

			put(out_formats[i], o, &(struct rec){.kind = REC_RUN, .run = &run});
			put(out_formats[i], o, &(struct rec){.kind = REC_HOST, .host = &down});
			put(out_formats[i], o, &(struct rec){.kind = REC_HOST, .host = &shut});
			assert_int_equal(strstr(content(&len), "10.0.0.2") != NULL, v == 1);
			assert_int_equal(strstr(content(&len), "10.0.0.3") != NULL, v < 2);
			assert_int_equal(out_formats[i]->close(o, &e), 0);
		}
	}
}

/* The last part of the normal report after one host and this end. */
static const char *last_lines(struct out_conf c, uint8_t reason, const struct rec_end *last)
{
	const struct out_ops *ops = out_format_by_name("normal");
	struct rec_host h = {.addr = addr_v4(0x0a000001), .state = HOST_DOWN, .reason = reason};
	struct rec_note said = {LOG_ERROR, "eth9 went down"};
	struct out *o;
	size_t len;

	assert_int_equal(truncate(path, 0), 0);
	o = open_out(ops, c);
	put(ops, o, &(struct rec){.kind = REC_RUN, .run = &run});
	if (last->error)
		put(ops, o, &(struct rec){.kind = REC_NOTE, .note = &said});
	put(ops, o, &(struct rec){.kind = REC_HOST, .host = &h});
	put(ops, o, &(struct rec){.kind = REC_END, .end = last});
	assert_int_equal(ops->close(o, NULL), 0);
	return content(&len);
}

/* What run-time keys change is followed by a format that is open. */
static void test_levels_followed(void **state)
{
	const struct out_ops *ops = out_format_by_name("normal");
	struct levels now = {0};
	struct rec_packet p = {.sent = true, .text = "WORDS"};
	struct rec_host down = {.addr = addr_v4(0x0a000002), .state = HOST_DOWN};
	struct out *o;
	size_t len;

	assert_int_equal(truncate(path, 0), 0);
	o = open_out(ops, (struct out_conf){.levels = &now});
	put(ops, o, &(struct rec){.kind = REC_RUN, .run = &run});
	for (int on = 0; on < 2; on++) {
		now = (struct levels){.verbose = on, .trace = on};
		put(ops, o, &(struct rec){.kind = REC_PACKET, .packet = &p});
		put(ops, o, &(struct rec){.kind = REC_HOST, .host = &down});
		assert_int_equal(strstr(content(&len), "WORDS") != NULL, on);
		assert_int_equal(strstr(content(&len), "10.0.0.2") != NULL, on);
	}
	assert_int_equal(ops->close(o, NULL), 0);
}

/* -Pn is advised only where it can help. */
static void test_advice(void **state)
{
	static const struct rec_end one = {.hosts_down = 1, .hosts_total = 1};
	static const struct {
		bool no_ping;
		uint8_t reason;
		bool advised;
	} cases[] = {
		{false, REASON_NO_RESPONSE, true},
		{true, REASON_NO_RESPONSE, false},
		{false, REASON_NO_ROUTE, false},
		{false, REASON_HOST_UNREACH, false},
		{true, REASON_NO_ROUTE, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct out_conf c = {.no_ping = cases[i].no_ping, .screen = i % 2};
		const char *text = last_lines(c, cases[i].reason, &one);

		assert_int_equal(strstr(text, "try -Pn") != NULL, cases[i].advised);
	}
}

/* A failure is no interruption, and is told once in the file, not at all on the screen. */
static void test_failed(void **state)
{
	static const struct rec_end failed = {
		.hosts_total = 1, .interrupted = true, .error = "eth9 went down"};
	static const struct rec_end other = {.hosts_total = 1, .error = "no more memory"};
	struct out_conf file = {0}, screen = {.screen = true};
	const char *text = last_lines(file, REASON_NO_RESPONSE, &failed), *first;

	assert_non_null(strstr(text, "# Sonde failed at "));
	first = strstr(text, "Error: eth9 went down\n");
	assert_non_null(first);
	assert_null(strstr(first + 1, "Error:"));
	text = last_lines(file, REASON_NO_RESPONSE, &other);
	assert_non_null(strstr(text, "Error: no more memory\n"));
	text = last_lines(screen, REASON_NO_RESPONSE, &failed);
	assert_non_null(strstr(text, "Sonde failed: "));
	assert_null(strstr(text, "Error"));
}

/* A sweep's hosts are counted where they come grouped, and nowhere else; what it covered is told in
 * every report but CSV. */
static void test_sweep(void **state)
{
	static const struct rec_coverage done = {
		.planned = 4711, .sent = 4242, .sender = "xdp-live"};
	static const struct rec_end swept = {
		.hosts_total = 8, .hosts_unknown = true, .sweep = &done};

	for (size_t i = 0; out_formats[i]; i++) {
		const struct out_ops *ops = out_formats[i];

		for (int grouped = 0; grouped < 2 && is_report(ops); grouped++) {
			struct out *o;
			struct rec_host h = host_up();
			const char *text;
			size_t len;
			bool told;

			assert_int_equal(truncate(path, 0), 0);
			o = open_out(ops, (struct out_conf){.results = true});
			put(ops, o, &(struct rec){.kind = REC_RUN, .run = &run});
			if (grouped)
				put(ops, o, &(struct rec){.kind = REC_HOST, .host = &h});
			put(ops, o, &(struct rec){.kind = REC_END, .end = &swept});
			assert_int_equal(ops->close(o, NULL), 0);
			text = content(&len);
			told = strstr(text, "4242") && strstr(text, "4711");
			if (ops == out_format_by_name("kiddie"))
				continue; /* letters and digits are others there */
			assert_int_equal(told, ops != out_format_by_name("csv"));
			assert_null(strstr(text, "0 hosts up"));
			assert_null(strstr(text, "\"hosts_up\":0"));
			assert_int_equal(
				strstr(text, "1 host up") || strstr(text, "\"hosts_up\":1"),
				told && grouped);
		}
	}
}

static void test_full_disk(void **state)
{
	for (size_t i = 0; out_formats[i]; i++) {
		struct out_conf c = {.path = "/dev/full"};
		struct out *o = NULL;
		struct err e = {0};

		assert_int_equal(out_formats[i]->open(&o, &c, &e), 0);
		assert_int_equal(
			out_formats[i]->put(o, &(struct rec){.kind = REC_RUN, .run = &run}, &e),
			-ENOSPC);
		assert_non_null(strstr(e.text, "/dev/full"));
		assert_int_equal(out_formats[i]->close(o, &e), 0);
	}
}

static void test_cannot_open(void **state)
{
	for (size_t i = 0; out_formats[i]; i++) {
		struct out_conf c = {.path = "/nonexistent/file"};
		struct out *o = NULL;
		struct err e = {0};

		assert_int_equal(out_formats[i]->open(&o, &c, &e), -ENOENT);
		assert_non_null(strstr(e.text, "/nonexistent/file"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_record),
		cmocka_unit_test(test_no_control_bytes),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_who_is_shown),
		cmocka_unit_test(test_levels_followed),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_cannot_open),
	};
	int fd = mkstemp(path), rc;

	if (fd < 0)
		return 1;
	close(fd);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return rc;
}
