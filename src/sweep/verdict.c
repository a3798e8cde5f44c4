/* SPDX-License-Identifier: BSD-2-Clause */
/* What an answer to a sweep's probe means: the techniques' own tables, asked without a packet. */
#include "sweep/verdict.h"

#include <string.h>

#include "pkt/sctp.h"
#include "pkt/view.h"

#define BIT(answer) (1u << (answer))

/* clang-format off */
static const struct sweep_tech rows[] = {
	{ &tech_syn,       SWEEP_TCP,       BIT(SWEEP_SYNACK) },
	{ &tech_null,      SWEEP_TCP,       BIT(SWEEP_RST) },
	{ &tech_fin,       SWEEP_TCP,       BIT(SWEEP_RST) },
	{ &tech_xmas,      SWEEP_TCP,       BIT(SWEEP_RST) },
	{ &tech_maimon,    SWEEP_TCP,       BIT(SWEEP_RST) },
	{ &tech_ack,       SWEEP_TCP,       BIT(SWEEP_RST) },
	{ &tech_window,    SWEEP_TCP,       BIT(SWEEP_RST) },
	{ &tech_udp,       SWEEP_UDP,       BIT(SWEEP_DATA) },
	{ &tech_sctp_init, SWEEP_SCTP_INIT, BIT(SWEEP_INIT_ACK) },
	{ &tech_echo,      SWEEP_ECHO,      BIT(SWEEP_REPLY) },
	{ &tech_tstamp,    SWEEP_TSTAMP,    BIT(SWEEP_REPLY) },
};
/* clang-format on */

const struct sweep_tech *sweep_tech_of(const struct scan_tech *t)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].tech == t)
			return &rows[i];
	return NULL;
}

/* The transport header that such an answer had, as far as techniques look at it. */
static struct pkt_l4 header_of(const struct sweep_hit *hit)
{
	struct pkt_l4 l4 = {.sport = hit->port, .window = hit->window};

	if (hit->answer == SWEEP_SYNACK)
		l4.flags = TCP_SYN | TCP_ACK;
	else if (hit->answer == SWEEP_RST)
		l4.flags = TCP_RST;
	l4.chunk = hit->answer == SWEEP_INIT_ACK ? SCTP_INIT_ACK : SCTP_ABORT;
	return l4;
}

static bool judge_error(const struct scan_tech *t, const struct sweep_hit *hit, unsigned family,
	bool from_target, struct verdict *v)
{
	struct pkt_view view = {.src = addr_from_bytes(family, hit->from),
		.l4 = {.type = hit->icmp_type, .code = hit->icmp_code}};

	if (t->icmp)
		return t->icmp(&view, from_target, v);
	return tech_icmp_verdict(t, &view, from_target, v);
}

static bool judge_answer(const struct scan_tech *t, const struct sweep_hit *hit, struct verdict *v)
{
	struct pkt_l4 l4 = header_of(hit);
	struct pkt_view view = {.l4 = l4};

	return t->classify(&(struct answer){.tech = t, .view = &view, .l4 = &l4}, v);
}

/* ICMP techniques have no protocol of a port record of their own. */
static uint8_t proto_of(const struct scan_tech *t, unsigned family)
{
	if (t->proto)
		return t->proto;
	return family == 6 ? PROTO_ICMP6 : PROTO_ICMP;
}

bool sweep_verdict(const struct scan_tech *t, unsigned family, const struct sweep_hit *hit,
	struct rec_result *out)
{
	size_t len = family == 6 ? 16 : 4;
	bool from_target = memcmp(hit->addr, hit->from, len) == 0;
	struct verdict v;

	if (!(hit->answer == SWEEP_ERROR ? judge_error(t, hit, family, from_target, &v)
					 : judge_answer(t, hit, &v)))
		return false;
	*out = (struct rec_result){
		.addr = addr_from_bytes(family, hit->addr),
		.port = {.number = hit->port,
			.proto = proto_of(t, family),
			.state = v.state,
			.reason = v.reason,
			.ttl = hit->ttl,
			.from = !from_target,
			.rtt_ns = hit->rtt_ns},
		.window = hit->window,
		.mss = hit->mss,
		.wscale = hit->wscale,
		.options = hit->options,
	};
	if (!from_target)
		out->from = addr_from_bytes(family, hit->from);
	return true;
}
