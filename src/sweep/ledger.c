/* SPDX-License-Identifier: BSD-2-Clause */
/* The books of a sweep: the account of the sample, checkpoints on the way, the receipt at the end.
 */
#include "sweep/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/run.h"
#include "sweep/sent.h"
#include "sweep/span.h"

#define PORTS_SHOWN 8

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "out of memory for the sweep's receipt");
}

static bool is_pass(uint32_t mark)
{
	return mark == SWEEP_PLAIN || mark >= SWEEP_PASS;
}

/* ---- the receipt's beginning ---------------------------------------------------------------- */

static void say_plan(struct receipt *r)
{
	struct buf b = {0};

	buf_fmt(&b, "%s sweep of %" PRIu64 " IPv%u address%s", r->technique, r->hosts, r->family,
		r->hosts == 1 ? "" : "es");
	if (r->kind != SWEEP_ECHO && r->kind != SWEEP_TSTAMP) {
		buf_fmt(&b, ", %u port%s", r->n_ports, r->n_ports == 1 ? "" : "s");
		for (uint32_t i = 0; i < r->n_ports && i < PORTS_SHOWN; i++)
			buf_fmt(&b, "%s%u", i ? "," : ": ", r->ports[i].port);
		if (r->n_ports > PORTS_SHOWN)
			buf_str(&b, ",...");
	}
	snprintf(r->words, sizeof(r->words), "%s", buf_text(&b));
	buf_free(&b);
}

static int begin_plan(struct receipt *r, const struct sweep_facts *f)
{
	const struct sweep_job *j = f->job;
	const struct plan *p = f->plan;

	r->space = *f->space; /* borrowed */
	r->hosts = f->space->view.count;
	r->space_digest = space_digest(f->space);
	r->n_ports = j->n_ports;
	r->ports = calloc(j->n_ports, sizeof(*r->ports));
	r->shards = calloc(1, sizeof(*r->shards));
	if (!r->ports || !r->shards)
		return -ENOMEM;
	for (uint32_t i = 0; i < j->n_ports; i++)
		r->ports[i].port = f->ports[i].port;
	r->family = j->family;
	r->kind = j->kind;
	r->tcp_flags = j->tcp_flags;
	r->seed = p->seed;
	r->passes = p->sweep.passes ? p->sweep.passes : 1;
	r->n_shards = p->sweep.n_shards ? p->sweep.n_shards : 1;
	r->sample_mask = f->sample_mask;
	r->sample_at = f->sample_at;
	r->shards[0] = p->sweep.shard;
	r->n_here = 1;
	snprintf(r->technique, sizeof(r->technique), "%s",
		p->ports_wanted && p->techniques[0] ? p->techniques[0] : "echo");
	snprintf(r->sender, sizeof(r->sender), "%s", f->sender);
	snprintf(r->receiver, sizeof(r->receiver), "%s", f->receiver);
	r->rate_asked = p->sweep.rate_pps;
	say_plan(r);
	return 0;
}

/* Hosts without link address are passed over: their indices in the space. */
static int begin_skipped(struct receipt *r, const struct way *w)
{
	static const struct mac none;
	size_t cap = 0;

	for (uint64_t i = 0; w->neighbours && i < r->hosts; i++) {
		if (memcmp(&w->neighbours[i], &none, sizeof(none)) != 0)
			continue;
		if (r->n_skipped && r->skipped[r->n_skipped - 1].to == i) {
			r->skipped[r->n_skipped - 1].to++;
			continue;
		}
		if (r->n_skipped == cap) {
			struct receipt_interval *v;

			cap = cap ? 2 * cap : 64;
			v = reallocarray(r->skipped, cap, sizeof(*v));
			if (!v)
				return -ENOMEM;
			r->skipped = v;
		}
		r->skipped[r->n_skipped++] = (struct receipt_interval){i, i + 1};
	}
	return 0;
}

static void copy_counts(struct receipt *r, const struct receipt *before)
{
	r->counts = before->counts;
	r->results = before->results;
}

/* Sessions of the run before, then ours. */
static int begin_sessions(struct ledger *l, const struct sweep_job *j, struct err *e)
{
	struct receipt *r = &l->receipt;
	struct receipt_session *s;

	if (l->conf.before) {
		const char *differs = receipt_plan_differs(r, l->conf.before);

		if (differs)
			return err_set(e, ERR_USAGE,
				"the sweep cannot be resumed: %s are not what they were when it began (names may have got other addresses)",
				differs);
		copy_counts(r, l->conf.before);
		r->sessions = l->conf.before->sessions;
		r->n_sessions = l->conf.before->n_sessions;
		l->owed = l->conf.before->again;
		l->conf.before->again = (struct receipt_pieces){0};
		l->conf.before->sessions = NULL;
		l->conf.before->n_sessions = 0;
	}
	s = reallocarray(r->sessions, r->n_sessions + 1, sizeof(*s));
	if (!s)
		return no_memory(e);
	r->sessions = s;
	s += r->n_sessions++;
	*s = (struct receipt_session){.key0 = j->key0, .key1 = j->key1};
	s->start_wall_ns = clock_wall(l->conf.clock);
	return 0;
}

