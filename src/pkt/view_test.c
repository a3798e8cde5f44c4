/* SPDX-License-Identifier: BSD-2-Clause */
/* pkt_view and pkt_describe where captures say little: quotations cut short, lies, fragments,
 * chains. */
#include "pkt/view.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "pkt/build.h"
#include "pkt/csum.h"
#include "pkt/icmp6.h"
#include "pkt/ipproto.h"
#include "pkt/ipv4.h"
#include "pkt/ipv6.h"
#include "pkt/wr.h"

static struct build_ip ends(unsigned family)
{
	struct build_ip ip = {.ttl = 64, .id = 1};

	assert_int_equal(addr_parse(family == 4 ? "10.0.0.1" : "2001:db8::1", &ip.src), 0);
	assert_int_equal(addr_parse(family == 4 ? "10.0.0.2" : "2001:db8::2", &ip.dst), 0);
	return ip;
}

static size_t syn(uint8_t *buf, size_t cap, unsigned family)
{
	static const uint8_t mss[] = {2, 4, 5, 0xb4};
	struct build_ip ip = ends(family);
	struct build_tcp t = {.sport = 40000,
		.dport = 80,
		.seq = 0xfedcba98,
		.flags = TCP_SYN,
		.window = 1024,
		.options = mss,
		.options_len = 4};

	return build_tcp(buf, cap, &ip, &t);
}

/* An error from 10.0.0.9 or 2001:db8::9 that quotes the first `n` bytes of our SYN; `rfc4884` is
 * its length field. */
static size_t quote(uint8_t *buf, unsigned family, size_t n, uint8_t rfc4884)
{
	uint8_t probe[128];
	size_t len = syn(probe, sizeof(probe), family);
	struct wr w = wr_init(buf, 512);
	struct ipv4_hdr v4 = {.hdr_len = 20, .ttl = 60, .proto = IP_ICMP};
	struct ipv6_hdr v6 = {.next = IP_ICMPV6, .hop_limit = 60};
	struct icmp_hdr h = {.type = family == 4 ? ICMP4_UNREACH : ICMP6_UNREACH,
		.code = family == 4 ? 3 : 4,
		.id = family == 4 ? rfc4884 : (uint16_t)(rfc4884 << 8)};
	size_t body = ICMP_MIN + (n < len ? n : len) + (rfc4884 ? 24 : 0);

	assert_true(len > 0);
	v4.total_len = (uint16_t)(20 + body);
	v6.payload_len = (uint16_t)body;
	assert_int_equal(addr_parse("10.0.0.9", &v4.src) | addr_parse("10.0.0.1", &v4.dst), 0);
	assert_int_equal(
		addr_parse("2001:db8::9", &v6.src) | addr_parse("2001:db8::1", &v6.dst), 0);
	if (family == 4)
		ipv4_write(&w, &v4);
	else
		ipv6_write(&w, &v6);
	icmp_write(&w, &h);
	wr_bytes(&w, probe, n < len ? n : len);
	if (rfc4884)
		wr_zero(&w, 24);
	return wr_len(&w);
}

/* RFC 792 promises the IP header and 8 bytes: ports and sequence number, no flags. */
static void test_quotes(void **state)
{
	for (unsigned family = 4; family <= 6; family += 2) {
		size_t ip = family == 4 ? 20 : 40;
		uint8_t buf[512];
		struct pkt_view v;

		for (size_t n = 0; n <= ip + 24; n++) {
			size_t len = quote(buf, family, n, 0);

			assert_int_equal(pkt_view(buf, len, &v), 0);
			assert_int_equal(v.l4.type, family == 4 ? 3 : 1);
			assert_int_equal(v.has_quote, n >= ip);
			assert_int_equal(v.quote.has_ports, n >= ip + 4);
			assert_int_equal(v.quote.has_seq, n >= ip + 8);
			assert_int_equal(v.quote.has_tcp, n >= ip + 20);
		}
		assert_int_equal(v.quote.sport, 40000);
		assert_int_equal(v.quote.dport, 80);
		assert_int_equal(v.quote.seq, 0xfedcba98);
		assert_int_equal(v.quote_dst.b[family == 4 ? 3 : 15], 2);
		assert_int_equal(v.quote_ttl, 64);
	}
}

/* RFC 4884: what stands behind the quoted length is an extension and no payload of the quoted
 * packet. */
