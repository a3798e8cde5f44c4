/* SPDX-License-Identifier: BSD-2-Clause */
/* --rate auto: the controller at the wheel of a sweep. */
#include "sweep/steer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sweep/sent.h"

#define START_PPS  1000
#define MODEST_PPS 10000
#define CAP_PPS	   1e9
#define RTT_NS	   (100 * NS_PER_MS)
#define RTT_PARTS  64  /* a new round trip counts for one of so many */
#define CANARY_PER 100 /* one canary for so many probes, at most one a tick */

/* ---- epochs --------------------------------------------------------------------------------- */

static struct steer_epoch *epoch_of(struct steer *s, uint64_t id)
{
	for (unsigned i = 0; i < s->n_epochs; i++)
		if (s->epochs[i].id == id)
			return &s->epochs[i];
	return NULL;
}

static void forget(struct steer *s, struct steer_epoch *e)
{
	free(e->sent.v);
	memmove(e, e + 1, (size_t)(s->epochs + s->n_epochs - e - 1) * sizeof(*e));
	s->n_epochs--;
}

/* What was sent since the last call belongs to the epoch. Out of memory: it is not sent again. */
static void close_epoch(struct steer *s, struct sweep *sw, uint64_t id)
{
	struct steer_epoch *e;
	struct receipt_pieces now = {0};

	if (s->n_epochs == sizeof(s->epochs) / sizeof(s->epochs[0]))
		forget(s, &s->epochs[0]);
	e = &s->epochs[s->n_epochs++];
	*e = (struct steer_epoch){.id = id};
	if (sent_so_far(sw, &now) < 0)
		return;
	(void)!receipt_pieces_append(&e->sent, &now);
	(void)!sent_less(&e->sent, &s->sent);
	free(s->sent.v);
	s->sent = now;
}

static void take_lost(struct steer *s)
{
	uint64_t id, settled;

	while (autorate_lost(&s->a, &id)) {
		struct steer_epoch *e = epoch_of(s, id);

		for (size_t i = 0; e && i < e->sent.n; i++)
			if (e->sent.v[i].mark != SWEEP_RECHECK)
				(void)!receipt_pieces_add(&s->lost, &e->sent.v[i]);
		if (e)
			forget(s, e);
	}
	settled = autorate_settled(&s->a);
	for (unsigned i = s->n_epochs; i-- > 0;)
		if (s->epochs[i].id < settled)
			forget(s, &s->epochs[i]);
}

/* ---- what is seen --------------------------------------------------------------------------- */

static bool is_prohibited(const struct sweep_job *j, const struct sweep_hit *h)
{
	if (h->answer != SWEEP_ERROR)
		return false;
	if (j->family == 6) /* RFC 4443 3.1 */
		return h->icmp_type == 1 && h->icmp_code == 1;
	return h->icmp_type == 3 && (h->icmp_code == 9 || h->icmp_code == 10 || h->icmp_code == 13);
}

/* Errors come up of all marks but PLAIN; of these only when they are wanted. */
static uint64_t errors_for(const struct steer *s, const struct sweep_hit *h)
{
	bool all = s->facts->job->wanted & 1u << SWEEP_ERROR;

	return !all && h->mark == SWEEP_SAMPLED ? s->facts->sample_mask + 1 : 1;
}

static void hits(void *ctx, const struct sweep_hit *v, size_t n)
{
	struct steer *s = ctx;

	if (!s->on)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct sweep_hit *h = &v[i];

		if (is_prohibited(s->facts->job, h))
			s->seen.prohibited += errors_for(s, h);
		if (h->answer == SWEEP_ERROR && s->facts->job->family == 4 && h->icmp_type == 4)
			s->seen.quenched++;
		s->seen.canaries_answered += h->mark == SWEEP_CANARY;
		if (h->rtt_ns && !s->seen.rtt_ns)
			s->seen.rtt_ns = h->rtt_ns;
		else if (h->rtt_ns)
			s->seen.rtt_ns +=
				(uint64_t)(((int64_t)h->rtt_ns - (int64_t)s->seen.rtt_ns) /
					   RTT_PARTS);
		if (h->answer == SWEEP_ERROR || h->mark == SWEEP_CANARY || h->mark == SWEEP_RECHECK)
			continue;
		s->known[s->known_at++ % STEER_CANARIES] = place_of(&s->place, h);
		s->n_known += s->n_known < STEER_CANARIES;
	}
}

