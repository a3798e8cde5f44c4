/* SPDX-License-Identifier: BSD-2-Clause */
/* Choosing probes, making them, and putting them in by batches. */
#include "scan/send.h"

#include <errno.h>
#include <string.h>

#include "base/rng.h"
#include "scan/evidence.h"
#include "scan/pacing.h"
#include "scan/report.h"
#include "scan/sched.h"
#include "scan/timers.h"
#include "scan/wire.h"

#define CANARY_EVERY	  16
#define SILENT_RESTORE_NS (500 * NS_PER_MS)

static void silent_restore(struct engine *e)
{
	double rate = e->silent.rate * 2;

	if (e->now - e->silent_cut_ns < SILENT_RESTORE_NS ||
		e->now - e->silent_grow_ns < SILENT_RESTORE_NS || e->silent.rate >= e->silent_rate)
		return;
	pace_set(&e->silent, rate < e->silent_rate ? rate : e->silent_rate, e->now);
	e->silent_grow_ns = e->now;
}

enum may { MAY_SEND, MAY_NOT_HOST, MAY_NOT_YET, MAY_NOT_RUN };

static enum may may_send(struct engine *e, struct host *h)
{
	bool window, pushed = e->min_rate.rate > 0 && pace_ready(&e->min_rate, e->batch.n, e->now);

	if (!sched_has_work(h) || (evidence_holding(h) && h->canary_sent_ns))
		return MAY_NOT_HOST;
	if (!pacing_ready(e, e->batch.n)) {
		e->held = true;
		return MAY_NOT_RUN;
	}
	if (pushed)
		return MAY_SEND;
	if (h->next_send_ns > e->now) {
		sched_timer(e, h);
		return e->plan->timing.min_rate > 0 ? MAY_NOT_YET : MAY_NOT_HOST;
	}
	window = h->outstanding < h->cw.window;
	if (window && e->outstanding < e->group_cw.window)
		return MAY_SEND;
	if (e->silent_rate > 0 && !h->delay_ns && pace_ready(&e->silent, 0, e->now)) {
		pace_take(&e->silent, 1, e->now);
		return MAY_SEND;
	}
	if (window) /* the run's is full, for all hosts alike */
		return MAY_NOT_RUN;
	return (e->silent_rate > 0 && !h->delay_ns) || e->plan->timing.min_rate > 0 ? MAY_NOT_YET
										    : MAY_NOT_HOST;
}

/*
 * A canary goes behind the others of its round: in front it would have the answer that a limited host
 * allows itself in the meantime, and speak for ports that had none. Probes that leave one by one make
 * no rounds.
 */
static bool canary_due(const struct host *h)
{
	const struct job *j = &h->job;
	bool last = j->retry.n <= 1 && j->next_fresh >= j->n_slots;

	if (j->canary < 0 || h->canary_after || h->canary_sent_ns || h->slow_ns)
		return false;
	return last || h->delay_ns || evidence_holding(h);
}

static bool choose(struct engine *e, struct host *h, struct pick *p)
{
	struct job *j = &h->job;

	*p = (struct pick){.host = h};
	if (canary_due(h)) {
		p->slot = (uint32_t)j->canary;
		p->canary = true;
		/* at random, so that no rhythm of the host's limit falls in step with it */
		h->canary_after = CANARY_EVERY / 2 + (uint32_t)rng_below(&e->rng, CANARY_EVERY);
		h->canary_sent_ns = e->now; /* until commit knows better */
		return true;
	}
	while (slot_queue_pop(&j->retry, &p->slot)) {
		if (j->slots[p->slot].state == PORT_UNKNOWN) {
			p->try = j->slots[p->slot].tries;
			return true;
		}
	}
	while (j->next_fresh < j->n_slots && j->slots[j->next_fresh].state != PORT_UNKNOWN)
		j->next_fresh++; /* known from the run that is resumed */
	if (j->next_fresh >= j->n_slots)
		return false;
	p->slot = j->next_fresh++;
	p->fresh = true;
	return true;
}

/* Fields of a try beyond the marks cannot tell them apart: they share the last mark before the
 * canary's. */
static uint8_t mark_of(const struct pick *p)
{
	if (p->canary)
		return CANARY_TRY;
	if (p->try >= CANARY_TRY)
		return CANARY_TRY - 1;
	return p->try;
}

