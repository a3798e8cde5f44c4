/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows, rates and time-outs.
 *
 * Three things bound the probes on their way: a congestion window for each host, one for the run,
 * and the rates the user set. Windows grow with answers and are halved by evidence of loss
 * (evidence.c). Silence is no evidence: a firewall drops at any rate. So probes that find the
 * windows full of unanswered ones may still leave at the "silent rate", which evidence of loss
 * halves and time restores (send.c).
 */
#include "scan/sched.h"

#include <errno.h>

#include "scan/evidence.h"
#include "scan/pacing.h"
#include "scan/report.h"
#include "scan/timers.h"

/* times the retries, of a host that limits its answers, unless the user set them */
#define LIMITED_TRIES	 3
#define ICMP_TOKEN_NS	 (1100 * NS_PER_MS) /* Linux sends an ICMP error a second (icmp(7)) */
#define WORTH_ONE_IN	 50  /* answers among the silent that make another try worth it */
#define TRIES_END	 200 /* whatever a host does */
#define NEIGHBOUR_RTO_NS (250 * NS_PER_MS) /* an ARP or ND answer does not cross routers */
#define SILENT_BURST_S	 0.004		   /* of the silent rate at once */

/* clang-format off */
/* By timing template: first window of a host, its floor and ceiling, probes a second into silence,
 * accepted miss. */
static const struct {
	double first, min, max, silent_pps, miss;
} levels[] = {
	{  1,  1,     1,      0, 1e-4 },
	{  1,  1,     1,      0, 1e-4 },
	{  1,  1,     1,      0, 1e-4 },
	{ 16,  8,  2048,   8000, 1e-4 },
	{ 32, 16, 16384,  50000, 1e-3 },
	{ 64, 32, 32768, 200000, 5e-3 },
};
/* clang-format on */

void sched_init(struct engine *e)
{
	const struct plan_timing *t = &e->plan->timing;
	double min = t->min_parallelism ? t->min_parallelism : levels[t->template_no].first;
	double max = t->max_parallelism ? t->max_parallelism : 65536;
	double first = levels[t->template_no].first * 4;

	e->bounds = (struct rtt_bounds){t->initial_rto_ns, t->min_rto_ns, t->max_rto_ns};
	rtt_init(&e->group_rtt, &e->bounds);
	cwnd_init(&e->group_cw, first > min ? first : min, min < max ? min : max, max);
	if (t->no_group_window)
		cwnd_init(&e->group_cw, max, max, max);
	loss_init(&e->group_loss, 0.01, 20);
	e->miss = levels[t->template_no].miss;
	e->host_window = levels[t->template_no].first;
	e->host_window_min = levels[t->template_no].min;
	e->host_window_max = levels[t->template_no].max;
	if (t->min_parallelism > e->host_window)
		e->host_window = e->host_window_min = t->min_parallelism;
	if (t->max_parallelism)
		e->host_window_max = t->max_parallelism;
	e->silent_rate = t->max_parallelism ? 0 : levels[t->template_no].silent_pps;
	pace_init(&e->silent, e->silent_rate, e->silent_rate * SILENT_BURST_S, e->now);
	pacing_init(e);
	e->silent_cut_ns = e->silent_grow_ns = e->now;
}

void sched_host_init(struct engine *e, struct host *h)
{
	rtt_init(&h->rtt, &e->bounds);
	cwnd_init(&h->cw, e->host_window, e->host_window_min, e->host_window_max);
	loss_init(&h->loss, loss_rate(&e->group_loss), 10);
}

static bool pinged_near(const struct host *h)
{
	return h->stage == STAGE_PING && h->neighbour;
}

void sched_task_init(struct engine *e, struct host *h)
{
	loss_init(&h->loss, loss_rate(&e->group_loss), 10);
}

/* A host that has answered has its own time-out; before that, the group's experience bounds the
 * first tries only. */
uint64_t sched_rto(const struct engine *e, const struct host *h)
{
	uint64_t rto;

	if (pinged_near(h) && h->rtt.rto_ns > NEIGHBOUR_RTO_NS)
		return e->bounds.min_ns > NEIGHBOUR_RTO_NS ? e->bounds.min_ns : NEIGHBOUR_RTO_NS;
	if (h->rtt.n_samples || e->group_rtt.n_samples < 8)
		return h->rtt.rto_ns;
	rto = 2 * e->group_rtt.rto_ns;
	return rto < h->rtt.rto_ns ? rto : h->rtt.rto_ns;
}

