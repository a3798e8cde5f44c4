/* SPDX-License-Identifier: BSD-2-Clause */
/* The techniques: probes taken apart again, patched against made anew, answers told from what only
 * looks like one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/rng.h"
#include "pkt/arp.h"
#include "pkt/build.h"
#include "pkt/payload.h"
#include "pkt/view.h"
#include "scan/plan.h"
#include "scan/tech.h"

#define COUNT(v) (sizeof(v) / sizeof(*(v)))

static const struct plan_wire plain;

struct bed {
	struct rng rng, chance;
	struct tech_run run;
	struct probe p;
	uint8_t buf[PROBE_MAX];
	size_t len;
	struct pkt_view v;
};

static struct addr ip(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void bed_init(struct bed *b, bool v6)
{
	memset(b, 0, sizeof(*b));
	rng_seed(&b->rng, 1);
	rng_seed(&b->chance, 2);
	b->run = (struct tech_run){
		.key = {3, 4}, .sport_base = 40000, .icmp_id = 0x1234, .ttl = 57, .wire = &plain, .rng = &b->rng};
	b->p = (struct probe){.run = &b->run,
		.src = ip(v6 ? "fd00::1" : "10.0.0.1"),
		.dst = ip(v6 ? "fd00::2" : "10.0.0.2"),
		.src_mac = {{2, 0, 0, 0, 0, 9}},
		.port = 443};
}

static void make(struct bed *b, const struct scan_tech *t)
{
	b->len = t->make(&b->p, b->buf, sizeof(b->buf));
	assert_in_range(b->len, 20, PROBE_MAX);
	assert_int_equal(pkt_view(b->buf, b->len, &b->v), 0);
	assert_true(pkt_view_checksum(b->buf, b->len));
	assert_true(addr_eq(&b->v.src, &b->p.src));
	assert_int_equal(b->v.ttl, t == &tech_nd ? 255 : 57);
}

static struct addr any_addr(struct bed *b, bool v6)
{
	uint8_t bytes[16];

	for (size_t i = 0; i < 16; i++)
		bytes[i] = (uint8_t)rng_u64(&b->chance);
	return addr_from_bytes(v6 ? 6 : 4, bytes);
}

/* ---- probes
 * ------------------------------------------------------------------------------------------ */

static void test_syn_probe(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct bed b;

		bed_init(&b, v6);
		for (uint8_t try = 0; try < TECH_TRIES_MAX; try++) {
			b.p.try = try;
			make(&b, &tech_syn);
			assert_true(addr_eq(&b.v.dst, &b.p.dst));
			assert_int_equal(b.len, (v6 ? 40 : 20) + 24);
			assert_int_equal(b.v.l4.flags, TCP_SYN);
			assert_int_equal(b.v.l4.dport, 443);
			assert_int_equal(b.v.l4.sport, 40000 + try);
			assert_int_equal(b.v.l4.seq & 15, try);
			assert_memory_equal(b.buf + b.len - 4, "\x02\x04\x05\xb4",
				4); /* MSS 1460, RFC 9293 3.7.1 */
		}
	}
}

static void test_other_probes(void **state)
{
	struct bed b;

	for (int v6 = 0; v6 < 2; v6++) {
		bed_init(&b, v6);
		make(&b, &tech_ack);
		assert_int_equal(b.v.l4.flags, TCP_ACK);
		assert_int_equal(b.v.l4.dport, 443);
		b.p.try = 3;
		make(&b, &tech_echo);
		assert_int_equal(b.v.l4.type, v6 ? 128 : 8);
		assert_int_equal(b.v.l4.code, 0);
		assert_int_equal(b.v.l4.icmp_id, 0x1234);
		assert_int_equal(b.v.l4.icmp_seq, 3);
		make(&b, &tech_udp);
		assert_int_equal(b.v.l4.proto, PROTO_UDP);
		assert_int_equal(b.v.l4.sport, 40003);
	}
	make(&b, &tech_nd);
	assert_int_equal(b.v.l4.type, 135);
	bed_init(&b, false);
	make(&b, &tech_tstamp);
	assert_int_equal(b.v.l4.type, 13);
	assert_int_equal(b.len, 20 + 20);
}

