/* SPDX-License-Identifier: BSD-2-Clause */
/* The technique table, and what all techniques share: cookies, source ports, ICMP errors. */
#include "scan/tech.h"

#include <errno.h>
#include <string.h>

#include "base/rng.h"
#include "pkt/build.h"
#include "scan/plan.h"

const struct scan_tech *const scan_techs[] = {&tech_syn, &tech_connect, &tech_null, &tech_fin,
	&tech_xmas, &tech_maimon, &tech_ack, &tech_window, &tech_udp, &tech_sctp_init,
	&tech_sctp_cookie, &tech_proto, &tech_idle, &tech_bounce, NULL};

const struct scan_tech *scan_tech_by_name(const char *name)
{
	for (size_t i = 0; scan_techs[i]; i++)
		if (strcmp(scan_techs[i]->name, name) == 0)
			return scan_techs[i];
	return NULL;
}

void tech_ip(const struct probe *p, struct build_ip *ip)
{
	const struct plan_wire *w = p->run->wire;

	*ip = (struct build_ip){.src = p->src,
		.dst = p->dst,
		.ttl = w->ttl_set ? w->ttl : p->run->ttl,
		.id = (uint16_t)rng_u64(p->run->rng),
		/* one a target, so that its probes take one way (RFC 6438) */
		.flow = tech_cookie(p->run, &p->dst, 0, 0) >> 12};
	if (p->dst.family == 4 && w->ip_options.len) {
		ip->options = w->ip_options.bytes;
		ip->options_len = w->ip_options.len;
	}
}

uint16_t tech_sport(const struct tech_run *run, uint8_t try)
{
	return run->sport_fixed ? run->sport_base
				: (uint16_t)(run->sport_base + try % TECH_TRIES_MAX);
}

bool tech_sport_try(const struct tech_run *run, uint16_t sport, uint8_t *try)
{
	uint16_t off = sport - run->sport_base;

	*try = run->sport_fixed ? UINT8_MAX : (uint8_t)off;
	return run->sport_fixed ? off == 0 : off < TECH_TRIES_MAX;
}

uint32_t tech_cookie(
	const struct tech_run *run, const struct addr *host, uint16_t port, uint8_t try)
{
	struct {
		uint8_t b[16];
		uint16_t port, sport;
		uint32_t family;
	} in = {.port = port,
		.sport = (uint16_t)(run->sport_base + try % TECH_TRIES_MAX),
		.family = host->family};

	memcpy(in.b, host->b, sizeof(in.b));
	return (uint32_t)hash_sip(&run->key, &in, sizeof(in));
}

/* clang-format off */
/* RFC 792 and RFC 1122: codes of type 3. */
static const uint8_t unreach4[] = {
	REASON_NET_UNREACH, REASON_HOST_UNREACH, REASON_PROTO_UNREACH, REASON_PORT_UNREACH,
	REASON_DEST_UNREACH, REASON_DEST_UNREACH, REASON_NET_UNREACH, REASON_HOST_UNREACH,
	REASON_HOST_UNREACH, REASON_NET_PROHIBITED, REASON_HOST_PROHIBITED, REASON_NET_UNREACH,
	REASON_HOST_UNREACH, REASON_ADMIN_PROHIBITED, REASON_HOST_PROHIBITED, REASON_ADMIN_PROHIBITED,
};
/* RFC 4443 3.1: codes of type 1, in nmap's words. */
static const uint8_t unreach6[] = {
	REASON_NO_ROUTE, REASON_ADMIN_PROHIBITED, REASON_BEYOND_SCOPE, REASON_HOST_UNREACH,
	REASON_PORT_UNREACH, REASON_ADMIN_PROHIBITED, REASON_REJECT_ROUTE,
};
/* clang-format on */

bool tech_icmp_verdict(
	const struct scan_tech *t, const struct pkt_view *v, bool from_target, struct verdict *out)
{
	const struct pkt_l4 *l4 = &v->l4;

	out->state = PORT_FILTERED;
	out->reason = REASON_DEST_UNREACH;
	if (v->src.family == 4 && l4->type == 3) {
		if (l4->code < sizeof(unreach4))
			out->reason = unreach4[l4->code];
	} else if (v->src.family == 6 && l4->type == 1) {
		if (l4->code < sizeof(unreach6))
			out->reason = unreach6[l4->code];
	} else if (v->src.family == 4 && l4->type == 11) {
		out->reason = REASON_TIME_EXCEEDED;
	} else if (v->src.family == 6 && l4->type == 3) {
		out->reason = REASON_TIME_EXCEEDED;
	} else if (v->src.family == 6 && l4->type == 4) {
		out->reason = REASON_PARAM_PROBLEM;
	} else {
		return false;
	}
	if (t->proto == PROTO_UDP && out->reason == REASON_PORT_UNREACH && from_target)
		out->state = PORT_CLOSED;
	return true;
}

bool tech_refused_by_icmp(const struct scan_tech *t)
{
	return t->proto == PROTO_UDP || t->proto == PROTO_IP;
}

bool tech_connect_verdict(int error, struct verdict *out)
{
	/* clang-format off */
	static const struct {
		int error;
		uint8_t state, reason;
	} rows[] = {
		{ 0,            PORT_OPEN,     REASON_CONN_ACCEPT },
		{ ECONNREFUSED, PORT_CLOSED,   REASON_CONN_REFUSED },
		{ ECONNRESET,   PORT_OPEN,     REASON_CONN_ACCEPT }, /* accepted, then reset */
		{ EHOSTUNREACH, PORT_FILTERED, REASON_HOST_UNREACH },
		{ EHOSTDOWN,    PORT_FILTERED, REASON_HOST_UNREACH },
		{ ENETUNREACH,  PORT_FILTERED, REASON_NET_UNREACH },
		{ ENETDOWN,     PORT_FILTERED, REASON_NET_UNREACH },
		{ ENOPROTOOPT,  PORT_FILTERED, REASON_PROTO_UNREACH },
		{ EACCES,       PORT_FILTERED, REASON_ADMIN_PROHIBITED },
		{ EPERM,        PORT_FILTERED, REASON_ADMIN_PROHIBITED },
		{ EPROTO,       PORT_FILTERED, REASON_PARAM_PROBLEM },
		{ ETIME,        PORT_FILTERED, REASON_TIME_EXCEEDED },
		{ EREMOTEIO,    PORT_CLOSED_FILTERED, REASON_PROXY_REFUSED },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].error != error)
			continue;
		*out = (struct verdict){.state = rows[i].state, .reason = rows[i].reason};
		return true;
	}
	return false;
}
