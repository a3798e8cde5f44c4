/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that hosts of a simulated network answer with. */
#include "io/sim_reply.h"

#include <string.h>

#include "base/be.h"
#include "io/sim_host.h"
#include "model/rec.h"
#include "pkt/build.h"
#include "pkt/csum.h"
#include "pkt/sctp.h"

#define TTL	 64
#define ECHO_MAX (SIM_ANSWER_MAX - 48)

static struct build_ip back(const struct pkt_view *v)
{
	return (struct build_ip){.src = v->dst, .dst = v->src, .ttl = TTL, .df = true};
}

size_t sim_reply_tcp(uint8_t *buf, const struct pkt_view *v, const struct sim_segment *s)
{
	uint8_t mss[4] = {2, 4, (uint8_t)(s->mss >> 8), (uint8_t)s->mss};
	struct build_ip ip = back(v);
	struct build_tcp t = {.sport = v->l4.dport,
		.dport = v->l4.sport,
		.seq = s->seq,
		.ack = s->ack,
		.flags = s->flags,
		.window = s->window};

	if (s->mss) {
		t.options = mss;
		t.options_len = sizeof(mss);
	}
	return build_tcp(buf, SIM_ANSWER_MAX, &ip, &t);
}

static const uint8_t text[4] = {'h', 'e', 'r', 'e'};

size_t sim_reply_udp(uint8_t *buf, const struct pkt_view *v)
{
	struct build_ip ip = back(v);

	return build_udp(buf, SIM_ANSWER_MAX, &ip,
		&(struct build_udp){v->l4.dport, v->l4.sport, text, sizeof(text)});
}

size_t sim_reply_bare(uint8_t *buf, const struct pkt_view *v)
{
	struct build_ip ip = back(v);

	return build_bare(buf, SIM_ANSWER_MAX, &ip, v->l4.proto, text, sizeof(text));
}

size_t sim_reply_sctp(
	uint8_t *buf, const struct pkt_view *v, uint8_t chunk, size_t len, uint32_t tag)
{
	uint8_t packet[64] = {0};
	struct build_ip ip = back(v);
	struct wr w = wr_init(packet, sizeof(packet));
	struct sctp_hdr h = {.sport = v->l4.dport, .dport = v->l4.sport, .vtag = tag};

	sctp_write(&w, &h);
	wr_u8(&w, chunk);
	wr_u8(&w, 0);
	wr_u16be(&w, (uint16_t)(4 + len));
	for (size_t i = 0; i < len; i += 4)
		wr_u32be(&w, tag);
	sctp_seal(&w, 0);
	return build_bare(buf, SIM_ANSWER_MAX, &ip, PROTO_SCTP, packet, wr_len(&w));
}

static void put_ip4(uint8_t *buf, const struct build_ip *ip, size_t icmp_len)
{
	memset(buf, 0, 20);
	buf[0] = 0x45;
	be_put16(buf + 2, (uint16_t)(20 + icmp_len));
	buf[6] = 0x40;
	buf[8] = ip->ttl;
	buf[9] = PROTO_ICMP;
	memcpy(buf + 12, ip->src.b, 4);
	memcpy(buf + 16, ip->dst.b, 4);
	be_put16(buf + 10, csum_finish(csum_add(0, buf, 20)));
}

static void put_ip6(uint8_t *buf, const struct build_ip *ip, size_t icmp_len)
{
	memset(buf, 0, 8);
	buf[0] = 0x60;
	be_put16(buf + 4, (uint16_t)icmp_len);
	buf[6] = PROTO_ICMP6;
	buf[7] = ip->ttl;
	memcpy(buf + 8, ip->src.b, 16);
	memcpy(buf + 24, ip->dst.b, 16);
}

static size_t ip_len(const struct build_ip *ip)
{
	return ip->src.family == 6 ? 40 : 20;
}

/* Header and checksum around an ICMP message of `len` bytes that stands behind the room for the
 * header. */
static size_t finish_icmp(uint8_t *buf, const struct build_ip *ip, size_t len)
{
	uint8_t *icmp = buf + ip_len(ip);
	uint32_t sum = 0;

	if (ip->src.family == 6) {
		put_ip6(buf, ip, len);
		sum = csum_pseudo(&ip->src, &ip->dst, PROTO_ICMP6, (uint32_t)len);
	} else {
		put_ip4(buf, ip, len);
	}
	be_put16(icmp + 2, 0);
	be_put16(icmp + 2, csum_finish(csum_add(sum, icmp, len)));
	return ip_len(ip) + len;
}

