/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6, RFC 8200 section 3
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+---------------+---------------------------------------+
 * |   6   | traffic class |              flow label               |
 * +-------+---------------+-------+---------------+---------------+
 * |        payload length         |  next header  |   hop limit   |
 * +-------------------------------+---------------+---------------+
 * |                      source, 16 bytes                         |
 * +---------------------------------------------------------------+
 * |                    destination, 16 bytes                      |
 * +---------------------------------------------------------------+
 *
 * Options and routing headers (4.3, 4.4, 4.6): the length counts 8-byte units after the first 8
 * bytes.
 * +---------------+---------------+-------------------------------+
 * |  next header  |    length     | options, or: type, segs left  |
 * +---------------+---------------+-------------------------------+
 *
 * Fragment header (4.5)
 * +---------------+---------------+-------------------------+---+-+
 * |  next header  |   reserved    |    offset in 8 bytes    | 0 |M|
 * +---------------+---------------+-------------------------+---+-+
 * |                        identification                         |
 * +---------------------------------------------------------------+
 *
 * Authentication header (RFC 4302 2): the length counts 4-byte units, minus 2.
 */
#include "pkt/ipv6.h"

#include "pkt/ipproto.h"

static struct addr rd_addr6(struct rd *r)
{
	const uint8_t *b = rd_bytes(r, 16);

	return b ? addr_from_bytes(6, b) : (struct addr){0};
}

bool ipv6_read(struct rd *r, struct ipv6_hdr *h)
{
	uint32_t first = rd_u32be(r);

	h->tclass = (uint8_t)(first >> 20);
	h->flow = first & 0xfffff;
	h->payload_len = rd_u16be(r);
	h->next = rd_u8(r);
	h->hop_limit = rd_u8(r);
	h->src = rd_addr6(r);
	h->dst = rd_addr6(r);
	return r->ok && first >> 28 == 6;
}

void ipv6_write(struct wr *w, const struct ipv6_hdr *h)
{
	wr_u32be(w, 6u << 28 | (uint32_t)h->tclass << 20 | (h->flow & 0xfffff));
	wr_u16be(w, h->payload_len);
	wr_u8(w, h->next);
	wr_u8(w, h->hop_limit);
	wr_bytes(w, h->src.b, 16);
	wr_bytes(w, h->dst.b, 16);
}

static uint8_t ext_fragment(struct rd *r, struct ipv6_ext *e)
{
	uint8_t next = rd_u8(r);
	uint16_t where;

	rd_skip(r, 1);
	where = rd_u16be(r);
	e->frag_id = rd_u32be(r);
	if (!r->ok)
		return next;
	e->frag_offset = where & 0xfff8;
	e->mf = where & 1;
	e->fragment = e->mf || e->frag_offset;
	return next;
}

/*
 * Types 0 (RFC 5095) and 2 (RFC 6275 6.4) list addresses in order of travel after 4 reserved bytes;
 * type 4 (RFC 8754 2) lists them backwards after 4 bytes of its own. The pseudo-header takes the
 * last hop in either case (RFC 8200 8.1).
 */
static void ext_route(struct rd body, struct ipv6_ext *e)
{
	uint8_t type = rd_u8(&body);
	uint8_t left = rd_u8(&body);
	size_t n;

	rd_skip(&body, 4);
	n = rd_left(&body) / 16;
	if (!left || !n || (type != 0 && type != 2 && type != 4))
		return;
	if (type == 0)
		rd_skip(&body, (n - 1) * 16);
	e->final_dst = rd_addr6(&body);
	e->rerouted = true;
}

static uint8_t ext_options(struct rd *r, uint8_t kind, struct ipv6_ext *e)
{
	uint8_t next = rd_u8(r);
	size_t len = rd_u8(r);
	struct rd body = rd_sub(r, kind == IP_AH ? (len + 2) * 4 - 2 : (len + 1) * 8 - 2);

	if (kind == IP_ROUTING && body.ok)
		ext_route(body, e);
	return next;
}

static bool is_ext(uint8_t next)
{
	return next == IP_HOPOPTS || next == IP_ROUTING || next == IP_DSTOPTS || next == IP_AH ||
	       next == IP_FRAGMENT;
}

bool ipv6_ext_read(struct rd *r, uint8_t first, struct ipv6_ext *e)
{
	uint8_t next;

	*e = (struct ipv6_ext){.proto = first};
	while (is_ext(e->proto) && !e->frag_offset) {
		if (e->n == IPV6_EXT_MAX)
			return false;
		next = e->proto == IP_FRAGMENT ? ext_fragment(r, e) : ext_options(r, e->proto, e);
		if (!r->ok)
			return false;
		e->proto = next;
		e->n++;
	}
	return true;
}
