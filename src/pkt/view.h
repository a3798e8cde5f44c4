/* SPDX-License-Identifier: BSD-2-Clause */
/* One received IP packet taken apart as far as a scanner needs, quoted packets of ICMP errors
 * included. Pure; bounds-checked by rd. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80
};

/* The first bytes of a transport header: in an ICMP quotation often no more than these 8 are there.
 */
struct pkt_l4 {
	uint8_t proto;	/* IP protocol number after all extension headers */
	bool has_ports; /* sport and dport are valid (TCP, UDP, SCTP) */
	uint16_t sport, dport;
	bool has_seq; /* TCP: seq is valid */
	uint32_t seq;
	bool has_tcp; /* TCP: the whole fixed header is there: the next are valid */
	uint32_t ack;
	uint8_t flags; /* TCP_ bits */
	uint16_t window;
	bool has_icmp; /* ICMP or ICMPv6: the next are valid */
	uint8_t type, code;
	uint16_t icmp_id, icmp_seq; /* echo and timestamp */
	bool has_sctp; /* SCTP: vtag and first chunk type valid (0xff = no chunk) */
	uint32_t vtag;
	uint8_t chunk;
	const uint8_t *payload; /* after the transport header; borrowed from the packet */
	size_t payload_len;
};

struct pkt_view {
	struct addr src, dst;
	uint8_t ttl;	/* TTL or hop limit */
	uint16_t ip_id; /* IPv4 */
	uint8_t tos;
	bool fragment; /* a fragment: l4 is only filled for the first one */
	bool more_fragments;
	uint16_t frag_offset; /* bytes */
	struct pkt_l4 l4;
	/* ICMP and ICMPv6 errors: the packet that caused it, as quoted */
	bool has_quote;
	struct addr quote_src, quote_dst; /* dst: at the end of a source route */
	uint8_t quote_ttl;
	struct pkt_l4 quote;
};

/* Takes an IPv4 or IPv6 packet apart. 0, or ERR_PARSE: too short, lengths that lie, unknown
 * version. What could be read until there is in *out. Checksums are not verified here (offloads):
 * see pkt_view_checksum. */
int pkt_view(const uint8_t *data, size_t len, struct pkt_view *out);
/* Whether the IPv4 header checksum and the transport checksum (TCP, UDP, ICMP, ICMPv6, SCTP) of a
 * whole, unfragmented packet are right. */
bool pkt_view_checksum(const uint8_t *data, size_t len);
/* One line of --packet-trace without time and direction: "TCP 10.0.0.1:40000 > 10.0.0.2:80 S ttl=64
 * id=1 iplen=44 seq=1 win=1024 <mss 1460>". */
int pkt_describe(const uint8_t *data, size_t len, char *text, size_t text_len);
