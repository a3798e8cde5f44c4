/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SCTP, RFC 9260 sections 3.1, 3.2 and 3.3.2
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |          source port          |       destination port        |
 * +-------------------------------+-------------------------------+
 * |                       verification tag                        |
 * +---------------------------------------------------------------+
 * |              CRC32c, least significant byte first             |
 * +---------------+---------------+-------------------------------+
 * |  chunk type   |     flags     |   length, header included     |
 * +---------------+---------------+-------------------------------+
 * |             value, padded to four bytes by zeroes             |
 * +---------------------------------------------------------------+
 *
 * INIT: initiate tag 4, receiver window 4, outbound streams 2, inbound streams 2, initial TSN 4
 */
#include "pkt/sctp.h"

#include "pkt/csum.h"

#define CHUNK_MIN 4

bool sctp_read(struct rd *r, struct sctp_hdr *h)
{
	const uint8_t *c;

	h->sport = rd_u16be(r);
	h->dport = rd_u16be(r);
	h->vtag = rd_u32be(r);
	c = rd_bytes(r, 4);
	h->check = c ? (uint32_t)c[3] << 24 | (uint32_t)c[2] << 16 | (uint32_t)c[1] << 8 | c[0] : 0;
	return r->ok;
}

bool sctp_chunk_next(struct rd *r, struct sctp_chunk *c)
{
	uint16_t len;

	*c = (struct sctp_chunk){0};
	if (!rd_left(r))
		return false;
	c->type = rd_u8(r);
	c->flags = rd_u8(r);
	len = rd_u16be(r);
	if (len < CHUNK_MIN)
		rd_fail(r);
	c->len = r->ok ? (uint16_t)(len - CHUNK_MIN) : 0;
	c->data = rd_bytes(r, c->len);
	if (!r->ok)
		return false;
	/* the padding of the last chunk may be missing */
	len = (uint16_t)(-(unsigned)len & 3);
	rd_skip(r, rd_left(r) < len ? rd_left(r) : len);
	return true;
}

bool sctp_init_read(const struct sctp_chunk *c, struct sctp_init *i)
{
	struct rd r = rd_init(c->data, c->len);

	i->tag = rd_u32be(&r);
	i->window = rd_u32be(&r);
	i->out_streams = rd_u16be(&r);
	i->in_streams = rd_u16be(&r);
	i->tsn = rd_u32be(&r);
	return r.ok;
}

void sctp_write(struct wr *w, const struct sctp_hdr *h)
{
	wr_u16be(w, h->sport);
	wr_u16be(w, h->dport);
	wr_u32be(w, h->vtag);
	wr_u32be(w, 0);
}

void sctp_init_write(struct wr *w, const struct sctp_init *i)
{
	wr_u8(w, SCTP_INIT);
	wr_u8(w, 0);
	wr_u16be(w, SCTP_INIT_LEN);
	wr_u32be(w, i->tag);
	wr_u32be(w, i->window);
	wr_u16be(w, i->out_streams);
	wr_u16be(w, i->in_streams);
	wr_u32be(w, i->tsn);
}

void sctp_seal(struct wr *w, size_t at)
{
	uint32_t crc;

	if (!w->ok || at > w->len)
		return;
	crc = csum_crc32c(w->buf + at, w->len - at);
	wr_patch16be(w, at + 8, (uint16_t)((crc & 0xff) << 8 | (crc >> 8 & 0xff)));
	wr_patch16be(w, at + 10, (uint16_t)((crc >> 16 & 0xff) << 8 | crc >> 24));
}