/* RFC 826: who has 10.0.0.2, tell 10.0.0.1. */
static void test_arp_probe(void **state)
{
	static const uint8_t want[] = {0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 10, 0, 0, 1, 0, 0,
		0, 0, 0, 0, 10, 0, 0, 2};
	struct bed b;

	bed_init(&b, false);
	assert_int_equal(tech_arp.make(&b.p, b.buf, sizeof(b.buf)), sizeof(want));
	assert_memory_equal(b.buf, want, sizeof(want));
	assert_int_equal(tech_arp.ethertype, 0x0806);
}

/* Each try sends the port's next payload; a port without any gets an empty datagram. */
static void test_udp_payloads(void **state)
{
	struct bed b;
	size_t len;
	uint16_t port;

	bed_init(&b, false);
	for (unsigned i = 0; (port = payload_port_at(i)); i++) {
		for (b.p.variant = 0; b.p.variant < 4; b.p.variant++) {
			const uint8_t *want =
				payload_for(port, b.p.variant % payload_count(port), &len);

			b.p.port = port;
			make(&b, &tech_udp);
			assert_int_equal(b.v.l4.payload_len, len);
			if (len)
				assert_memory_equal(b.v.l4.payload, want, len);
		}
	}
	b.p.port = 40125;
	assert_int_equal(payload_count(40125), 0);
	make(&b, &tech_udp);
	assert_int_equal(b.len, 28);
}

static void test_small_buffer(void **state)
{
	const struct scan_tech *all[] = {
		&tech_syn, &tech_ack, &tech_udp, &tech_echo, &tech_tstamp, &tech_arp};
	struct bed b;

	bed_init(&b, false);
	for (size_t i = 0; i < COUNT(all); i++)
		assert_int_equal(all[i]->make(&b.p, b.buf, 27), 0);
	bed_init(&b, true);
	assert_int_equal(tech_tstamp.make(&b.p, b.buf, sizeof(b.buf)), 0); /* not in ICMPv6 */
	assert_int_equal(tech_arp.make(&b.p, b.buf, sizeof(b.buf)), 0);
}

/* A probe patched from whatever template of the same host is the probe made anew, but for the IPv4
 * identification. */
static void test_patch_is_make(void **state)
{
	for (int i = 0; i < 4000; i++) {
		struct bed b;
		struct tmpl t;
		uint8_t fresh[PROBE_MAX];
		size_t len;
		bool v6 = i & 1;

		bed_init(&b, v6);
		rng_seed(&b.chance, (uint64_t)i);
		b.run.key = (struct hash_key){rng_u64(&b.chance), rng_u64(&b.chance)};
		b.run.sport_base = (uint16_t)rng_below(&b.chance, 65520);
		b.run.sport_fixed = i % 8 > 5;
		b.p.src = any_addr(&b, v6);
		b.p.dst = any_addr(&b, v6);
		b.p.port = (uint16_t)rng_u64(&b.chance);
		b.p.try = (uint8_t)rng_below(&b.chance, TECH_TRIES_MAX);
		t.len = (uint16_t)tech_syn.make(&b.p, t.data, sizeof(t.data));
		assert_int_equal(t.len, v6 ? 64 : 44);
		b.p.port = i % 100 ? (uint16_t)rng_u64(&b.chance) : 0;
		b.p.try = (uint8_t)rng_below(&b.chance, TECH_TRIES_MAX);
		b.len = tech_syn.patch(&t, &b.p, b.buf);
		assert_true(pkt_view_checksum(b.buf, b.len));
		len = tech_syn.make(&b.p, fresh, sizeof(fresh));
		assert_int_equal(b.len, len);
		if (!v6) { /* the identification, and the header checksum that covers it */
			memcpy(b.buf + 4, fresh + 4, 2);
			memcpy(b.buf + 10, fresh + 10, 2);
		}
		assert_memory_equal(b.buf, fresh, len);
	}
}

