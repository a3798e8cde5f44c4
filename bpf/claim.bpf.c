/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* claim: answers to a window of our own ports do not reach the local stack. */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/*
 * At the ingress of an interface, behind the taps of packet sockets: a scan's receive ring has its
 * copy of the frame when this program drops it. So the stack sends no RST for a SYN-ACK that it
 * knows nothing of, no port unreachable for a UDP answer, and does no work for either. Everything
 * else goes on to whoever comes next.
 *
 * Offsets count from the network header, which is there on every kind of link; VLAN tags that the
 * kernel left in the frame come first.
 */
#define TAGS_MAX       2
#define EXTENSIONS_MAX 8

#define UNSPEC -1 /* TC_ACT_UNSPEC, TCX_NEXT: as if we were not here */
#define DROP   2  /* TC_ACT_SHOT, TCX_DROP */

/* The window, host order, both ends included. */
const volatile __u16 claim_lo = 1, claim_hi = 0;

/* IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2) */
struct address {
	__u8 b[16];
};

/* Our addresses that probes leave from. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct address);
	__type(value, __u8);
} claim_addrs SEC(".maps");

/* Until when, bpf_ktime_get_ns(): a filter that nobody renews any more is left by a process that
 * was killed, and leaves everything alone. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} claim_until SEC(".maps");

/* The transport header and where the packet comes from and goes to. */
struct found {
	__u32 at;
	__u8 proto;
	struct address src, dst;
};

static __always_inline int load(struct __sk_buff *skb, __u32 at, void *to, __u32 len)
{
	return bpf_skb_load_bytes_relative(skb, at, to, len, BPF_HDR_START_NET);
}

static __always_inline struct address mapped(const __u8 *a)
{
	struct address m = {.b = {[10] = 0xff, [11] = 0xff}};

	__builtin_memcpy(m.b + 12, a, 4);
	return m;
}

/* RFC 791 3.1. A later fragment has no ports; without the first one nobody reads it. */
static __always_inline int ip4(struct __sk_buff *skb, struct found *f)
{
	__u8 h[20];

	if (load(skb, f->at, h, sizeof(h)) || h[0] >> 4 != 4 || (h[0] & 0xf) < 5 || (h[6] & 0x1f) ||
		h[7])
		return -1;
	f->at += 4 * (h[0] & 0xf);
	f->proto = h[9];
	f->src = mapped(h + 12);
	f->dst = mapped(h + 16);
	return 0;
}

/* RFC 8200 4: hop-by-hop and destination options, routing, fragment (44), authentication (51). */
static __always_inline int ip6(struct __sk_buff *skb, struct found *f)
{
	__u8 h[40], x[4];
	int i;

	if (load(skb, f->at, h, sizeof(h)) || h[0] >> 4 != 6)
		return -1;
	f->at += sizeof(h);
	f->proto = h[6];
	__builtin_memcpy(f->src.b, h + 8, 16);
	__builtin_memcpy(f->dst.b, h + 24, 16);
	for (i = 0; i < EXTENSIONS_MAX; i++) {
		if (f->proto != 0 && f->proto != 43 && f->proto != 44 && f->proto != 51 &&
			f->proto != 60)
			return 0;
		if (load(skb, f->at, x, sizeof(x)))
			return -1;
		if (f->proto == 44 && (x[2] || x[3] & 0xf8))
			return -1;
		f->at += f->proto == 44 ? 8 : f->proto == 51 ? 4 * (x[1] + 2) : 8 * (x[1] + 1);
		f->proto = x[0];
	}
	return -1;
}

static __always_inline int find(struct __sk_buff *skb, struct found *f)
{
	__be16 type = skb->protocol, tag[2];
	int i;

	for (i = 0; i < TAGS_MAX; i++) {
		if (type != bpf_htons(0x8100) && type != bpf_htons(0x88a8))
			break;
		if (load(skb, f->at, tag, sizeof(tag)))
			return -1;
		f->at += sizeof(tag);
		type = tag[1];
	}
	if (type == bpf_htons(0x0800))
		return ip4(skb, f);
	return type == bpf_htons(0x86dd) ? ip6(skb, f) : -1;
}

static __always_inline int in_window(__be16 port)
{
	return bpf_ntohs(port) >= claim_lo && bpf_ntohs(port) <= claim_hi;
}

static __always_inline int is_over(void)
{
	__u32 first = 0;
	__u64 *until = bpf_map_lookup_elem(&claim_until, &first);

	return !until || bpf_ktime_get_ns() > *until;
}

SEC("tc")
int claim(struct __sk_buff *skb)
{
	struct found f = {};
	__be16 ports[2];

	if (find(skb, &f) || (f.proto != 6 && f.proto != 17 && f.proto != 132) ||
		load(skb, f.at, ports, sizeof(ports)) || !in_window(ports[1]) ||
		!bpf_map_lookup_elem(&claim_addrs, &f.dst) || is_over())
		return UNSPEC;
	/* From our window to our window, over loopback: a probe of ours, which wants an answer. */
	if (in_window(ports[0]) && bpf_map_lookup_elem(&claim_addrs, &f.src))
		return UNSPEC;
	return DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
