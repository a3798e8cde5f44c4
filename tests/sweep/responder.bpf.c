/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The target of sweeps: answers probes to any of millions of addresses by rule, in native XDP
 * (XDP_TX).
 *
 * A frame is parsed into a struct probe, the rules say what is true of its target, the answer is
 * written over the frame: room for it is made or given back at the frame's head, which every driver
 * has, and the misbehaviour asked for (loss, rate cap, delay) follows.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "responder.h"

#define INLINE static __always_inline

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58, SCTP = 132 };
enum { OPT_WSCALE = 1 << 3, OPT_SACK = 1 << 4, OPT_TSTAMP = 1 << 8 }; /* bits by kind */
enum { ETH = 14, WORDS_MAX = 256 };

struct eth {
	uint8_t dst[6], src[6];
	uint16_t type;
};

struct ip4 {
	uint8_t vihl, tos;
	uint16_t len, id, frag;
	uint8_t ttl, proto;
	uint16_t sum;
	uint32_t src, dst;
};

struct ip6 {
	uint32_t vtf;
	uint16_t len;
	uint8_t next, hops;
	uint32_t src[4], dst[4];
};

struct tcp {
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t doff, flags;
	uint16_t window, sum, urgent;
};

struct udp {
	uint16_t sport, dport, len, sum;
};

struct icmp {
	uint8_t type, code;
	uint16_t sum, id, seq;
};

struct sctp_init { /* common header, then INIT (RFC 9260 3.3.2) */
	uint16_t sport, dport;
	uint32_t vtag, crc;
	uint8_t type, flags;
	uint16_t len;
	uint32_t tag;
};

struct probe {
	uint64_t hi, lo, hash;
	uint64_t options;	 /* as tcp_options() has them */
	uint32_t src[4], dst[4]; /* network order; IPv4 in the first */
	uint32_t seq, ack;	 /* network order; seq: SCTP's initiate tag too */
	uint16_t sport, dport;	 /* network order */
	uint16_t l4_len;	 /* by the IP header */
	uint16_t segment;	 /* TCP's sequence space (RFC 9293's SEG.LEN) */
	uint8_t v6, proto, flags;
	uint8_t type; /* of ICMP; 53: a DNS query */
	uint8_t state;
	uint8_t kind; /* enum counter */
	uint8_t mac[12];
};

const volatile struct responder_config cfg;
const volatile struct rule rules[RULES_MAX];
const volatile uint32_t crc32c_table[256];
struct counters counters[CPUS_MAX];
struct cursor cursors[CPUS_MAX];
uint64_t started_ns;			       /* of the ticks */
uint64_t cap_at;			       /* GCRA's theoretical arrival time, 1/256 ns */
uint64_t outside_hi, outside_lo, outside_port; /* an example */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, uint64_t); /* eight targets, a byte each */
} record SEC(".maps"), ticks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} later SEC(".maps");

INLINE void count(uint32_t what)
{
	counters[bpf_get_smp_processor_id() & (CPUS_MAX - 1)].n[what]++;
}

INLINE void stamp(void)
{
	struct counters *c = &counters[bpf_get_smp_processor_id() & (CPUS_MAX - 1)];

	if (!c->first_ns)
		c->first_ns = c->last_ns = bpf_ktime_get_ns();
	else if (!(++c->stamped & cfg.stamp_mask))
		c->last_ns = bpf_ktime_get_ns();
}

INLINE uint16_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/*
 * Sum of `len` bytes of the frame from `at`, at most 2 * WORDS_MAX; folded. A function of the
 * verifier's too (not static): it is looked at once, not again on each way that leads to it.
 */
__attribute__((noinline)) uint32_t sum_frame(struct xdp_md *ctx, uint32_t at, uint32_t len)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	uint64_t sum = 0;

	for (uint32_t i = 0; at < 100 && i < WORDS_MAX; i++) {
		uint8_t *w = data + at + 2 * i;

		if (2 * i >= len || (void *)(w + 1) > end)
			break;
		sum += w[0];
		if (2 * i + 1 >= len || (void *)(w + 2) > end)
			break;
		sum += (uint64_t)w[1] << 8;
	}
	return fold(sum);
}