size_t sim_reply_error(uint8_t *buf, size_t cap, const struct sim_error *er)
{
	/* type and code by enum sim_unreach */
	static const uint8_t v4[][2] = {{3, 3}, {3, 2}, {3, 13}, {11, 0}},
			     v6[][2] = {{1, 4}, {4, 1}, {1, 1}, {3, 0}};
	struct build_ip ip = {.src = er->from, .dst = er->to, .ttl = TTL};
	bool is6 = er->from.family == 6;
	size_t head = ip_len(&ip) + 8, most = is6 ? 1280 : 576, n = er->quote_len;
	uint8_t *icmp = buf + ip_len(&ip);

	if (most > cap)
		most = cap;
	if (n > most - head)
		n = most - head;
	memset(icmp, 0, 8);
	memcpy(icmp, is6 ? v6[er->why] : v4[er->why], 2);
	if (is6 && er->why == SIM_UNREACH_PROTO)
		be_put32(icmp + 4, 6); /* pointer: the Next Header field */
	memcpy(icmp + 8, er->quote, n);
	return finish_icmp(buf, &ip, 8 + n);
}

size_t sim_reply_echo(uint8_t *buf, const struct pkt_view *v)
{
	struct build_ip ip = back(v);
	uint8_t *icmp = buf + ip_len(&ip);

	if (v->l4.payload_len > ECHO_MAX)
		return 0;
	memset(icmp, 0, 8);
	icmp[0] = ip.src.family == 6 ? 129 : 0;
	be_put16(icmp + 4, v->l4.icmp_id);
	be_put16(icmp + 6, v->l4.icmp_seq);
	if (v->l4.payload_len)
		memcpy(icmp + 8, v->l4.payload, v->l4.payload_len);
	return finish_icmp(buf, &ip, 8 + v->l4.payload_len);
}

size_t sim_reply_timestamp(uint8_t *buf, const struct pkt_view *v, uint64_t now_ns)
{
	struct build_ip ip = back(v);
	uint8_t *icmp = buf + ip_len(&ip);
	uint32_t ms = (uint32_t)(now_ns / NS_PER_MS % 86400000);

	if (v->l4.payload_len < 12)
		return 0;
	memset(icmp, 0, 8);
	icmp[0] = 14;
	be_put16(icmp + 4, v->l4.icmp_id);
	be_put16(icmp + 6, v->l4.icmp_seq);
	memcpy(icmp + 8, v->l4.payload, 4);
	be_put32(icmp + 12, ms);
	be_put32(icmp + 16, ms);
	return finish_icmp(buf, &ip, 20);
}

size_t sim_reply_mask(uint8_t *buf, const struct pkt_view *v)
{
	struct build_ip ip = back(v);
	uint8_t *icmp = buf + ip_len(&ip);

	memset(icmp, 0, 8);
	icmp[0] = 18;
	be_put16(icmp + 4, v->l4.icmp_id);
	be_put16(icmp + 6, v->l4.icmp_seq);
	be_put32(icmp + 8, 0xffffff00);
	return finish_icmp(buf, &ip, 12);
}

bool sim_nd_target(const struct pkt_view *v, struct addr *target)
{
	if (v->src.family != 6 || v->l4.proto != PROTO_ICMP6 || !v->l4.has_icmp ||
		v->l4.type != SIM_ND_SOLICIT || v->ttl != 255 || v->l4.payload_len < 16)
		return false;
	*target = addr_from_bytes(6, v->l4.payload);
	return true;
}

size_t sim_reply_nd(uint8_t *buf, const struct pkt_view *v, const struct addr *host)
{
	struct build_ip ip = {.src = *host, .dst = v->src, .ttl = 255};
	struct mac mac = sim_host_mac(host);
	struct addr target;
	uint8_t *icmp = buf + 40;

	if (!sim_nd_target(v, &target) || memcmp(target.b, host->b, 16))
		return 0;
	memset(icmp, 0, 8);
	icmp[0] = 136;
	icmp[4] = 0x60; /* solicited, override */
	memcpy(icmp + 8, host->b, 16);
	icmp[24] = 2; /* target link-layer address, one unit of eight bytes */
	icmp[25] = 1;
	memcpy(icmp + 26, mac.b, 6);
	return finish_icmp(buf, &ip, 32);
}

bool sim_arp_target(const uint8_t *data, size_t len, struct addr *target)
{
	/* Ethernet, IPv4, 6 and 4 byte addresses, request (RFC 826) */
	static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 1};

	if (len < 28 || memcmp(data, head, sizeof(head)))
		return false;
	*target = addr_from_bytes(4, data + 24);
	return true;
}

size_t sim_reply_arp(uint8_t *buf, const uint8_t *request, const struct addr *host)
{
	struct mac mac = sim_host_mac(host);

	memcpy(buf, request, 8);
	buf[7] = 2;
	memcpy(buf + 8, mac.b, 6);
	memcpy(buf + 14, host->b, 4);
	memcpy(buf + 18, request + 8, 10); /* who asked */
	return 28;
}
