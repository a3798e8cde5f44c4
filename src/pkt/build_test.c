/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests/golden/pkt-build-vs-tshark cannot show: refusals, and buffers that are too small by
 * one. */
#include "pkt/build.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "pkt/payload.h"
#include "pkt/sctp.h"
#include "pkt/view.h"

#define KINDS 11

static struct build_ip ends(const char *src, const char *dst)
{
	struct build_ip ip = {.ttl = 64};

	assert_int_equal(addr_parse(src, &ip.src), 0);
	assert_int_equal(addr_parse(dst, &ip.dst), 0);
	return ip;
}

static size_t one(unsigned kind, uint8_t *buf, size_t cap, const struct build_ip *ip)
{
	struct build_tcp t = {.sport = 1,
		.dport = 2,
		.flags = TCP_SYN,
		.payload = (const uint8_t *)"xyz",
		.payload_len = 3};
	struct mac mac = {{2, 0, 0, 0, 0, 1}};

	switch (kind) {
	case 0:
		return build_tcp(buf, cap, ip, &t);
	case 1:
		return build_udp(
			buf, cap, ip, &(struct build_udp){1, 2, (const uint8_t *)"abc", 3});
	case 2:
		return build_echo(
			buf, cap, ip, &(struct build_echo){1, 2, (const uint8_t *)"abc", 3});
	case 3:
		return build_sctp(buf, cap, ip, &(struct build_sctp){1, 2, SCTP_INIT, 3, NULL, 0});
	case 4:
		return build_timestamp(buf, cap, ip, 1, 2);
	case 5:
		return build_nd_solicit(buf, cap, &mac, &ip->src, &ip->dst);
	case 7:
		return build_sctp(buf, cap, ip, &(struct build_sctp){1, 2, SCTP_COOKIE_ECHO, 3, (const uint8_t *)"abc", 3});
	case 8:
		return build_mask(buf, cap, ip, 1, 2);
	case 9:
		return build_igmp_query(buf, cap, ip, (const uint8_t *)"abc", 3);
	case 10:
		return build_bare(buf, cap, ip, 253, (const uint8_t *)"abc", 3);
	default:
		return build_arp(buf, cap, &mac, &ip->src, &ip->dst);
	}
}

/* In a block of just the right size it fits and is right; in any smaller one it is refused and
 * nothing is written beyond. */
static void test_room(void **state)
{
	struct build_ip ips[] = {ends("10.0.0.1", "10.0.0.2"), ends("fe80::1", "fe80::2")};
	unsigned built = 0;

	for (unsigned kind = 0; kind < KINDS; kind++)
		for (unsigned i = 0; i < 2; i++) {
			uint8_t big[PKT_BUILD_MAX];
			size_t len = one(kind, big, sizeof(big), &ips[i]);

			built += len > 0;
			if (len && kind != 6)
				assert_true(pkt_view_checksum(big, len));
			for (size_t cap = 0; cap <= len; cap++) {
				uint8_t *small = malloc(cap ? cap : 1);

				assert_int_equal(
					one(kind, small, cap, &ips[i]), cap == len ? len : 0);
				free(small);
			}
		}
	/* timestamp, mask, IGMP and ARP are IPv4's, solicitation IPv6's */
	assert_int_equal(built, 6 * 2 + 5);
}

static void test_families(void **state)
{
	struct build_ip ip = ends("10.0.0.1", "fe80::2");
	uint8_t buf[PKT_BUILD_MAX];

	for (unsigned kind = 0; kind < KINDS; kind++)
		assert_int_equal(one(kind, buf, sizeof(buf), &ip), 0);
	memset(&ip, 0, sizeof(ip));
	for (unsigned kind = 0; kind < KINDS; kind++)
		assert_int_equal(one(kind, buf, sizeof(buf), &ip), 0);
}

static void test_option_lengths(void **state)
{
	static const uint8_t options[44];
	struct build_ip ip = ends("10.0.0.1", "10.0.0.2");
	struct build_tcp t = {.options = options};
	uint8_t buf[PKT_BUILD_MAX];

	for (unsigned n = 0; n <= 44; n++) {
		size_t fits = n % 4 == 0 && n <= 40 ? 40 + n : 0;

		t.options_len = (uint8_t)n;
		assert_int_equal(build_tcp(buf, sizeof(buf), &ip, &t), fits);
	}
	t.options_len = 0;
	ip.options = options;
	for (unsigned n = 0; n <= 44; n++) {
		ip.options_len = (uint8_t)n;
		assert_int_equal(
			build_tcp(buf, sizeof(buf), &ip, &t), n % 4 == 0 && n <= 40 ? 40 + n : 0);
	}
}

static void test_too_long(void **state)
{
	static uint8_t payload[70000], buf[70100];
	struct build_ip ip = ends("10.0.0.1", "10.0.0.2");

	assert_int_equal(build_udp(buf, sizeof(buf), &ip,
				 &(struct build_udp){1, 2, payload, sizeof(payload)}),
		0);
	assert_int_equal(
		build_echo(buf, sizeof(buf), &ip, &(struct build_echo){1, 2, payload, 65535}), 0);
}

/* RFC 2464 7's rule and RFC 4291 2.7.1's example: fe80::2:aa:ff:fe28:9c5a listens on
 * ff02::1:ff28:9c5a. */
static void test_multicast(void **state)
{
	struct addr src, target, group;
	struct pkt_view v;
	struct mac mac = {{2, 0, 0, 0, 0, 1}};
	uint8_t buf[PKT_BUILD_MAX];
	char text[MAC_TEXT_MAX];

	assert_int_equal(addr_parse("fe80::1", &src) |
				 addr_parse("fe80::2aa:ff:fe28:9c5a", &target) |
				 addr_parse("ff02::1:ff28:9c5a", &group),
		0);
	assert_int_equal(
		pkt_view(buf, build_nd_solicit(buf, sizeof(buf), &mac, &src, &target), &v), 0);
	assert_true(addr_eq(&v.dst, &group));
	assert_int_equal(v.ttl, 255);
	mac = build_multicast_mac(&group);
	assert_string_equal(mac_text(&mac, text), "33:33:FF:28:9C:5A");
}

/* Every payload must fit the engine's longest probe with either header, and the table's order must
 * hold. */
static void test_payloads(void **state)
{
	unsigned n = 0;
	size_t len;

	for (uint16_t port = payload_port_at(0), last = 0; port;
		last = port, port = payload_port_at(++n)) {
		assert_true(port > last);
		assert_true(payload_count(port) > 0);
		for (unsigned v = 0; v < payload_count(port); v++) {
			assert_non_null(payload_for(port, v, &len));
			assert_true(len > 0 && len + 48 <= 1280);
		}
		assert_null(payload_for(port, payload_count(port), &len));
		assert_int_equal(len, 0);
	}
	assert_true(n >= 30);
	assert_int_equal(payload_count(1), 0);
	assert_int_equal(payload_count(65535), 0);
	assert_null(payload_for(0, 0, &len));
	assert_int_equal(payload_port_at(100000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_option_lengths),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_multicast),
		cmocka_unit_test(test_payloads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
