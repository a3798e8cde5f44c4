/* SPDX-License-Identifier: BSD-2-Clause */
/* Discovery probes without ports: ICMP echo (RFC 792, RFC 4443 4.1), ICMP timestamp and address
 * mask (RFC 950), ARP (RFC 826), neighbour solicitation (RFC 4861). */
#include "scan/tech.h"

#include "pkt/build.h"
#include "scan/plan.h"

static size_t make_echo(const struct probe *p, uint8_t *buf, size_t cap)
{
	struct build_ip ip;

	tech_ip(p, &ip);
	return build_echo(buf, cap, &ip,
		&(struct build_echo){p->run->icmp_id, p->try, p->run->wire->data,
			p->run->wire->data_len});
}

static size_t make_tstamp(const struct probe *p, uint8_t *buf, size_t cap)
{
	struct build_ip ip;

	tech_ip(p, &ip);
	return build_timestamp(buf, cap, &ip, p->run->icmp_id, p->try);
}

static size_t make_mask(const struct probe *p, uint8_t *buf, size_t cap)
{
	struct build_ip ip;

	tech_ip(p, &ip);
	return build_mask(buf, cap, &ip, p->run->icmp_id, p->try);
}

static size_t make_arp(const struct probe *p, uint8_t *buf, size_t cap)
{
	return build_arp(buf, cap, &p->src_mac, &p->src, &p->dst);
}

static size_t make_nd(const struct probe *p, uint8_t *buf, size_t cap)
{
	return build_nd_solicit(buf, cap, &p->src_mac, &p->src, &p->dst);
}

/* Our identifier, and the request's type in a quotation or the reply's type in an answer. */
static bool owns_icmp(const struct tech_run *run, const struct answer *a, const uint8_t request[2],
	const uint8_t reply[2], uint8_t *try)
{
	bool v6 = a->view->src.family == 6;
	uint8_t want = a->quoted ? request[v6] : reply[v6];

	if (!a->l4->has_icmp || a->l4->type != want || a->l4->icmp_id != run->icmp_id)
		return false;
	*try = (uint8_t)a->l4->icmp_seq;
	return a->l4->icmp_seq < TECH_TRIES_MAX;
}

static bool owns_echo(const struct tech_run *run, const struct addr *host, const struct answer *a,
	uint16_t *port, uint8_t *try)
{
	static const uint8_t request[2] = {8, 128}, reply[2] = {0, 129};

	*port = 0;
	return owns_icmp(run, a, request, reply, try);
}

static bool owns_tstamp(const struct tech_run *run, const struct addr *host, const struct answer *a,
	uint16_t *port, uint8_t *try)
{
	static const uint8_t request[2] = {13, 0xff}, reply[2] = {14, 0xff};

	*port = 0;
	return owns_icmp(run, a, request, reply, try);
}

static bool owns_mask(const struct tech_run *run, const struct addr *host, const struct answer *a,
	uint16_t *port, uint8_t *try)
{
	static const uint8_t request[2] = {17, 0xff}, reply[2] = {18, 0xff};

	*port = 0;
	return owns_icmp(run, a, request, reply, try);
}

static bool classify_echo(const struct answer *a, struct verdict *v)
{
	*v = (struct verdict){PORT_OPEN, REASON_ECHO_REPLY};
	return true;
}

static bool classify_tstamp(const struct answer *a, struct verdict *v)
{
	*v = (struct verdict){PORT_OPEN, REASON_TIMESTAMP_REPLY};
	return true;
}

static bool classify_mask(const struct answer *a, struct verdict *v)
{
	*v = (struct verdict){PORT_OPEN, REASON_ADDRMASK_REPLY};
	return true;
}

const struct scan_tech tech_echo = {
	.name = "echo-ping",
	.title = "Ping scan",
	.carrier = IO_TX_IP,
	.silence = PORT_FILTERED,
	.make = make_echo,
	.owns = owns_echo,
	.classify = classify_echo,
};

const struct scan_tech tech_tstamp = {
	.name = "timestamp-ping",
	.title = "Ping scan",
	.carrier = IO_TX_IP,
	.silence = PORT_FILTERED,
	.make = make_tstamp,
	.owns = owns_tstamp,
	.classify = classify_tstamp,
};

const struct scan_tech tech_mask = {
	.name = "mask-ping",
	.title = "Ping scan",
	.carrier = IO_TX_IP,
	.silence = PORT_FILTERED,
	.make = make_mask,
	.owns = owns_mask,
	.classify = classify_mask,
};

/* ARP and neighbour advertisements carry no mark of ours: the engine matches them by the address
 * they speak of. */
const struct scan_tech tech_arp = {
	.name = "arp-ping",
	.title = "ARP Ping Scan",
	.carrier = IO_TX_LINK,
	.ethertype = 0x0806,
	.silence = PORT_FILTERED,
	.make = make_arp,
};

const struct scan_tech tech_nd = {
	.name = "nd-ping",
	.title = "ND Ping Scan",
	.carrier = IO_TX_IP,
	.silence = PORT_FILTERED,
	.make = make_nd,
};