static int begin(void *ctx, struct sweep *s, const struct sweep_facts *f, struct err *e)
{
	struct ledger *l = ctx;

	l->facts = f;
	l->receipt.missed.spread = 1;
	recheck_interval(&l->receipt.missed);
	if (begin_plan(&l->receipt, f) < 0 || begin_skipped(&l->receipt, &s->way) < 0 ||
		place_init(&l->place, f) < 0)
		return no_memory(e);
	if (f->sample_at <= f->sample_mask &&
		recheck_init(&l->recheck, f->first, f->behind, f->sample_mask, f->sample_at) < 0)
		return no_memory(e);
	return begin_sessions(l, f->job, e);
}

/* ---- while it runs -------------------------------------------------------------------------- */

/* Whether the first pass over this index is ours: what an earlier session heard of it went with it.
 */
static bool is_known(const struct ledger *l, uint64_t index)
{
	bool known = !l->todo;

	for (size_t i = 0; i < l->n_todo && !known; i++)
		known = l->todo[i].mark == SWEEP_PLAIN && index >= l->todo[i].from &&
			index < l->todo[i].to;
	return known;
}

static void hits(void *ctx, const struct sweep_hit *v, size_t n)
{
	struct ledger *l = ctx;

	for (size_t i = 0; i < n && l->recheck.answered[0]; i++) {
		uint64_t index;

		if (v[i].mark != SWEEP_SAMPLED && v[i].mark != SWEEP_RECHECK)
			continue;
		index = place_of(&l->place, &v[i]);
		if (is_known(l, index))
			recheck_answer(&l->recheck, index, v[i].mark == SWEEP_RECHECK);
	}
}

static struct receipt_session *ours(struct ledger *l)
{
	return &l->receipt.sessions[l->receipt.n_sessions - 1];
}

/* The session as it stands. */
static int close_books(struct ledger *l, struct sweep *s, const struct sweep_tick *t)
{
	struct receipt_session *me = ours(l);

	free(me->sent_of.v);
	me->sent_of = (struct receipt_pieces){0};
	me->sent = t->sent;
	me->skipped = t->skipped;
	me->end_wall_ns = clock_wall(l->conf.clock);
	return sent_so_far(s, &me->sent_of);
}

/* Looks at what is sent, a period apart, as far back as the cooldown. */
static int remember(struct ledger *l, uint64_t now_ns)
{
	uint64_t horizon = l->facts->plan->sweep.cooldown_ns;
	struct ledger_past *p;
	int rc;

	while (l->n_past > 1 &&
		(l->past[1].at_ns + horizon <= now_ns || l->n_past == LEDGER_PAST)) {
		free(l->past[0].sent.v);
		memmove(l->past, l->past + 1, --l->n_past * sizeof(l->past[0]));
	}
	p = &l->past[l->n_past];
	*p = (struct ledger_past){.at_ns = now_ns};
	rc = receipt_pieces_append(&p->sent, &ours(l)->sent_of);
	l->n_past += rc == 0;
	return rc;
}

/* What a resumed run has to send again: what was sent too lately, and what the steer knows lost. */
static int set_again(struct ledger *l, uint64_t now_ns)
{
	uint64_t horizon = l->facts->plan->sweep.cooldown_ns;
	struct receipt_pieces *again = &l->receipt.again, owed = {0};
	int rc;

	again->n = 0;
	rc = receipt_pieces_append(&owed, &l->owed);
	if (rc == 0) /* what the run before had to send again, and we have not yet */
		rc = sent_less(&owed, &ours(l)->sent_of);
	if (rc == 0)
		rc = receipt_pieces_append(again, &ours(l)->sent_of);
	/* all of it, when the run is younger than that */
	if (rc == 0 && l->n_past && l->past[0].at_ns + horizon <= now_ns)
		rc = sent_less(again, &l->past[0].sent);
	if (rc == 0 && l->conf.steer)
		rc = receipt_pieces_append(again, &l->conf.steer->lost);
	if (rc == 0)
		rc = receipt_pieces_append(again, &owed);
	free(owed.v);
	return rc < 0 ? rc : receipt_pieces_merge(again);
}

static int write_checkpoint(
	struct ledger *l, struct sweep *s, const struct sweep_tick *t, struct err *e)
{
	struct receipt *r = &l->receipt;
	int rc = close_books(l, s, t);

	tell_flush(s);
	if (rc == 0)
		rc = remember(l, t->now_ns);
	if (rc == 0)
		rc = set_again(l, t->now_ns);
	if (rc < 0)
		return no_memory(e);
	if (l->conf.sync)
		rc = l->conf.sync(l->conf.ctx, e);
	if (rc < 0)
		return rc;
	r->checkpoint = true;
	rc = receipt_write(r, l->conf.checkpoint, e);
	r->checkpoint = false;
	return rc;
}

