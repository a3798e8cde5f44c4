/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames: what is written is read, whatever else is refused. */
#include "store/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "model/field.h"

static const struct rec_port ports[] = {
	{.number = 22,
		.proto = PROTO_TCP,
		.state = PORT_OPEN,
		.reason = REASON_SYN_ACK,
		.ttl = 64,
		.rtt_src = RTT_KERNEL,
		.rtt_ns = 123456789,
		.service = "ssh"},
	{.number = 65535,
		.proto = PROTO_UDP,
		.state = PORT_FILTERED,
		.reason = REASON_ADMIN_PROHIBITED,
		.ttl = 255,
		.from = 1},
};

static struct addr addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct rec_host full_host(
	struct addr others[2], struct addr from[1], struct rec_hop hops[2], struct rec_trace *t)
{
	others[0] = addr("10.0.0.2");
	others[1] = addr("2001:db8::1");
	from[0] = addr("10.9.9.9");
	hops[0] = (struct rec_hop){.ttl = 1};
	hops[1] = (struct rec_hop){.ttl = 2, .addr = from[0], .rtt_ns = 77,
		.rtt_src = RTT_KERNEL, .shared = true, .name = "r2.example"};
	*t = (struct rec_trace){
		.proto = PROTO_TCP, .port = 80, .complete = true, .hops = hops, .n_hops = 2};
	return (struct rec_host){.addr = addr("fe80::1%1"),
		.user_name = "web.example",
		.ptr_name = "",
		.other_addrs = others,
		.n_other_addrs = 2,
		.has_mac = true,
		.mac = {{2, 0, 0, 0, 0, 255}},
		.vendor = "Vendor & Sons",
		.state = HOST_UP,
		.reason = REASON_ND_RESPONSE,
		.ttl = 255,
		.timed_out = true,
		.ports_scanned = true,
		.start_wall_ns = UINT64_C(1700000000123456789),
		.end_wall_ns = UINT64_MAX,
		.srtt_ns = 1,
		.rttvar_ns = 127,
		.rto_ns = 128,
		.latency_ns = 16384,
		.latency_src = RTT_HW,
		.ports = ports,
		.n_ports = 2,
		.from = from,
		.n_from = 1,
		.probes_sent = 1u << 31,
		.backend = "packet-ring",
		.trace = t};
}

static void same_value(const struct field_value *a, const struct field_value *b)
{
	assert_int_equal(a->present, b->present);
	if (!a->present)
		return;
	if (a->type == FIELD_TEXT)
		assert_string_equal(a->text, b->text);
	else if (a->type == FIELD_BOOL)
		assert_int_equal(a->flag, b->flag);
	else if (a->type == FIELD_ADDR)
		assert_true(addr_eq(&a->addr, &b->addr));
	else if (a->type == FIELD_MAC)
		assert_memory_equal(&a->mac, &b->mac, sizeof(a->mac));
	else if (a->type == FIELD_ADDRS)
		assert_memory_equal(a->addrs.v, b->addrs.v, a->addrs.n * sizeof(*a->addrs.v));
	else
		assert_int_equal(a->u, b->u);
}

/* By the schema: a field that is added to it and not to the frame fails here. */
static void same_fields(const char *record, const void *a, const struct rec_host *ha, const void *b,
	const struct rec_host *hb)
{
	size_t n = 0;

	for (size_t i = 0; i < n_rec_fields; i++) {
		struct field_value x, y;

		if (strcmp(rec_fields[i].record, record) != 0)
			continue;
		x = rec_fields[i].get(a, ha);
		y = rec_fields[i].get(b, hb);
		same_value(&x, &y);
		n++;
	}
	assert_true(n > 4);
}

static void read_back(const struct buf *b, struct frame *f)
{
	assert_false(b->failed);
	assert_int_equal(frame_body((const uint8_t *)b->data), b->len - FRAME_HEAD);
	assert_int_equal(frame_read(f, (const uint8_t *)b->data, b->len), 0);
}

static void test_host(void **state)
{
	struct addr others[2], from[1];
	struct rec_hop hops[2];
	struct rec_trace t;
	struct frame f = {.kind = FRAME_HOST, .host = full_host(others, from, hops, &t)}, got;
	struct buf b = {0};

	frame_write(&b, &f);
	read_back(&b, &got);
	assert_int_equal(got.kind, FRAME_HOST);
	same_fields("host", &f.host, NULL, &got.host, NULL);
	assert_int_equal(got.host.n_ports, 2);
	for (size_t i = 0; i < 2; i++)
		same_fields("port", &ports[i], &f.host, &got.host.ports[i], &got.host);
	assert_int_equal(got.host.rttvar_ns, 127);
	assert_int_equal(got.host.rto_ns, 128);
	assert_int_equal(got.host.trace->port, 80);
	assert_true(got.host.trace->complete);
	assert_int_equal(got.host.trace->n_hops, 2);
	assert_int_equal(got.host.trace->hops[0].addr.family, 0);
	assert_false(got.host.trace->hops[0].shared);
	assert_true(got.host.trace->hops[1].shared);
	assert_int_equal(got.host.trace->hops[1].rtt_src, RTT_KERNEL);
	assert_string_equal(got.host.trace->hops[1].name, "r2.example");
	assert_true(addr_eq(&got.host.trace->hops[1].addr, &from[0]));
	frame_free(&got);
	buf_free(&b);
}