INLINE uint64_t pseudo(const struct probe *p, uint8_t proto, uint16_t len)
{
	uint64_t sum = bpf_htons(proto) + bpf_htons(len);

	sum += (uint64_t)p->src[0] + p->dst[0];
	if (p->v6) {
		sum += (uint64_t)p->src[1] + p->dst[1];
		sum += (uint64_t)p->src[2] + p->dst[2];
		sum += (uint64_t)p->src[3] + p->dst[3];
	}
	return sum;
}

/* --- what came */

/* A bit for each kind, and in the upper half the timestamp's value as it stands. The cursor lives
 * in memory, where the verifier does not follow it. */
__attribute__((noinline)) uint64_t tcp_options(struct xdp_md *ctx, uint32_t from, uint32_t len)
{
	volatile struct cursor *c = &cursors[bpf_get_smp_processor_id() & (CPUS_MAX - 1)];
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	c->at = c->kinds = c->tsval = 0;
	for (int i = 0; from < 100 && i < 40; i++) {
		uint32_t at = c->at;
		uint8_t *k = data + from + at;

		if (at >= len || at > 38 || (void *)(k + 2) > end || !k[0])
			break;
		c->kinds |= 1U << (k[0] & 31);
		if (k[0] == 8 && (void *)(k + 10) <= end)
			c->tsval = *(uint32_t *)(k + 2);
		if (k[0] != 1 && k[1] < 2)
			break;
		c->at = at + (k[0] == 1 ? 1 : k[1]);
	}
	return (uint64_t)c->tsval << 32 | c->kinds;
}

INLINE int parse_tcp(struct xdp_md *ctx, struct probe *p, void *l4, void *end)
{
	struct tcp *t = l4;
	uint32_t header;

	if ((void *)(t + 1) > end)
		return -1;
	header = (t->doff >> 4) * 4;
	if (header < 20 || header > p->l4_len)
		return -1;
	p->sport = t->sport;
	p->dport = t->dport;
	p->seq = t->seq;
	p->ack = t->ack;
	p->flags = t->flags & 0x3f;
	p->segment = p->l4_len - header + !!(p->flags & SYN) + (p->flags & FIN);
	p->kind = p->flags & RST   ? N_RST_OTHER
		  : p->flags & SYN ? N_SYN
		  : p->flags & ACK ? N_ACK
				   : N_FLAGS;
	if (p->kind == N_SYN && header > 20)
		p->options = tcp_options(ctx, ETH + (p->v6 ? 40 : 20) + 20, header - 20);
	return 0;
}

INLINE int parse_other(struct probe *p, void *l4, void *end)
{
	struct udp *u = l4;
	struct icmp *i = l4;
	struct sctp_init *s = l4;

	if ((void *)(u + 1) > end)
		return -1;
	if (p->proto == ICMP || p->proto == ICMP6) {
		p->type = i->type;
		p->kind = i->type == (p->v6 ? 128 : 8) ? N_ECHO
			  : !p->v6 && i->type == 13    ? N_TSTAMP
						       : N_OTHER;
		return 0;
	}
	p->sport = u->sport;
	p->dport = u->dport;
	p->type = p->dport == bpf_htons(53) ? 53 : 0;
	p->kind = p->proto == UDP ? N_UDP : N_OTHER;
	if (p->proto == SCTP && (void *)(s + 1) <= end && s->type == 1) {
		p->seq = s->tag;
		p->kind = N_SCTP;
	}
	return 0;
}

INLINE int parse_ip4(struct probe *p, struct ip4 *ip, void *end)
{
	if ((void *)(ip + 1) > end || ip->vihl != 0x45 || ip->frag & bpf_htons(0x3fff) ||
		bpf_ntohs(ip->len) < 20)
		return -1;
	p->src[0] = ip->src;
	p->dst[0] = ip->dst;
	p->lo = 0xffff00000000 | bpf_ntohl(ip->dst);
	p->proto = ip->proto;
	p->l4_len = bpf_ntohs(ip->len) - 20;
	return 0;
}

