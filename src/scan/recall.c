/* SPDX-License-Identifier: BSD-2-Clause */
/* What the run that is resumed already knew, put back into hosts and slots. */
#include "scan/recall.h"

#include <string.h>

#include "scan/evidence.h"
#include "scan/report.h"

bool recall_finished(struct engine *e, struct host *h)
{
	const struct scan_past *p = e->env->past;

	if (!p)
		return false;
	h->state = (uint8_t)p->finished(p->ctx, &h->addr);
	h->replayed = h->state != HOST_UNKNOWN;
	return h->replayed;
}

bool recall_host(struct engine *e, struct host *h)
{
	static const struct mac none;
	const struct scan_past *p = e->env->past;
	struct rec_verdict v;
	bool has_mac;

	if (!p || !p->host(p->ctx, &h->addr, &v))
		return false;
	has_mac = memcmp(&v.mac, &none, sizeof(none)) != 0;
	if (h->neighbour && v.port.state == HOST_UP && !has_mac)
		return false;
	h->has_mac = has_mac;
	h->mac = v.mac;
	h->state = v.port.state;
	h->reason = v.port.reason;
	h->ttl = v.port.ttl;
	return true;
}

static void recall_slot(
	struct engine *e, struct host *h, uint32_t slot, const struct rec_verdict *v)
{
	struct slot *s = &h->job.slots[slot];

	s->state = v->port.state;
	s->reason = v->port.reason;
	s->ttl = v->port.ttl;
	s->from = host_from(h, &v->from);
	s->answered = s->reason != REASON_NO_RESPONSE;
	s->t = v->port.rtt_ns;
	s->rtt_src = v->port.rtt_src;
	h->job.undecided--;
	if (s->t) {
		rtt_update(&h->rtt, &e->bounds, s->t);
		h->rtt_src = s->rtt_src;
	}
	if (s->answered && !s->from && s->state != PORT_FILTERED)
		evidence_canary(e, h, slot);
	if (s->state == PORT_OPEN)
		report_found(e, h, slot);
}

void recall_ports(struct engine *e, struct host *h)
{
	const struct scan_past *p = e->env->past;
	const struct task *t = h->job.task;
	struct rec_verdict v;

	for (uint32_t i = 0; p && i < h->job.n_slots; i++)
		if (p->port(p->ctx, &h->addr, t->tech->name, t->ports[i], &v))
			recall_slot(e, h, i, &v);
}
