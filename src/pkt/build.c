/* SPDX-License-Identifier: BSD-2-Clause */
/* Probe packets: IP header, transport header, payload, then the checksum that needs them all. */
#include "pkt/build.h"

#include "pkt/arp.h"
#include "pkt/csum.h"
#include "pkt/icmp6.h"
#include "pkt/ipproto.h"
#include "pkt/ipv4.h"
#include "pkt/ipv6.h"
#include "pkt/sctp.h"
#include "pkt/tcp.h"
#include "pkt/udp.h"

#define TIMESTAMP_BODY 12 /* originate, receive, transmit: RFC 792 */
#define MASK_BODY      4  /* RFC 950 */

/* RFC 4820: type of the parameter, type and flags of the chunk; both have four bytes in front. */
#define PAD_PARAMETER 0x8005
#define PAD_CHUNK     0x8400
#define PAD_MIN	      4

/* Writes the IP header in front of `l4_len` bytes of `proto`; a packet that cannot be said in its
 * length fields fails. */
static void put_ip(struct wr *w, const struct build_ip *ip, uint8_t proto, size_t l4_len)
{
	struct ipv4_hdr v4 = {.src = ip->src,
		.dst = ip->dst,
		.tos = ip->tos,
		.id = ip->id,
		.df = ip->df,
		.ttl = ip->ttl,
		.proto = proto,
		.options = ip->options};
	struct ipv6_hdr v6 = {.src = ip->src,
		.dst = ip->dst,
		.tclass = ip->tos,
		.flow = ip->flow,
		.payload_len = (uint16_t)l4_len,
		.next = proto,
		.hop_limit = ip->ttl};
	size_t options = ip->options ? ip->options_len : 0;
	bool same = ip->src.family == ip->dst.family;

	if (l4_len + 60 > UINT16_MAX || options > 40 || options % 4)
		w->ok = false;
	v4.hdr_len = (uint8_t)(IPV4_MIN + options);
	v4.total_len = (uint16_t)(v4.hdr_len + l4_len);
	if (same && ip->src.family == 4)
		ipv4_write(w, &v4);
	else if (same && ip->src.family == 6)
		ipv6_write(w, &v6);
	else
		w->ok = false;
}

/* Sums the transport part that begins at `l4` and stores the checksum `field` bytes into it. */
static size_t seal(struct wr *w, size_t l4, size_t field, uint32_t pseudo)
{
	uint16_t check;

	if (!w->ok)
		return 0;
	check = csum_finish(csum_add(pseudo, w->buf + l4, w->len - l4));
	wr_patch16be(w, l4 + field, check);
	return wr_len(w);
}

size_t build_tcp(uint8_t *buf, size_t cap, const struct build_ip *ip, const struct build_tcp *t)
{
	struct wr w = wr_init(buf, cap);
	size_t options = t->options ? t->options_len : 0;
	size_t payload = t->payload ? t->payload_len : 0;
	size_t len = TCP_MIN + options + payload;
	struct tcp_hdr h = {.sport = t->sport,
		.dport = t->dport,
		.seq = t->seq,
		.ack = t->ack,
		.flags = t->flags,
		.window = t->window,
		.urg = t->urg,
		.options = t->options};
	size_t l4;

	if (options > TCP_OPTIONS_MAX || options % 4)
		return 0;
	h.hdr_len = (uint8_t)(TCP_MIN + options);
	put_ip(&w, ip, IP_TCP, len);
	l4 = w.len;
	tcp_write(&w, &h);
	wr_bytes(&w, t->payload, payload);
	return seal(&w, l4, 16, csum_pseudo(&ip->src, &ip->dst, IP_TCP, (uint32_t)len));
}

size_t build_udp(uint8_t *buf, size_t cap, const struct build_ip *ip, const struct build_udp *u)
{
	struct wr w = wr_init(buf, cap);
	size_t all = UDP_MIN + (u->payload ? u->payload_len : 0);
	struct udp_hdr h = {.sport = u->sport, .dport = u->dport, .len = (uint16_t)all};
	size_t l4, total;

	put_ip(&w, ip, IP_UDP, all);
	l4 = w.len;
	udp_write(&w, &h);
	wr_bytes(&w, u->payload, all - UDP_MIN);
	total = seal(&w, l4, 6, csum_pseudo(&ip->src, &ip->dst, IP_UDP, (uint32_t)all));
	/* RFC 768: a sum that comes out as 0 is sent as all ones, 0 means none */
	if (total && !buf[l4 + 6] && !buf[l4 + 7])
		wr_patch16be(&w, l4 + 6, 0xffff);
	return total;
}

static uint32_t icmp_pseudo(const struct build_ip *ip, size_t len)
{
	return ip->src.family == 6 ? csum_pseudo(&ip->src, &ip->dst, IP_ICMPV6, (uint32_t)len) : 0;
}

size_t build_echo(uint8_t *buf, size_t cap, const struct build_ip *ip, const struct build_echo *e)
{
	struct wr w = wr_init(buf, cap);
	bool v6 = ip->src.family == 6;
	struct icmp_hdr h = {.type = v6 ? ICMP6_ECHO : ICMP4_ECHO, .id = e->id, .seq = e->seq};
	size_t all = ICMP_MIN + (e->payload ? e->payload_len : 0);
	size_t l4;

	put_ip(&w, ip, v6 ? IP_ICMPV6 : IP_ICMP, all);
	l4 = w.len;
	icmp_write(&w, &h);
	wr_bytes(&w, e->payload, all - ICMP_MIN);
	return seal(&w, l4, 2, icmp_pseudo(ip, all));
}

