/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ethernet, IEEE 802.3 clause 3.2 with tags of IEEE 802.1Q clause 9
 *
 * +-----------------------------------------------+
 * |                destination 6                  |
 * +-----------------------------------------------+
 * |                   source 6                    |
 * +-----------------------+-----------------------+
 * | tag type: 8100, 88a8  | PCP 3, DEI 1, VLAN 12 |  any number of times
 * +-----------------------+-----------------------+
 * |  type, or length      |
 * +-----------------------+
 *
 * A type below 0x0600 is a length and LLC follows (802.3 clause 3.2.6).
 */
#include "pkt/eth.h"

#include "pkt/ipproto.h"

#define LENGTH_MAX 0x05dc
#define TYPE_MIN   0x0600

static bool is_tag(uint16_t type)
{
	return type == ETH_VLAN || type == ETH_QINQ || type == ETH_QINQ_OLD;
}

bool eth_read(struct rd *r, struct eth_hdr *h)
{
	uint16_t type;

	*h = (struct eth_hdr){0};
	rd_copy(r, h->dst.b, sizeof(h->dst.b));
	rd_copy(r, h->src.b, sizeof(h->src.b));
	type = rd_u16be(r);
	while (r->ok && is_tag(type) && h->n_tags < ETH_TAGS_MAX) {
		h->tag_type[h->n_tags] = type;
		h->tag[h->n_tags++] = rd_u16be(r);
		type = rd_u16be(r);
	}
	if (!r->ok || is_tag(type))
		return false;
	if (type >= TYPE_MIN)
		h->type = type;
	else
		h->llc_len = type;
	return type >= TYPE_MIN || type <= LENGTH_MAX;
}

void eth_write(struct wr *w, const struct eth_hdr *h)
{
	wr_bytes(w, h->dst.b, sizeof(h->dst.b));
	wr_bytes(w, h->src.b, sizeof(h->src.b));
	for (unsigned i = 0; i < h->n_tags && i < ETH_TAGS_MAX; i++) {
		wr_u16be(w, h->tag_type[i]);
		wr_u16be(w, h->tag[i]);
	}
	wr_u16be(w, h->type ? h->type : h->llc_len);
}

uint16_t eth_vlan(const struct eth_hdr *h, unsigned i)
{
	return i < h->n_tags ? h->tag[i] & 0x0fff : 0;
}
