/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's filter in front of a receive ring, made for one scan's source ports. */
#include "io/filter.h"

#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stddef.h>

#include "model/rec.h"

/*
 * Classic BPF jumps are relative and forward only. Programs are written here with symbolic targets;
 * resolve() turns them into distances when all labels are known. 0 as a target means "the next
 * instruction".
 */
enum label { NEXT, PASS, DROP, L_IP6, L_PORTS4, L_PORTS6, L_RANGE, LABELS };

struct prog {
	struct sock_filter *code;
	unsigned n;
	uint32_t others; /* what is returned for a protocol without ports */
	unsigned at[LABELS];
};

#define AD(what)  ((uint32_t)(SKF_AD_OFF + (what)))
#define LOAD_BYTE (BPF_LD | BPF_B | BPF_ABS)
#define LOAD_HALF (BPF_LD | BPF_H | BPF_ABS)
#define LOAD_AD	  (BPF_LD | BPF_W | BPF_ABS)

/* clang-format off */
static const uint8_t ports_protos[] = { PROTO_TCP, PROTO_UDP, PROTO_SCTP };
/* RFC 7045's extension headers: what they hide is looked at by the program above the ring. */
static const uint8_t ip6_extensions[] = {
	IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_AH, IPPROTO_DSTOPTS,
};
/* clang-format on */

static void put(struct prog *p, uint16_t code, uint32_t k)
{
	p->code[p->n++] = (struct sock_filter){.code = code, .k = k};
}

static void jump(struct prog *p, uint16_t how, uint32_t k, enum label yes, enum label no)
{
	p->code[p->n++] = (struct sock_filter){.code = (uint16_t)(BPF_JMP | how | BPF_K),
		.jt = (uint8_t)yes,
		.jf = (uint8_t)no,
		.k = k};
}

static void here(struct prog *p, enum label l)
{
	p->at[l] = p->n;
}

static void resolve(struct prog *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct sock_filter *f = &p->code[i];

		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		f->jt = (uint8_t)(f->jt == NEXT ? 0 : p->at[f->jt] - i - 1);
		f->jf = (uint8_t)(f->jf == NEXT ? 0 : p->at[f->jf] - i - 1);
	}
}

/* The accumulator holds an IP protocol number: any of `list` goes to `yes`. */
static void any_of(struct prog *p, const uint8_t *list, size_t n, enum label yes)
{
	for (size_t i = 0; i < n; i++)
		jump(p, BPF_JEQ, list[i], yes, NEXT);
}

static void ether_types(struct prog *p)
{
	put(p, LOAD_AD, AD(SKF_AD_PKTTYPE));
	jump(p, BPF_JEQ, PACKET_OUTGOING, DROP, NEXT);
	put(p, LOAD_AD, AD(SKF_AD_PROTOCOL));
	jump(p, BPF_JEQ, 0x0806, PASS, NEXT);
	jump(p, BPF_JEQ, 0x86dd, L_IP6, NEXT);
	jump(p, BPF_JEQ, 0x0800, NEXT, DROP);
}

static void ip4(struct prog *p)
{
	put(p, LOAD_BYTE, 9);
	jump(p, BPF_JEQ, PROTO_ICMP, PASS, NEXT);
	any_of(p, ports_protos, sizeof(ports_protos), L_PORTS4);
	put(p, BPF_RET | BPF_K, p->others);
	here(p, L_PORTS4);
	put(p, LOAD_HALF, 6);
	jump(p, BPF_JSET, 0x1fff, DROP, NEXT);
	put(p, BPF_LDX | BPF_B | BPF_MSH, 0);
	put(p, BPF_LD | BPF_H | BPF_IND, 2);
	put(p, BPF_JMP | BPF_JA, L_RANGE);
}

static void ip6(struct prog *p)
{
	here(p, L_IP6);
	put(p, LOAD_BYTE, 6);
	jump(p, BPF_JEQ, PROTO_ICMP6, PASS, NEXT);
	any_of(p, ip6_extensions, sizeof(ip6_extensions), PASS);
	any_of(p, ports_protos, sizeof(ports_protos), L_PORTS6);
	put(p, BPF_RET | BPF_K, p->others);
	here(p, L_PORTS6);
	put(p, LOAD_HALF, 42);
}

unsigned filter_make(struct sock_filter out[FILTER_MAX], const struct io_conf *c)
{
	struct prog p = {.code = out, .others = c->all_protocols ? UINT32_MAX : 0};
	uint16_t hi = c->port_lo || c->port_hi ? c->port_hi : UINT16_MAX;
	unsigned ja;

	ether_types(&p);
	ip4(&p);
	ja = p.n - 1; /* ip4 ends in the one unconditional jump */
	ip6(&p);
	here(&p, L_RANGE);
	jump(&p, BPF_JGE, c->port_lo, NEXT, DROP);
	jump(&p, BPF_JGT, hi, DROP, PASS);
	here(&p, PASS);
	put(&p, BPF_RET | BPF_K, UINT32_MAX);
	here(&p, DROP);
	put(&p, BPF_RET | BPF_K, 0);
	resolve(&p);
	out[ja].k = p.at[L_RANGE] - ja - 1;
	return p.n;
}
