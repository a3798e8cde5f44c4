/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 and IPv6 brought to one shape. */
#include "pkt/ip.h"

#include "pkt/ipproto.h"
#include "pkt/ipv4.h"
#include "pkt/ipv6.h"

#define OPT_LSRR 131
#define OPT_SSRR 137

/* A source route that is not used up yet: its last address is the packet's true destination (RFC
 * 1122 3.2.1.8). */
static void route4(const struct ipv4_hdr *v4, struct ip_hdr *h)
{
	struct rd r = rd_init(v4->options, v4->hdr_len - IPV4_MIN);
	struct ipv4_opt o;

	while (ipv4_opt_next(&r, &o)) {
		bool route = o.type == OPT_LSRR || o.type == OPT_SSRR;

		if (route && o.len >= 5 && o.data[0] <= o.len)
			h->final_dst = addr_from_bytes(4, o.data + o.len - 4);
	}
}

static bool read4(struct rd *r, struct ip_hdr *h)
{
	struct ipv4_hdr v4;
	bool ok = ipv4_read(r, &v4);

	h->src = v4.src;
	h->dst = h->final_dst = v4.dst;
	h->ttl = v4.ttl;
	h->tos = v4.tos;
	h->proto = v4.proto;
	h->id = v4.id;
	h->df = v4.df;
	h->mf = v4.mf;
	h->frag_offset = v4.frag_offset;
	h->fragment = v4.mf || v4.frag_offset;
	h->hdr_len = v4.hdr_len;
	h->total_len = v4.total_len;
	if (!ok)
		return false;
	if (v4.hdr_len > IPV4_MIN)
		route4(&v4, h);
	h->whole = v4.total_len >= v4.hdr_len && (size_t)(v4.total_len - v4.hdr_len) <= rd_left(r);
	if (h->whole)
		rd_limit(r, v4.total_len - v4.hdr_len);
	return true;
}

static bool read6(struct rd *r, struct ip_hdr *h)
{
	struct ipv6_hdr v6;
	struct ipv6_ext ext;
	size_t before = rd_left(r);
	bool ok = ipv6_read(r, &v6);

	h->src = v6.src;
	h->dst = h->final_dst = v6.dst;
	h->ttl = v6.hop_limit;
	h->tos = v6.tclass;
	h->proto = v6.next;
	h->hdr_len = IPV6_MIN;
	h->total_len = IPV6_MIN + (size_t)v6.payload_len;
	if (!ok)
		return false;
	h->whole = v6.payload_len <= rd_left(r);
	if (h->whole) {
		rd_limit(r, v6.payload_len);
		before = h->total_len;
	}
	ok = ipv6_ext_read(r, v6.next, &ext);
	h->proto = ext.proto;
	h->fragment = ext.fragment;
	h->mf = ext.mf;
	h->frag_offset = ext.frag_offset;
	h->hdr_len = before - rd_left(r);
	if (ext.rerouted)
		h->final_dst = ext.final_dst;
	return ok;
}

bool ip_read(struct rd *r, struct ip_hdr *h)
{
	*h = (struct ip_hdr){0};
	if (!rd_left(r))
		return false;
	switch (r->p[0] >> 4) {
	case 4:
		return read4(r, h);
	case 6:
		return read6(r, h);
	default:
		return false;
	}
}