INLINE int parse_ip6(struct probe *p, struct ip6 *ip, void *end)
{
	if ((void *)(ip + 1) > end)
		return -1;
	__builtin_memcpy(p->src, ip->src, 32);
	p->hi = (uint64_t)bpf_ntohl(ip->dst[0]) << 32 | bpf_ntohl(ip->dst[1]);
	p->lo = (uint64_t)bpf_ntohl(ip->dst[2]) << 32 | bpf_ntohl(ip->dst[3]);
	p->proto = ip->next;
	p->l4_len = bpf_ntohs(ip->len);
	p->v6 = 1;
	return 0;
}

/* 0: a probe; -1: for the kernel. */
INLINE int parse(struct xdp_md *ctx, struct probe *p)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end, *l4;
	struct eth *e = data;

	if ((void *)(e + 1) > end)
		return -1;
	__builtin_memcpy(p->mac, e, 12);
	if (e->type == bpf_htons(0x0800)) {
		if (parse_ip4(p, data + ETH, end))
			return -1;
		l4 = data + ETH + 20;
	} else if (e->type == bpf_htons(0x86dd)) {
		if (parse_ip6(p, data + ETH, end))
			return -1;
		l4 = data + ETH + 40;
	} else {
		return -1;
	}
	return p->proto == TCP ? parse_tcp(ctx, p, l4, end) : parse_other(p, l4, end);
}

/* A sum of zero: right. The kernel's own segments carry the pseudo header's sum only, for the card
 * to finish. */
INLINE int sum_is_right(struct xdp_md *ctx, const struct probe *p)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	void *l4 = data + ETH + (p->v6 ? 40 : 20);
	uint32_t at = p->proto == TCP ? 16 : p->proto == UDP ? 6 : 2;
	uint64_t head = p->proto == ICMP ? 0 : pseudo(p, p->proto, p->l4_len);
	uint16_t have;

	if (p->proto == SCTP || p->l4_len > 2 * WORDS_MAX || l4 + at + 2 > end)
		return 1;
	have = *(uint16_t *)(l4 + at);
	if (p->proto == UDP && !have && !p->v6)
		return 1;
	if (fold(head + sum_frame(ctx, ETH + (p->v6 ? 40 : 20), p->l4_len)) == 0xffff)
		return 1;
	if (p->proto == ICMP || have != fold(head))
		return 0;
	count(N_PARTIAL_SUM);
	return 1;
}

INLINE void note_tick(void)
{
	uint64_t now = bpf_ktime_get_ns(), *slot;
	uint32_t i;

	if (!started_ns)
		started_ns = now;
	i = (now - started_ns) / cfg.tick_ns;
	slot = bpf_map_lookup_elem(&ticks, &i);
	if (slot)
		__sync_fetch_and_add(slot, 1);
}

INLINE void note_target(const struct probe *p)
{
	uint64_t host = p->lo - cfg.record_lo, port = bpf_ntohs(p->dport) - cfg.record_port, *slot,
		 index, shift, old;
	uint32_t i;

	if (p->hi != cfg.record_hi || host >= cfg.record_hosts || port >= cfg.record_ports) {
		outside_hi = p->hi;
		outside_lo = p->lo;
		outside_port = bpf_ntohs(p->dport);
		count(N_OUTSIDE);
		return;
	}
	index = host * cfg.record_ports + port;
	shift = (index & 7) * 8;
	i = index >> 3;
	slot = bpf_map_lookup_elem(&record, &i);
	if (!slot || (*slot >> shift & 0xff) == 0xff)
		return;
	old = __sync_fetch_and_add(slot, 1ULL << shift);
	count(old >> shift & 0xff ? N_REPEATED : N_DISTINCT);
}

/* --- the answer */

/* Makes the frame as long as the answer, writes Ethernet and IP headers; what follows them, or
 * NULL. */