/* The head of the queue waits longer when silence is about to become a verdict on a host that never
 * answered. */
static uint64_t flight_deadline(struct engine *e, struct host *h, const struct flight *f)
{
	const struct slot *s = &h->job.slots[f->slot];
	uint64_t rto = sched_rto(e, h);

	if (s->in_flight && !h->rtt.n_samples && s->tries > 1 && !pinged_near(h))
		rto = h->rtt.rto_ns;
	return f->sent_ns + rto;
}

uint64_t sched_probe_id(const struct host *h, uint32_t slot, uint8_t try)
{
	uint64_t stage = h->job.task ? h->task + 1u : 0;
	uint64_t mark = CANARY_TRY - 1;

	if (try < CANARY_TRY)
		mark = try;
	return h->seq << 28 | stage << 24 | (uint64_t)slot << 4 | mark;
}

bool sched_has_work(const struct host *h)
{
	return h->job.retry.n || h->job.next_fresh < h->job.n_slots;
}

void sched_wake(struct engine *e, struct host *h)
{
	if (sched_has_work(h) && (h->stage == STAGE_PING || h->stage == STAGE_PORTS)) {
		ready_add(e, h);
		e->woken = true;
	}
}

void sched_timer(struct engine *e, struct host *h)
{
	struct flight *f = flights_head(&h->job.flights);
	uint64_t at = f ? flight_deadline(e, h, f) : UINT64_MAX;

	if (sched_has_work(h) && h->next_send_ns > e->now && h->next_send_ns < at)
		at = h->next_send_ns;
	if (e->plan->timing.host_timeout_ns && h->start_ns + e->plan->timing.host_timeout_ns < at)
		at = h->start_ns + e->plan->timing.host_timeout_ns;
	if (at != UINT64_MAX)
		timer_set(e, h, at > e->now ? at : e->now);
}

static unsigned tries_max(const struct engine *e, const struct host *h)
{
	unsigned max = e->plan->timing.max_retries + 1;

	return h->limits && !e->plan->timing.max_retries_set ? max * LIMITED_TRIES : max;
}

/*
 * Whether the last try brought answers from others that had been silent as long: then the next may.
 * So ports behind a limit of their own, which no canary shows, are asked until asking brings
 * nothing.
 */
static bool worth_another(const struct engine *e, struct host *h, const struct slot *s)
{
	unsigned tries = s->tries - s->voids, at = tries < TRIES_TOLD ? tries : TRIES_TOLD - 1;
	uint32_t answered = h->answered_at[at];

	if (h->stage != STAGE_PORTS || evidence_defeated(e, h) || tries < 2 ||
		tries >= tries_max(e, h) ||
		answered * WORTH_ONE_IN <= answered + h->silent_at[at])
		return false;
	if (tries > 2)
		h->limits = true;
	return true;
}

static unsigned tries_needed(const struct engine *e, const struct host *h)
{
	unsigned max = tries_max(e, h), min = max < 2 ? max : 2;

	/* discovery asks in several ways at once: two tries of each, as nmap does;
	 * neighbours have one question only, but are near */
	if (h->stage == STAGE_PING && max > 2)
		return h->neighbour ? 3 : 2;
	return loss_tries(&h->loss, e->miss, min, max);
}

/*
 * A host that refuses no UDP port or protocol may have spent what it is allowed to refuse, in an
 * earlier scan or another's: it is given the time for one more ICMP error before its silence
 * counts.
 */
static bool icmp_unheard(const struct engine *e, struct host *h, const struct slot *s)
{
	if (h->stage != STAGE_PORTS || !tech_refused_by_icmp(h->job.task->tech) ||
		h->job.canary >= 0 || e->plan->timing.max_retries == 0 || evidence_defeated(e, h))
		return false;
	if (!h->pause_ns) {
		h->pause_ns = e->now;
		h->next_send_ns = e->now + ICMP_TOKEN_NS;
	}
	return s->t < h->pause_ns + ICMP_TOKEN_NS;
}