static void test_quote_extension(void **state)
{
	uint8_t buf[512];
	struct pkt_view v;

	assert_int_equal(pkt_view(buf, quote(buf, 4, 44, 11), &v), 0);
	assert_true(v.quote.has_tcp);
	assert_int_equal(v.quote.payload_len, 0);
	assert_int_equal(pkt_view(buf, quote(buf, 6, 64, 8), &v), 0);
	assert_true(v.quote.has_tcp);
	assert_int_equal(v.quote.payload_len, 0);
}

static void test_lies(void **state)
{
	uint8_t buf[128];
	size_t len = syn(buf, sizeof(buf), 4);
	struct pkt_view v;

	assert_int_equal(pkt_view(buf, len, &v), 0);
	assert_int_equal(pkt_view(buf, len - 1, &v), ERR_PARSE);
	assert_int_equal(v.l4.dport, 80); /* what could be read is there */
	buf[32] = 0x40;			  /* data offset of 4 words */
	assert_int_equal(pkt_view(buf, len, &v), ERR_PARSE);
	buf[32] = 0x70; /* of 7, where 6 are there */
	assert_int_equal(pkt_view(buf, len, &v), ERR_PARSE);
	assert_true(v.l4.has_tcp);
	len = syn(buf, sizeof(buf), 4);
	buf[0] = 0x44; /* a header of 4 words */
	assert_int_equal(pkt_view(buf, len, &v), ERR_PARSE);
	buf[0] = 0x55;
	assert_int_equal(pkt_view(buf, len, &v), ERR_PARSE);
	assert_int_equal(pkt_view(NULL, 0, &v), ERR_PARSE);
	len = syn(buf, sizeof(buf), 4);
	buf[3] = 19; /* a packet shorter than its header */
	assert_int_equal(pkt_view(buf, len, &v), ERR_PARSE);
}

/* Ethernet pads short frames: the padding is no payload and no part of the checksum. */
static void test_padding(void **state)
{
	struct build_ip ip = ends(4);
	uint8_t buf[64];
	size_t len = build_udp(
		buf, sizeof(buf), &ip, &(struct build_udp){1, 2, (const uint8_t *)"abc", 3});
	struct pkt_view v;

	memset(buf + len, 0xee, sizeof(buf) - len);
	assert_int_equal(pkt_view(buf, sizeof(buf), &v), 0);
	assert_int_equal(v.l4.payload_len, 3);
	assert_memory_equal(v.l4.payload, "abc", 3);
	assert_true(pkt_view_checksum(buf, sizeof(buf)));
	buf[28] ^= 1;
	assert_false(pkt_view_checksum(buf, sizeof(buf)));
	buf[26] = buf[27] = 0; /* RFC 768: no checksum */
	assert_true(pkt_view_checksum(buf, sizeof(buf)));
	buf[8]++;
	assert_false(pkt_view_checksum(buf, sizeof(buf)));
}

static void test_fragments(void **state)
{
	uint8_t buf[128];
	size_t len = syn(buf, sizeof(buf), 4);
	struct pkt_view v;

	buf[6] = 0x20;
	assert_int_equal(pkt_view(buf, len, &v), 0);
	assert_true(v.fragment && v.more_fragments && v.frag_offset == 0 && v.l4.has_ports);
	assert_false(pkt_view_checksum(buf, len));
	buf[6] = 0;
	buf[7] = 3;
	assert_int_equal(pkt_view(buf, len, &v), 0);
	assert_true(v.fragment && !v.more_fragments && v.frag_offset == 24);
	assert_int_equal(v.l4.proto, IP_TCP);
	assert_false(v.l4.has_ports || v.l4.payload_len);
}

/* Extension headers in front of a SYN: `chain` is header bytes whose next-header bytes are filled
 * in here. */
static size_t chained(uint8_t *buf, const uint8_t *kinds, size_t n, uint16_t frag)
{
	uint8_t probe[128];
	size_t len = syn(probe, sizeof(probe), 6);
	struct ipv6_hdr h = {.next = n ? kinds[0] : IP_TCP, .hop_limit = 64};
	struct wr w = wr_init(buf, 1024);

	h.payload_len = (uint16_t)(n * 8 + len - 40);
	h.src = addr_from_bytes(6, probe + 8);
	h.dst = addr_from_bytes(6, probe + 24);
	ipv6_write(&w, &h);
	for (size_t i = 0; i < n; i++) {
		wr_u8(&w, i + 1 < n ? kinds[i + 1] : IP_TCP);
		wr_u8(&w, 0);
		wr_u16be(&w, kinds[i] == IP_FRAGMENT ? frag : 0x0104);
		wr_u32be(&w, 0);
	}
	wr_bytes(&w, probe + 40, len - 40);
	return wr_len(&w);
}

