/* SPDX-License-Identifier: BSD-2-Clause */
/* The techniques: probes taken apart again, patched against made anew, answers told from what only
 * looks like one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

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
		.key = {3, 4}, .sport_base = 40000, .icmp_id = 0x1234, .ttl = 57, .ts_ms = 0x01020304,
		.wire = &plain, .rng = &b->rng};
	b->p = (struct probe){.run = &b->run,
		.src = ip(v6 ? "fd00::1" : "10.0.0.1"),
		.dst = ip(v6 ? "fd00::2" : "10.0.0.2"),
		.src_mac = {{2, 0, 0, 0, 0, 9}},
		.port = 443};
}

static void make(struct bed *b, const struct scan_tech *t)
{
	b->p.tech = t;
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

/* What Linux 6 puts into a SYN, as tcpdump shows it: mss 1460,sackOK,TS val 16909060 ecr 0,nop,wscale 7. */
static void test_syn_probe(void **state)
{
	uint8_t linux_options[20] = {2, 4, 5, 0, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7};

	for (int v6 = 0; v6 < 2; v6++) {
		struct bed b;

		bed_init(&b, v6);
		for (uint8_t try = 0; try < TECH_TRIES_MAX; try++) {
			b.p.try = try;
			make(&b, &tech_syn);
			assert_true(addr_eq(&b.v.dst, &b.p.dst));
			assert_int_equal(b.len, (v6 ? 40 : 20) + 40);
			assert_int_equal(b.v.l4.flags, TCP_SYN);
			assert_int_equal(b.v.l4.window, v6 ? 64800 : 64240);
			assert_int_equal(b.buf[6], v6 ? PROTO_TCP : 0x40); /* don't fragment */
			assert_int_equal(b.v.l4.dport, 443);
			assert_int_equal(b.v.l4.sport, 40000 + try);
			linux_options[3] = v6 ? 0xa0 : 0xb4;
			assert_memory_equal(b.buf + b.len - 20, linux_options, 20);
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
	make(&b, &tech_mask);
	assert_int_equal(b.v.l4.type, 17);
	assert_int_equal(b.len, 20 + 12);
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
		&tech_syn, &tech_ack, &tech_udp, &tech_echo, &tech_tstamp, &tech_mask, &tech_arp,
		&tech_sctp_init, &tech_sctp_cookie};
	struct bed b;

	bed_init(&b, false);
	for (size_t i = 0; i < COUNT(all); i++) {
		b.p.tech = all[i];
		assert_int_equal(all[i]->make(&b.p, b.buf, 27), 0);
	}
	bed_init(&b, true);
	assert_int_equal(tech_tstamp.make(&b.p, b.buf, sizeof(b.buf)), 0); /* not in ICMPv6 */
	assert_int_equal(tech_mask.make(&b.p, b.buf, sizeof(b.buf)), 0);
	assert_int_equal(tech_arp.make(&b.p, b.buf, sizeof(b.buf)), 0);
}

static const struct scan_tech *const raw_tcp[] = {&tech_syn, &tech_null, &tech_fin, &tech_xmas,
	&tech_maimon, &tech_ack, &tech_window, &tech_syn_ping, &tech_ack_ping};

/* A probe patched from whatever template of the same host is the probe made anew. */
static void test_patch_is_make(void **state)
{
	for (int i = 0; i < 9000; i++) {
		const struct scan_tech *tech = raw_tcp[i % COUNT(raw_tcp)];
		struct plan_wire w = {.flags_set = i % 5 == 0, .flags = (uint8_t)(i / 9)};
		struct bed b;
		struct tmpl t;
		uint8_t fresh[PROBE_MAX];
		struct rng before;
		size_t len;
		bool v6 = i & 1;

		bed_init(&b, v6);
		rng_seed(&b.chance, (uint64_t)i);
		b.run.wire = &w;
		b.run.key = (struct hash_key){rng_u64(&b.chance), rng_u64(&b.chance)};
		b.run.sport_base = (uint16_t)rng_below(&b.chance, 65520);
		b.run.sport_fixed = i % 8 > 5;
		b.p.tech = tech;
		b.p.src = any_addr(&b, v6);
		b.p.dst = any_addr(&b, v6);
		b.p.port = (uint16_t)rng_u64(&b.chance);
		b.p.try = (uint8_t)rng_below(&b.chance, TECH_TRIES_MAX);
		if (!v6 && i % 3 == 0)
			w.ip_options.len = 8;
		t.len = (uint16_t)tech->make(&b.p, t.data, sizeof(t.data));
		assert_in_range(t.len, 40, 100);
		b.p.port = i % 100 ? (uint16_t)rng_u64(&b.chance) : 0;
		b.p.try = (uint8_t)rng_below(&b.chance, TECH_TRIES_MAX);
		b.run.ts_ms = (uint32_t)rng_u64(&b.chance);
		before = b.rng;
		b.len = tech->patch(&t, &b.p, b.buf);
		assert_true(pkt_view_checksum(b.buf, b.len));
		b.rng = before; /* the same identification again */
		len = tech->make(&b.p, fresh, sizeof(fresh));
		assert_int_equal(b.len, len);
		assert_memory_equal(b.buf, fresh, len);
	}
}

/* --data, --data-string, --data-length: behind the header, in place of what the technique sends. */
static void test_data(void **state)
{
	static uint8_t data[] = "by the user";
	const struct plan_wire w = {.data = data, .data_len = sizeof(data)};
	const struct scan_tech *all[] = {&tech_syn, &tech_fin, &tech_udp, &tech_echo, &tech_ack_ping};
	struct bed b;

	for (int v6 = 0; v6 < 2; v6++) {
		bed_init(&b, v6);
		b.run.wire = &w;
		b.p.port = 53;
		for (size_t i = 0; i < COUNT(all); i++) {
			make(&b, all[i]);
			assert_int_equal(b.v.l4.payload_len, sizeof(data));
			assert_memory_equal(b.v.l4.payload, data, sizeof(data));
		}
		for (b.p.port = 0; b.p.port < 256; b.p.port++) {
			if (b.p.port == PROTO_SCTP || (v6 && b.p.port < 61)) /* padded; no headers */
				continue;
			make(&b, &tech_proto);
			assert_memory_equal(b.buf + b.len - sizeof(data), data, sizeof(data));
		}
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
	struct answer a = {.tech = t, .view = &v, .l4 = l4, .quoted = quoted};
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
	for (uint32_t bit = 1; bit < 32; bit++) { /* one number on is what acknowledges a FIN as well */
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
		struct answer a = {.tech = &tech_syn, .l4 = &l4, .view = &b.v};
		uint16_t port;

		make(&b, &tech_syn);
		assert_int_equal(b.v.l4.sport, 53);
		l4 = reply_to(&b, TCP_SYN | TCP_ACK);
		assert_true(tech_syn.owns(&b.run, &b.p.dst, &a, &port, &try));
		assert_int_equal(try, b.p.try);
	}
}

/* RFC 9293 3.10.7.1: how a host without the connection resets what it gets. */
static struct pkt_l4 reset_of(const struct bed *b)
{
	const struct pkt_l4 *p = &b->v.l4;
	bool syn = p->flags & TCP_SYN, fin = p->flags & TCP_FIN, ack = p->flags & TCP_ACK;

	return (struct pkt_l4){.proto = PROTO_TCP,
		.has_ports = true,
		.sport = p->dport,
		.dport = p->sport,
		.has_seq = true,
		.has_tcp = true,
		.seq = ack ? p->ack : 0,
		.ack = ack ? 0 : p->seq + (uint32_t)p->payload_len + syn + fin,
		.flags = ack ? TCP_RST : TCP_RST | TCP_ACK};
}

static void check_owns_tcp(struct bed *b, const struct scan_tech *t)
{
	struct pkt_l4 l4;

	make(b, t);
	l4 = reset_of(b);
	assert_true(owns(b, t, &l4, false));
	for (uint32_t bit = 12; bit < 32; bit++) {
		l4 = reset_of(b);
		l4.seq ^= UINT32_C(1) << bit;
		l4.ack ^= UINT32_C(1) << bit;
		assert_false(owns(b, t, &l4, false));
	}
	l4 = b->v.l4; /* eight bytes of it, as RFC 792 has it */
	l4.has_tcp = false;
	assert_true(owns(b, t, &l4, true));
	l4.seq ^= 1u << 20;
	assert_false(owns(b, t, &l4, true));
}

/* Whatever the flags and the data, the reset and the quotation of a probe are known again. */
static void test_owns_tcp(void **state)
{
	static uint8_t data[300];
	struct plan_wire w = {.flags_set = true};
	struct bed b;

	for (unsigned i = 0; i < 256 * COUNT(raw_tcp); i++) {
		bed_init(&b, i & 1);
		b.run.wire = &w;
		b.run.sport_fixed = i & 2;
		b.p.try = i % TECH_TRIES_MAX;
		w.flags = (uint8_t)(i / COUNT(raw_tcp));
		w.flags_set = i % 7 != 0;
		w.data = i & 4 ? data : NULL;
		w.data_len = i & 4 ? i % 300 : 0;
		check_owns_tcp(&b, raw_tcp[i % COUNT(raw_tcp)]);
		if (!raw_tcp[i % COUNT(raw_tcp)]->scaninfo)
			assert_int_equal(b.v.l4.flags, raw_tcp[i % COUNT(raw_tcp)]->flags);
		else if (w.flags_set)
			assert_int_equal(b.v.l4.flags, w.flags);
	}
}

/* Discovery may send a SYN and an ACK to one port: their answers are told apart. */
static void test_pings_apart(void **state)
{
	struct bed b;
	struct pkt_l4 l4;

	bed_init(&b, false);
	make(&b, &tech_syn_ping);
	l4 = reset_of(&b);
	assert_true(owns(&b, &tech_syn_ping, &l4, false));
	assert_false(owns(&b, &tech_ack_ping, &l4, false));
	make(&b, &tech_ack_ping);
	l4 = reset_of(&b);
	assert_false(owns(&b, &tech_syn_ping, &l4, false));
	assert_true(owns(&b, &tech_ack_ping, &l4, false));
}

static const struct scan_tech *const sctp[] = {&tech_sctp_init, &tech_sctp_cookie};

/* RFC 9260 3.3.2, 3.3.11, 8.4, 8.5.1. */
static void check_owns_sctp(struct bed *b, const struct scan_tech *t)
{
	bool init = t == &tech_sctp_init;
	const uint8_t *chunk;
	struct pkt_l4 l4;
	uint32_t tag;

	make(b, t);
	assert_int_equal(b->v.l4.chunk, init ? 1 : 10);
	chunk = b->v.l4.payload;
	tag = (uint32_t)chunk[4] << 24 | (uint32_t)chunk[5] << 16 | (uint32_t)chunk[6] << 8 | chunk[7];
	if (!init)
		tag = b->v.l4.vtag;
	else
		assert_int_equal(b->v.l4.vtag, 0);
	assert_int_not_equal(tag, 0);
	l4 = (struct pkt_l4){.proto = PROTO_SCTP, .has_ports = true, .sport = b->v.l4.dport,
		.dport = b->v.l4.sport, .has_sctp = true, .vtag = tag, .chunk = 6};
	assert_true(owns(b, t, &l4, false));
	l4.vtag ^= 0x100;
	assert_false(owns(b, t, &l4, false));
	l4.vtag = 0;
	assert_false(owns(b, t, &l4, false));
	l4 = b->v.l4;
	assert_true(owns(b, t, &l4, true));
	l4.sport += 2 * TECH_TRIES_MAX;
	assert_false(owns(b, t, &l4, true));
	l4 = b->v.l4; /* eight bytes: no chunk */
	l4.payload = NULL;
	l4.payload_len = 0;
	l4.chunk = 0xff;
	if (!b->run.sport_fixed)
		assert_true(owns(b, t, &l4, true));
	l4.vtag ^= 1u << 20;
	assert_false(owns(b, t, &l4, true));
}

static void test_owns_sctp(void **state)
{
	for (unsigned i = 0; i < 8 * TECH_TRIES_MAX; i++) {
		struct bed b;

		bed_init(&b, i & 1);
		b.run.sport_fixed = i & 2;
		b.p.try = (uint8_t)(i / 8);
		check_owns_sctp(&b, sctp[i >> 2 & 1]);
	}
}

static bool owns_proto(struct bed *b, const struct pkt_l4 *l4, bool quoted)
{
	struct pkt_view v = {.src = b->p.dst, .dst = b->p.src};
	struct answer a = {.tech = &tech_proto, .view = &v, .l4 = l4, .quoted = quoted};
	uint16_t port = 0;
	uint8_t try = 0;
	bool is = tech_proto.owns(&b->run, &b->p.dst, &a, &port, &try);

	if (is)
		assert_int_equal(port, b->p.port);
	return is;
}

/* 256 protocols: the header says the number, and it is known again as a quotation but not, over the loopback
 * interface, as itself. */
static void check_protocol(struct bed *b)
{
	bool broken; /* in IPv6 some numbers announce a header that is not there */
	struct pkt_l4 l4;

	b->p.tech = &tech_proto;
	b->len = tech_proto.make(&b->p, b->buf, sizeof(b->buf));
	assert_true(b->len >= 20);
	broken = pkt_view(b->buf, b->len, &b->v) != 0;
	assert_int_equal(b->buf[b->p.dst.family == 4 ? 9 : 6], b->p.port);
	if (!broken)
		assert_true(pkt_view_checksum(b->buf, b->len));
	l4 = b->v.l4;
	assert_int_equal(l4.proto, b->p.port);
	assert_true(owns_proto(b, &l4, true));
	assert_false(owns_proto(b, &l4, false));
	if (b->p.dst.family == 6 || b->p.port != PROTO_UDP)
		return;
	l4.sport = 40125; /* it answers itself: sooner or later something does */
	l4.dport = 40000;
	assert_true(owns_proto(b, &l4, false));
}

static void test_protocols(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct bed b;

		bed_init(&b, v6);
		for (b.p.port = 0; b.p.port < 256; b.p.port++)
			check_protocol(&b);
		b.p.port = 47;
		assert_true(owns_proto(&b,
			&(struct pkt_l4){.proto = 47, .payload = (const uint8_t *)"GRE!", .payload_len = 4},
			false));
	}
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
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_owns_syn),
		cmocka_unit_test(test_owns_quoted_syn),
		cmocka_unit_test(test_owns_ack),
		cmocka_unit_test(test_owns_udp),
		cmocka_unit_test(test_owns_echo),
		cmocka_unit_test(test_owns_tcp),
		cmocka_unit_test(test_pings_apart),
		cmocka_unit_test(test_owns_sctp),
		cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_fixed_source_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