/*
 * Silence is a verdict after enough tries, and only from a host that can still be heard: a canary
 * sent after the try before the last one must have been answered, where there is a canary at all.
 */
static bool silence_counts(struct engine *e, struct host *h, const struct slot *s)
{
	unsigned needed = tries_needed(e, h), tries = s->tries - s->voids;

	if (s->tries >= TRIES_END)
		return true;
	if (tries < needed || worth_another(e, h, s))
		return false;
	if (icmp_unheard(e, h, s))
		return false;
	if (h->job.canary < 0 || h->slow_ns || needed == 1 || tries >= LIMITED_TRIES * needed)
		return true;
	if (h->canary_ok_ns &&
		(s->gap16 == UINT32_MAX || h->canary_ok_ns >= s->t - 16 * (uint64_t)s->gap16))
		return true;
	if (!h->canary_sent_ns)
		h->canary_after = 0;
	return false;
}

static void slot_silent(struct engine *e, struct host *h, uint32_t i)
{
	struct slot *s = &h->job.slots[i];

	/* while the host does not even repeat an answer it has given, a try does not count */
	if (e->plan->timing.max_retries &&
		(evidence_too_early(h, s->t) || (h->canaries_lost && s->tries - s->voids > 1)))
		s->voids++;
	h->silent_at[s->tries < TRIES_TOLD ? s->tries : TRIES_TOLD - 1]++;
	if (!silence_counts(e, h, s)) {
		if (!slot_queue_push(&h->job.retry, i))
			engine_fail(e, &(struct err){-ENOMEM, "out of memory"});
		return;
	}
	s->state = job_tech(&h->job, i)->silence;
	if (s->state == PORT_OPEN_FILTERED && evidence_defeated(e, h))
		s->state = PORT_CLOSED_FILTERED;
	s->reason = REASON_NO_RESPONSE;
	h->job.undecided--;
	report_verdict(e, h, i);
}

static void flight_expired(struct engine *e, struct host *h, struct flight f)
{
	struct slot *s = &h->job.slots[f.slot];

	if (f.canary) {
		if (h->canary_sent_ns != f.sent_ns)
			return; /* answered */
		h->canary_sent_ns = 0;
		h->outstanding--;
		e->outstanding--;
		evidence_canary_lost(e, h, f.sent_ns);
		return;
	}
	if (!s->in_flight || s->state != PORT_UNKNOWN || f.try != (uint8_t)(s->tries - 1))
		return;
	s->in_flight = false;
	h->outstanding--;
	e->outstanding--;
	if (job_tech(&h->job, f.slot)->carrier == IO_TX_CONNECT)
		io_cancel(e->wire.connect, sched_probe_id(h, f.slot, f.try));
	slot_silent(e, h, f.slot);
}

void sched_timeouts(struct engine *e, struct host *h)
{
	struct flight *f;

	if (h->stage != STAGE_PING && h->stage != STAGE_PORTS)
		return;
	if (h->lost_error) {
		host_lost(e, h, h->lost_error);
		return;
	}
	while ((f = flights_head(&h->job.flights)) && flight_deadline(e, h, f) <= e->now) {
		struct flight v = *f;

		flights_pop(&h->job.flights);
		flight_expired(e, h, v);
	}
	if (h->job.undecided == 0) {
		host_stage_done(e, h);
		return;
	}
	sched_wake(e, h);
	sched_timer(e, h);
}

/* Connections on their way are nobody's any more. */
static void cancel_connects(struct engine *e, struct host *h)
{
	struct flight *f;

	while ((f = flights_head(&h->job.flights))) {
		struct slot *s = &h->job.slots[f->slot];

		if (s->in_flight && job_tech(&h->job, f->slot)->carrier == IO_TX_CONNECT)
			io_cancel(e->wire.connect, sched_probe_id(h, f->slot, f->try));
		flights_pop(&h->job.flights);
	}
}

void sched_job_end(struct engine *e, struct host *h)
{
	cancel_connects(e, h);
	ready_drop(e, h);
	timer_drop(e, h);
	e->outstanding -= h->outstanding;
	h->outstanding = 0;
}