/* ---- answers
 * ----------------------------------------------------------------------------------------- */

/* The segment that answers the probe in b->v, by RFC 9293; the test then bends it. */
static struct pkt_l4 reply_to(const struct bed *b, uint8_t flags)
{
	const struct pkt_l4 *p = &b->v.l4;

	return (struct pkt_l4){.proto = p->proto,
		.has_ports = p->has_ports,
		.sport = p->dport,
		.dport = p->sport,
		.has_seq = true,
		.has_tcp = p->proto == PROTO_TCP,
		.seq = flags & TCP_ACK ? 99 : p->ack,
		.ack = p->seq + 1,
		.flags = flags};
}

static bool owns(struct bed *b, const struct scan_tech *t, const struct pkt_l4 *l4, bool quoted)
{
	struct pkt_view v = {.src = b->p.dst, .dst = b->p.src};
	struct answer a = {.view = &v, .l4 = l4, .quoted = quoted};
	uint16_t port = 0;
	uint8_t try = 0;

	if (!t->owns(&b->run, &b->p.dst, &a, &port, &try))
		return false;
	assert_int_equal(port, b->p.port);
	if (t != &tech_udp && !b->run.sport_fixed)
		assert_int_equal(try, b->p.try);
	return true;
}

static void check_owns_syn(struct bed *b)
{
	struct pkt_l4 l4;

	make(b, &tech_syn);
	l4 = reply_to(b, TCP_SYN | TCP_ACK);
	assert_true(owns(b, &tech_syn, &l4, false));
	l4 = reply_to(b, TCP_RST | TCP_ACK);
	assert_true(owns(b, &tech_syn, &l4, false));
	l4.ack--; /* a RST that acknowledges the SYN's own number */
	assert_true(owns(b, &tech_syn, &l4, false));
	l4.flags = TCP_SYN | TCP_ACK; /* what acknowledges nothing new does not answer a SYN */
	assert_false(owns(b, &tech_syn, &l4, false));
	for (uint32_t bit = 4; bit < 32;
		bit++) { /* the mark of the try names another try, every other bit is the cookie */
		l4 = reply_to(b, TCP_SYN | TCP_ACK);
		l4.ack ^= UINT32_C(1) << bit;
		assert_false(owns(b, &tech_syn, &l4, false));
	}
	l4 = reply_to(b, TCP_SYN | TCP_ACK);
	l4.sport++; /* another port of the host */
	assert_false(owns(b, &tech_syn, &l4, false));
	l4 = reply_to(b, TCP_RST); /* without acknowledgement */
	assert_false(owns(b, &tech_syn, &l4, false));
	l4 = reply_to(b, TCP_SYN | TCP_ACK);
	l4.proto = PROTO_UDP;
	assert_false(owns(b, &tech_syn, &l4, false));
	l4 = reply_to(b, TCP_SYN | TCP_ACK);
	l4.has_tcp = false; /* cut short */
	assert_false(owns(b, &tech_syn, &l4, false));
}

static void check_sports(struct bed *b)
{
	struct pkt_l4 l4;

	make(b, &tech_syn);
	for (uint32_t port = 0; port < 65536; port++) {
		l4 = reply_to(b, TCP_SYN | TCP_ACK);
		if (port == l4.dport)
			continue;
		l4.dport = (uint16_t)port;
		assert_false(owns(b, &tech_syn, &l4, false));
	}
}

static void check_host(struct bed *b)
{
	struct addr right = b->p.dst;
	struct pkt_l4 l4;

	make(b, &tech_syn);
	l4 = reply_to(b, TCP_SYN | TCP_ACK);
	b->p.dst = addr_add(right, 1);
	assert_false(owns(b, &tech_syn, &l4, false));
	b->p.dst = right;
}

