/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SCTP probes (RFC 9260). The cookie is the tag that an answer must carry: the initiate tag of an
 * INIT, which is the verification tag of INIT ACK and ABORT (8.5.1), or the verification tag of a
 * COOKIE ECHO, which an ABORT out of the blue reflects (8.4). A listener drops a COOKIE ECHO whose
 * cookie it never gave out.
 */
#include "scan/tech.h"

#include "pkt/build.h"
#include "pkt/sctp.h"
#include "scan/plan.h"

/* 0 is no tag (RFC 9260 3.3.2). */
static uint32_t tag_of(
	const struct tech_run *run, const struct addr *host, uint16_t port, uint8_t try)
{
	return tech_cookie(run, host, port, try) | UINT32_C(1) << 31;
}

static size_t make_sctp(const struct probe *p, uint8_t *buf, size_t cap)
{
	const struct plan_wire *w = p->run->wire;
	struct build_ip ip;
	struct build_sctp sctp = {
		.sport = tech_sport(p->run, p->try),
		.dport = p->port,
		.chunk = p->tech == &tech_sctp_init ? SCTP_INIT : SCTP_COOKIE_ECHO,
		.tag = tag_of(p->run, &p->dst, p->port, p->try),
		.payload = w->data,
		.payload_len = w->data_len,
	};

	tech_ip(p, &ip);
	return build_sctp(buf, cap, &ip, &sctp);
}

/* The initiate tag of a quoted INIT, whose verification tag is 0; false when it was cut off. */
static bool quoted_init_tag(const struct pkt_l4 *l4, uint32_t *tag)
{
	struct rd r = rd_init(l4->payload, l4->payload_len);
	struct sctp_chunk c;
	struct sctp_init init;

	if (!l4->payload_len || !sctp_chunk_next(&r, &c) || c.type != SCTP_INIT ||
		!sctp_init_read(&c, &init))
		return false;
	*tag = init.tag;
	return true;
}

static bool proves(const struct answer *a, uint32_t want)
{
	uint32_t tag = a->l4->vtag;

	if (!a->l4->has_sctp)
		return false;
	if (a->quoted && !tag && !quoted_init_tag(a->l4, &tag))
		return a->tech == &tech_sctp_init; /* the ports alone must do */
	return tag == want;
}

static bool owns_sctp(const struct tech_run *run, const struct addr *host, const struct answer *a,
	uint16_t *port, uint8_t *try)
{
	const struct pkt_l4 *l4 = a->l4;

	if (l4->proto != PROTO_SCTP || !l4->has_ports)
		return false;
	*port = a->quoted ? l4->dport : l4->sport;
	if (!tech_sport_try(run, a->quoted ? l4->sport : l4->dport, try))
		return false;
	if (!run->sport_fixed)
		return proves(a, tag_of(run, host, *port, *try));
	for (*try = 0; *try < TECH_TRIES_MAX; ++*try)
		if (proves(a, tag_of(run, host, *port, *try)))
			return true;
	return false;
}

static bool classify_init(const struct answer *a, struct verdict *v)
{
	bool open = a->l4->chunk == SCTP_INIT_ACK;

	*v = open ? (struct verdict){PORT_OPEN, REASON_INIT_ACK}
		  : (struct verdict){PORT_CLOSED, REASON_ABORT};
	return open || a->l4->chunk == SCTP_ABORT;
}

static bool classify_cookie(const struct answer *a, struct verdict *v)
{
	*v = (struct verdict){PORT_CLOSED, REASON_ABORT};
	return a->l4->chunk == SCTP_ABORT;
}

const struct scan_tech tech_sctp_init = {
	.name = "sctp-init",
	.title = "SCTP INIT scan",
	.scaninfo = "sctpinit",
	.letter = 'Y',
	.proto = PROTO_SCTP,
	.ports = PORTS_SCTP,
	.carrier = IO_TX_IP,
	.silence = PORT_FILTERED,
	.make = make_sctp,
	.owns = owns_sctp,
	.classify = classify_init,
};

const struct scan_tech tech_sctp_cookie = {
	.name = "sctp-cookie",
	.title = "SCTP COOKIE-ECHO scan",
	.scaninfo = "sctpcookieecho",
	.letter = 'Z',
	.proto = PROTO_SCTP,
	.ports = PORTS_SCTP,
	.carrier = IO_TX_IP,
	.silence = PORT_OPEN_FILTERED,
	.make = make_sctp,
	.owns = owns_sctp,
	.classify = classify_cookie,
};