static size_t make_probe(struct engine *e, struct host *h, const struct pick *p, uint8_t *buf)
{
	const struct scan_tech *t = job_tech(&h->job, p->slot);
	struct tmpl *tm = &h->job.tmpl;
	struct probe probe = {
		.run = &e->run,
		.tech = t,
		.src = h->route.src,
		.dst = h->addr,
		.src_mac = h->route.src_mac,
		.port = job_port(&h->job, p->slot),
		.try = mark_of(p),
		.variant = p->canary ? h->job.slots[p->slot].answered_try : p->try,
	};
	size_t len;

	if (t->patch && tm->len)
		return t->patch(tm, &probe, buf);
	len = t->make(&probe, buf, PROBE_MAX);
	if (t->patch && h->job.task && len <= sizeof(tm->data)) {
		memcpy(tm->data, buf, len);
		tm->len = (uint16_t)len;
	}
	return len;
}

static struct mac mac_for(const struct host *h, const struct scan_tech *t)
{
	struct mac m = h->hop ? h->hop->mac : h->mac;

	if (t == &tech_arp)
		memset(m.b, 0xff, sizeof(m.b));
	else if (t == &tech_nd) /* the solicited-node group's (RFC 4291 2.7.1, RFC 2464 7) */
		m = (struct mac){{0x33, 0x33, 0xff, h->addr.b[13], h->addr.b[14], h->addr.b[15]}};
	return m;
}

static bool batch_add(struct engine *e, struct host *h, const struct pick *p)
{
	struct batch *b = &e->batch;
	const struct scan_tech *t = job_tech(&h->job, p->slot);
	struct io_tx *tx = &b->tx[b->n];

	*tx = (struct io_tx){.kind = t->carrier,
		.data = b->data[b->n],
		.dst = h->addr,
		.ifindex = h->route.ifindex,
		.ethertype = t->ethertype};
	if (t->carrier == IO_TX_CONNECT) {
		tx->dport = job_port(&h->job, p->slot);
		tx->id = sched_probe_id(h, p->slot, p->try);
		tx->src = e->plan->ifindex ? h->route.src : (struct addr){0};
	} else {
		tx->dst_mac = mac_for(h, t);
		tx->src_mac = h->route.src_mac;
		tx->len = (uint32_t)make_probe(e, h, p, b->data[b->n]);
		if (tx->len == 0)
			return false;
	}
	b->pick[b->n++] = *p;
	h->outstanding++;
	e->outstanding++;
	return true;
}

static bool link_gone(int error)
{
	return error == -ENETDOWN || error == -ENXIO || error == -ENODEV;
}

/* Each kind of refusal is said once. */
static void say_not_sent(struct engine *e, const struct host *h, int error)
{
	char text[ADDR_TEXT_MAX];
	uint64_t bit = UINT64_C(1) << (-error & 63);

	if (e->said_errors & bit)
		return;
	e->said_errors |= bit;
	bus_note(e->env->bus, LOG_WARN, "a probe to %s could not be sent (%s)%s",
		addr_text(&h->addr, text), strerror(-error),
		error == -EPERM ? ": a firewall of this machine drops them; see nft list ruleset"
				: "; ports that stay unanswered for it look filtered");
}

/*
 * A packet that could not leave counts as one that was lost; a connect() has its outcome; a link
 * that has gone takes its hosts with it, at their next timer.
 */
static void not_sent(struct engine *e, struct host *h, const struct pick *p, const struct io_tx *tx)
{
	struct slot *s = &h->job.slots[p->slot];
	struct verdict v;

	if (link_gone(tx->error)) {
		h->lost_error = tx->error;
		timer_set(e, h, e->now);
		return;
	}
	say_not_sent(e, h, tx->error);
	if (tx->kind != IO_TX_CONNECT || !s->in_flight || !tech_connect_verdict(-tx->error, &v))
		return;
	s->in_flight = false;
	h->outstanding--;
	e->outstanding--;
	s->state = v.state;
	s->reason = v.reason;
	h->job.undecided--;
	report_verdict(e, h, p->slot);
	if (h->job.undecided == 0)
		timer_set(e, h, e->now);
}

