/* SPDX-License-Identifier: BSD-2-Clause */
/* The conformance test of all codecs, row by row: on any bytes, cut anywhere, a codec stays inside
 * its bytes and keeps its promises. */
#include "pkt/demux.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "pkt/build.h"
#include "pkt/ipproto.h"

/* Reads `len` bytes from a block of just that size, so that a sanitizer sees one byte too many. */
static void read_once(const struct pkt_codec *c, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct pkt_layer l = {.codec = c};
	struct rd r;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	r = rd_init(copy, len);
	if (c->read(&r, &l)) {
		assert_true(r.ok);
		assert_true(r.p >= copy && r.p + r.left <= copy + len);
		assert_true(r.p > copy);
	}
	free(copy);
}

static void test_any_bytes(void **state)
{
	uint8_t bytes[128];
	struct rng rng;

	rng_seed(&rng, 3);
	for (size_t n = 0; demux_at(n); n++)
		for (int i = 0; i < 20000; i++) {
			for (size_t at = 0; at < sizeof(bytes); at++)
				bytes[at] = (uint8_t)(rng_u64(&rng) & (i % 2 ? 0xff : 0x45));
			bytes[0] = i % 3 ? bytes[0] : (uint8_t)(i % 2 ? 0x45 : 0x60);
			read_once(demux_at(n), bytes, rng_below(&rng, sizeof(bytes) + 1));
		}
}

/* A whole frame: each row must be reached by its number, and a frame cut at any length must not be
 * read beyond it. */
static void test_walk(void **state)
{
	static const struct {
		unsigned family;
		uint16_t type;
	} families[] = {{4, ETH_IPV4}, {6, ETH_IPV6}};
	uint8_t dns[64], packet[200], frame[256];
	size_t dns_len = dns_query(dns, sizeof(dns), 7, "a.example", DNS_A);

	for (size_t i = 0; i < 2; i++) {
		struct build_ip ip = {.ttl = 64};
		struct eth_hdr eth = {.type = families[i].type,
			.n_tags = 2,
			.tag = {0x2064, 0x000a},
			.tag_type = {ETH_QINQ, ETH_VLAN}};
		struct wr w = wr_init(frame, sizeof(frame));
		struct pkt_layer layers[DEMUX_LAYERS_MAX];
		struct rd r;
		size_t len;

		assert_int_equal(
			addr_parse(families[i].family == 4 ? "10.0.0.1" : "2001:db8::1", &ip.src),
			0);
		ip.dst = ip.src;
		len = build_udp(
			packet, sizeof(packet), &ip, &(struct build_udp){40000, 53, dns, dns_len});
		assert_true(len > 0);
		eth_write(&w, &eth);
		wr_bytes(&w, packet, len);
		r = rd_init(frame, w.len);
		assert_int_equal(demux_walk(demux_name("eth"), &r, layers), 4);
		assert_true(r.ok);
		assert_int_equal(eth_vlan(&layers[0].u.eth, 0), 100);
		assert_int_equal(eth_vlan(&layers[0].u.eth, 1), 10);
		assert_string_equal(
			layers[1].codec->name, families[i].family == 4 ? "ipv4" : "ipv6");
		assert_string_equal(layers[2].codec->name, "udp");
		assert_string_equal(layers[3].codec->name, "dns");
		assert_int_equal(layers[3].u.dns.id, 7);
		for (size_t n = 0; n < w.len; n++) {
			uint8_t *copy = malloc(n ? n : 1);

			memcpy(copy, frame, n);
			r = rd_init(copy, n);
			assert_true(demux_walk(demux_name("eth"), &r, layers) <= 4);
			free(copy);
		}
	}
}

static void test_tables(void **state)
{
	assert_string_equal(demux_ethertype(ETH_ARP)->name, "arp");
	assert_string_equal(demux_ip_proto(IP_SCTP)->name, "sctp");
	assert_string_equal(demux_ip_proto(IP_ICMPV6)->name, "icmpv6");
	assert_string_equal(demux_port(DEMUX_UDP_PORT, 5353)->name, "dns");
	assert_null(demux_port(DEMUX_TCP_PORT, 5353));
	/* numbers of one table mean nothing in another */
	assert_null(demux_port(DEMUX_IP_PROTO, IP_TCP));
	assert_null(demux_ethertype(IP_TCP));
	assert_null(demux_name("no such codec"));
}

