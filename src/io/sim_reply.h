/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that hosts of a simulated network answer with. All checksums right; lengths returned, 0 =
 * it does not fit. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "pkt/view.h"

#define SIM_ND_SOLICIT 135

/* A TCP segment back to where `v` came from; numbers in host order. */
struct sim_segment {
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t window, mss; /* mss 0 = no option */
};

enum sim_unreach { SIM_UNREACH_PORT, SIM_UNREACH_PROTO, SIM_UNREACH_ADMIN, SIM_TIME_EXCEEDED };

/* An ICMP or ICMPv6 error about a packet (RFC 792, RFC 4443), quoting as much of it as Linux does:
 * 576 or 1,280 bytes in all. */
struct sim_error {
	struct addr from, to;
	enum sim_unreach why;
	const uint8_t *quote; /* the whole offending packet; borrowed */
	size_t quote_len;
};

/* All write a whole IP packet to buf (SIM_ANSWER_MAX bytes) and return its length. A TCP segment
 * back: */
size_t sim_reply_tcp(uint8_t *buf, const struct pkt_view *v, const struct sim_segment *s);
/* A datagram of four bytes back. */
size_t sim_reply_udp(uint8_t *buf, const struct pkt_view *v);
size_t sim_reply_error(uint8_t *buf, size_t cap, const struct sim_error *er);
/* Echo reply with the request's identifier, sequence and payload. */
size_t sim_reply_echo(uint8_t *buf, const struct pkt_view *v);
/* Timestamp reply (RFC 792): milliseconds of `now_ns`. */
size_t sim_reply_timestamp(uint8_t *buf, const struct pkt_view *v, uint64_t now_ns);
/* Address mask reply (RFC 950): /24. */
size_t sim_reply_mask(uint8_t *buf, const struct pkt_view *v);
/* SCTP with one chunk of 4 + `len` bytes, all tags `tag` (RFC 9260 3.3). */
size_t sim_reply_sctp(
	uint8_t *buf, const struct pkt_view *v, uint8_t chunk, size_t len, uint32_t tag);
/* Four bytes in the same protocol. */
size_t sim_reply_bare(uint8_t *buf, const struct pkt_view *v);
/* Solicited neighbour advertisement for `host` (RFC 4861 4.4), when it is what `v` asks for. */
size_t sim_reply_nd(uint8_t *buf, const struct pkt_view *v, const struct addr *host);
/* The target of a neighbour solicitation; false when `v` is none. */
bool sim_nd_target(const struct pkt_view *v, struct addr *target);
/* ARP reply payload (28 bytes) to a request payload that asked for `host`. */
size_t sim_reply_arp(uint8_t *buf, const uint8_t *request, const struct addr *host);
/* The address that an ARP request payload asks for; false when it is no such request. */
bool sim_arp_target(const uint8_t *data, size_t len, struct addr *target);
