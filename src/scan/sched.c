/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What leaves when.
 *
 * Three things bound the probes on their way: a congestion window for each host, one for the run,
 * and the rates the user set. Windows grow with answers and are halved by evidence of loss. Silence
 * is no evidence: a firewall drops at any rate. So probes that find the windows full of unanswered
 * ones may still leave at the "silent rate", which evidence of loss halves and time restores.
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
 */
#include "scan/sched.h"

#include "scan/report.h"
#include "scan/timers.h"

#include <errno.h>
#include <string.h>

#include "base/rng.h"

#define CANARY_EVERY  16
#define CANARIES_HOLD 3	 /* lost in a row */
#define CANARIES_GONE 24 /* lost in a row */
#define LIMITED_TRIES                                                                              \
	3 /* times the retries, of a host that limits its answers, unless the user set them */
#define NEIGHBOUR_RTO_NS      (250 * NS_PER_MS) /* an ARP or ND answer does not cross routers */
#define EVIDENCE_ENOUGH	      12		/* tries judged at once */
#define GROUP_EVIDENCE_ENOUGH 64
#define GROUP_LOSS	      0.15 /* of the tries: one bad host among many stays below */
#define DELAY_FIRST_NS	      (5 * NS_PER_MS)
#define DELAY_LEAST_NS	      NS_PER_MS /* less is none */
#define SILENT_BURST_S	      0.004	/* of the silent rate at once */
#define SILENT_RESTORE_NS     (500 * NS_PER_MS)

/* clang-format off */
/* By timing template: first window of a host, its floor and ceiling, probes a second into silence, accepted miss. */
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
	loss_init(&e->group_loss, 0.01, 20);
	e->miss = levels[t->template_no].miss;
	e->host_window = levels[t->template_no].first;
	e->host_window_min = levels[t->template_no].min;
	e->host_window_max = levels[t->template_no].max;
	if (t->min_parallelism > e->host_window)
		e->host_window = e->host_window_min = t->min_parallelism;
	if (t->max_parallelism && t->max_parallelism < e->host_window_max)
		e->host_window_max = t->max_parallelism;
	e->silent_rate = t->max_parallelism ? 0 : levels[t->template_no].silent_pps;
	pace_init(&e->silent, e->silent_rate, e->silent_rate * SILENT_BURST_S, e->now);
	pace_init(&e->max_rate, t->max_rate, t->max_rate / 100, e->now);
	pace_init(&e->min_rate, t->min_rate, t->min_rate / 10, e->now);
	e->silent_cut_ns = e->silent_grow_ns = e->now;
}

void sched_host_init(struct engine *e, struct host *h)
{
	rtt_init(&h->rtt, &e->bounds);
	cwnd_init(&h->cw, e->host_window, e->host_window_min, e->host_window_max);
	loss_init(&h->loss, loss_rate(&e->group_loss), 10);
}

/* A host that has answered has its own time-out; before that, the group's experience bounds the
 * first tries only. */
uint64_t sched_rto(const struct engine *e, const struct host *h)
{
	uint64_t rto;

	if (h->stage == STAGE_PING && h->neighbour && h->rtt.rto_ns > NEIGHBOUR_RTO_NS)
		return NEIGHBOUR_RTO_NS;
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

	if (s->in_flight && !h->rtt.n_samples && s->tries > 1 && h->job.task)
		rto = h->rtt.rto_ns;
	return f->sent_ns + rto;
}

/* Names a connect() across the backend: 36 bits of host, 24 of slot, 4 of try. */
static uint64_t probe_id(const struct host *h, uint32_t slot, uint8_t try)
{
	return h->seq << 28 | (uint64_t)slot << 4 | (try < CANARY_TRY ? try : CANARY_TRY - 1);
}

static bool has_work(const struct host *h)
{
	return h->job.retry.n || h->job.next_fresh < h->job.n_slots;
}

void sched_wake(struct engine *e, struct host *h)
{
	if (has_work(h) && (h->stage == STAGE_PING || h->stage == STAGE_PORTS))
		ready_add(e, h);
}

static void silent_restore(struct engine *e)
{
	double rate = e->silent.rate * 2;

	if (e->now - e->silent_cut_ns < SILENT_RESTORE_NS ||
		e->now - e->silent_grow_ns < SILENT_RESTORE_NS || e->silent.rate >= e->silent_rate)
		return;
	pace_set(&e->silent, rate < e->silent_rate ? rate : e->silent_rate, e->now);
	e->silent_grow_ns = e->now;
}

