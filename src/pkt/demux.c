/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The codecs and who hands on to whom:
 *
 *	eth --EtherType--> arp
 *	                   ipv4 --protocol--> icmp, tcp, udp, sctp --port--> dns
 *	                   ipv6 --protocol--> icmpv6, tcp, udp, sctp
 *
 * A new protocol is its own file, an adapter of a few lines here, and one row.
 */
#include "pkt/demux.h"

#include <string.h>

#include "pkt/ipproto.h"

static bool read_eth(struct rd *r, struct pkt_layer *l)
{
	bool ok = eth_read(r, &l->u.eth);

	l->by = l->u.eth.type ? DEMUX_ETHERTYPE : DEMUX_END;
	l->next[0] = l->u.eth.type;
	if (!l->u.eth.type)
		rd_limit(r, l->u.eth.llc_len);
	return ok;
}

static bool read_arp(struct rd *r, struct pkt_layer *l)
{
	return arp_read(r, &l->u.arp);
}

static bool read_ipv4(struct rd *r, struct pkt_layer *l)
{
	bool ok = ipv4_read(r, &l->u.ipv4) && l->u.ipv4.total_len >= l->u.ipv4.hdr_len;

	if (!ok)
		return false;
	rd_limit(r, l->u.ipv4.total_len - l->u.ipv4.hdr_len);
	l->by = l->u.ipv4.frag_offset ? DEMUX_END : DEMUX_IP_PROTO;
	l->next[0] = l->u.ipv4.proto;
	return true;
}

static bool read_ipv6(struct rd *r, struct pkt_layer *l)
{
	if (!ipv6_read(r, &l->u.ipv6.hdr))
		return false;
	rd_limit(r, l->u.ipv6.hdr.payload_len);
	if (!ipv6_ext_read(r, l->u.ipv6.hdr.next, &l->u.ipv6.ext))
		return false;
	l->by = l->u.ipv6.ext.frag_offset ? DEMUX_END : DEMUX_IP_PROTO;
	l->next[0] = l->u.ipv6.ext.proto;
	return true;
}

static bool read_icmp(struct rd *r, struct pkt_layer *l)
{
	return icmp_read(r, &l->u.icmp);
}

static bool read_tcp(struct rd *r, struct pkt_layer *l)
{
	l->by = DEMUX_TCP_PORT;
	if (!tcp_read(r, &l->u.tcp))
		return false;
	l->next[0] = l->u.tcp.dport;
	l->next[1] = l->u.tcp.sport;
	return true;
}

static bool read_udp(struct rd *r, struct pkt_layer *l)
{
	l->by = DEMUX_UDP_PORT;
	if (!udp_read(r, &l->u.udp))
		return false;
	l->next[0] = l->u.udp.dport;
	l->next[1] = l->u.udp.sport;
	return true;
}

static bool read_sctp(struct rd *r, struct pkt_layer *l)
{
	return sctp_read(r, &l->u.sctp);
}

static bool read_dns(struct rd *r, struct pkt_layer *l)
{
	struct dns_msg m;
	bool ok = dns_open(&m, r->p, r->left, &l->u.dns);

	*r = m.at;
	return ok;
}

/* clang-format off */
enum { ETH, ARP, IPV4, IPV6, ICMP, ICMPV6, TCP, UDP, SCTP, DNS, N_CODECS };

static const struct pkt_codec codecs[N_CODECS] = {
	[ETH]	 = {"eth",    read_eth},
	[ARP]	 = {"arp",    read_arp},
	[IPV4]	 = {"ipv4",   read_ipv4},
	[IPV6]	 = {"ipv6",   read_ipv6},
	[ICMP]	 = {"icmp",   read_icmp},
	[ICMPV6] = {"icmpv6", read_icmp},
	[TCP]	 = {"tcp",    read_tcp},
	[UDP]	 = {"udp",    read_udp},
	[SCTP]	 = {"sctp",   read_sctp},
	[DNS]	 = {"dns",    read_dns},
};

static const struct {
	enum demux_by by;
	uint16_t number;
	const struct pkt_codec *codec;
} rows[] = {
	{DEMUX_ETHERTYPE, ETH_IPV4,  &codecs[IPV4]},
	{DEMUX_ETHERTYPE, ETH_ARP,   &codecs[ARP]},
	{DEMUX_ETHERTYPE, ETH_IPV6,  &codecs[IPV6]},
	{DEMUX_IP_PROTO,  IP_ICMP,   &codecs[ICMP]},
	{DEMUX_IP_PROTO,  4,	     &codecs[IPV4]},	/* IP in IP, RFC 2003 */
	{DEMUX_IP_PROTO,  IP_TCP,    &codecs[TCP]},
	{DEMUX_IP_PROTO,  IP_UDP,    &codecs[UDP]},
	{DEMUX_IP_PROTO,  41,	     &codecs[IPV6]},	/* IPv6 in IP, RFC 4213 */
	{DEMUX_IP_PROTO,  IP_ICMPV6, &codecs[ICMPV6]},
	{DEMUX_IP_PROTO,  IP_SCTP,   &codecs[SCTP]},
	{DEMUX_UDP_PORT,  53,	     &codecs[DNS]},
	{DEMUX_UDP_PORT,  5353,	     &codecs[DNS]},	/* mDNS, RFC 6762 */
	{DEMUX_UDP_PORT,  5355,	     &codecs[DNS]},	/* LLMNR, RFC 4795 */
};
/* clang-format on */

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct pkt_codec *lookup(enum demux_by by, uint16_t number)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].by == by && rows[i].number == number)
			return rows[i].codec;
	return NULL;
}

const struct pkt_codec *demux_name(const char *name)
{
	for (size_t i = 0; i < N_CODECS; i++)
		if (!strcmp(codecs[i].name, name))
			return &codecs[i];
	return NULL;
}

const struct pkt_codec *demux_ethertype(uint16_t type)
{
	return lookup(DEMUX_ETHERTYPE, type);
}

const struct pkt_codec *demux_ip_proto(uint8_t proto)
{
	return lookup(DEMUX_IP_PROTO, proto);
}

const struct pkt_codec *demux_port(enum demux_by by, uint16_t port)
{
	return by == DEMUX_UDP_PORT || by == DEMUX_TCP_PORT ? lookup(by, port) : NULL;
}

const struct pkt_codec *demux_at(size_t n)
{
	return n < N_CODECS ? &codecs[n] : NULL;
}

static const struct pkt_codec *next_codec(const struct pkt_layer *l)
{
	const struct pkt_codec *c = lookup(l->by, l->next[0]);

	if (!c && (l->by == DEMUX_UDP_PORT || l->by == DEMUX_TCP_PORT))
		c = lookup(l->by, l->next[1]);
	return c;
}

size_t demux_walk(
	const struct pkt_codec *first, struct rd *rest, struct pkt_layer layers[DEMUX_LAYERS_MAX])
{
	const struct pkt_codec *codec = first;
	size_t n = 0;

	while (codec && n < DEMUX_LAYERS_MAX) {
		struct pkt_layer *l = &layers[n];

		*l = (struct pkt_layer){.codec = codec, .at = rest->p, .by = DEMUX_END};
		if (!codec->read(rest, l)) {
			rd_fail(rest);
			break;
		}
		l->len = (size_t)(rest->p - l->at);
		codec = next_codec(l);
		n++;
	}
	return n;
}