static void look(struct steer *s, const struct sweep_tick *t)
{
	uint64_t answers = 0;

	for (unsigned i = 0; i < SWEEP_ANSWERS; i++)
		answers += t->counts.answers[i];
	s->seen.now_ns = t->now_ns;
	s->seen.sent = t->sent - s->seen.canaries;
	s->seen.answered =
		answers > s->seen.canaries_answered ? answers - s->seen.canaries_answered : 0;
	s->seen.dropped = t->counts.tx_dropped;
}

/* Each known target is asked once: the receiver would take a second answer for a duplicate. */
static void ask_canary(struct steer *s, struct sweep *sw)
{
	uint64_t index;

	if (!s->n_known || s->asked.n >= STEER_ASKED ||
		s->seen.sent < (s->seen.canaries + 1) * CANARY_PER)
		return;
	s->n_known--;
	index = s->known[(s->known_at - 1 - s->n_known) % STEER_CANARIES];
	if (index == UINT64_MAX || sweep_send_one(sw, index, SWEEP_CANARY) < 0)
		return;
	s->seen.canaries++;
	(void)!receipt_pieces_add(
		&s->asked, &(struct receipt_piece){index, index + 1, 1, SWEEP_CANARY, 1});
}

/* ---- the watch ------------------------------------------------------------------------------ */

static int begin(void *ctx, struct sweep *sw, const struct sweep_facts *f, struct err *e)
{
	struct steer *s = ctx;
	double limit = f->plan->sweep.rate_limit_pps;

	s->on = f->plan->sweep.rate_auto;
	s->facts = f;
	s->cooldown_ns = f->plan->sweep.cooldown_ns;
	if (!s->on)
		return 0;
	if (place_init(&s->place, f) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	s->conf =
		(struct autorate_conf){START_PPS, MODEST_PPS, limit > 0 ? limit : CAP_PPS, RTT_NS};
	sweep_set_rate(sw, START_PPS);
	return 0;
}

/* Everything else is sent, and nearly all answers are there: what was lost goes out again. */
static void finish(struct steer *s, struct sweep *sw)
{
	struct buf b = {0};
	uint64_t id = s->a.epoch;
	int rc = 0;

	s->finished = true;
	close_epoch(s, sw, id);
	autorate_finish(&s->a, &s->seen);
	take_lost(s);
	(void)!receipt_pieces_merge(&s->lost);
	sweep_set_rate(sw, s->a.rate);
	for (size_t i = 0; i < s->lost.n && rc == 0; i++) {
		const struct receipt_piece *x = &s->lost.v[i];

		rc = sweep_send_span(sw, &(struct sweep_span){x->from, x->to, x->stride, x->mark});
		s->lost_probes += (x->to - x->from - 1) / x->stride + 1;
	}
	buf_str(&b, "--rate auto: ");
	autorate_text(&s->a, &b);
	if (s->lost_probes)
		buf_fmt(&b, "; %llu probes went out too fast on the way there and are sent again",
			(unsigned long long)s->lost_probes);
	sweep_say(sw, LOG_INFO, buf_text(&b));
	buf_free(&b);
}

static bool all_idle(const struct sweep_tick *t)
{
	for (unsigned i = 0; i < t->n_lanes; i++)
		if (!t->lane[i].idle)
			return false;
	return true;
}

static void tick(void *ctx, struct sweep *sw, const struct sweep_tick *t)
{
	struct steer *s = ctx;
	uint64_t id;

	if (!s->on || s->finished)
		return;
	if (!s->a.n_open && !s->a.epoch)
		autorate_init(&s->a, &s->conf, t->now_ns);
	id = s->a.epoch;
	look(s, t);
	if (all_idle(t)) {
		s->quiet_ns = s->quiet_ns ? s->quiet_ns : t->now_ns;
		if (t->now_ns - s->quiet_ns >= s->cooldown_ns * 7 / 8)
			finish(s, sw);
		return;
	}
	ask_canary(s, sw);
	autorate_turn(&s->a, &s->seen);
	if (s->a.epoch == id)
		return;
	close_epoch(s, sw, id);
	take_lost(s);
	sweep_set_rate(sw, s->a.rate);
}

struct sweep_watch steer_watch(struct steer *s)
{
	return (struct sweep_watch){.ctx = s, .begin = begin, .hits = hits, .tick = tick};
}

void steer_free(struct steer *s)
{
	while (s->n_epochs)
		forget(s, &s->epochs[s->n_epochs - 1]);
	free(s->sent.v);
	free(s->lost.v);
	free(s->asked.v);
	place_free(&s->place);
}
