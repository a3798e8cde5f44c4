/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A received packet taken apart. The same walk serves the packet itself and the packet that an ICMP
 * error quotes; they differ in what a missing byte means: in the packet it is a lie, in a quotation
 * it is the rule (RFC 792 promises 8 bytes of the transport header, no more).
 */
#include "pkt/view.h"

#include "base/err.h"
#include "pkt/csum.h"
#include "pkt/icmp6.h"
#include "pkt/ip.h"
#include "pkt/ipproto.h"
#include "pkt/sctp.h"
#include "pkt/tcp.h"
#include "pkt/udp.h"

#define NO_CHUNK 0xff

static bool l4_tcp(struct rd *r, struct pkt_l4 *l4)
{
	struct tcp_hdr h;
	size_t have = rd_left(r);
	bool ok = tcp_read(r, &h);

	l4->has_ports = have >= 4;
	l4->sport = h.sport;
	l4->dport = h.dport;
	l4->has_seq = have >= 8;
	l4->seq = h.seq;
	l4->has_tcp = have >= TCP_MIN;
	l4->ack = h.ack;
	l4->flags = h.flags;
	l4->window = h.window;
	return ok;
}

/* A datagram may be longer than the first fragment or the quotation that carries it, but not longer
 * than its packet. */
static bool l4_udp(struct rd *r, bool whole, struct pkt_l4 *l4)
{
	struct udp_hdr h;
	size_t have = rd_left(r);
	bool ok = udp_read(r, &h);

	l4->has_ports = have >= 4;
	l4->sport = h.sport;
	l4->dport = h.dport;
	return ok && (!whole || h.len <= have);
}

static bool l4_icmp(struct rd *r, struct pkt_l4 *l4)
{
	struct icmp_hdr h;
	size_t have = rd_left(r);
	bool ok = icmp_read(r, &h);
	bool has_id = l4->proto == IP_ICMP ? icmp4_has_id(h.type) : icmp6_has_id(h.type);

	l4->has_icmp = have >= 4;
	l4->type = h.type;
	l4->code = h.code;
	l4->icmp_id = has_id ? h.id : 0;
	l4->icmp_seq = has_id ? h.seq : 0;
	return ok;
}

static bool l4_sctp(struct rd *r, struct pkt_l4 *l4)
{
	struct sctp_hdr h;
	size_t have = rd_left(r);
	bool ok = sctp_read(r, &h);

	l4->has_ports = have >= 4;
	l4->sport = h.sport;
	l4->dport = h.dport;
	l4->has_sctp = have >= 8;
	l4->vtag = h.vtag;
	l4->chunk = rd_left(r) ? r->p[0] : NO_CHUNK;
	return ok;
}

/* ICMP is read in the family that it is of; elsewhere it is a number like any other. */
static bool is_icmp(const struct ip_hdr *ip)
{
	return ip->proto == (ip->src.family == 4 ? IP_ICMP : IP_ICMPV6);
}

/* r is at the transport header; `whole`: it ends where the packet ends. */
static bool l4_read(struct rd r, const struct ip_hdr *ip, bool whole, struct pkt_l4 *l4)
{
	bool ok = true;

	l4->proto = ip->proto;
	switch (ip->proto) {
	case IP_TCP:
		ok = l4_tcp(&r, l4);
		break;
	case IP_UDP:
		ok = l4_udp(&r, whole, l4);
		break;
	case IP_ICMP:
	case IP_ICMPV6:
		ok = !is_icmp(ip) || l4_icmp(&r, l4);
		break;
	case IP_SCTP:
		ok = l4_sctp(&r, l4);
		break;
	default:
		break;
	}
	if (r.ok && ok) {
		l4->payload = r.p;
		l4->payload_len = r.left;
	}
	return ok;
}