static void test_owns_syn(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct bed b;

		bed_init(&b, i & 1);
		b.run.sport_fixed = i & 2;
		for (b.p.try = 0; b.p.try < TECH_TRIES_MAX; b.p.try++)
			check_owns_syn(&b);
		b.p.try = 5;
		check_sports(&b);
		check_host(&b);
	}
}

/* An ICMP error quotes our probe; RFC 792 promises eight bytes of it: ports and sequence number. */
static void test_owns_quoted_syn(void **state)
{
	struct bed b;
	struct pkt_l4 l4;

	bed_init(&b, false);
	b.p.try = 2;
	make(&b, &tech_syn);
	l4 = b.v.l4;
	l4.has_tcp = false;
	assert_true(owns(&b, &tech_syn, &l4, true));
	l4.seq ^= 0x100;
	assert_false(owns(&b, &tech_syn, &l4, true));
	l4 = b.v.l4;
	l4.has_seq = false;
	assert_false(owns(&b, &tech_syn, &l4, true));
	l4 = b.v.l4;
	l4.sport += TECH_TRIES_MAX;
	assert_false(owns(&b, &tech_syn, &l4, true));
	l4 = b.v.l4;
	l4.proto = PROTO_SCTP;
	assert_false(owns(&b, &tech_syn, &l4, true));
}

/* RFC 9293 3.10.7.1: an unexpected ACK is answered by a RST with its acknowledgement number as
 * sequence number. */
static void test_owns_ack(void **state)
{
	for (int fixed = 0; fixed < 2; fixed++) {
		struct bed b;
		struct pkt_l4 l4;

		bed_init(&b, false);
		b.run.sport_fixed = fixed;
		b.p.try = 1;
		make(&b, &tech_ack);
		l4 = reply_to(&b, TCP_RST);
		assert_true(owns(&b, &tech_ack, &l4, false));
		l4.seq ^= 0x10;
		assert_false(owns(&b, &tech_ack, &l4, false));
		l4 = reply_to(&b, TCP_RST);
		l4.flags = TCP_SYN | TCP_ACK;
		assert_false(owns(&b, &tech_ack, &l4, false));
		l4 = reply_to(&b, TCP_RST);
		l4.dport++; /* ours, but of another try */
		assert_false(owns(&b, &tech_ack, &l4, false));
		l4 = reply_to(&b, TCP_RST);
		l4.dport += TECH_TRIES_MAX;
		assert_false(owns(&b, &tech_ack, &l4, false));
	}
}

static void test_owns_udp(void **state)
{
	struct bed b;
	struct pkt_l4 l4;

	bed_init(&b, true);
	b.p.try = 2;
	b.p.port = 53;
	make(&b, &tech_udp);
	l4 = reply_to(&b, 0);
	assert_true(owns(&b, &tech_udp, &l4, false));
	l4.dport = 39999;
	assert_false(owns(&b, &tech_udp, &l4, false));
	l4.dport = 40000 + TECH_TRIES_MAX;
	assert_false(owns(&b, &tech_udp, &l4, false));
	l4 = reply_to(&b, 0);
	l4.proto = PROTO_TCP;
	assert_false(owns(&b, &tech_udp, &l4, false));
	assert_true(owns(&b, &tech_udp, &b.v.l4, true));
	b.run.sport_fixed = true; /* -g: that port and no other */
	b.run.sport_base = 53;
	make(&b, &tech_udp);
	assert_int_equal(b.v.l4.sport, 53);
	l4 = reply_to(&b, 0);
	assert_true(owns(&b, &tech_udp, &l4, false));
	l4.dport = 54;
	assert_false(owns(&b, &tech_udp, &l4, false));
}

static void test_owns_echo(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct bed b;
		struct pkt_l4 l4;

		bed_init(&b, v6);
		b.p.port = 0;
		b.p.try = 4;
		make(&b, &tech_echo);
		l4 = b.v.l4;
		assert_false(owns(&b, &tech_echo, &l4, false)); /* our own request, mirrored */
		assert_true(owns(&b, &tech_echo, &l4, true));
		l4.type = v6 ? 129 : 0;
		assert_true(owns(&b, &tech_echo, &l4, false));
		assert_false(owns(&b, &tech_echo, &l4, true));
		l4.icmp_id++;
		assert_false(owns(&b, &tech_echo, &l4, false));
		l4.icmp_id--;
		l4.type = 14;
		assert_false(owns(&b, &tech_echo, &l4, false));
		assert_int_equal(owns(&b, &tech_tstamp, &l4, false), !v6);
	}
}

