/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP for IPv4 (RFC 792, RFC 950, RFC 4884). */
#pragma once

#include "pkt/rd.h"
#include "pkt/wr.h"

#define ICMP_MIN 8

enum icmp4_type {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACH = 3,
	ICMP4_SOURCE_QUENCH = 4,
	ICMP4_REDIRECT = 5,
	ICMP4_ECHO = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAM_PROBLEM = 12,
	ICMP4_TIMESTAMP = 13,
	ICMP4_TIMESTAMP_REPLY = 14,
	ICMP4_MASK = 17,
	ICMP4_MASK_REPLY = 18,
};

/* The first eight bytes, which every message has; of ICMPv6 as well (pkt/icmp6.h). */
struct icmp_hdr {
	uint8_t type, code;
	uint16_t check;
	uint16_t id, seq; /* the second four bytes as echo and timestamp use them */
};

/* Reads the eight bytes; r is then at the body. False: cut off (type and code hold when there were
 * four bytes). */
bool icmp_read(struct rd *r, struct icmp_hdr *h);
/* Writes them, all fields as given. */
void icmp_write(struct wr *w, const struct icmp_hdr *h);
/* Messages that quote the packet that caused them. */
bool icmp4_is_error(uint8_t type);
/* Messages whose identifier and sequence number mean something. */
bool icmp4_has_id(uint8_t type);
/* Limits the body of an error to the quoted packet where RFC 4884's length says that extensions
 * follow it. */
void icmp4_quote(const struct icmp_hdr *h, struct rd *body);