static void commit(struct engine *e, const struct pick *p, const struct io_tx *tx)
{
	struct host *h = p->host;
	struct slot *s = &h->job.slots[p->slot];
	uint64_t gap;

	e->probes_sent++;
	h->probes_sent++;
	if (h->canary_after && !p->canary && s->tries)
		h->canary_after--; /* repeated: there is silence */
	if (p->canary) {
		h->canary_sent_ns = tx->sent_ns;
	} else {
		gap = s->tries ? (tx->sent_ns - s->t) / 16 : 0;
		s->gap16 = gap < UINT32_MAX ? (uint32_t)gap : UINT32_MAX;
		s->t = tx->sent_ns;
		s->tries++;
		s->in_flight = true;
	}
	if (!flights_push(
		    &h->job.flights, (struct flight){tx->sent_ns, p->slot, p->try, p->canary}))
		engine_fail(e, &(struct err){-ENOMEM, "out of memory"});
	if (tx->error)
		not_sent(e, h, p, tx);
	sched_timer(e, h);
}

static void canary_undo(struct host *h)
{
	h->canary_after = 0;
	h->canary_sent_ns = 0;
}

/* A pick that does not leave goes back to where it came from. */
static void unpick(struct engine *e, const struct pick *p)
{
	struct host *h = p->host;

	if (p->canary)
		canary_undo(h);
	else if (p->fresh && h->job.next_fresh == p->slot + 1)
		h->job.next_fresh--;
	else if (!slot_queue_push(&h->job.retry, p->slot))
		engine_fail(e, &(struct err){-ENOMEM, "out of memory"});
	sched_wake(e, h);
}

/* Not taken by a full queue. */
static void put_back(struct engine *e, const struct pick *p)
{
	p->host->outstanding--;
	e->outstanding--;
	p->host->next_send_ns = 0;
	unpick(e, p);
}

/* Puts the batch in. False when the queue is full. */
static bool flush(struct engine *e)
{
	struct batch *b = &e->batch;
	struct err err = {0};
	int taken;
	bool all;

	if (b->n == 0)
		return true;
	taken = wire_put(e, b->io, b->tx, b->n, &err);
	if (taken < 0)
		engine_fail(e, &err);
	for (int i = (int)b->n - 1; i >= (taken < 0 ? 0 : taken); i--)
		put_back(e, &b->pick[i]);
	for (int i = 0; i < taken; i++)
		commit(e, &b->pick[i], &b->tx[i]);
	all = taken == (int)b->n;
	if (!all && !e->held) /* by the pace of copies */
		e->queue_full = true;
	b->n = 0;
	return all;
}

static void host_sent(struct engine *e, struct host *h)
{
	uint64_t gap = h->slow_ns ? evidence_slow_step(e, h) : h->delay_ns;

	if (gap < e->plan->timing.scan_delay_ns)
		gap = e->plan->timing.scan_delay_ns;
	if (gap)
		h->next_send_ns = e->now + gap;
	ready_drop(e, h);
	ready_add(e, h);
}

/*
 * Fills batches from the ready hosts in turn until the windows, the rates or the backend's queue
 * say stop. At most a few batches at a time, so that answers are looked at in between.
 */
void send_ready(struct engine *e)
{
	struct batch *b = &e->batch;
	struct host *h;
	struct pick p;
	unsigned left = 4 * BATCH, skip = 4 * BATCH;

	silent_restore(e);
	if (!wire_rest(e))
		return;
	while (left && (h = e->ready_head) && !e->dead.code) {
		enum may may = may_send(e, h);
		struct io *io = NULL;

		if (may == MAY_NOT_RUN)
			break;
		if (may == MAY_NOT_YET) { /* but others may */
			if (!--skip)
				break;
			ready_drop(e, h);
			ready_add(e, h);
			continue;
		}
		if (may == MAY_NOT_HOST || !choose(e, h, &p)) {
			ready_drop(e, h);
			continue;
		}
		io = job_tech(&h->job, p.slot)->carrier == IO_TX_CONNECT ? e->wire.connect : h->io;
		if (b->n && (b->io != io || b->n == BATCH) && !flush(e)) {
			unpick(e, &p);
			break;
		}
		b->io = io;
		if (!batch_add(e, h, &p)) { /* not for this address family */
			h->job.slots[p.slot].state = PORT_FILTERED;
			if (--h->job.undecided == 0)
				timer_set(e, h, e->now); /* the stage ends there */
			continue;
		}
		host_sent(e, h);
		left--;
	}
	flush(e);
}