/* A request of ICMP for IPv4 whose body is zeroes. */
static size_t icmp_request(
	uint8_t *buf, size_t cap, const struct build_ip *ip, const struct icmp_hdr *h, size_t body)
{
	struct wr w = wr_init(buf, cap);
	size_t l4;

	if (ip->src.family != 4)
		return 0;
	put_ip(&w, ip, IP_ICMP, ICMP_MIN + body);
	l4 = w.len;
	icmp_write(&w, h);
	wr_zero(&w, body);
	return seal(&w, l4, 2, 0);
}

size_t build_timestamp(
	uint8_t *buf, size_t cap, const struct build_ip *ip, uint16_t id, uint16_t seq)
{
	return icmp_request(buf, cap, ip,
		&(struct icmp_hdr){.type = ICMP4_TIMESTAMP, .id = id, .seq = seq}, TIMESTAMP_BODY);
}

size_t build_mask(uint8_t *buf, size_t cap, const struct build_ip *ip, uint16_t id, uint16_t seq)
{
	return icmp_request(buf, cap, ip,
		&(struct icmp_hdr){.type = ICMP4_MASK, .id = id, .seq = seq}, MASK_BODY);
}

static void put_init(struct wr *w, uint32_t tag)
{
	struct sctp_init init = {.tag = tag, .window = 32768, .tsn = tag};

	init.out_streams = 10;
	init.in_streams = 2048;
	sctp_init_write(w, &init);
}

static void put_cookie_echo(struct wr *w, uint32_t tag)
{
	wr_u8(w, SCTP_COOKIE_ECHO);
	wr_u8(w, 0);
	wr_u16be(w, SCTP_COOKIE_ECHO_LEN);
	wr_u32be(w, ~tag); /* no cookie that anybody gave out */
}

size_t build_sctp(uint8_t *buf, size_t cap, const struct build_ip *ip, const struct build_sctp *s)
{
	struct wr w = wr_init(buf, cap);
	bool init = s->chunk == SCTP_INIT;
	/* RFC 9260 8.5.1: the verification tag of an INIT's packet is 0 */
	struct sctp_hdr h = {.sport = s->sport, .dport = s->dport, .vtag = init ? 0 : s->tag};
	size_t pad = s->payload ? PAD_MIN + s->payload_len : 0, zeroes = -pad & 3;
	size_t len = init ? SCTP_INIT_LEN : SCTP_COOKIE_ECHO_LEN, l4;

	put_ip(&w, ip, IP_SCTP, SCTP_MIN + len + pad + zeroes);
	l4 = w.len;
	sctp_write(&w, &h);
	if (init)
		put_init(&w, s->tag);
	else
		put_cookie_echo(&w, s->tag);
	if (pad && w.ok) { /* no chunk may stand beside an INIT, so a parameter within it */
		if (init)
			wr_patch16be(&w, l4 + SCTP_MIN + 2, (uint16_t)(len + pad));
		wr_u16be(&w, init ? PAD_PARAMETER : PAD_CHUNK);
		wr_u16be(&w, (uint16_t)pad);
		wr_bytes(&w, s->payload, s->payload_len);
		wr_zero(&w, zeroes);
	}
	sctp_seal(&w, l4);
	return wr_len(&w);
}

size_t build_igmp_query(
	uint8_t *buf, size_t cap, const struct build_ip *ip, const uint8_t *data, size_t len)
{
	static const uint8_t query[IGMP_LEN] = {IGMP_QUERY};
	struct wr w = wr_init(buf, cap);
	size_t l4;

	if (ip->src.family != 4)
		return 0;
	put_ip(&w, ip, IP_IGMP, IGMP_LEN + len);
	l4 = w.len;
	wr_bytes(&w, query, sizeof(query));
	wr_bytes(&w, data, len);
	return seal(&w, l4, 2, 0);
}

size_t build_bare(uint8_t *buf, size_t cap, const struct build_ip *ip, uint8_t proto,
	const uint8_t *data, size_t len)
{
	struct wr w = wr_init(buf, cap);

	put_ip(&w, ip, proto, len);
	wr_bytes(&w, data, len);
	return wr_len(&w);
}

size_t build_arp(uint8_t *buf, size_t cap, const struct mac *src_mac, const struct addr *src_ip,
	const struct addr *target)
{
	struct wr w = wr_init(buf, cap);
	struct arp_msg m = {
		.op = ARP_REQUEST, .src_mac = *src_mac, .src_ip = *src_ip, .dst_ip = *target};

	if (src_ip->family != 4 || target->family != 4)
		return 0;
	arp_write(&w, &m);
	return wr_len(&w);
}

size_t build_nd_solicit(uint8_t *buf, size_t cap, const struct mac *src_mac,
	const struct addr *src_ip, const struct addr *target)
{
	/* RFC 4291 2.7.1: ff02::1:ff and the target's last three bytes */
	static const uint8_t solicited_node[16] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};
	struct wr w = wr_init(buf, cap);
	struct icmp_hdr h = {.type = ICMP6_ND_SOLICIT};
	struct build_ip ip = {
		.src = *src_ip, .dst = addr_from_bytes(6, solicited_node), .ttl = 255};
	size_t len = ICMP_MIN + 16 + 8;
	size_t l4;

	if (src_ip->family != 6 || target->family != 6)
		return 0;
	for (int i = 13; i < 16; i++)
		ip.dst.b[i] = target->b[i];
	put_ip(&w, &ip, IP_ICMPV6, len);
	l4 = w.len;
	icmp_write(&w, &h);
	icmp6_nd_solicit_write(&w, target, src_mac);
	return seal(&w, l4, 2, icmp_pseudo(&ip, len));
}

struct mac build_multicast_mac(const struct addr *group)
{
	return (struct mac){{0x33, 0x33, group->b[12], group->b[13], group->b[14], group->b[15]}};
}
