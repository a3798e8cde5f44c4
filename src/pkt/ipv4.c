/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4, RFC 791 section 3.1 (type of service: RFC 2474 and RFC 3168)
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+-------+---------------+-------------------------------+
 * |   4   |  IHL  |      TOS      |         total length          |
 * +-------+-------+---------------+-----+-------------------------+
 * |        identification         |0 D M|    offset in 8 bytes    |
 * +---------------+---------------+-----+-------------------------+
 * |      TTL      |   protocol    |        header checksum        |
 * +---------------+---------------+-------------------------------+
 * |                            source                             |
 * +---------------------------------------------------------------+
 * |                          destination                          |
 * +---------------------------------------------------------------+
 * |           options, padded to IHL words, 0..40 bytes           |
 * +---------------------------------------------------------------+
 */
#include "pkt/ipv4.h"

#include "pkt/csum.h"

#define FLAG_DF 0x4000
#define FLAG_MF 0x2000

static struct addr rd_addr4(struct rd *r)
{
	const uint8_t *b = rd_bytes(r, 4);

	return b ? addr_from_bytes(4, b) : (struct addr){0};
}

bool ipv4_read(struct rd *r, struct ipv4_hdr *h)
{
	uint8_t first = rd_u8(r);
	uint16_t frag;

	h->hdr_len = (uint8_t)((first & 0x0f) * 4);
	h->tos = rd_u8(r);
	h->total_len = rd_u16be(r);
	h->id = rd_u16be(r);
	frag = rd_u16be(r);
	h->df = frag & FLAG_DF;
	h->mf = frag & FLAG_MF;
	h->frag_offset = (uint16_t)((frag & 0x1fff) * 8);
	h->ttl = rd_u8(r);
	h->proto = rd_u8(r);
	h->check = rd_u16be(r);
	h->src = rd_addr4(r);
	h->dst = rd_addr4(r);
	h->options = NULL;
	if (!r->ok || first >> 4 != 4 || h->hdr_len < IPV4_MIN)
		return false;
	h->options = rd_bytes(r, h->hdr_len - IPV4_MIN);
	return r->ok;
}

void ipv4_write(struct wr *w, const struct ipv4_hdr *h)
{
	size_t at = w->len;
	uint16_t frag =
		(uint16_t)((h->df ? FLAG_DF : 0) | (h->mf ? FLAG_MF : 0) | h->frag_offset / 8);

	wr_u8(w, (uint8_t)(0x40 | h->hdr_len / 4));
	wr_u8(w, h->tos);
	wr_u16be(w, h->total_len);
	wr_u16be(w, h->id);
	wr_u16be(w, frag);
	wr_u8(w, h->ttl);
	wr_u8(w, h->proto);
	wr_u16be(w, 0);
	wr_bytes(w, h->src.b, 4);
	wr_bytes(w, h->dst.b, 4);
	wr_bytes(w, h->options, h->hdr_len - IPV4_MIN);
	if (w->ok)
		wr_patch16be(w, at + 10, csum_finish(csum_add(0, w->buf + at, h->hdr_len)));
}

bool ipv4_opt_next(struct rd *r, struct ipv4_opt *o)
{
	uint8_t len;

	do {
		if (!rd_left(r))
			return false;
		o->type = rd_u8(r);
	} while (o->type == 1);
	if (o->type == 0)
		return false;
	len = rd_u8(r);
	if (len < 2)
		rd_fail(r);
	o->len = r->ok ? (uint8_t)(len - 2) : 0;
	o->data = rd_bytes(r, o->len);
	return r->ok;
}
