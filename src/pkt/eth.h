/* SPDX-License-Identifier: BSD-2-Clause */
/* Ethernet headers with 802.1Q and 802.1ad tags (IEEE 802.3, 802.1Q). */
#pragma once

#include "base/addr.h"
#include "pkt/rd.h"
#include "pkt/wr.h"

#define ETH_TAGS_MAX 4

/* Tags stand outermost first; tag and tag_type go together. */
struct eth_hdr {
	struct mac dst, src;
	uint16_t type;	  /* EtherType behind all tags; 0: an 802.3 frame, llc_len counts */
	uint16_t llc_len; /* 802.3: bytes of LLC and data, as claimed; they are left alone */
	uint16_t tag[ETH_TAGS_MAX];	 /* priority, DEI and VLAN (see eth_vlan) */
	uint16_t tag_type[ETH_TAGS_MAX]; /* ETH_VLAN, ETH_QINQ or ETH_QINQ_OLD */
	uint8_t n_tags;
};

/* Reads addresses, tags and type; r is then at the payload. False: cut off, or more than
 * ETH_TAGS_MAX tags. */
bool eth_read(struct rd *r, struct eth_hdr *h);
/* Writes the header; with type 0 the 802.3 length. */
void eth_write(struct wr *w, const struct eth_hdr *h);
/* VLAN identifier (12 bits) of the i-th tag; 0 where there is none. */
uint16_t eth_vlan(const struct eth_hdr *h, unsigned i);