static void tick(void *ctx, struct sweep *s, const struct sweep_tick *t)
{
	struct ledger *l = ctx;
	struct err e = {0};

	if (!l->conf.checkpoint || t->now_ns < l->checkpoint_ns + LEDGER_PERIOD_NS)
		return;
	l->checkpoint_ns = t->now_ns;
	if (write_checkpoint(l, s, t, &e) < 0 && !l->warned) {
		l->warned = true;
		sweep_say(s, LOG_WARN, e.text);
	}
}

static void say_missed(struct ledger *l, struct sweep *s)
{
	const struct recheck_estimate *m = &l->receipt.missed;
	char text[256];

	if (!m->known)
		return;
	snprintf(text, sizeof(text),
		"missed: about %.3g %% of what answers (%.3g to %.3g %% with %.0f %% confidence; %" PRIu64
		" targets answered a second probe, %" PRIu64 " of them not the first)",
		100 * m->rate, 100 * m->low, 100 * m->high, 100 * RECHECK_CONFIDENCE, m->second,
		m->missed);
	sweep_say(s, LOG_INFO, text);
}

static void phase(void *ctx, struct sweep *s, enum sweep_phase p, const struct sweep_tick *t)
{
	struct ledger *l = ctx;
	struct receipt_session *me;
	struct err e = {0};

	if (p != SWEEP_DONE || !l->receipt.n_sessions) /* none: begin failed */
		return;
	me = ours(l);
	if (close_books(l, s, t) < 0) {
		sweep_say(s, LOG_WARN, "out of memory for the sweep's receipt");
		return;
	}
	me->digest = t->digest;
	me->digest_known = true;
	/* the last cursors of a run that is interrupted; they go when it is complete */
	if (l->conf.checkpoint && write_checkpoint(l, s, t, &e) < 0)
		sweep_say(s, LOG_WARN, e.text);
	(void)!set_again(l, t->now_ns);
	if (l->conf.steer)
		(void)!receipt_pieces_append(&me->canaries, &l->conf.steer->asked);
	recheck_estimate(&l->recheck, &l->receipt.missed);
	say_missed(l, s);
}

struct sweep_watch ledger_watch(struct ledger *l, const struct ledger_conf *c)
{
	l->conf = *c;
	return (struct sweep_watch){l, begin, hits, tick, phase};
}

/* ---- before and after ----------------------------------------------------------------------- */

int ledger_todo(struct ledger *l, const struct plan *p, size_t *n)
{
	const struct receipt *r = l->conf.before;
	uint64_t total = r->hosts * r->n_ports;
	uint32_t shards = p->sweep.n_shards ? p->sweep.n_shards : 1;
	struct receipt_pieces left = {0};
	int rc = 0;

	for (uint32_t i = 0; i < r->passes && rc == 0; i++)
		rc = receipt_pieces_add(
			&left, &(struct receipt_piece){shard_first(total, p->sweep.shard, shards),
				       shard_first(total, p->sweep.shard + 1, shards), 1,
				       span_pass(i), 1});
	for (size_t i = 0; i < r->n_sessions && rc == 0; i++)
		rc = sent_less(&left, &r->sessions[i].sent_of);
	if (rc == 0)
		rc = receipt_pieces_append(&left, &r->again);
	if (rc == 0)
		rc = receipt_pieces_merge(&left);
	l->todo = calloc(left.n + 1, sizeof(*l->todo));
	rc = l->todo ? rc : -ENOMEM;
	for (size_t i = 0; i < left.n && rc == 0; i++)
		if (is_pass(left.v[i].mark))
			l->todo[l->n_todo++] = (struct sweep_span){
				left.v[i].from, left.v[i].to, left.v[i].stride, left.v[i].mark};
	free(left.v);
	*n = l->n_todo;
	return rc;
}

int ledger_finish(struct ledger *l, const struct sweep_result *res, const char *path, struct err *e)
{
	struct receipt *r = &l->receipt;
	struct buf b = {0};
	int rc = 0;

	if (!r->n_sessions)
		return 0;
	receipt_counts_add(&r->counts, &res->counts); /* to those of the run before */
	r->rate_reached = res->rate_pps;
	r->complete = !res->interrupted;
	if (l->conf.steer && l->conf.steer->on)
		autorate_text(&l->conf.steer->a, &b);
	snprintf(r->pace, sizeof(r->pace), "%s", buf_text(&b));
	buf_free(&b);
	r->checkpoint = true;
	if (l->conf.checkpoint && res->interrupted)
		rc = receipt_write(r, l->conf.checkpoint, e);
	r->checkpoint = false;
	if (path && rc == 0)
		rc = receipt_write(r, path, e);
	return rc;
}

void ledger_free(struct ledger *l)
{
	for (unsigned i = 0; i < l->n_past; i++)
		free(l->past[i].sent.v);
	receipt_free(&l->receipt);
	recheck_free(&l->recheck);
	place_free(&l->place);
	free(l->todo);
	free(l->owed.v);
	memset(l, 0, sizeof(*l));
}
