/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP, RFC 792; length of the quotation: RFC 4884 section 4
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |     type      |     code      |           checksum            |
 * +---------------+---------------+-------------------------------+
 * |  echo, timestamp: identifier  |        sequence number        |
 * |  errors: unused, or pointer   | quoted words (low byte), MTU  |
 * +-------------------------------+-------------------------------+
 * |  errors: the packet that caused it, from its IP header on     |
 * +---------------------------------------------------------------+
 */
#include "pkt/icmp4.h"

bool icmp_read(struct rd *r, struct icmp_hdr *h)
{
	h->type = rd_u8(r);
	h->code = rd_u8(r);
	h->check = rd_u16be(r);
	h->id = rd_u16be(r);
	h->seq = rd_u16be(r);
	return r->ok;
}

void icmp_write(struct wr *w, const struct icmp_hdr *h)
{
	wr_u8(w, h->type);
	wr_u8(w, h->code);
	wr_u16be(w, h->check);
	wr_u16be(w, h->id);
	wr_u16be(w, h->seq);
}

bool icmp4_is_error(uint8_t type)
{
	return type == ICMP4_UNREACH || type == ICMP4_SOURCE_QUENCH || type == ICMP4_REDIRECT ||
	       type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAM_PROBLEM;
}

bool icmp4_has_id(uint8_t type)
{
	return type == ICMP4_ECHO || type == ICMP4_ECHO_REPLY ||
	       (type >= ICMP4_TIMESTAMP && type <= ICMP4_MASK_REPLY);
}

void icmp4_quote(const struct icmp_hdr *h, struct rd *body)
{
	size_t quoted = (size_t)(h->id & 0xff) * 4;
	bool carries = h->type == ICMP4_UNREACH || h->type == ICMP4_TIME_EXCEEDED ||
		       h->type == ICMP4_PARAM_PROBLEM;

	if (carries && quoted)
		rd_limit(body, quoted);
}