/* -g: one source port for all tries, and the try is still told apart. */
static void test_fixed_source_port(void **state)
{
	struct bed b;
	uint8_t try;

	bed_init(&b, false);
	b.run.sport_fixed = true;
	b.run.sport_base = 53;
	for (b.p.try = 0; b.p.try < TECH_TRIES_MAX; b.p.try++) {
		struct pkt_l4 l4;
		struct answer a = {.l4 = &l4, .view = &b.v};
		uint16_t port;

		make(&b, &tech_syn);
		assert_int_equal(b.v.l4.sport, 53);
		l4 = reply_to(&b, TCP_SYN | TCP_ACK);
		assert_true(tech_syn.owns(&b.run, &b.p.dst, &a, &port, &try));
		assert_int_equal(try, b.p.try);
	}
}

/* ---- verdicts
 * ---------------------------------------------------------------------------------------- */

static void test_tcp_verdicts(void **state)
{
	static const struct {
		uint8_t flags;
		bool says;
		uint8_t state, reason;
	} rows[] = {
		{TCP_SYN | TCP_ACK, true, PORT_OPEN, REASON_SYN_ACK},
		{TCP_SYN | TCP_ACK | TCP_ECE, true, PORT_OPEN, REASON_SYN_ACK},
		{TCP_RST | TCP_ACK, true, PORT_CLOSED, REASON_RESET},
		{TCP_RST, true, PORT_CLOSED, REASON_RESET},
		{TCP_ACK, false, 0, 0}, /* a challenge ACK (RFC 5961) */
		{TCP_FIN | TCP_ACK, false, 0, 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pkt_l4 l4 = {.proto = PROTO_TCP, .has_tcp = true, .flags = rows[i].flags};
		struct answer a = {.l4 = &l4};
		struct verdict v;

		assert_int_equal(tech_syn.classify(&a, &v), rows[i].says);
		if (!rows[i].says)
			continue;
		assert_int_equal(v.state, rows[i].state);
		assert_int_equal(v.reason, rows[i].reason);
	}
}

/* RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1 (IPv4); RFC 4443 3.1-3.4 (IPv6). */
static void test_icmp_verdicts(void **state)
{
	static const struct {
		uint8_t family, type, code;
		bool says;
		uint8_t reason;
	} rows[] = {
		{4, 3, 0, true, REASON_NET_UNREACH},
		{4, 3, 1, true, REASON_HOST_UNREACH},
		{4, 3, 2, true, REASON_PROTO_UNREACH},
		{4, 3, 3, true, REASON_PORT_UNREACH},
		{4, 3, 6, true, REASON_NET_UNREACH},
		{4, 3, 7, true, REASON_HOST_UNREACH},
		{4, 3, 9, true, REASON_NET_PROHIBITED},
		{4, 3, 10, true, REASON_HOST_PROHIBITED},
		{4, 3, 11, true, REASON_NET_UNREACH},
		{4, 3, 12, true, REASON_HOST_UNREACH},
		{4, 3, 13, true, REASON_ADMIN_PROHIBITED},
		{4, 3, 200, true, REASON_DEST_UNREACH},
		{4, 11, 0, true, REASON_TIME_EXCEEDED},
		{4, 11, 1, true, REASON_TIME_EXCEEDED},
		{4, 0, 0, false, 0},
		{4, 4, 0, false, 0},
		{4, 5, 1, false, 0},
		{4, 8, 0, false, 0},
		{6, 1, 0, true, REASON_NO_ROUTE},
		{6, 1, 1, true, REASON_ADMIN_PROHIBITED},
		{6, 1, 2, true, REASON_BEYOND_SCOPE},
		{6, 1, 3, true, REASON_ADDR_UNREACH},
		{6, 1, 4, true, REASON_PORT_UNREACH},
		{6, 1, 5, true, REASON_ADMIN_PROHIBITED},
		{6, 1, 6, true, REASON_ADMIN_PROHIBITED},
		{6, 1, 200, true, REASON_DEST_UNREACH},
		{6, 3, 0, true, REASON_TIME_EXCEEDED},
		{6, 4, 1, true, REASON_PARAM_PROBLEM},
		{6, 2, 0, false, 0},
		{6, 128, 0, false, 0},
		{6, 129, 0, false, 0},
	};
	const struct scan_tech *techs[] = {&tech_syn, &tech_udp};

	for (size_t i = 0; i < COUNT(rows) * 4; i++) {
		const struct scan_tech *t = techs[i & 1];
		bool itself = i & 2,
		     closed = t == &tech_udp && itself && rows[i / 4].reason == REASON_PORT_UNREACH;
		struct pkt_view view = {.src.family = rows[i / 4].family,
			.l4 = {.has_icmp = true,
				.type = rows[i / 4].type,
				.code = rows[i / 4].code}};
		struct verdict v;

		assert_int_equal(tech_icmp_verdict(t, &view, itself, &v), rows[i / 4].says);
		if (!rows[i / 4].says)
			continue;
		assert_int_equal(v.reason, rows[i / 4].reason);
		assert_int_equal(v.state, closed ? PORT_CLOSED : PORT_FILTERED);
	}
}

/* connect(2) and Linux' icmp_err_convert. */
static void test_connect_verdicts(void **state)
{
	static const struct {
		int error;
		uint8_t state, reason;
	} rows[] = {
		{0, PORT_OPEN, REASON_CONN_ACCEPT},
		{ECONNREFUSED, PORT_CLOSED, REASON_CONN_REFUSED},
		{EHOSTUNREACH, PORT_FILTERED, REASON_HOST_UNREACH},
		{ENETUNREACH, PORT_FILTERED, REASON_NET_UNREACH},
		{EACCES, PORT_FILTERED, REASON_ADMIN_PROHIBITED},
	};
	struct verdict v;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(tech_connect_verdict(rows[i].error, &v));
		assert_int_equal(v.state, rows[i].state);
		assert_int_equal(v.reason, rows[i].reason);
	}
	assert_false(tech_connect_verdict(ETIMEDOUT, &v)); /* the engine's own time-outs decide */
	assert_false(tech_connect_verdict(EMFILE, &v));
}