static void silent_cut(struct engine *e, uint64_t sent_ns)
{
	if (e->silent_rate <= 0 || sent_ns < e->silent_cut_ns ||
		e->silent.rate <= e->silent_rate / 8)
		return;
	pace_set(&e->silent, e->silent.rate / 2, e->now);
	e->silent_cut_ns = e->now;
}

static void timer_update(struct engine *e, struct host *h)
{
	struct flight *f = flights_head(&h->job.flights);
	uint64_t at = f ? flight_deadline(e, h, f) : UINT64_MAX;

	if (has_work(h) && h->next_send_ns > e->now && h->next_send_ns < at)
		at = h->next_send_ns;
	if (e->plan->timing.host_timeout_ns && h->start_ns + e->plan->timing.host_timeout_ns < at)
		at = h->start_ns + e->plan->timing.host_timeout_ns;
	if (at != UINT64_MAX)
		timer_set(e, h, at > e->now ? at : e->now);
}

/* ---- evidence
 * --------------------------------------------------------------------------------------- */

static void window_start(struct engine *e, struct host *h)
{
	h->window_ok = h->window_lost = 0;
}

static void delay_longer(struct engine *e, struct host *h)
{
	const struct plan_timing *t = &e->plan->timing;
	bool udp = h->job.task && h->job.task->tech->proto == PROTO_UDP;
	uint64_t max = udp ? t->max_scan_delay_udp_ns : t->max_scan_delay_tcp_ns;

	h->limits = true;
	h->delay_ns = h->delay_ns ? h->delay_ns * 2 : DELAY_FIRST_NS;
	if (h->delay_ns > max)
		h->delay_ns = max;
	h->judged_ns = e->now;
	window_start(e, h);
}

