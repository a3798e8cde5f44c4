/* SPDX-License-Identifier: BSD-2-Clause */
/* Cutting a whole IP packet into fragments (RFC 791 3.2, RFC 8200 4.5). Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pkt/wr.h"

/* A packet without extension headers, and how it is to be cut. */
struct fragmented {
	const uint8_t *packet; /* borrowed */
	size_t len;
	uint16_t mtu; /* bytes of payload in each fragment but the last, a multiple of 8; 0 = do
			 not cut */
	uint32_t id;  /* of the IPv6 fragment header; IPv4 fragments keep the packet's own */
};

/* Bytes that fragment_cut writes at most beyond the packet's own length: the IPv6 fragment header.
 */
#define FRAGMENT_EXTRA 8

/* How many packets it becomes; 1 when it is short enough, or no IP packet, and goes as it is. */
unsigned fragment_count(const struct fragmented *f);
/*
 * Appends fragment `k` of fragment_count(): a whole IP packet with its own header checksum. IPv4:
 * DF is cleared, and all but the first carry only the options whose copy bit is set.
 */
void fragment_cut(const struct fragmented *f, unsigned k, struct wr *w);