static void test_bare_host(void **state)
{
	struct frame f = {.kind = FRAME_HOST, .host = {.addr = addr_v4(1), .state = HOST_DOWN}},
		     got;
	struct buf b = {0};

	frame_write(&b, &f);
	assert_in_range(b.len, 1, 64); /* sweeps have many of them */
	read_back(&b, &got);
	assert_null(got.host.user_name);
	assert_null(got.host.trace);
	assert_int_equal(got.host.n_ports, 0);
	assert_int_equal(got.host.state, HOST_DOWN);
	frame_free(&got);
	buf_free(&b);
}

static void test_verdicts(void **state)
{
	struct rec_verdict v[] = {
		{.addr = addr_v4(1), .tech = "syn", .port = ports[1], .from = addr_v4(2)},
		{.addr = addr("2001:db8::2"),
			.mac = {{1, 2, 3, 4, 5, 6}},
			.port = {.state = HOST_UP, .reason = REASON_ECHO_REPLY, .ttl = 60}},
	};
	struct frame f = {.kind = FRAME_VERDICTS, .verdicts = {v, 2}}, got;
	struct buf b = {0};

	frame_write(&b, &f);
	read_back(&b, &got);
	assert_int_equal(got.verdicts.n, 2);
	assert_string_equal(got.verdicts.v[0].tech, "syn");
	assert_int_equal(got.verdicts.v[0].port.number, 65535);
	assert_int_equal(got.verdicts.v[0].port.reason, REASON_ADMIN_PROHIBITED);
	assert_true(addr_eq(&got.verdicts.v[0].from, &v[0].from));
	assert_null(got.verdicts.v[1].tech);
	assert_int_equal(got.verdicts.v[1].from.family, 0);
	assert_memory_equal(&got.verdicts.v[1].mac, &v[1].mac, sizeof(v[1].mac));
	frame_free(&got);
	buf_free(&b);
}

static void test_start(void **state)
{
	const struct frame_item args[] = {{"sonde", NULL, 0}, {"", NULL, 0}, {"a b", NULL, 0}};
	const struct frame_item file[] = {{"x", "y", UINT64_MAX}};
	struct frame f = {.kind = FRAME_START,
			     .start = {.version = "1",
				     .directory = "/",
				     .seed = UINT64_MAX,
				     .privileged = true,
				     .args = {args, 3},
				     .inputs = {file, 1}}},
		     got;
	struct buf b = {0};

	frame_write(&b, &f);
	read_back(&b, &got);
	assert_int_equal(got.start.args.n, 3);
	assert_string_equal(got.start.args.v[1].text, "");
	assert_string_equal(got.start.args.v[2].text, "a b");
	assert_int_equal(got.start.settings.n, 0);
	assert_string_equal(got.start.inputs.v[0].value, "y");
	assert_true(got.start.inputs.v[0].number == UINT64_MAX && got.start.seed == UINT64_MAX);
	assert_true(got.start.privileged);
	frame_free(&got);
	buf_free(&b);
}

static int read_copy(const struct buf *b, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1); /* so that a sanitizer sees a byte too far */
	struct frame f;
	int rc;

	assert_non_null(copy);
	memcpy(copy, buf_text(b), len);
	rc = frame_read(&f, copy, len);
	frame_free(&f);
	free(copy);
	return rc;
}

/* Cut anywhere, or with any bit turned: no frame. */
static void test_torn(void **state)
{
	struct addr others[2], from[1];
	struct rec_hop hops[2];
	struct rec_trace t;
	struct frame f = {.kind = FRAME_HOST, .host = full_host(others, from, hops, &t)};
	struct buf b = {0};

	frame_write(&b, &f);
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal(read_copy(&b, i), ERR_PARSE);
	for (size_t i = 0; i < 8 * b.len; i++) {
		b.data[i / 8] ^= (char)(1 << i % 8);
		assert_int_equal(read_copy(&b, b.len), ERR_PARSE);
		b.data[i / 8] ^= (char)(1 << i % 8);
	}
	assert_int_equal(read_copy(&b, b.len), 0);
	buf_free(&b);
}

/* Numbers out of their range would be used as indices: the writer does not check, the reader does.
 */
static void test_out_of_range(void **state)
{
	static const struct rec_port bad[] = {
		{.state = PORT_STATES}, {.reason = REASONS}, {.rtt_src = RTT_SOURCES}, {.from = 1}};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct frame f = {.kind = FRAME_HOST,
			.host = {.addr = addr_v4(1), .ports = &bad[i], .n_ports = 1}};
		struct buf b = {0};

		frame_write(&b, &f);
		assert_int_equal(read_copy(&b, b.len), ERR_PARSE);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_bare_host),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
