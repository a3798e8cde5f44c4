/* SPDX-License-Identifier: BSD-2-Clause */
/* Cutting a whole IP packet into fragments (RFC 791 3.2, RFC 8200 4.5). */
#include "pkt/fragment.h"

#include "pkt/ipproto.h"
#include "pkt/ipv4.h"
#include "pkt/ipv6.h"

#define COPIED	    0x80 /* of an option's type: into all fragments (RFC 791 3.1) */
#define OPTIONS_MAX 40

/* What a fragment holds of the payload. */
struct piece {
	const uint8_t *data;
	size_t len;
	uint16_t offset;
	bool more;
};

/* Bytes in front of the payload; 0 when it is no IP packet. */
static size_t header_len(const struct fragmented *f)
{
	struct rd r = rd_init(f->packet, f->len);
	struct ipv4_hdr h4;
	struct ipv6_hdr h6;

	if (f->len && f->packet[0] >> 4 == 6)
		return ipv6_read(&r, &h6) ? IPV6_MIN : 0;
	return ipv4_read(&r, &h4) ? h4.hdr_len : 0;
}

unsigned fragment_count(const struct fragmented *f)
{
	size_t header = header_len(f);

	if (!f->mtu || !header || f->len - header <= f->mtu)
		return 1;
	return (unsigned)((f->len - header + f->mtu - 1) / f->mtu);
}

/* The options of later fragments, padded with zeros; returns their length. */
static uint8_t copied_options(const struct ipv4_hdr *h, uint8_t out[OPTIONS_MAX])
{
	struct rd r = rd_init(h->options, h->hdr_len - IPV4_MIN);
	struct wr w = wr_init(out, OPTIONS_MAX);
	struct ipv4_opt o;

	while (ipv4_opt_next(&r, &o)) {
		if (!(o.type & COPIED))
			continue;
		wr_u8(&w, o.type);
		wr_u8(&w, (uint8_t)(o.len + 2));
		wr_bytes(&w, o.data, o.len);
	}
	wr_zero(&w, -w.len & 3);
	return (uint8_t)w.len;
}

static void cut4(const struct fragmented *f, const struct piece *p, struct wr *w)
{
	struct rd r = rd_init(f->packet, f->len);
	uint8_t options[OPTIONS_MAX];
	struct ipv4_hdr h;

	ipv4_read(&r, &h);
	if (p->offset) {
		h.hdr_len = (uint8_t)(IPV4_MIN + copied_options(&h, options));
		h.options = options;
	}
	h.df = false;
	h.mf = p->more;
	h.frag_offset = p->offset;
	h.total_len = (uint16_t)(h.hdr_len + p->len);
	ipv4_write(w, &h);
}

/*
 *  | next header | reserved | offset in 8 bytes (13) . 0 0 . M | identification (32) |
 */
static void cut6(const struct fragmented *f, const struct piece *p, struct wr *w)
{
	struct rd r = rd_init(f->packet, f->len);
	struct ipv6_hdr h;
	uint8_t next;

	ipv6_read(&r, &h);
	next = h.next;
	h.next = IP_FRAGMENT;
	h.payload_len = (uint16_t)(FRAGMENT_EXTRA + p->len);
	ipv6_write(w, &h);
	wr_u8(w, next);
	wr_u8(w, 0);
	wr_u16be(w, (uint16_t)(p->offset | p->more));
	wr_u32be(w, f->id);
}

void fragment_cut(const struct fragmented *f, unsigned k, struct wr *w)
{
	unsigned n = fragment_count(f);
	size_t header = header_len(f), at = (size_t)k * f->mtu;
	struct piece p = {f->packet + header + at, f->mtu, (uint16_t)at, k + 1 < n};

	if (n == 1) {
		wr_bytes(w, f->packet, f->len);
		return;
	}
	if (!p.more)
		p.len = f->len - header - at;
	if (f->packet[0] >> 4 == 6)
		cut6(f, &p, w);
	else
		cut4(f, &p, w);
	wr_bytes(w, p.data, p.len);
}
