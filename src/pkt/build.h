/* SPDX-License-Identifier: BSD-2-Clause */
/* Making probe packets: whole IP packets (and ARP payloads) into a caller's buffer, checksums
 * right. Templates are made with these, then patched. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define PKT_BUILD_MAX 1500
#define IGMP_LEN      8 /* of a query */
#define IGMP_QUERY    0x11

/* The IP header; src and dst must be of one family. */
struct build_ip {
	struct addr src, dst;
	uint8_t ttl; /* TTL or hop limit */
	uint8_t tos;
	uint16_t id;   /* IPv4 identification, host order */
	uint32_t flow; /* IPv6 flow label, 20 bits */
	bool df;
	const uint8_t *options; /* IPv4 options, padded by the caller to 4 bytes; NULL */
	uint8_t options_len;
};

struct build_tcp {
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window, urg;
	const uint8_t *options; /* padded to 4 bytes */
	uint8_t options_len;
	const uint8_t *payload;
	size_t payload_len;
};

struct build_udp {
	uint16_t sport, dport;
	const uint8_t *payload;
	size_t payload_len;
};

struct build_sctp {
	uint16_t sport, dport;
	uint8_t chunk;		/* SCTP_INIT or SCTP_COOKIE_ECHO */
	uint32_t tag;		/* initiate tag of the one, verification tag of the other */
	const uint8_t *payload; /* as padding that the receiver skips (RFC 4820); NULL: none */
	size_t payload_len;
};

/* Echo request: identifier, sequence number (host order) and what comes back. */
struct build_echo {
	uint16_t id, seq;
	const uint8_t *payload;
	size_t payload_len;
};

/* All return the packet's length, or 0 when it does not fit `cap` or the families differ. */
size_t build_tcp(uint8_t *buf, size_t cap, const struct build_ip *ip, const struct build_tcp *t);
size_t build_udp(uint8_t *buf, size_t cap, const struct build_ip *ip, const struct build_udp *u);
/* ICMP (IPv4) or ICMPv6 by the family: echo request (8/0 or 128/0) with identifier, sequence and
 * payload. */
size_t build_echo(uint8_t *buf, size_t cap, const struct build_ip *ip, const struct build_echo *e);
/* ICMP timestamp request (13/0), IPv4 only: originate 0 as nmap sends it. */
size_t build_timestamp(
	uint8_t *buf, size_t cap, const struct build_ip *ip, uint16_t id, uint16_t seq);
/* ICMP address mask request (17/0, RFC 950), IPv4 only. */
size_t build_mask(uint8_t *buf, size_t cap, const struct build_ip *ip, uint16_t id, uint16_t seq);
/* SCTP with an INIT or a COOKIE ECHO chunk (RFC 9260 3.3.2, 3.3.11). */
size_t build_sctp(uint8_t *buf, size_t cap, const struct build_ip *ip, const struct build_sctp *s);
/* IGMP general membership query, version 1 (RFC 2236 2), with `data` of `len` bytes (or NULL)
 * behind it; IPv4 only. */
size_t build_igmp_query(
	uint8_t *buf, size_t cap, const struct build_ip *ip, const uint8_t *data, size_t len);
/* An IP header of protocol (IPv6: next header) `proto` and `data` of `len` bytes (or NULL). */
size_t build_bare(uint8_t *buf, size_t cap, const struct build_ip *ip, uint8_t proto,
	const uint8_t *data, size_t len);
/* ARP request payload for EtherType 0x0806: who has `target`, tell `src_ip` at `src_mac` (RFC 826).
 */
size_t build_arp(uint8_t *buf, size_t cap, const struct mac *src_mac, const struct addr *src_ip,
	const struct addr *target);
/* Neighbour solicitation to the solicited-node multicast address of `target`, hop limit 255, source
 * link-layer option (RFC 4861 4.3). */
size_t build_nd_solicit(uint8_t *buf, size_t cap, const struct mac *src_mac,
	const struct addr *src_ip, const struct addr *target);
/* Ethernet address of an IPv6 multicast group (RFC 2464 7). */
struct mac build_multicast_mac(const struct addr *group);
