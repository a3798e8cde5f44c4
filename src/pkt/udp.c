/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP, RFC 768
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |          source port          |       destination port        |
 * +-------------------------------+-------------------------------+
 * |     length, header included   |           checksum            |
 * +-------------------------------+-------------------------------+
 */
#include "pkt/udp.h"

bool udp_read(struct rd *r, struct udp_hdr *h)
{
	h->sport = rd_u16be(r);
	h->dport = rd_u16be(r);
	h->len = rd_u16be(r);
	h->check = rd_u16be(r);
	if (!r->ok || h->len < UDP_MIN)
		return false;
	rd_limit(r, h->len - UDP_MIN);
	return true;
}

void udp_write(struct wr *w, const struct udp_hdr *h)
{
	wr_u16be(w, h->sport);
	wr_u16be(w, h->dport);
	wr_u16be(w, h->len);
	wr_u16be(w, h->check);
}
