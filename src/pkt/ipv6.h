/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 headers and the chain of extension headers (RFC 8200). */
#pragma once

#include "base/addr.h"
#include "pkt/rd.h"
#include "pkt/wr.h"

#define IPV6_MIN     40
#define IPV6_EXT_MAX 32 /* extension headers followed before a packet is called malformed */

struct ipv6_hdr {
	struct addr src, dst;
	uint8_t tclass;
	uint32_t flow; /* 20 bits */
	uint16_t
		payload_len; /* bytes after this header, as the packet claims; 0 with a jumbogram */
	uint8_t next;	     /* first next-header value */
	uint8_t hop_limit;
};

/* What the extension headers say. */
struct ipv6_ext {
	uint8_t proto; /* what follows the last header that was understood */
	bool fragment; /* a fragment header was there and it is no atomic fragment (RFC 6946) */
	bool mf;
	uint16_t frag_offset; /* bytes */
	uint32_t frag_id;
	bool rerouted; /* a routing header with segments left: the last destination is */
	struct addr final_dst;
	unsigned n; /* extension headers passed */
};

/* Reads the fixed header; false: too short or not version 6. */
bool ipv6_read(struct rd *r, struct ipv6_hdr *h);
void ipv6_write(struct wr *w, const struct ipv6_hdr *h);
/*
 * Passes the chain that begins with next-header value `first`: hop-by-hop, routing, fragment,
 * destination options, AH. Stops at anything else (59 included) and behind the header of a
 * non-first fragment; r is then at what `proto` names. False: a header is cut off or the chain is
 * longer than IPV6_EXT_MAX; *e says how far it got.
 */
bool ipv6_ext_read(struct rd *r, uint8_t first, struct ipv6_ext *e);
