/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The probes of route tracing are those of the techniques, under marks of their TTL: each TTL has a
 * source port of its own (behind those of the tries), an ICMP identifier, and a key for cookies.
 * With these the technique makes the probe and owns its answer. Since the port is the same for all
 * tries, it is the cookie or the ICMP sequence number that tells the try, as with -g.
 */
#include "scan/trace_bait.h"

static struct tech_run run_of(const struct engine *e, const struct bait *b, unsigned ttl)
{
	struct tech_run run = e->run;

	run.wire = b->wire;
	run.ttl = (uint8_t)ttl;
	run.key.k0 ^= ttl;
	run.icmp_id = (uint16_t)(run.icmp_id + ttl);
	if (!run.sport_fixed)
		run.sport_base = (uint16_t)(run.sport_base + TECH_TRIES_MAX + ttl);
	run.sport_fixed = true;
	return run;
}

size_t bait_make(const struct engine *e, const struct host *h, const struct bait *b,
	const uint8_t ttl_try[2], uint8_t *buf)
{
	struct tech_run run = run_of(e, b, ttl_try[0]);
	struct probe probe = {
		.run = &run,
		.tech = b->tech,
		.src = h->route.src,
		.dst = h->addr,
		.src_mac = h->route.src_mac,
		.port = b->port,
		.try = ttl_try[1],
		.variant = b->variant,
	};

	return b->tech->make(&probe, buf, PROBE_MAX);
}

bool bait_owns(const struct engine *e, const struct host *h, const struct bait *b, unsigned ttl,
	const struct answer *a, uint8_t *try)
{
	struct tech_run run = run_of(e, b, ttl);
	uint16_t port;

	return b->tech->owns(&run, &h->addr, a, &port, try) && port == b->port;
}

/* Whether what any router quotes of a probe, a few bytes of its transport header, tells its TTL:
 * with -g not always; and the kinds of -sO have one port for all. */
static bool tells_ttl(const struct engine *e, const struct host *h, const struct bait *b)
{
	uint8_t buf[PROBE_MAX], try;
	struct pkt_view v;
	struct answer a = {.tech = b->tech, .view = &v, .l4 = &v.l4, .quoted = true};
	size_t len;

	if (!b->tech->make || !b->tech->owns || b->tech->carrier != IO_TX_IP ||
		b->tech->ports == PORTS_IP)
		return false;
	len = bait_make(e, h, b, (const uint8_t[]){1, 0}, buf);
	if (len == 0 || pkt_view(buf, len, &v))
		return false;
	v.l4.has_tcp = false;
	v.l4.payload_len = 0;
	return bait_owns(e, h, b, 1, &a, &try) && !bait_owns(e, h, b, 2, &a, &try);
}

static unsigned rank(const struct scan_tech *tech, const struct slot *s)
{
	if (!s->answered || s->from ||
		(s->state != PORT_OPEN && s->state != PORT_CLOSED && s->state != PORT_UNFILTERED))
		return 0;
	if (tech->proto != PROTO_UDP)
		return s->state == PORT_OPEN ? 4 : 3;
	return s->state == PORT_OPEN ? 2 : 1; /* refusals are limited */
}

/* The best of the i-th task's ports, if better than rank `most`; returns the best rank now. */
static unsigned choose_port(const struct engine *e, const struct host *h, unsigned i, unsigned most,
	struct bait *b, uint8_t *ttl)
{
	const struct task *task = &e->tasks[i];
	const struct slot *slots = h->result[i];
	struct bait next = *b;

	next.tech = task->tech->carrier == IO_TX_CONNECT ? &tech_syn : task->tech;
	for (uint32_t k = 0; slots && k < task->n; k++) {
		if (rank(task->tech, &slots[k]) <= most)
			continue;
		next.port = task->ports[k];
		next.variant = slots[k].answered_try;
		if (!tells_ttl(e, h, &next))
			break;
		*b = next;
		most = rank(task->tech, &slots[k]);
		*ttl = slots[k].ttl ? slots[k].ttl : *ttl;
	}
	return most;
}

uint8_t bait_choose(const struct engine *e, const struct host *h, struct bait *b)
{
	uint8_t ttl = h->ttl;
	unsigned most = 0;

	for (unsigned i = 0; i < e->n_tasks; i++)
		most = choose_port(e, h, i, most, b, &ttl);
	if (most)
		return ttl;
	b->tech = h->found_by.tech;
	b->port = h->found_by.port;
	if (!b->tech || !tells_ttl(e, h, b)) {
		b->tech = &tech_echo;
		b->port = 0;
	}
	return ttl;
}
