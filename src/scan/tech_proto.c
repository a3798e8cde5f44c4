/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IP protocol scan: which numbers of the IP header's protocol field (IPv6: next header) a host
 * takes. A protocol that another technique speaks is asked in its way; IGMP by a membership query;
 * the others by a bare IP header. A host refuses what it does not know by protocol unreachable (RFC
 * 1122 3.2.2.1), or parameter problem, unrecognised next header (RFC 4443 3.4), and drops nonsense
 * in what it knows.
 */
#include "scan/tech.h"

#include <string.h>

#include "pkt/build.h"
#include "pkt/icmp6.h"
#include "pkt/ipproto.h"
#include "scan/plan.h"

/* Protocols asked in the way of another technique, and the port it goes to. */
struct spoken {
	uint8_t proto, family; /* family 0: both */
	const struct scan_tech *tech;
	uint16_t port;
};

/* clang-format off */
static const struct spoken spoken[] = {
	{ IP_ICMP,   4, &tech_echo,      0 },
	{ IP_ICMPV6, 6, &tech_echo,      0 },
	{ IP_TCP,    0, &tech_ack_ping,  80 },
	{ IP_UDP,    0, &tech_udp,       40125 },
	{ IP_SCTP,   0, &tech_sctp_init, 80 },
};
/* clang-format on */

static const struct spoken *find_spoken(uint16_t proto, uint8_t family)
{
	for (size_t i = 0; i < sizeof(spoken) / sizeof(*spoken); i++)
		if (spoken[i].proto == proto && (!spoken[i].family || spoken[i].family == family))
			return &spoken[i];
	return NULL;
}

static bool is_igmp(uint16_t proto, uint8_t family)
{
	return proto == IP_IGMP && family == 4;
}

static size_t make_proto(const struct probe *p, uint8_t *buf, size_t cap)
{
	const struct spoken *s = find_spoken(p->port, p->dst.family);
	const struct plan_wire *w = p->run->wire;
	struct probe as = *p;
	struct build_ip ip;

	if (s) {
		as.tech = s->tech;
		as.port = s->port;
		return s->tech->make(&as, buf, cap);
	}
	tech_ip(p, &ip);
	if (is_igmp(p->port, p->dst.family))
		return build_igmp_query(buf, cap, &ip, w->data, w->data_len);
	return build_bare(buf, cap, &ip, (uint8_t)p->port, w->data, w->data_len);
}

/* Over the loopback interface our own probe comes in as well. */
static bool mirrors(const struct tech_run *run, const struct pkt_l4 *l4, uint8_t family)
{
	const struct plan_wire *w = run->wire;
	size_t skip = is_igmp(l4->proto, family) ? IGMP_LEN : 0;

	if (l4->payload_len < skip || (skip && l4->payload[0] != IGMP_QUERY))
		return false;
	return l4->payload_len - skip == w->data_len &&
	       (!w->data_len || memcmp(l4->payload + skip, w->data, w->data_len) == 0);
}

static bool owns_proto(const struct tech_run *run, const struct addr *host, const struct answer *a,
	uint16_t *port, uint8_t *try)
{
	const struct spoken *s = find_spoken(a->l4->proto, host->family);
	struct answer as = *a;

	*port = a->l4->proto;
	*try = UINT8_MAX;
	if (!s)
		return a->quoted || !mirrors(run, a->l4, host->family);
	as.tech = s->tech;
	if (!s->tech->owns(run, host, &as, port, try) || *port != s->port)
		return false;
	*port = a->l4->proto;
	return true;
}

static bool classify_proto(const struct answer *a, struct verdict *v)
{
	bool echo = a->l4->proto == IP_ICMP && a->view->src.family == 4;

	*v = (struct verdict){PORT_OPEN, echo ? REASON_ECHO_REPLY : REASON_PROTO_RESPONSE};
	return true;
}

/* What refuses the protocol from what refuses only what was said in it. */
static bool icmp_proto(const struct pkt_view *v, bool from_target, struct verdict *out)
{
	if (!tech_icmp_verdict(&tech_proto, v, from_target, out))
		return false;
	if (!from_target)
		return true;
	if (out->reason == REASON_PROTO_UNREACH)
		out->state = PORT_CLOSED;
	else if (out->reason == REASON_PORT_UNREACH)
		out->state = PORT_OPEN;
	else if (out->reason == REASON_PARAM_PROBLEM)
		out->state = v->l4.code == ICMP6_UNKNOWN_NEXT ? PORT_CLOSED : PORT_OPEN;
	return true;
}

const struct scan_tech tech_proto = {
	.name = "proto",
	.title = "IP protocol scan",
	.scaninfo = "ipproto",
	.letter = 'O',
	.proto = PROTO_IP,
	.ports = PORTS_IP,
	.carrier = IO_TX_IP,
	.silence = PORT_OPEN_FILTERED,
	.make = make_proto,
	.owns = owns_proto,
	.classify = classify_proto,
	.icmp = icmp_proto,
};