INLINE void *headers(struct xdp_md *ctx, const struct probe *p, uint8_t proto, uint32_t l4_len)
{
	uint32_t l3 = p->v6 ? 40 : 20, traits = p->hash >> 32;
	uint8_t ttl = cfg.ttl - (traits & 0xff) % cfg.ttl_spread;
	void *data, *end;
	struct eth *e;

	if (bpf_xdp_adjust_head(ctx, (int)bpf_xdp_get_buff_len(ctx) - (int)(ETH + l3 + l4_len)))
		return NULL;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	e = data;
	if (data + ETH + l3 > end)
		return NULL;
	__builtin_memcpy(e->dst, p->mac + 6, 6);
	__builtin_memcpy(e->src, p->mac, 6);
	if (p->v6) {
		struct ip6 *ip = data + ETH;

		e->type = bpf_htons(0x86dd);
		*ip = (struct ip6){bpf_htonl(0x60000000), bpf_htons(l4_len), proto, ttl};
		__builtin_memcpy(ip->src, p->dst, 16);
		__builtin_memcpy(ip->dst, p->src, 16);
		return data + ETH + 40;
	} else {
		struct ip4 *ip = data + ETH,
			   h = {0x45, 0, bpf_htons(20 + l4_len), (uint16_t)traits,
				   bpf_htons(0x4000), ttl, proto, 0, p->dst[0], p->src[0]};
		const uint16_t low[] = {0x45, h.len, h.id, h.frag};

		e->type = bpf_htons(0x0800);
		h.sum = ~fold((uint64_t)low[0] + low[1] + low[2] + low[3] + (ttl | proto << 8) +
			      (uint64_t)h.src + h.dst);
		*ip = h;
		return data + ETH + 20;
	}
}

INLINE int emit(struct xdp_md *ctx, const struct probe *p, const void *l4, uint32_t len)
{
	void *to = headers(ctx, p, p->proto, len), *end = (void *)(long)ctx->data_end;

	if (!to || to + len > end) {
		count(N_LOST_ROOM);
		return XDP_DROP;
	}
	__builtin_memcpy(to, l4, len);
	return XDP_TX;
}

INLINE uint32_t option(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return a | b << 8 | c << 16 | (uint32_t)d << 24;
}

/* What the probe offered is granted, the rest padded with NOPs; MSS is always said (RFC 9293, 7323,
 * 2018). */
INLINE int syn_ack(struct xdp_md *ctx, struct probe *p)
{
	uint32_t traits = p->hash >> 32, mss = p->v6 ? 1440 : 1460, nop = option(1, 1, 1, 1);
	struct {
		struct tcp t;
		uint32_t o[5];
	} a = {.t = {p->dport, p->sport, bpf_htonl(traits ^ bpf_ntohl(p->seq)),
		       bpf_htonl(bpf_ntohl(p->seq) + 1), 0x60, SYN | ACK}};
	uint32_t wscale = p->options & OPT_WSCALE ? option(1, 3, 3, 7) : nop, *w = (uint32_t *)&a;
	uint64_t sum = 0;

	a.t.window = bpf_htons(cfg.window + (traits >> 8 & 0xffff) % cfg.window_spread);
	a.o[0] = option(2, 4, mss >> 8, mss & 0xff);
	if (p->options & OPT_TSTAMP) {
		a.t.doff = 0xa0;
		a.o[1] = p->options & OPT_SACK ? option(4, 2, 8, 10) : option(1, 1, 8, 10);
		a.o[2] = bpf_htonl((uint32_t)(bpf_ktime_get_ns() / 1000000) + traits);
		a.o[3] = p->options >> 32;
		a.o[4] = wscale;
	} else if (p->options & (OPT_SACK | OPT_WSCALE)) {
		a.t.doff = 0x80;
		a.o[1] = p->options & OPT_SACK ? option(1, 1, 4, 2) : nop;
		a.o[2] = wscale;
	}
	for (int i = 0; i < 10; i++)
		sum += w[i];
	a.t.sum = ~fold(sum + pseudo(p, TCP, (a.t.doff >> 4) * 4));
	count(N_SYNACK);
	if (a.t.doff == 0xa0)
		return emit(ctx, p, &a, 40);
	if (a.t.doff == 0x80)
		return emit(ctx, p, &a, 32);
	return emit(ctx, p, &a, 24);
}