static void test_chains(void **state)
{
	static const uint8_t all[] = {
		IP_HOPOPTS, IP_DSTOPTS, IP_ROUTING, IP_FRAGMENT, IP_AH, IP_DSTOPTS};
	uint8_t many[IPV6_EXT_MAX + 1];
	uint8_t buf[1024];
	struct pkt_view v;

	assert_int_equal(pkt_view(buf, chained(buf, all, 6, 0), &v), 0);
	assert_int_equal(v.l4.proto, IP_TCP);
	assert_int_equal(v.l4.dport, 80);
	assert_false(v.fragment); /* RFC 6946: an atomic fragment is none */
	assert_int_equal(pkt_view(buf, chained(buf, all, 6, 1), &v), 0);
	assert_true(v.fragment && v.more_fragments && v.l4.has_ports);
	assert_int_equal(pkt_view(buf, chained(buf, all, 6, 16), &v), 0);
	assert_true(v.fragment && v.frag_offset == 16 && !v.l4.has_ports);
	memset(many, IP_DSTOPTS, sizeof(many));
	assert_int_equal(pkt_view(buf, chained(buf, many, IPV6_EXT_MAX, 0), &v), 0);
	assert_int_equal(pkt_view(buf, chained(buf, many, IPV6_EXT_MAX + 1, 0), &v), ERR_PARSE);
}

static void test_no_next_header(void **state)
{
	uint8_t buf[44] = {0x60, 0, 0, 0, 0, 4, IP_NONE, 64};
	struct pkt_view v;

	assert_int_equal(pkt_view(buf, sizeof(buf), &v), 0);
	assert_int_equal(v.l4.proto, IP_NONE);
	assert_false(v.l4.has_ports);
}

/* RFC 8200 8.1: with segments left, the pseudo-header holds the last address of the routing header.
 */
static void test_routing_checksum(void **state)
{
	struct build_ip ip = ends(6);
	uint8_t plain[128], buf[256];
	size_t len = build_udp(
		plain, sizeof(plain), &ip, &(struct build_udp){1, 2, (const uint8_t *)"abcd", 4});
	struct ipv6_hdr h = {.src = ip.src,
		.next = IP_ROUTING,
		.hop_limit = 64,
		.payload_len = (uint16_t)(24 + len - 40)};
	struct wr w = wr_init(buf, sizeof(buf));

	assert_int_equal(addr_parse("2001:db8::77", &h.dst), 0);
	ipv6_write(&w, &h);
	wr_bytes(&w, "\x11\x02\x00\x01\0\0\0\0", 8);
	wr_bytes(&w, ip.dst.b, 16);
	wr_bytes(&w, plain + 40, len - 40);
	assert_true(pkt_view_checksum(buf, wr_len(&w)));
	buf[43] = 0; /* no segments left: now the header's own destination counts, and the sum is
			wrong */
	assert_false(pkt_view_checksum(buf, wr_len(&w)));
}

static void test_describe(void **state)
{
	char text[256];
	uint8_t buf[512];
	size_t len = syn(buf, sizeof(buf), 4);

	assert_int_equal(pkt_describe(buf, len, text, sizeof(text)), 0);
	assert_string_equal(text,
		"TCP 10.0.0.1:40000 > 10.0.0.2:80 S ttl=64 id=1 iplen=44 seq=4275878552 win=1024 <mss 1460>");
	len = syn(buf, sizeof(buf), 6);
	assert_int_equal(pkt_describe(buf, len, text, sizeof(text)), 0);
	assert_string_equal(text,
		"TCP [2001:db8::1]:40000 > [2001:db8::2]:80 S ttl=64 iplen=64 seq=4275878552 win=1024 <mss 1460>");
	len = quote(buf, 4, 28, 0);
	assert_int_equal(pkt_describe(buf, len, text, sizeof(text)), 0);
	assert_string_equal(text,
		"ICMP 10.0.0.9 > 10.0.0.1 port unreachable (type=3/code=3) ttl=60 id=0 iplen=56"
		" [TCP 10.0.0.1:40000 > 10.0.0.2:80]");
	assert_int_equal(pkt_describe(buf, 5, text, sizeof(text)), ERR_PARSE);
	assert_string_equal(text, "malformed packet of 5 bytes");
	for (size_t n = 0; n < sizeof(text); n++) {
		char *small = malloc(n ? n : 1);

		(void)pkt_describe(buf, len, small, n);
		if (n)
			assert_true(strlen(small) < n);
		free(small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_quote_extension),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_no_next_header),
		cmocka_unit_test(test_routing_checksum),
		cmocka_unit_test(test_describe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
