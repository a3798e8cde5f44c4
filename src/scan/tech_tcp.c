/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw TCP probes (RFC 9293): one core, a row for each set of flags.
 *
 * A cookie is the sequence number of every probe, and another one its acknowledgement number where
 * ACK is set. So whatever comes back has it: an ICMP error quotes the sequence number in its first
 * eight bytes; a host without the connection answers a probe with ACK by a RST whose sequence
 * number is what was acknowledged, and one without by a RST that acknowledges what was sent - SYN,
 * FIN and each byte of data count one (RFC 9293 3.10.7.1). Some stacks acknowledge the sequence
 * number itself. A SYN-ACK leaves the target with a half-open connection: window.c resets it or,
 * where answers are not claimed, the kernel of this machine, which knows nothing of the probe.
 *
 * A SYN looks like a Linux client's: its window, its options in its order, a timestamp of a clock
 * that ticks.
 */
#include "scan/tech.h"

#include <string.h>

#include "base/be.h"
#include "base/rng.h"
#include "pkt/build.h"
#include "pkt/csum.h"
#include "pkt/tcp.h"
#include "scan/plan.h"

#define WINDOW4	      64240 /* 44 times the MSS */
#define WINDOW6	      64800 /* 45 times */
#define SYN_OPTIONS   20
#define TIMESTAMP_AT  8 /* its value among the options */
#define SEQS_OF_FLAGS 2 /* SYN and FIN */

/* --scanflags is for port scans; discovery asks what it always asks. */
static uint8_t flags_of(const struct tech_run *run, const struct scan_tech *t)
{
	return t->scaninfo && run->wire->flags_set ? run->wire->flags : t->flags;
}

/* The flags set the numbers of two techniques to one port apart. */
static uint32_t number_of(const struct tech_run *run, const struct scan_tech *t,
	const struct addr *host, uint16_t port, uint8_t try)
{
	return tech_cookie(run, host, port, try) ^ (uint32_t)flags_of(run, t) << 4;
}

/* That of another port: two numbers alike would be a mark. */
static uint32_t ack_of(const struct tech_run *run, const struct scan_tech *t,
	const struct addr *host, uint16_t port, uint8_t try)
{
	return number_of(run, t, host, (uint16_t)~port, try);
}

/* MSS (RFC 9293 3.7.1), SACK permitted (RFC 2018), timestamps, window scale (RFC 7323). */
static void syn_options(const struct probe *p, uint8_t v[SYN_OPTIONS])
{
	static const uint8_t fixed[SYN_OPTIONS] = {
		2, 4, 0, 0, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7};

	memcpy(v, fixed, sizeof(fixed));
	be_put16(v + 2, p->dst.family == 6 ? 1440 : 1460);
	be_put32(v + TIMESTAMP_AT, p->run->ts_ms);
}

static size_t make_tcp(const struct probe *p, uint8_t *buf, size_t cap)
{
	const struct plan_wire *w = p->run->wire;
	uint8_t flags = flags_of(p->run, p->tech), options[SYN_OPTIONS];
	struct build_ip ip;
	struct build_tcp tcp = {
		.sport = tech_sport(p->run, p->try),
		.dport = p->port,
		.seq = number_of(p->run, p->tech, &p->dst, p->port, p->try),
		.flags = flags,
		.window = p->dst.family == 6 ? WINDOW6 : WINDOW4,
		.payload = w->data,
		.payload_len = w->data_len,
	};

	tech_ip(p, &ip);
	ip.df = !w->mtu;
	if (flags & TCP_ACK)
		tcp.ack = ack_of(p->run, p->tech, &p->dst, p->port, p->try);
	if (flags & TCP_SYN) {
		syn_options(p, options);
		tcp.options = options;
		tcp.options_len = sizeof(options);
	}
	return build_tcp(buf, cap, &ip, &tcp);
}

/* A field and the checksum that covers it (RFC 1624). */
static void set16(uint8_t *at, uint8_t *sum, uint16_t v)
{
	be_put16(sum, csum_replace16(be_get16(sum), be_get16(at), v));
	be_put16(at, v);
}

static void set32(uint8_t *at, uint8_t *sum, uint32_t v)
{
	be_put16(sum, csum_replace32(be_get16(sum), be_get32(at), v));
	be_put32(at, v);
}

/* Identification, ports, numbers and time change; the rest is the same for all ports of a host. */
static size_t patch_tcp(const struct tmpl *t, const struct probe *p, uint8_t *buf)
{
	bool v4 = p->dst.family == 4;
	uint8_t *tcp = buf + (v4 ? 4 * (t->data[0] & 0xf) : 40), *sum = tcp + 16;
	uint8_t flags = flags_of(p->run, p->tech);

	memcpy(buf, t->data, t->len);
	if (v4)
		set16(buf + 4, buf + 10, (uint16_t)rng_u64(p->run->rng));
	set16(tcp, sum, tech_sport(p->run, p->try));
	set16(tcp + 2, sum, p->port);
	set32(tcp + 4, sum, number_of(p->run, p->tech, &p->dst, p->port, p->try));
	if (flags & TCP_ACK)
		set32(tcp + 8, sum, ack_of(p->run, p->tech, &p->dst, p->port, p->try));
	if (flags & TCP_SYN)
		set32(tcp + TCP_MIN + TIMESTAMP_AT, sum, p->run->ts_ms);
	return t->len;
}

