/* SPDX-License-Identifier: BSD-2-Clause */
/* The network layer of either family as one: what a packet says before its transport header. */
#pragma once

#include "base/addr.h"
#include "pkt/rd.h"

struct ip_hdr {
	struct addr src, dst;
	struct addr final_dst;	 /* the pseudo-header's: dst, or the last hop of a source route */
	uint8_t ttl, tos, proto; /* proto: after all extension headers */
	uint16_t id;		 /* IPv4 */
	bool df;
	bool fragment, mf;
	uint16_t frag_offset; /* bytes */
	size_t hdr_len;	      /* bytes, extension headers included */
	size_t total_len;     /* bytes of the whole packet as it claims */
	bool whole;	      /* all of them are there */
};

/*
 * Reads an IPv4 or IPv6 header with its options or extension headers. r is then at the transport
 * header and ends where the packet says that it ends, or earlier where the bytes end (whole =
 * false: quotations, snapped captures). False: no such header; *h holds what could be read.
 */
bool ip_read(struct rd *r, struct ip_hdr *h);
