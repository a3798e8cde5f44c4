/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARP, RFC 826
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |      hardware space = 1       |   protocol space = 0x0800     |
 * +---------------+---------------+-------------------------------+
 * | hw length = 6 | ip length = 4 |           operation           |
 * +---------------+---------------+-------------------------------+
 * | sender's MAC 6, sender's IP 4, target's MAC 6, target's IP 4  |
 * +---------------------------------------------------------------+
 */
#include "pkt/arp.h"

#include "pkt/ipproto.h"

#define HW_ETHERNET 1
#define HW_IEEE802  6 /* seen from token ring and old 802 stacks; the same addresses */

static void rd_pair(struct rd *r, struct mac *mac, struct addr *ip)
{
	const uint8_t *b;

	rd_copy(r, mac->b, sizeof(mac->b));
	b = rd_bytes(r, 4);
	*ip = b ? addr_from_bytes(4, b) : (struct addr){0};
}

bool arp_read(struct rd *r, struct arp_msg *m)
{
	uint16_t hw = rd_u16be(r);
	uint16_t proto = rd_u16be(r);
	uint8_t hw_len = rd_u8(r);
	uint8_t ip_len = rd_u8(r);

	m->op = rd_u16be(r);
	rd_pair(r, &m->src_mac, &m->src_ip);
	rd_pair(r, &m->dst_mac, &m->dst_ip);
	return r->ok && (hw == HW_ETHERNET || hw == HW_IEEE802) && proto == ETH_IPV4 &&
	       hw_len == 6 && ip_len == 4;
}

void arp_write(struct wr *w, const struct arp_msg *m)
{
	wr_u16be(w, HW_ETHERNET);
	wr_u16be(w, ETH_IPV4);
	wr_u8(w, sizeof(m->src_mac.b));
	wr_u8(w, 4);
	wr_u16be(w, m->op);
	wr_bytes(w, m->src_mac.b, sizeof(m->src_mac.b));
	wr_bytes(w, m->src_ip.b, 4);
	wr_bytes(w, m->dst_mac.b, sizeof(m->dst_mac.b));
	wr_bytes(w, m->dst_ip.b, 4);
}