static void quote_read(struct rd body, struct pkt_view *v)
{
	struct ip_hdr h;
	bool ok = ip_read(&body, &h);

	v->has_quote = h.src.family && h.dst.family;
	v->quote_src = h.src;
	v->quote_dst = h.final_dst;
	v->quote_ttl = h.ttl;
	v->quote.proto = h.proto;
	if (ok && !h.frag_offset)
		(void)l4_read(body, &h, false, &v->quote);
}

/* An error quotes only in its own family: ICMP in IPv4, ICMPv6 in IPv6. */
static void view_quote(struct rd l4, struct pkt_view *v)
{
	struct icmp_hdr h;

	if (!icmp_read(&l4, &h))
		return;
	if (v->l4.proto == IP_ICMP && icmp4_is_error(h.type)) {
		icmp4_quote(&h, &l4);
		quote_read(l4, v);
	} else if (v->l4.proto == IP_ICMPV6 && icmp6_is_error(h.type)) {
		icmp6_quote(&h, &l4);
		quote_read(l4, v);
	}
}

int pkt_view(const uint8_t *data, size_t len, struct pkt_view *out)
{
	struct rd r = rd_init(data, len);
	struct ip_hdr h;
	bool ok = ip_read(&r, &h);

	*out = (struct pkt_view){0};
	out->src = h.src;
	out->dst = h.dst;
	out->ttl = h.ttl;
	out->ip_id = h.id;
	out->tos = h.tos;
	out->fragment = h.fragment;
	out->more_fragments = h.mf;
	out->frag_offset = h.frag_offset;
	out->l4.proto = h.proto;
	if (!ok)
		return ERR_PARSE;
	if (h.frag_offset)
		return h.whole ? 0 : ERR_PARSE;
	ok = l4_read(r, &h, h.whole && !h.mf, &out->l4);
	if (out->l4.has_icmp)
		view_quote(r, out);
	return ok && h.whole ? 0 : ERR_PARSE;
}

static bool sum_right(uint32_t pseudo, const struct rd *l4)
{
	return csum_finish(csum_add(pseudo, l4->p, l4->left)) == 0;
}

static bool sctp_right(struct rd r)
{
	static const uint8_t zero[4];
	struct sctp_hdr h;
	const uint8_t *start = r.p;
	size_t len = r.left;

	if (!sctp_read(&r, &h))
		return false;
	return csum_crc32c_part(csum_crc32c_part(csum_crc32c_part(0, start, 8), zero, 4),
		       start + SCTP_MIN, len - SCTP_MIN) == h.check;
}

/* RFC 768: a checksum field of 0 says that there is none; RFC 8200 8.1 forbids that in IPv6. The
 * sum covers what the length field covers. */
static bool udp_right(struct rd r, const struct ip_hdr *ip, bool v4)
{
	struct rd all = r;
	struct udp_hdr h;

	if (!udp_read(&r, &h) || h.len > all.left)
		return false;
	if (!h.check)
		return v4;
	rd_limit(&all, h.len);
	return sum_right(csum_pseudo(&ip->src, &ip->final_dst, IP_UDP, h.len), &all);
}

bool pkt_view_checksum(const uint8_t *data, size_t len)
{
	struct rd r = rd_init(data, len);
	struct ip_hdr h;
	bool v4 = len && data[0] >> 4 == 4;

	if (!ip_read(&r, &h) || !h.whole || h.fragment)
		return false;
	if (v4 && csum_finish(csum_add(0, data, h.hdr_len)) != 0)
		return false;
	switch (h.proto) {
	case IP_ICMPV6:
		if (v4)
			return true;
		return sum_right(csum_pseudo(&h.src, &h.final_dst, h.proto, (uint32_t)r.left), &r);
	case IP_TCP:
		return sum_right(csum_pseudo(&h.src, &h.final_dst, h.proto, (uint32_t)r.left), &r);
	case IP_UDP:
		return udp_right(r, &h, v4);
	case IP_ICMP:
		return !v4 || sum_right(0, &r);
	case IP_SCTP:
		return sctp_right(r);
	default:
		return true;
	}
}
