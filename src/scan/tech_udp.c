/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP probes (RFC 768): the user's data, or the payload that a server of that port answers, or
 * nothing. Each try uses the next of the port's payloads. A datagram from the probed port is an
 * answer whatever it says; ICMP port unreachable from the target is closed. UDP has no field for a
 * cookie: address, port and our random source port must fit.
 */
#include "scan/tech.h"

#include "pkt/build.h"
#include "pkt/payload.h"
#include "scan/plan.h"

const uint8_t *tech_udp_payload(
	const struct tech_run *run, uint16_t port, unsigned variant, size_t *len)
{
	unsigned n = payload_count(port);

	*len = run->wire->data_len;
	if (run->wire->data)
		return run->wire->data;
	return n ? payload_for(port, variant % n, len) : NULL;
}

static size_t make_udp(const struct probe *p, uint8_t *buf, size_t cap)
{
	struct build_ip ip;
	size_t len;
	const uint8_t *data = tech_udp_payload(p->run, p->port, p->variant, &len);

	tech_ip(p, &ip);
	return build_udp(
		buf, cap, &ip, &(struct build_udp){tech_sport(p->run, p->try), p->port, data, len});
}

static bool owns_udp(const struct tech_run *run, const struct addr *host, const struct answer *a,
	uint16_t *port, uint8_t *try)
{
	if (a->l4->proto != PROTO_UDP || !a->l4->has_ports)
		return false;
	*port = a->quoted ? a->l4->dport : a->l4->sport;
	return tech_sport_try(run, a->quoted ? a->l4->sport : a->l4->dport, try);
}

static bool classify_udp(const struct answer *a, struct verdict *v)
{
	*v = (struct verdict){PORT_OPEN, REASON_UDP_RESPONSE};
	return true;
}

const struct scan_tech tech_udp = {
	.name = "udp",
	.title = "UDP scan",
	.scaninfo = "udp",
	.letter = 'U',
	.proto = PROTO_UDP,
	.ports = PORTS_UDP,
	.carrier = IO_TX_IP,
	.silence = PORT_OPEN_FILTERED,
	.make = make_udp,
	.owns = owns_udp,
	.classify = classify_udp,
};