/* Whether it answers, or quotes, this try. */
static bool proves(const struct tech_run *run, const struct answer *a, const struct addr *host,
	uint16_t port, uint8_t try)
{
	const struct pkt_l4 *l4 = a->l4;
	bool rst = l4->flags & TCP_RST;
	uint32_t number = number_of(run, a->tech, host, port, try), acked = l4->ack - number;

	if (a->quoted)
		return l4->has_seq && l4->seq == number;
	if (!l4->has_tcp)
		return false;
	if (rst && l4->seq == ack_of(run, a->tech, host, port, try))
		return true;
	return (l4->flags & TCP_ACK) && acked <= run->wire->data_len + SEQS_OF_FLAGS &&
	       (acked || rst);
}

static bool owns_tcp(const struct tech_run *run, const struct addr *host, const struct answer *a,
	uint16_t *port, uint8_t *try)
{
	const struct pkt_l4 *l4 = a->l4;

	if (l4->proto != PROTO_TCP || !l4->has_ports)
		return false;
	*port = a->quoted ? l4->dport : l4->sport;
	if (!tech_sport_try(run, a->quoted ? l4->sport : l4->dport, try))
		return false;
	if (!run->sport_fixed)
		return proves(run, a, host, *port, *try);
	for (*try = 0; *try < TECH_TRIES_MAX; ++*try)
		if (proves(run, a, host, *port, *try))
			return true;
	return false;
}

static bool classify_syn(const struct answer *a, struct verdict *v)
{
	if (a->l4->flags & TCP_RST)
		*v = (struct verdict){PORT_CLOSED, REASON_RESET};
	else if ((a->l4->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		*v = (struct verdict){PORT_OPEN, REASON_SYN_ACK};
	else
		return false;
	return true;
}

/* An open port drops what begins no connection (RFC 9293 3.10.7.2), a closed one resets it. */
static bool classify_reset(const struct answer *a, struct verdict *v)
{
	*v = (struct verdict){PORT_CLOSED, REASON_RESET};
	return (a->l4->flags & TCP_RST) != 0;
}

static bool classify_ack(const struct answer *a, struct verdict *v)
{
	*v = (struct verdict){PORT_UNFILTERED, REASON_RESET};
	return (a->l4->flags & TCP_RST) != 0;
}

/* Some stacks leave the window of a listener in the RST. */
static bool classify_window(const struct answer *a, struct verdict *v)
{
	*v = (struct verdict){a->l4->window ? PORT_OPEN : PORT_CLOSED, REASON_RESET};
	return (a->l4->flags & TCP_RST) != 0;
}

#define RAW_TCP                                                                                    \
	.proto = PROTO_TCP, .ports = PORTS_TCP, .carrier = IO_TX_IP, .make = make_tcp,             \
	.patch = patch_tcp, .owns = owns_tcp

const struct scan_tech tech_syn = {
	RAW_TCP,
	.name = "syn",
	.title = "SYN scan",
	.scaninfo = "syn",
	.letter = 'S',
	.flags = TCP_SYN,
	.silence = PORT_FILTERED,
	.classify = classify_syn,
};

const struct scan_tech tech_null = {
	RAW_TCP,
	.name = "null",
	.title = "Null scan",
	.scaninfo = "null",
	.letter = 'N',
	.silence = PORT_OPEN_FILTERED,
	.classify = classify_reset,
};

const struct scan_tech tech_fin = {
	RAW_TCP,
	.name = "fin",
	.title = "FIN scan",
	.scaninfo = "fin",
	.letter = 'F',
	.flags = TCP_FIN,
	.silence = PORT_OPEN_FILTERED,
	.classify = classify_reset,
};

const struct scan_tech tech_xmas = {
	RAW_TCP,
	.name = "xmas",
	.title = "Xmas scan",
	.scaninfo = "xmas",
	.letter = 'X',
	.flags = TCP_FIN | TCP_PSH | TCP_URG,
	.silence = PORT_OPEN_FILTERED,
	.classify = classify_reset,
};

const struct scan_tech tech_maimon = {
	RAW_TCP,
	.name = "maimon",
	.title = "Maimon scan",
	.scaninfo = "maimon",
	.letter = 'M',
	.flags = TCP_FIN | TCP_ACK,
	.silence = PORT_OPEN_FILTERED,
	.classify = classify_reset,
};

const struct scan_tech tech_ack = {
	RAW_TCP,
	.name = "ack",
	.title = "ACK scan",
	.scaninfo = "ack",
	.letter = 'A',
	.flags = TCP_ACK,
	.silence = PORT_FILTERED,
	.classify = classify_ack,
};

const struct scan_tech tech_window = {
	RAW_TCP,
	.name = "window",
	.title = "Window scan",
	.scaninfo = "window",
	.letter = 'W',
	.flags = TCP_ACK,
	.silence = PORT_FILTERED,
	.classify = classify_window,
};

const struct scan_tech tech_syn_ping = {
	RAW_TCP,
	.name = "syn-ping",
	.title = "SYN ping",
	.flags = TCP_SYN,
	.silence = PORT_FILTERED,
	.classify = classify_syn,
};

const struct scan_tech tech_ack_ping = {
	RAW_TCP,
	.name = "ack-ping",
	.title = "ACK ping",
	.flags = TCP_ACK,
	.silence = PORT_FILTERED,
	.classify = classify_ack,
};
