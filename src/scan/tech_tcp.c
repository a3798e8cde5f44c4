/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw TCP probes (RFC 9293): SYN for ports and discovery, ACK for discovery.
 *
 * A SYN carries an MSS option, as every real client does, and the cookie as its sequence number.
 * SYN-ACK acknowledges cookie + 1; so does the RST of a closed port (RFC 9293 3.10.7.1). An ACK
 * probe carries the cookie as its acknowledgement number, which becomes the sequence number of the
 * RST that a host answers to it. The kernel of this machine knows nothing of the probe and answers
 * a SYN-ACK with RST by itself, which also frees the target's half-open connection.
 */
#include "scan/tech.h"

#include <string.h>

#include "pkt/build.h"
#include "pkt/csum.h"

static const uint8_t syn_options[] = {2, 4, 1460 >> 8, 1460 & 0xff}; /* MSS, RFC 9293 3.7.1 */

static size_t make_syn(const struct probe *p, uint8_t *buf, size_t cap)
{
	struct build_ip ip;
	struct build_tcp tcp = {
		.sport = tech_sport(p->run, p->try),
		.dport = p->port,
		.seq = tech_cookie(p->run, &p->dst, p->port, p->try),
		.flags = TCP_SYN,
		.window = 1024,
		.options = syn_options,
		.options_len = sizeof(syn_options),
	};

	tech_ip(p, &ip);
	return build_tcp(buf, cap, &ip, &tcp);
}

static size_t make_ack(const struct probe *p, uint8_t *buf, size_t cap)
{
	struct build_ip ip;
	struct build_tcp tcp = {
		.sport = tech_sport(p->run, p->try),
		.dport = p->port,
		.ack = tech_cookie(p->run, &p->dst, p->port, p->try),
		.flags = TCP_ACK,
		.window = 1024,
	};

	tech_ip(p, &ip);
	return build_tcp(buf, cap, &ip, &tcp);
}

static uint16_t get16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static void put16(uint8_t *b, uint16_t v)
{
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

/* Source port, destination port and sequence number change; the checksum follows by difference (RFC
 * 1624). */
static size_t patch_syn(const struct tmpl *t, const struct probe *p, uint8_t *buf)
{
	size_t off = p->dst.family == 4 ? 20 : 40;
	uint32_t seq = tech_cookie(p->run, &p->dst, p->port, p->try);
	uint8_t *tcp = buf + off;
	uint16_t sum, words[4];

	memcpy(buf, t->data, t->len);
	sum = get16(tcp + 16);
	words[0] = tech_sport(p->run, p->try);
	words[1] = p->port;
	words[2] = (uint16_t)(seq >> 16);
	words[3] = (uint16_t)seq;
	for (size_t i = 0; i < 4; i++) {
		sum = csum_replace16(sum, get16(tcp + 2 * i), words[i]);
		put16(tcp + 2 * i, words[i]);
	}
	put16(tcp + 16, sum);
	return t->len;
}

/* Ports and try of an answer to, or a quotation of, a TCP probe of ours; false when they cannot be.
 */
static bool tcp_ports(
	const struct tech_run *run, const struct answer *a, uint16_t *port, uint8_t *try)
{
	if (a->l4->proto != PROTO_TCP || !a->l4->has_ports)
		return false;
	*port = a->quoted ? a->l4->dport : a->l4->sport;
	return tech_sport_try(run, a->quoted ? a->l4->sport : a->l4->dport, try);
}

/* A value that should be the cookie: with -g its low bits name the try. */
static bool cookie_fits(const struct tech_run *run, const struct addr *host, uint16_t port,
	uint32_t value, uint8_t *try)
{
	if (run->sport_fixed)
		*try = value & 0xf;
	return value == tech_cookie(run, host, port, *try);
}

static bool owns_syn(const struct tech_run *run, const struct addr *host, const struct answer *a,
	uint16_t *port, uint8_t *try)
{
	const struct pkt_l4 *l4 = a->l4;

	if (!tcp_ports(run, a, port, try))
		return false;
	if (a->quoted)
		return l4->has_seq && cookie_fits(run, host, *port, l4->seq, try);
	if (!l4->has_tcp || !(l4->flags & TCP_ACK))
		return false;
	/* some stacks acknowledge the SYN's own number in a RST */
	return cookie_fits(run, host, *port, l4->ack - 1, try) ||
	       ((l4->flags & TCP_RST) && cookie_fits(run, host, *port, l4->ack, try));
}

static bool owns_ack(const struct tech_run *run, const struct addr *host, const struct answer *a,
	uint16_t *port, uint8_t *try)
{
	if (!tcp_ports(run, a, port, try))
		return false;
	if (a->quoted)
		return true; /* eight quoted bytes hold no acknowledgement number */
	return a->l4->has_tcp && (a->l4->flags & TCP_RST) &&
	       cookie_fits(run, host, *port, a->l4->seq, try);
}

static bool classify_tcp(const struct answer *a, struct verdict *v)
{
	if (a->l4->flags & TCP_RST)
		*v = (struct verdict){PORT_CLOSED, REASON_RESET};
	else if ((a->l4->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		*v = (struct verdict){PORT_OPEN, REASON_SYN_ACK};
	else
		return false;
	return true;
}

static bool classify_ack(const struct answer *a, struct verdict *v)
{
	*v = (struct verdict){PORT_UNFILTERED, REASON_RESET};
	return (a->l4->flags & TCP_RST) != 0;
}

const struct scan_tech tech_syn = {
	.name = "syn",
	.title = "SYN scan",
	.scaninfo = "syn",
	.letter = 'S',
	.proto = PROTO_TCP,
	.ports = PORTS_TCP,
	.carrier = IO_TX_IP,
	.silence = PORT_FILTERED,
	.make = make_syn,
	.patch = patch_syn,
	.owns = owns_syn,
	.classify = classify_tcp,
};

const struct scan_tech tech_ack = {
	.name = "ack-ping",
	.title = "ACK ping",
	.proto = PROTO_TCP,
	.ports = PORTS_TCP,
	.carrier = IO_TX_IP,
	.silence = PORT_FILTERED,
	.make = make_ack,
	.owns = owns_ack,
	.classify = classify_ack,
};
