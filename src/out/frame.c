/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet of a record as the Ethernet frame that it travelled in. */
#include "out/frame.h"

void frame_add(struct buf *b, const struct rec_packet *p)
{
	buf_add(b, p->dst_mac.b, sizeof(p->dst_mac.b));
	buf_add(b, p->src_mac.b, sizeof(p->src_mac.b));
	buf_char(b, (char)(p->ethertype >> 8));
	buf_char(b, (char)p->ethertype);
	buf_add(b, p->data, p->len);
}