static void test_table(void **state)
{
	assert_ptr_equal(scan_tech_by_name("syn"), &tech_syn);
	assert_ptr_equal(scan_tech_by_name("udp"), &tech_udp);
	assert_ptr_equal(scan_tech_by_name("connect"), &tech_connect);
	assert_null(scan_tech_by_name("ack-ping"));
	assert_null(scan_tech_by_name(""));
	assert_int_equal(tech_syn.silence, PORT_FILTERED);
	assert_int_equal(tech_connect.silence, PORT_FILTERED);
	assert_int_equal(tech_udp.silence, PORT_OPEN_FILTERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn_probe),
		cmocka_unit_test(test_other_probes),
		cmocka_unit_test(test_arp_probe),
		cmocka_unit_test(test_udp_payloads),
		cmocka_unit_test(test_small_buffer),
		cmocka_unit_test(test_patch_is_make),
		cmocka_unit_test(test_owns_syn),
		cmocka_unit_test(test_owns_quoted_syn),
		cmocka_unit_test(test_owns_ack),
		cmocka_unit_test(test_owns_udp),
		cmocka_unit_test(test_owns_echo),
		cmocka_unit_test(test_fixed_source_port),
		cmocka_unit_test(test_tcp_verdicts),
		cmocka_unit_test(test_icmp_verdicts),
		cmocka_unit_test(test_connect_verdicts),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
