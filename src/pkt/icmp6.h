/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMPv6 (RFC 4443) and neighbour discovery (RFC 4861). */
#pragma once

#include "base/addr.h"
#include "pkt/icmp4.h"

enum icmp6_type {
	ICMP6_UNREACH = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAM_PROBLEM = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_ND_SOLICIT = 135,
	ICMP6_ND_ADVERT = 136,
};

enum { ICMP6_UNKNOWN_NEXT = 1 }; /* code of ICMP6_PARAM_PROBLEM */

enum icmp6_nd_opt {
	ND_OPT_SOURCE_MAC = 1,
	ND_OPT_TARGET_MAC = 2,
};

/* Neighbour solicitation or advertisement. */
struct icmp6_nd {
	struct addr target;
	bool router, solicited, override; /* advertisement */
	bool has_mac;
	struct mac mac; /* the source (135) or target (136) link-layer address option */
};

/* Messages that quote the packet that caused them (types below 128). */
bool icmp6_is_error(uint8_t type);
/* Messages whose identifier and sequence number mean something. */
bool icmp6_has_id(uint8_t type);
/* Limits the body of an error to the quoted packet where RFC 4884's length says that extensions
 * follow it. */
void icmp6_quote(const struct icmp_hdr *h, struct rd *body);
/* Reads what follows the eight bytes of a type 135 or 136 message; false: cut off or an option of
 * length 0. */
bool icmp6_nd_read(const struct icmp_hdr *h, struct rd body, struct icmp6_nd *nd);
/* Writes target and link-layer address option of a solicitation. */
void icmp6_nd_solicit_write(struct wr *w, const struct addr *target, const struct mac *src_mac);