INLINE int reset(struct xdp_md *ctx, struct probe *p)
{
	struct tcp a = {p->dport, p->sport, 0, 0, 0x50, RST};
	uint32_t *w = (uint32_t *)&a;
	uint64_t sum = 0;

	if (p->flags & ACK) { /* RFC 9293 3.5.2, group 1 */
		a.seq = p->ack;
	} else {
		a.ack = bpf_htonl(bpf_ntohl(p->seq) + p->segment);
		a.flags |= ACK;
	}
	for (int i = 0; i < 5; i++)
		sum += w[i];
	a.sum = ~fold(sum + pseudo(p, TCP, 20));
	count(N_RST);
	return emit(ctx, p, &a, 20);
}

/* A listening socket ignores all but SYN and ACK; a closed one answers all but RST. Linux takes no
 * SYN with FIN. */
INLINE int answer_tcp(struct xdp_md *ctx, struct probe *p)
{
	if (p->flags & RST)
		return XDP_DROP;
	if (p->state == CLOSED || p->flags & ACK)
		return reset(ctx, p);
	if (!(p->flags & SYN) || p->flags & FIN)
		return XDP_DROP;
	return syn_ack(ctx, p);
}

INLINE uint32_t crc32c(const uint8_t *p, uint32_t len)
{
	uint32_t crc = ~0U;

	for (uint32_t i = 0; i < len; i++)
		crc = crc >> 8 ^ crc32c_table[(crc ^ p[i]) & 0xff];
	return ~crc;
}

/* INIT ACK with a state cookie, or ABORT (RFC 9260 3.3.3, 3.3.7). */
INLINE int answer_sctp(struct xdp_md *ctx, struct probe *p)
{
	uint32_t traits = p->hash >> 32;
	struct {
		struct sctp_init h;
		uint32_t window;
		uint16_t out, in;
		uint32_t tsn;
		uint16_t cookie_type, cookie_len;
		uint32_t cookie[7];
	} a = {.h = {p->dport, p->sport, p->seq}};

	count(N_SCTP_REPLY);
	if (p->state == CLOSED) {
		a.h.type = 6;
		a.h.len = bpf_htons(4);
		a.h.crc = crc32c((uint8_t *)&a, 16);
		return emit(ctx, p, &a, 16);
	}
	a.h.type = 2;
	a.h.len = bpf_htons(52);
	a.h.tag = traits | 1;
	a.window = bpf_htonl(106496);
	a.out = a.in = bpf_htons(10);
	a.tsn = traits;
	a.cookie_type = bpf_htons(7);
	a.cookie_len = bpf_htons(32);
	a.cookie[0] = traits;
	a.h.crc = crc32c((uint8_t *)&a, 64);
	return emit(ctx, p, &a, 64);
}

/* Puts Ethernet and IP headers for an answer of the frame's own length in its place; what follows
 * them, or NULL. */
INLINE void *turn_round(struct xdp_md *ctx, const struct probe *p)
{
	int more = (int)bpf_xdp_get_buff_len(ctx) -
		   (int)(ETH + (p->v6 ? 40 : 20) + p->l4_len); /* padding */

	if (more < 0 || p->l4_len > 2 * WORDS_MAX || (more && bpf_xdp_adjust_tail(ctx, -more)))
		return NULL;
	return headers(ctx, p, p->proto, p->l4_len);
}

/* Sends the payload back; a DNS query becomes a response. */
INLINE int answer_udp(struct xdp_md *ctx, struct probe *p)
{
	struct udp *u = turn_round(ctx, p);
	void *end = (void *)(long)ctx->data_end;
	uint8_t *flags;

	if (!u || (void *)(u + 1) > end)
		return XDP_DROP;
	count(N_UDP_REPLY);
	u->sport = p->dport;
	u->dport = p->sport;
	flags = (uint8_t *)(u + 1) + 2;
	if (p->type == 53 && (void *)(flags + 1) <= end)
		*flags |= 0x80;
	u->sum = 0;
	u->sum = ~fold(
		sum_frame(ctx, ETH + (p->v6 ? 40 : 20), p->l4_len) + pseudo(p, UDP, p->l4_len));
	if (!u->sum)
		u->sum = 0xffff;
	return XDP_TX;
}

