/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A finished probe becomes one or more packets: first what must be the same in all of them (the
 * checksum), then a copy from each decoy with ours at its place among them, then each copy in
 * fragments.
 *
 * Nothing but its source may tell our copy from the others. So all have the same TTL, ports and
 * sequence number, and all get an identification that is drawn for them alone: what the technique
 * wrote may be a template's, equal in every probe to a host, which would point at us and would let
 * fragments of different probes run into each other.
 */
#include "scan/guise.h"

#include <string.h>

#include "base/be.h"
#include "pkt/csum.h"
#include "pkt/icmp6.h"
#include "pkt/ipproto.h"

#define SPOIL 0x55 /* turns no checksum into one that means the same (0 and 0xffff do) */

/* A packet being changed: one of ours, without extension headers. */
struct packet {
	uint8_t *ip, *l4; /* l4 inside ip */
	size_t l4_len;
	bool v4;
	uint8_t proto;
};

/* Where a protocol has its checksum, and whether the addresses count (RFC 9293, 768, 792, 2236,
 * 4443, 9260). */
struct sum_row {
	uint8_t proto, at, len;
	bool pseudo;
};

static const struct sum_row *sum_of(const struct packet *p)
{
	/* clang-format off */
	static const struct sum_row rows[] = {
		{ IP_TCP,    16, 2, true },
		{ IP_UDP,     6, 2, true },
		{ IP_ICMP,    2, 2, false },
		{ IP_IGMP,    2, 2, false },
		{ IP_ICMPV6,  2, 2, true },
		{ IP_SCTP,    8, 4, false },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].proto == p->proto && (size_t)rows[i].at + rows[i].len <= p->l4_len)
			return &rows[i];
	return NULL;
}

/* The source address changes, and by difference the checksum that counts it. */
static void set_source(struct packet *p, const struct addr *to)
{
	const struct sum_row *row = sum_of(p);
	uint8_t *at = p->ip + (to->family == 4 ? 12 : 8);
	uint16_t sum = row ? be_get16(p->l4 + row->at) : 0;

	for (size_t i = 0; i < addr_len(to); i += 2)
		sum = csum_replace16(sum, be_get16(at + i), be_get16(to->b + i));
	memcpy(at, to->b, addr_len(to));
	if (row && row->pseudo) /* RFC 768: 0 means that there is none */
		be_put16(p->l4 + row->at, sum || p->proto != IP_UDP ? sum : 0xffff);
}

static void set_adler32(struct packet *p)
{
	uint32_t sum;

	memset(p->l4 + 8, 0, 4);
	sum = csum_adler32(p->l4, p->l4_len);
	be_put16(p->l4 + 8, (uint16_t)(sum >> 16));
	be_put16(p->l4 + 10, (uint16_t)sum);
}

static void spoil(struct packet *p, const struct sum_row *row)
{
	for (unsigned i = 0; i < row->len; i++)
		p->l4[row->at + i] ^= SPOIL;
	if (row->proto == IP_UDP && be_get16(p->l4 + row->at) == 0)
		p->l4[row->at] = SPOIL;
}

/* The packet goes to the first hop, and the end of its list of hops is where it really goes. */
static void set_route(struct packet *p, const struct ipopt *o)
{
	memcpy(p->ip + 20 + o->len - 4, p->ip + 16, 4);
	memcpy(p->ip + 16, o->first_hop.b, 4);
}

static void seal_ipv4(struct packet *p, uint32_t id)
{
	be_put16(p->ip + 4, id & 0xffff ? (uint16_t)id : 1); /* the kernel puts its own for 0 */
	be_put16(p->ip + 10, 0);
	be_put16(p->ip + 10, csum_finish(csum_add(0, p->ip, (size_t)(p->l4 - p->ip))));
}

bool guise_wanted(const struct plan_wire *w)
{
	return w->badsum || w->adler32 || w->n_decoys || w->mtu || w->ip_options.first_hop.family;
}

bool guise_is_decoy(const struct plan_wire *w, const struct addr *a)
{
	for (unsigned i = 0; i < w->n_decoys; i++)
		if (addr_eq(&w->decoys[i], a))
			return true;
	return false;
}

static bool is_nd(const struct io_tx *tx)
{
	return tx->dst.family == 6 && tx->len > 40 && tx->data[6] == IP_ICMPV6 &&
	       tx->data[40] == ICMP6_ND_SOLICIT;
}

static struct fragmented cut_of(const struct guise *g, const uint8_t *packet, size_t len)
{
	return (struct fragmented){.packet = packet, .len = len, .mtu = g->wire->mtu};
}

/* Decoys that this destination may hear of: not itself. */
static unsigned n_copies(const struct guise *g, const struct io_tx *tx)
{
	unsigned n = 1;

	for (unsigned i = 0; i < g->wire->n_decoys; i++)
		n += !addr_eq(&g->wire->decoys[i], &tx->dst);
	return n;
}

/* The source of copy `c`; NULL = ours. */
static const struct addr *source_of(const struct guise *g, const struct io_tx *tx, unsigned c)
{
	for (unsigned i = 0; i <= g->wire->n_decoys; i++) {
		if (i == g->wire->me && c-- == 0)
			return NULL;
		if (i < g->wire->n_decoys && !addr_eq(&g->wire->decoys[i], &tx->dst) && c-- == 0)
			return &g->wire->decoys[i];
	}
	return NULL;
}

unsigned guise_count(const struct guise *g, const struct io_tx *tx)
{
	struct fragmented f = cut_of(g, tx->data, tx->len);

	if (tx->kind != IO_TX_IP || is_nd(tx))
		return 1;
	return n_copies(g, tx) * fragment_count(&f);
}

/* All of the probe that does not depend on where it is cut. */
static void dress(const struct guise *g, struct packet *p, const struct addr *source, uint32_t id)
{
	const struct plan_wire *w = g->wire;
	const struct sum_row *row = sum_of(p);

	if (source)
		set_source(p, source);
	if (row && w->adler32 && p->proto == IP_SCTP)
		set_adler32(p);
	if (row && w->badsum)
		spoil(p, row);
	if (p->v4 && w->ip_options.first_hop.family)
		set_route(p, &w->ip_options);
	if (p->v4)
		seal_ipv4(p, id);
}

bool guise_make(const struct guise *g, const struct io_tx *tx, uint32_t nonce, unsigned k,
	struct io_tx *out, uint8_t *buf)
{
	uint8_t whole[PROBE_MAX];
	struct packet p = {.ip = whole, .v4 = tx->dst.family == 4};
	struct fragmented f = cut_of(g, whole, tx->len);
	struct wr w = wr_init(buf, GUISE_MAX);
	const struct addr *source;
	uint32_t name[2] = {nonce};
	unsigned n_cuts;

	*out = *tx;
	if (tx->kind != IO_TX_IP || is_nd(tx))
		return true;
	memcpy(whole, tx->data, tx->len);
	p.proto = whole[p.v4 ? 9 : 6];
	p.l4 = whole + (p.v4 ? (whole[0] & 15) * 4 : 40);
	p.l4_len = tx->len - (size_t)(p.l4 - whole);
	n_cuts = fragment_count(&f);
	name[1] = k / n_cuts;
	source = source_of(g, tx, name[1]);
	f.id = (uint32_t)hash_sip(&g->key, name, sizeof(name));
	dress(g, &p, source, f.id);
	fragment_cut(&f, k % n_cuts, &w);
	out->data = buf;
	out->len = (uint32_t)wr_len(&w);
	if (p.v4 && g->wire->ip_options.first_hop.family)
		out->dst = g->wire->ip_options.first_hop;
	return !source;
}