/* 802.3: the length is no type, and what stands behind it is left alone. */
static void test_llc(void **state)
{
	static const uint8_t frame[] = {
		1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 3, 0x42, 0x42, 3, 0xee, 0xee};
	struct pkt_layer layers[DEMUX_LAYERS_MAX];
	struct rd r = rd_init(frame, sizeof(frame));

	assert_int_equal(demux_walk(demux_name("eth"), &r, layers), 1);
	assert_int_equal(layers[0].u.eth.type, 0);
	assert_int_equal(layers[0].u.eth.llc_len, 3);
	assert_int_equal(rd_left(&r), 3);
}

/* RFC 826's packet, byte by byte. */
static void test_arp(void **state)
{
	static const uint8_t wanted[28] = {0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0,
		0, 0, 0, 0, 0, 10, 0, 0, 2};
	struct mac mac = {{2, 0, 0, 0, 0, 1}};
	struct addr src, target;
	struct arp_msg m;
	uint8_t buf[28];
	struct rd r;

	assert_int_equal(addr_parse("10.0.0.1", &src), 0);
	assert_int_equal(addr_parse("10.0.0.2", &target), 0);
	assert_int_equal(build_arp(buf, sizeof(buf), &mac, &src, &target), 28);
	assert_memory_equal(buf, wanted, 28);
	r = rd_init(buf, 28);
	assert_true(arp_read(&r, &m));
	assert_true(addr_eq(&m.src_ip, &src) && addr_eq(&m.dst_ip, &target) && m.op == ARP_REQUEST);
	buf[5] = 16;
	r = rd_init(buf, 28);
	assert_false(arp_read(&r, &m));
	assert_int_equal(build_arp(buf, 27, &mac, &src, &target), 0);
}

static void test_tcp_options(void **state)
{
	static const uint8_t o[40] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3,
		7, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 34, 2, 253, 4, 1, 2, 0, 9, 9, 9};
	struct tcp_opts all;
	char text[128];

	tcp_opts_read(o, sizeof(o), &all);
	assert_true(all.has_mss && all.mss == 1460 && all.sack_ok && all.has_ts &&
		    all.ts_val == 1 && all.ts_ecr == 2);
	assert_true(all.has_ws && all.ws == 7 && all.n_sack == 1 && all.has_tfo &&
		    all.n_unknown == 1 && all.n_nop == 1 && all.eol);
	assert_false(all.broken);
	tcp_opts_text(o, sizeof(o), text, sizeof(text));
	assert_string_equal(
		text, "<mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7,sack 1,tfo 0,opt-253:2,eol>");
	tcp_opts_text(o, 7, text, sizeof(text));
	assert_string_equal(text, "<mss 1460,sackOK,bad>");
	tcp_opts_text(NULL, 0, text, sizeof(text));
	assert_string_equal(text, "");
	tcp_opts_text(o, sizeof(o), text, 6);
	assert_string_equal(text, "<mss ");
	tcp_opts_read((const uint8_t[]){2, 0, 1, 1}, 4, &all);
	assert_true(all.broken && !all.has_mss);
	tcp_opts_read((const uint8_t[]){2, 3, 1, 1}, 4, &all);
	assert_true(all.broken && !all.has_mss);
}

static void test_sctp_chunks(void **state)
{
	static const uint8_t b[] = {0, 1, 0, 2, 0, 0, 0, 9, 1, 2, 3, 4, /* header */
		6, 0, 0, 5, 0xaa, 0, 0, 0, /* ABORT of 5 bytes and padding */
		11, 0, 0, 4};		   /* COOKIE ACK */
	struct sctp_chunk c;
	struct sctp_hdr h;
	struct rd r = rd_init(b, sizeof(b));

	assert_true(sctp_read(&r, &h));
	assert_int_equal(h.check, 0x04030201);
	assert_true(sctp_chunk_next(&r, &c));
	assert_int_equal(c.type, SCTP_ABORT);
	assert_int_equal(c.len, 1);
	assert_true(sctp_chunk_next(&r, &c));
	assert_int_equal(c.type, 11);
	assert_false(sctp_chunk_next(&r, &c));
	assert_true(r.ok);
	r = rd_init("\x06\0\0\x03", 4);
	assert_false(sctp_chunk_next(&r, &c));
	assert_false(r.ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_llc),
		cmocka_unit_test(test_arp),
		cmocka_unit_test(test_tcp_options),
		cmocka_unit_test(test_sctp_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