INLINE int answer_icmp(struct xdp_md *ctx, struct probe *p)
{
	struct icmp *i = turn_round(ctx, p);
	void *end = (void *)(long)ctx->data_end;
	uint32_t *t;

	if (!i || (void *)(i + 1) > end)
		return XDP_DROP;
	count(N_ICMP_REPLY);
	i->type = p->v6 ? 129 : p->kind == N_TSTAMP ? 14 : 0;
	i->id ^= p->state == BADACK;
	i->sum = 0;
	t = (uint32_t *)(i + 1);
	if (p->kind == N_TSTAMP && (void *)(t + 3) <= end)
		t[1] = t[2] = bpf_htonl((bpf_ktime_get_ns() + cfg.wall_ns) / 1000000 % 86400000);
	i->sum = ~fold(sum_frame(ctx, ETH + (p->v6 ? 40 : 20), p->l4_len) +
		       (p->v6 ? pseudo(p, ICMP6, p->l4_len) : 0));
	return XDP_TX;
}

INLINE void from_router(struct probe *p)
{
	p->dst[0] = p->v6 ? cfg.router6[0] : cfg.router4;
	p->dst[1] = cfg.router6[1];
	p->dst[2] = cfg.router6[2];
	p->dst[3] = cfg.router6[3];
}

/* An error that quotes the probe, which stays where it is behind the new headers. */
INLINE int unreachable(struct xdp_md *ctx, struct probe *p)
{
	void *end, *q;
	uint32_t l3 = p->v6 ? 40 : 20, quote = l3 + p->l4_len;
	int more;
	struct icmp *i;

	if (!p->v6 && cfg.quote && p->l4_len > cfg.quote)
		quote = l3 + cfg.quote;
	if (quote > 2 * WORDS_MAX - 8)
		quote = 2 * WORDS_MAX - 8;
	more = (int)bpf_xdp_get_buff_len(ctx) - (int)(ETH + quote);
	if (more < 0 || (more && bpf_xdp_adjust_tail(ctx, -more)))
		return XDP_DROP;
	if (p->state == ROUTER)
		from_router(p);
	i = headers(ctx, p, p->v6 ? ICMP6 : ICMP, 8 + quote);
	end = (void *)(long)ctx->data_end;
	if (!i || (void *)(i + 1) > end) {
		count(N_LOST_ROOM);
		return XDP_DROP;
	}
	*i = (struct icmp){p->v6 ? 1 : 3, p->state == ROUTER ? (p->v6 ? 1 : 13) : (p->v6 ? 4 : 3)};
	q = (void *)(i + 1) + l3 + 4; /* TCP's sequence number */
	if (p->state == BADQUOTE && q + 4 <= end)
		*(uint32_t *)q ^= 0x5a5a5a5a;
	i->sum = ~fold(
		sum_frame(ctx, ETH + l3, 8 + quote) + (p->v6 ? pseudo(p, ICMP6, 8 + quote) : 0));
	count(N_ICMP_ERROR);
	return XDP_TX;
}

/* What makes an answer false. The address that is then answered from may have a truth of its own:
 * the cookie tells them apart. */
INLINE void falsify(struct probe *p)
{
	count(N_FALSE);
	if (p->state == BADACK) {
		p->seq ^= 0x5a5a5a5a;
		if (p->proto == UDP)
			p->sport ^= bpf_htons(1);
	} else if (p->state == BADPORT) {
		p->dport ^= bpf_htons(1);
	} else if (p->state == ASTRAY) {
		if (p->v6)
			p->dst[3] ^= bpf_htonl(0x100);
		else
			p->dst[0] ^= bpf_htonl(0x100);
	}
}

INLINE int answer(struct xdp_md *ctx, struct probe *p)
{
	if (p->state == SILENT || p->kind == N_OTHER || p->flags & RST)
		return XDP_DROP;
	if (p->state >= BADACK)
		falsify(p);
	if (p->state == UNREACH || p->state == ROUTER || p->state == BADQUOTE ||
		(p->state == CLOSED && p->proto == UDP))
		return unreachable(ctx, p);
	if (p->proto == TCP)
		return answer_tcp(ctx, p);
	if (p->proto == SCTP)
		return answer_sctp(ctx, p);
	if (p->proto == UDP)
		return answer_udp(ctx, p);
	return answer_icmp(ctx, p);
}

