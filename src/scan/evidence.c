/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What answers and their absence say about a host and its path.
 *
 * Evidence of loss is an answer to a retransmission whose first try went unanswered, or a canary
 * that stays unanswered: while a host is mostly silent, about every CANARY_EVERY-th repeated probe
 * is followed by one that it has answered before. Canaries also tell the loss rate, from which
 * follows how many tries silence needs before it is a verdict (timing/loss.h).
 *
 * One host's losses are its own affair: the window of the run and the silent rate are cut only when
 * the tries of all hosts show it.
 *
 * A host that answers less than half of what it would answer, or leaves several canaries in a row
 * unanswered, is taken to limit its answers (RST or ICMP rate limits). It gets nothing but canaries
 * until it answers one, the delay between its probes is doubled, up to --max-scan-delay, and
 * shortened again while it keeps up. Tries made while it held back do not count.
 *
 * A host that sends ICMP errors far apart (Linux: one a second) gets no more canaries: each would
 * use up the answer that another port's probe could have had. Its interval is learnt from the
 * answers; a little before the next one is due, probes leave at short steps until one is answered.
 * So no answer that it could give is left unused, and none can be had faster. Tries that leave
 * sooner after an answer than it could repeat one do not count; once it has had the time, all
 * further silence does, and is asked for quickly.
 *
 * The numbers below were chosen by the simulation study (tests/sim, doc/simulation.md).
 */
#include "scan/evidence.h"

#include "scan/sched.h"

#define CANARIES_HOLD	      3		     /* lost in a row */
#define CANARIES_GONE	      24	     /* lost in a row */
#define GONE_SLOW_NS	      (5 * NS_PER_S) /* that long, where ICMP errors are the answers */
#define EVIDENCE_ENOUGH	      12	     /* tries judged at once */
#define GROUP_EVIDENCE_ENOUGH 64
#define GROUP_LOSS	      0.15 /* of the tries: one bad host among many stays below */
#define SLOW_NS		      (400 * NS_PER_MS) /* between ICMP errors: a slow host */
#define SLOW_STEPS	      16
#define DELAY_FIRST_NS	      (5 * NS_PER_MS)
#define DELAY_LEAST_NS	      NS_PER_MS /* less is none */
#define SILENT_FLOOR	      8		/* the silent rate is not cut below one part in so many */

static void silent_cut(struct engine *e, uint64_t sent_ns)
{
	if (e->silent_rate <= 0 || sent_ns < e->silent_cut_ns ||
		e->silent.rate <= e->silent_rate / SILENT_FLOOR)
		return;
	pace_set(&e->silent, e->silent.rate / 2, e->now);
	e->silent_cut_ns = e->now;
}

static void window_start(struct host *h)
{
	h->window_ok = h->window_lost = 0;
}

static void delay_longer(struct engine *e, struct host *h)
{
	const struct plan_timing *t = &e->plan->timing;
	bool icmp = h->job.task && tech_refused_by_icmp(h->job.task->tech);
	uint64_t max = icmp ? t->max_scan_delay_udp_ns : t->max_scan_delay_tcp_ns;

	h->limits = true;
	h->delay_ns = h->delay_ns ? h->delay_ns * 2 : DELAY_FIRST_NS;
	if (h->delay_ns > max)
		h->delay_ns = max;
	h->judged_ns = e->now;
	window_start(h);
}

bool evidence_defeated(const struct engine *e, const struct host *h)
{
	uint8_t proto = h->job.task ? h->job.task->tech->proto : 0;

	return (proto == PROTO_UDP && e->plan->defeat_icmp) ||
	       (proto == PROTO_TCP && e->plan->defeat_rst);
}

/* Shortly before its next ICMP error is due: the interval is known only so well. */
static uint64_t slow_due(const struct host *h)
{
	return h->refused_ns + h->slow_ns - h->slow_ns / SLOW_STEPS;
}

/* It has had the time for another one in any case. */
static uint64_t slow_sure(const struct host *h)
{
	return h->refused_ns + h->slow_ns + h->slow_ns / 4;
}

void evidence_refused(struct engine *e, struct host *h, uint64_t sent_ns)
{
	uint64_t gap = sent_ns - h->refused_ns, max = e->plan->timing.max_scan_delay_udp_ns;

	if (!h->job.task || !tech_refused_by_icmp(h->job.task->tech) || sent_ns <= h->refused_ns)
		return;
	h->refused_ns = sent_ns;
	if (!h->slow_ns && (!evidence_holding(h) || gap < SLOW_NS))
		return;
	if (!h->slow_ns || gap < h->slow_ns)
		h->slow_ns = (h->slow_ns + gap) / (h->slow_ns ? 2 : 1);
	else
		h->slow_ns += (gap < 2 * h->slow_ns ? gap - h->slow_ns : h->slow_ns) / 2;
	h->delay_ns = slow_due(h) - sent_ns < max ? slow_due(h) - sent_ns : max;
	h->next_send_ns = sent_ns + h->delay_ns;
}

uint64_t evidence_slow_step(const struct engine *e, const struct host *h)
{
	uint64_t step = h->slow_ns / SLOW_STEPS;

	if (e->now < slow_due(h))
		return slow_due(h) - e->now < h->delay_ns ? slow_due(h) - e->now : h->delay_ns;
	return e->now < slow_sure(h) ? step : step / SLOW_STEPS;
}