static void delay_judge(struct engine *e, struct host *h)
{
	if (h->window_ok + h->window_lost < EVIDENCE_ENOUGH)
		return;
	if (h->window_lost > h->window_ok) {
		delay_longer(e, h);
		return;
	}
	if (h->window_lost <= EVIDENCE_ENOUGH / 4)
		h->delay_ns = h->delay_ns * 4 / 5;
	if (h->delay_ns < DELAY_LEAST_NS)
		h->delay_ns = 0;
	window_start(e, h);
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

/* More canaries lost in a row than losses on the way explain. */
static bool holding(const struct host *h)
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

/* A host that answers none of many canaries has gone, and its silence is what it is. */
static void canary_was_lost(struct engine *e, struct host *h, uint64_t sent_ns)
{
	bool held = holding(h);

	loss_unanswered(&h->loss);
	h->canaries_lost++;
	if (!h->delay_ns || holding(h))
		h->canary_after = 0;
	if (!held && holding(h)) {
		h->hold_at_ns = sent_ns;
		h->limits = true;
	}
	if (!held && !holding(h))
		lost_evidence(e, h, sent_ns);
	if (h->canaries_lost == CANARIES_GONE) {
		h->job.canary = -1;
		h->canaries_lost = 0;
	}
}

void sched_answered(struct engine *e, struct host *h, uint32_t slot, uint8_t try, uint64_t sent_ns)
{
	struct slot *s = &h->job.slots[slot];
	unsigned k = try == CANARY_TRY ? 1 : try == UINT8_MAX ? s->tries : try + 1u;

	loss_answered(&h->loss, k);
	loss_answered(&e->group_loss, k);
	h->window_ok++;
	e->window_ok++;
	if (k > 1) {
		lost_evidence(e, h, sent_ns - 16 * (uint64_t)s->gap16);
	} else {
		cwnd_answered(&h->cw);
		cwnd_answered(&e->group_cw);
		delay_judge(e, h);
	}
	if (h->rtt.n_samples < 8)
		timer_update(e, h); /* time-outs have become shorter */
	if (try == CANARY_TRY) {
		if (holding(h))
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

/* ---- time-outs
 * -------------------------------------------------------------------------------------- */

static unsigned tries_needed(const struct engine *e, const struct host *h)
{
	unsigned max = e->plan->timing.max_retries + 1, min = max < 2 ? max : 2;

	/* discovery asks in several ways at once: two tries of each, as nmap does;
	 * neighbours have one question only, but are near */
	if (h->stage == STAGE_PING && max > 2)
		return h->neighbour ? 3 : 2;
	if (h->limits && !e->plan->timing.max_retries_set)
		max *= LIMITED_TRIES;
	return loss_tries(&h->loss, e->miss, min, max);
}

/*
 * Silence is a verdict after enough tries, and only from a host that can still be heard: a canary
 * sent after the try before the last one must have been answered, where there is a canary at all.
 */
static bool silence_counts(struct engine *e, struct host *h, const struct slot *s)
{
	unsigned needed = tries_needed(e, h);

	if (s->tries < needed)
		return false;
	if (h->job.canary < 0 || needed == 1 || s->tries >= LIMITED_TRIES * needed)
		return true;
	if (h->canary_ok_ns && h->canary_ok_ns >= s->t - 16 * (uint64_t)s->gap16)
		return true;
	if (!h->canary_sent_ns)
		h->canary_after = 0;
	return false;
}

static void slot_silent(struct engine *e, struct host *h, uint32_t i)
{
	struct slot *s = &h->job.slots[i];

	/* while the host does not even repeat an answer it has given, a try does not count */
	if (h->canaries_lost && s->tries > 1 && e->plan->timing.max_retries)
		s->tries--;
	if (!silence_counts(e, h, s)) {
		if (!slot_queue_push(&h->job.retry, i))
			engine_fail(e, &(struct err){-ENOMEM, "out of memory"});
		return;
	}
	s->state = job_tech(&h->job, i)->silence;
	s->reason = REASON_NO_RESPONSE;
	h->job.undecided--;
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
		canary_was_lost(e, h, f.sent_ns);
		return;
	}
	if (!s->in_flight || s->state != PORT_UNKNOWN || f.try != (uint8_t)(s->tries - 1))
		return;
	s->in_flight = false;
	h->outstanding--;
	e->outstanding--;
	if (job_tech(&h->job, f.slot)->carrier == IO_TX_CONNECT)
		io_cancel(e->wire.connect, probe_id(h, f.slot, f.try));
	slot_silent(e, h, f.slot);
}

void sched_timeouts(struct engine *e, struct host *h)
{
	struct flight *f;

	if (h->stage != STAGE_PING && h->stage != STAGE_PORTS)
		return;
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
	timer_update(e, h);
}

void sched_job_end(struct engine *e, struct host *h)
{
	ready_drop(e, h);
	timer_drop(e, h);
	e->outstanding -= h->outstanding;
	h->outstanding = 0;
}

/* ---- sending
 * ---------------------------------------------------------------------------------------- */

enum may { MAY_SEND, MAY_NOT_HOST, MAY_NOT_YET, MAY_NOT_RUN };

static enum may may_send(struct engine *e, struct host *h)
{
	bool window, pushed = e->plan->timing.min_rate > 0 && pace_ready(&e->min_rate, e->now);

	if (!has_work(h) || (holding(h) && h->canary_sent_ns))
		return MAY_NOT_HOST;
	if (!pace_ready(&e->max_rate, e->now))
		return MAY_NOT_RUN;
	if (pushed)
		return MAY_SEND;
	if (h->next_send_ns > e->now) {
		timer_update(e, h);
		return e->plan->timing.min_rate > 0 ? MAY_NOT_YET : MAY_NOT_HOST;
	}
	window = h->outstanding < h->cw.window;
	if (window && e->outstanding < e->group_cw.window)
		return MAY_SEND;
	if (e->silent_rate > 0 && !h->delay_ns && pace_ready(&e->silent, e->now)) {
		pace_take(&e->silent);
		return MAY_SEND;
	}
	if (window) /* the run's is full, for all hosts alike */
		return MAY_NOT_RUN;
	return (e->silent_rate > 0 && !h->delay_ns) || e->plan->timing.min_rate > 0 ? MAY_NOT_YET
										    : MAY_NOT_HOST;
}

static bool canary_due(const struct host *h)
{
	return h->job.canary >= 0 && h->canary_after == 0 && !h->canary_sent_ns;
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
	return p->canary ? CANARY_TRY : p->try < CANARY_TRY ? p->
	try : CANARY_TRY
		-1;
}

static size_t make_probe(struct engine *e, struct host *h, const struct pick *p, uint8_t *buf)
{
	const struct scan_tech *t = job_tech(&h->job, p->slot);
	struct tmpl *tm = &h->job.tmpl;
	struct probe probe = {
		.run = &e->run,
		.src = h->route.src,
		.dst = h->addr,
		.src_mac = h->route.src_mac,
		.port = job_port(&h->job, p->slot),
		.try = mark_of(p),
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
		tx->id = probe_id(h, p->slot, p->try);
		tx->src = e->plan->ifindex ? h->route.src : (struct addr){0};
	} else {
		tx->dst_mac = mac_for(h, t);
		tx->len = (uint32_t)make_probe(e, h, p, b->data[b->n]);
		if (tx->len == 0)
			return false;
	}
	b->pick[b->n++] = *p;
	h->outstanding++;
	e->outstanding++;
	return true;
}

static void trace_sent(struct engine *e, const struct io_tx *tx)
{
	struct arp_msg m;
	struct rd r;

	r = rd_init(tx->data, tx->len);
	if (tx->kind == IO_TX_CONNECT)
		report_trace_connect(e, true, tx->sent_ns, &tx->dst, tx->dport, "");
	else if (tx->kind == IO_TX_LINK && arp_read(&r, &m))
		report_trace_arp(e, true, tx->sent_ns, &m);
	else
		report_trace(e, true, tx->sent_ns, tx->data, tx->len);
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
	if (tx->error == -EPERM && !e->said_eperm) {
		e->said_eperm = true;
		bus_note(e->env->bus, LOG_WARN,
			"the kernel refused to send a probe (operation not permitted): a firewall of this machine drops them; see nft list ruleset");
	}
	if (e->plan->packet_trace)
		trace_sent(e, tx);
	timer_update(e, h);
}

/* Not taken by a full queue: back to where it came from. */
static void put_back(struct engine *e, const struct pick *p)
{
	struct host *h = p->host;

	if (p->canary)
		h->canary_after = 0, h->canary_sent_ns = 0;
	else if (p->fresh && h->job.next_fresh == p->slot + 1)
		h->job.next_fresh--;
	else if (!slot_queue_push(&h->job.retry, p->slot))
		engine_fail(e, &(struct err){-ENOMEM, "out of memory"});
	sched_wake(e, h);
}

static bool link_gone(int error)
{
	return error == -ENETDOWN || error == -ENXIO || error == -ENODEV;
}

/* Puts the batch in. False when the queue is full. */
static bool flush(struct engine *e)
{
	struct batch *b = &e->batch;
	struct err err = {0};
	int taken;

	if (b->n == 0)
		return true;
	taken = io_send(b->io, b->tx, b->n, &err);
	if (taken < 0)
		engine_fail(e, &err);
	for (int i = (int)b->n - 1; i >= (taken < 0 ? 0 : taken); i--) {
		b->pick[i].host->outstanding--;
		e->outstanding--;
		put_back(e, &b->pick[i]);
	}
	for (int i = 0; i < taken; i++)
		commit(e, &b->pick[i], &b->tx[i]);
	for (int i = 0; i < taken; i++)
		if (link_gone(b->tx[i].error))
			host_lost(e, b->pick[i].host, b->tx[i].error);
	taken = taken == (int)b->n;
	b->n = 0;
	return taken;
}

static void host_sent(struct engine *e, struct host *h)
{
	uint64_t gap = h->delay_ns > e->plan->timing.scan_delay_ns ? h->delay_ns
								   : e->plan->timing.scan_delay_ns;

	pace_take(&e->max_rate);
	if (e->min_rate.rate > 0)
		pace_take(&e->min_rate);
	if (gap)
		h->next_send_ns = e->now + gap;
	ready_drop(e, h);
	ready_add(e, h);
}

/*
 * Fills batches from the ready hosts in turn until the windows, the rates or the backend's queue
 * say stop. At most a few batches at a time, so that answers are looked at in between.
 */
void sched_send(struct engine *e)
{
	struct batch *b = &e->batch;
	struct host *h;
	struct pick p;
	unsigned left = 4 * BATCH, skip = 4 * BATCH;

	silent_restore(e);
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
			put_back(e, &p);
			break;
		}
		b->io = io;
		if (!batch_add(e, h, &p)) { /* not for this address family */
			flush(e);
			h->job.slots[p.slot].state = PORT_FILTERED;
			if (--h->job.undecided == 0)
				host_stage_done(e, h);
			continue;
		}
		host_sent(e, h);
		left--;
	}
	flush(e);
}