/* --- misbehaviour */

/* GCRA (ITU-T I.371): exact over time, whichever core asks. True: over the cap. */
INLINE int over_cap(void)
{
	uint64_t now = bpf_ktime_get_ns() << 8, at, next;

	for (int i = 0; i < 8; i++) {
		at = *(volatile uint64_t *)&cap_at;
		next = (at > now ? at : now) + cfg.cap_cost;
		if (next - now > cfg.cap_burst)
			return 1;
		if (__sync_val_compare_and_swap(&cap_at, at, next) == at)
			return 0;
	}
	return 1;
}

INLINE int hand_up(struct xdp_md *ctx, const struct probe *p)
{
	uint32_t len = bpf_xdp_get_buff_len(ctx);
	struct later *l = bpf_ringbuf_reserve(&later, sizeof(*l), 0);

	if (!l) {
		count(N_LOST_RING);
		return XDP_DROP;
	}
	l->arrived_ns = bpf_ktime_get_ns();
	l->traits = p->hash >> 32;
	l->len = len;
	if (len < ETH || len > FRAME_MAX || bpf_xdp_load_bytes(ctx, 0, l->frame, len)) {
		bpf_ringbuf_discard(l, 0);
		return XDP_DROP;
	}
	bpf_ringbuf_submit(l, 0);
	count(N_LATER);
	return XDP_DROP;
}

/*
 * Out where it came in, by redirection: after XDP_TX veth wakes a peer that has an XDP program, but
 * not one that has only GRO, and the peers we are compared with have none (seen on Linux 6.18).
 */
INLINE int send_answer(struct xdp_md *ctx, const struct probe *p)
{
	if (cfg.cap_cost && over_cap()) {
		count(N_LOST_CAP);
		return XDP_DROP;
	}
	if (cfg.loss_out && bpf_get_prandom_u32() < cfg.loss_out) {
		count(N_LOST_OUT);
		return XDP_DROP;
	}
	return cfg.later ? hand_up(ctx, p) : bpf_redirect(ctx->ingress_ifindex, 0);
}

/* 0: the truth is known; -1: not ours. */
INLINE int look_up(struct probe *p)
{
	uint16_t port = bpf_ntohs(p->dport);

	for (uint32_t i = 0; i < RULES_MAX && i < cfg.n_rules; i++) {
		if (!rule_matches(&rules[i], p->hi, p->lo, p->proto, port))
			continue;
		if (rules[i].pass)
			return -1;
		p->hash = truth_hash(cfg.key, p->hi, p->lo, proto_port(p->proto, port));
		p->state = rule_state(&rules[i], p->hash);
		return 0;
	}
	count(N_UNSERVED);
	return -1;
}

INLINE int drop_all(struct xdp_md *ctx)
{
	struct eth *e = (void *)(long)ctx->data;
	struct ip6 *ip = (void *)(e + 1);

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	if (e->type != bpf_htons(0x0800) && (e->type != bpf_htons(0x86dd) || ip->next == ICMP6))
		return XDP_PASS;
	stamp();
	return XDP_DROP;
}

SEC("xdp")
int respond(struct xdp_md *ctx)
{
	struct probe p = {};

	count(N_FRAMES);
	if (cfg.drop)
		return drop_all(ctx);
	if (parse(ctx, &p) || look_up(&p)) {
		count(N_PASSED);
		return XDP_PASS;
	}
	if (p.kind == N_RST_OTHER && (p.state == OPEN || p.state >= BADACK))
		p.kind = N_RST_OPEN;
	count(p.kind);
	if (!(p.flags & RST)) {
		stamp();
		if (cfg.tick_ns)
			note_tick();
		if (cfg.record_hosts)
			note_target(&p);
	}
	if (cfg.loss_in && !(p.flags & RST) && bpf_get_prandom_u32() < cfg.loss_in) {
		count(N_LOST_IN);
		return XDP_DROP;
	}
	if (cfg.verify && !sum_is_right(ctx, &p)) {
		count(N_BAD_SUM);
		return XDP_DROP;
	}
	return answer(ctx, &p) == XDP_TX ? send_answer(ctx, &p) : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