bool evidence_too_early(const struct host *h, uint64_t sent_ns)
{
	return h->slow_ns && sent_ns < slow_sure(h);
}

static void delay_judge(struct engine *e, struct host *h)
{
	if (h->window_ok + h->window_lost < EVIDENCE_ENOUGH || h->slow_ns ||
		evidence_defeated(e, h))
		return;
	if (h->window_lost > h->window_ok) {
		delay_longer(e, h);
		return;
	}
	if (h->window_lost <= EVIDENCE_ENOUGH / 4)
		h->delay_ns = h->delay_ns * 4 / 5;
	if (h->delay_ns < DELAY_LEAST_NS)
		h->delay_ns = 0;
	window_start(h);
}

/* A try that left at sent_ns was lost. What left before the last judgement was judged then. */
static void lost_evidence(struct engine *e, struct host *h, uint64_t sent_ns)
{
	if (sent_ns < h->judged_ns)
		return;
	h->window_lost++;
	e->window_lost++;
	cwnd_lost(&h->cw, sent_ns, e->now);
	delay_judge(e, h);
	if (e->window_ok + e->window_lost < GROUP_EVIDENCE_ENOUGH)
		return;
	if (e->window_lost > e->window_ok * GROUP_LOSS) {
		cwnd_lost(&e->group_cw, sent_ns, e->now);
		silent_cut(e, sent_ns);
	}
	e->window_ok = e->window_lost = 0;
}

/* Refusals make the better canaries: they are what hosts limit. */
void evidence_canary(const struct engine *e, struct host *h, uint32_t slot)
{
	struct job *j = &h->job;

	if (j->task->tech->carrier != IO_TX_IP || evidence_defeated(e, h))
		return;
	/* an answer in UDP is not limited, ICMP errors are: only these show whether silence means
	 * anything */
	if (tech_refused_by_icmp(j->task->tech) && j->slots[slot].state != PORT_CLOSED)
		return;
	if (j->canary < 0 ||
		(j->slots[j->canary].state == PORT_OPEN && j->slots[slot].state != PORT_OPEN))
		j->canary = (int32_t)slot;
}

bool evidence_holding(const struct host *h)
{
	return h->job.canary >= 0 && h->canaries_lost >= CANARIES_HOLD;
}

/*
 * It took the host this long to answer once more: so far apart it can answer. The canary has used
 * the first answer up, so the next probe waits as well.
 */
static void hold_ends(struct engine *e, struct host *h)
{
	uint64_t took = e->now - h->hold_at_ns;

	if (took > h->delay_ns)
		delay_longer(e, h);
	if (h->delay_ns > took)
		h->delay_ns = took;
	h->next_send_ns = e->now + h->delay_ns;
}

/* A host that is slow to refuse may lose an answer or two on the way. */
static uint64_t gone_ns(const struct host *h)
{
	return tech_refused_by_icmp(h->job.task->tech) ? GONE_SLOW_NS : 0;
}

static void say_gone(struct engine *e, const struct host *h)
{
	char text[ADDR_TEXT_MAX];

	bus_note(e->env->bus, LOG_WARN,
		"%s no longer repeats answers it has given, with %u of its ports undecided: it may have gone, or now drops what we send; they may look filtered for that reason",
		addr_text(&h->addr, text), h->job.undecided);
}

/* A host that answers none of many canaries has gone, and its silence is what it is. */
void evidence_canary_lost(struct engine *e, struct host *h, uint64_t sent_ns)
{
	bool held = evidence_holding(h);

	loss_unanswered(&h->loss);
	h->canaries_lost++;
	if (!h->delay_ns || evidence_holding(h))
		h->canary_after = 0;
	if (!held && evidence_holding(h)) {
		h->hold_at_ns = sent_ns;
		h->limits = true;
	}
	if (!held && !evidence_holding(h))
		lost_evidence(e, h, sent_ns);
	if (h->canaries_lost >= CANARIES_GONE && e->now - h->hold_at_ns >= gone_ns(h)) {
		say_gone(e, h);
		h->job.canary = -1;
		h->canaries_lost = 0;
	}
}

void evidence_answered(
	struct engine *e, struct host *h, uint32_t slot, uint8_t try, uint64_t sent_ns)
{
	struct slot *s = &h->job.slots[slot];
	unsigned k = try == CANARY_TRY ? 1 : try == UINT8_MAX ? s->tries : try + 1u;

	if (k > s->voids + 1u)
		k -= s->voids; /* tries that did not count */
	else
		k = 1;

	loss_answered(&h->loss, k);
	loss_answered(&e->group_loss, k);
	h->window_ok++;
	e->window_ok++;
	h->answered_at[k < TRIES_TOLD ? k : TRIES_TOLD - 1]++;
	if (k > 1) {
		lost_evidence(e, h, sent_ns - 16 * (uint64_t)s->gap16);
	} else {
		cwnd_answered(&h->cw);
		cwnd_answered(&e->group_cw);
		delay_judge(e, h);
	}
	if (h->rtt.n_samples < 8)
		sched_timer(e, h); /* time-outs have become shorter */
	if (try == CANARY_TRY) {
		if (evidence_holding(h))
			hold_ends(e, h);
		h->canary_ok_ns = sent_ns;
		h->canary_sent_ns = 0;
		h->canaries_lost = 0;
	} else if (!s->in_flight) {
		return;
	}
	if (try != CANARY_TRY)
		s->in_flight = false;
	h->outstanding--;
	e->outstanding--;
}
