/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sweep: probes are a function of an index, answers prove themselves, so nothing is remembered
 * in between.
 *
 *	space (addresses) x ports -> permutation -> shard -> spans -> lanes -> wire
 *	wire -> receiver: proof, time, duplicates -> hits -> results on the bus
 *
 * The main thread prepares, hands spans of the index to the crew of lanes (crew.c), drains the
 * receiver, ticks whoever watches (watch.h), and tells lanes what to do through their control
 * blocks alone. Phases: passes over the shard, a cooldown for their answers, the sample again and
 * its cooldown. On the simulator the main thread steps the lane itself, and the run is a function
 * of its seed.
 */
#include "sweep/sweep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bpfobj/claim.h"
#include "net/hold.h"
#include "sweep/run.h"
#include "sweep/span.h"

#define HITS_MAX      256
#define DRAINS_MAX    64 /* batches between two looks at everything else */
#define KEYS_NS	      (100 * NS_PER_MS)
#define PROGRESS_NS   (250 * NS_PER_MS)
#define CHECK_WAIT_US 10000
#define RATE_NS	      NS_PER_S

/* ---- watches --------------------------------------------------------------------------------- */

static void read_tick(struct sweep *s)
{
	struct sweep_tick *t = &s->tick;

	t->now_ns = s->now;
	crew_tick(&s->crew, t);
	t->sent += s->aside_sent;
	t->digest += s->aside_digest;
	memset(&t->counts, 0, sizeof(t->counts));
	s->receiver->ops->counts(s->receiver, &t->counts);
	s->sender->ops->counts(s->sender, &t->counts);
	if (s->aside)
		s->aside->ops->counts(s->aside, &t->counts);
}

static const struct sweep_watch *watch_at(const struct sweep *s, size_t i)
{
	return s->env->watches ? s->env->watches[i] : NULL;
}

static int begin_watches(struct sweep *s, struct err *e)
{
	const struct sweep_watch *w;
	int rc = 0;

	for (size_t i = 0; rc == 0 && (w = watch_at(s, i)); i++)
		if (w->begin)
			rc = w->begin(w->ctx, s, &s->facts, e);
	return rc;
}

static void tick_watches(struct sweep *s)
{
	const struct sweep_watch *w;

	for (size_t i = 0; (w = watch_at(s, i)); i++)
		if (w->tick)
			w->tick(w->ctx, s, &s->tick);
}

static void hit_watches(struct sweep *s, const struct sweep_hit *v, size_t n)
{
	const struct sweep_watch *w;

	for (size_t i = 0; (w = watch_at(s, i)); i++)
		if (w->hits)
			w->hits(w->ctx, v, n);
}

static void enter(struct sweep *s, enum sweep_phase phase)
{
	const struct sweep_watch *w;

	s->phase = phase;
	read_tick(s);
	for (size_t i = 0; (w = watch_at(s, i)); i++)
		if (w->phase)
			w->phase(w->ctx, s, phase, &s->tick);
}

/* ---- what watches may do --------------------------------------------------------------------- */

void sweep_set_rate(struct sweep *s, double pps)
{
	double limit = s->plan->sweep.rate_limit_pps;

	if (limit > 0 && (pps <= 0 || pps > limit))
		pps = limit;
	crew_rate(&s->crew, pps);
}

/* Spans are noted before they go out: what was sent is what was pushed without what is left. */
static int push(struct sweep *s, const struct sweep_span *span)
{
	struct sweep_span *v = s->pushed;

	if (s->n_pushed % 16 == 0) {
		v = reallocarray(v, s->n_pushed + 16, sizeof(*v));
		if (!v)
			return -ENOMEM;
		s->pushed = v;
	}
	v[s->n_pushed++] = *span;
	return crew_push(&s->crew, span);
}

int sweep_send_span(struct sweep *s, const struct sweep_span *span)
{
	return push(s, span);
}

size_t sweep_pushed(const struct sweep *s, const struct sweep_span **v)
{
	*v = s->pushed;
	return s->n_pushed;
}

size_t sweep_todo(struct sweep *s, struct sweep_span *v, size_t max)
{
	return crew_todo(&s->crew, v, max);
}

void sweep_say(struct sweep *s, enum log_level level, const char *text)
{
	bus_note(s->env->bus, level, "%s", text);
}

/* A sender of the main thread's own, through the portable row of the same way. */
static int open_aside(struct sweep *s)
{
	const struct sender_ops *row = s->env->sim ? &sender_sim
				       : s->job.l3 ? &sender_packet
						   : &sender_raw;
	struct sender_conf c = s->conf;

	c.lanes = 1;
	return s->aside ? 0 : row->open(&s->aside, &c, NULL);
}

/* 0, -EAGAIN: the queue is full and the probe waits; or -errno. */
static int step_aside(struct sweep *s, const struct sweep_ctl *ctl)
{
	uint64_t wake;
	int rc = s->aside->ops->step(s->aside, 0, &wake, NULL);

	s->aside_sent = ctl->sent;
	s->aside_digest = ctl->digest;
	return rc < 0 ? rc : ctl->next < ctl->end ? -EAGAIN : 0;
}

int sweep_send_one(struct sweep *s, uint64_t index, uint32_t mark)
{
	struct sweep_ctl *ctl;
	int rc = open_aside(s);

	if (rc < 0)
		return rc;
	ctl = s->aside->ops->ctl(s->aside, 0);
	if (ctl->next < ctl->end && (rc = step_aside(s, ctl)) < 0)
		return rc; /* the one before still waits */
	*ctl = (struct sweep_ctl){.next = index,
		.end = index + 1,
		.stride = 1,
		.sample_at = 1,
		.mark = mark,
		.sent = ctl->sent,
		.skipped = ctl->skipped,
		.digest = ctl->digest};
	rc = step_aside(s, ctl);
	return rc == -EAGAIN ? 0 : rc;
}

/* ---- setting up ------------------------------------------------------------------------------ */

/* The rate that the plan asks for before --rate auto has found one; 0 = none. */
static double asked_rate(const struct sweep *s)
{
	const struct plan_sweep *p = &s->plan->sweep;
	double pps = p->rate_pps, width;

	if (p->bandwidth_bps) {
		width = plan_sweep_pps(p->bandwidth_bps, setup_frame_len(s));
		pps = pps > 0 && pps < width ? pps : width;
	}
	if (p->rate_limit_pps > 0 && (pps <= 0 || pps > p->rate_limit_pps))
		pps = p->rate_limit_pps;
	return pps;
}

static void set_facts(struct sweep *s)
{
	s->facts = (struct sweep_facts){
		.plan = s->plan,
		.job = &s->job,
		.ports = s->tmpls.ports,
		.space = s->env->space,
		.sender = s->sender->ops->name,
		.receiver = s->receiver->ops->name,
		.first = s->first,
		.behind = s->behind,
		.sample_mask = s->sample_mask,
		.sample_at = s->sample_at,
		.live = !s->sender->ops->step,
	};
	s->res->first = s->first;
	s->res->behind = s->behind;
}

/* The passes over the shard, one behind the other; or what an earlier run left of them. */
static int push_passes(struct sweep *s)
{
	unsigned passes = s->plan->sweep.passes ? s->plan->sweep.passes : 1;
	int rc = 0;

	for (size_t i = 0; i < s->env->n_todo && rc == 0; i++)
		rc = push(s, &s->env->todo[i]);
	for (unsigned i = 0; i < passes && rc == 0 && !s->env->todo; i++) {
		struct sweep_span span = {
			.from = s->first, .to = s->behind, .stride = 1, .mark = span_pass(i)};

		rc = push(s, &span);
	}
	return rc;
}

/* Connections go by the kernel's ways, from ports outside of the window. */
static int open_checker(struct sweep *s, struct err *e)
{
	s->check = setup_checks(s->plan);
	if (!s->check)
		return 0;
	if (s->env->sim)
		return err_set(e, ERR_UNSUPPORTED, "-sT: nothing simulated can be connected to");
	return checker_open(&s->checker, s->env->clock, s->way.local ? NULL : s->conf.interface, e);
}

static int set_up(struct sweep *s, struct err *e)
{
	int rc;

	tell_run(s);
	if (s->env->why)
		bus_note(s->env->bus, LOG_INFO, "%s", s->env->why);
	rc = way_find(&s->way, s->plan, s->env, e);
	if (rc == 0)
		rc = setup_job(s, e);
	if (rc < 0)
		return rc;
	s->asked_pps = asked_rate(s);
	rc = choose_rows(s, e);
	if (rc == 0)
		rc = open_checker(s, e);
	if (rc == 0)
		rc = crew_start(&s->crew, s->sender, s->conf.lanes, !s->env->sim, e);
	if (rc < 0)
		return rc;
	crew_sample(&s->crew, s->sample_mask, s->sample_at);
	sweep_set_rate(s, s->asked_pps);
	set_facts(s);
	return begin_watches(s, e);
}

static void tear_down(struct sweep *s)
{
	crew_free(&s->crew);
	checker_close(&s->checker);
	if (s->aside)
		s->aside->ops->close(s->aside);
	if (s->receiver)
		s->receiver->ops->close(s->receiver);
	if (s->sender)
		s->sender->ops->close(s->sender);
	sweep_bpf_close(s->bpf);
	templates_free(&s->tmpls);
	claim_free(s->claim);
	hold_free(s->hold);
	met_free(&s->again);
	free(s->pushed);
	way_free(&s->way);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void fail(struct sweep *s, int rc, const struct err *e)
{
	if (s->dead.code || rc >= 0)
		return;
	s->dead = *e;
	if (!s->dead.code)
		err_set(&s->dead, rc, "the sweep cannot go on: %s", strerror(-rc));
}

/* Takes what has come, waiting for it at most `wait_ns`. */
static void drain(struct sweep *s, uint64_t wait_ns)
{
	struct sweep_hit v[HITS_MAX];
	struct err e;
	unsigned turns = 0;
	int n;

	do {
		n = s->receiver->ops->poll(s->receiver, v, HITS_MAX, turns ? 0 : wait_ns);
		if (n < 0)
			fail(s,
				err_set(&e, n, "receiver %s: taking answers failed: %s",
					s->receiver->ops->name, strerror(-n)),
				&e);
		if (n <= 0)
			continue;
		tell_hits(s, v, (unsigned)n);
		hit_watches(s, v, (size_t)n);
	} while (n >= 0 && s->receiver->ops->more(s->receiver) && ++turns < DRAINS_MAX);
}

static void measure_rate(struct sweep *s)
{
	uint64_t span = s->now - s->rate_at_ns;

	if (s->phase == SWEEP_PROBING) {
		s->res->send_ns = s->now - s->start_ns;
		s->res->rate_pps = s->res->send_ns ? (double)s->tick.sent * (double)NS_PER_S /
							     (double)s->res->send_ns
						   : 0;
	}
	if (span < RATE_NS)
		return;
	s->rate_pps = (double)(s->tick.sent - s->rate_sent) * (double)NS_PER_S / (double)span;
	s->rate_at_ns = s->now;
	s->rate_sent = s->tick.sent;
}

static void talk(struct sweep *s)
{
	const struct scan_hooks *k = &s->env->hooks;

	if (!k->tick || s->now - s->progress_ns < KEYS_NS)
		return;
	if (k->tick(k->ctx, s->now))
		tell_progress(s, true);
	if (s->now - s->progress_ns < PROGRESS_NS)
		return;
	s->progress_ns = s->now;
	tell_progress(s, false);
}

static void tick(struct sweep *s)
{
	struct err e = {0};
	int rc = crew_failed(&s->crew, &e);

	if (s->now < s->next_tick_ns)
		return;
	s->next_tick_ns = s->now + SWEEP_TICK_NS;
	fail(s, rc, &e);
	read_tick(s);
	measure_rate(s);
	tick_watches(s);
	tell_flush(s);
	talk(s);
}

/* The sample a second time, or the end. */
static void after_cooldown(struct sweep *s)
{
	if (s->phase == SWEEP_COOLDOWN && !s->rechecked && span_count(&s->sample)) {
		s->rechecked = true;
		fail(s, push(s, &s->sample), &(struct err){0});
		enter(s, SWEEP_RECHECKING);
		return;
	}
	enter(s, SWEEP_DONE);
}

/* Open ports are connected to as fast as that goes; the senders wait when it goes too slowly. */
static void check(struct sweep *s)
{
	if (!s->check)
		return;
	tell_checked(s);
	crew_pause(&s->crew, checker_behind(&s->checker));
}

/* From phase to phase. Watches may have queued more in the meantime: then it goes on. */
static void advance(struct sweep *s)
{
	if (!crew_idle(&s->crew)) {
		s->quiet_ns = 0;
		return;
	}
	if (s->quiet_ns == 0) {
		s->quiet_ns = s->now;
		read_tick(s);
		measure_rate(s);
	}
	if (s->phase == SWEEP_PROBING) {
		enter(s, SWEEP_COOLDOWN);
		return;
	}
	if (s->now >= s->quiet_ns + s->plan->sweep.cooldown_ns && checker_idle(&s->checker))
		after_cooldown(s);
}

/* How long the receiver may wait for something. `wake_ns`: when a stepped lane wants to go on. */
static uint64_t patience(const struct sweep *s, uint64_t wake_ns)
{
	uint64_t at = s->next_tick_ns < wake_ns ? s->next_tick_ns : wake_ns;

	return at > s->now ? at - s->now : 0;
}

static void loop(struct sweep *s)
{
	uint64_t wake = UINT64_MAX;

	while (s->phase != SWEEP_DONE && !s->dead.code && !*s->env->stop) {
		if (!s->crew.threaded)
			wake = crew_step(&s->crew);
		s->now = clock_now(s->env->clock);
		claim_renew(s->claim, s->now);
		drain(s, patience(s, wake));
		s->now = clock_now(s->env->clock);
		check(s);
		tick(s);
		advance(s);
	}
}

static void say_refusals(struct sweep *s)
{
	int refusal = s->sender->ops->refusal(s->sender);

	if (refusal)
		bus_note(s->env->bus, LOG_WARN,
			"%llu probes could not leave (%s); they count as not sent",
			(unsigned long long)s->tick.counts.tx_dropped, strerror(-refusal));
}

/* What is being looked at comes to an end by its time-outs; what waits is told as it is. */
static void end_checks(struct sweep *s)
{
	if (!s->check || !s->checker.d)
		return;
	tell_unchecked(s);
	while (!checker_idle(&s->checker)) {
		claim_renew(s->claim, clock_now(s->env->clock));
		tell_checked(s);
		usleep(CHECK_WAIT_US);
	}
	if (s->checker.unchecked)
		bus_note(s->env->bus, LOG_WARN,
			"%" PRIu64
			" open ports were not connected to: too many at once, or the run ended before",
			s->checker.unchecked);
}

static void conclude(struct sweep *s)
{
	bool interrupted = s->phase != SWEEP_DONE;

	if (s->receiver && s->crew.sender) {
		crew_stop(&s->crew);
		drain(s, 0);
		s->now = clock_now(s->env->clock);
		if (interrupted)
			enter(s, SWEEP_DONE);
		end_checks(s);
		read_tick(s);
		tell_flush(s);
		say_refusals(s);
	}
	s->res->sent = s->tick.sent;
	s->res->skipped = s->tick.skipped;
	s->res->counts = s->tick.counts;
	s->res->interrupted = interrupted;
	if (s->dead.code)
		bus_note(s->env->bus, LOG_ERROR, "%s", s->dead.text);
	tell_end(s, interrupted);
}

static void start_clocks(struct sweep *s)
{
	s->now = s->start_ns = s->rate_at_ns = clock_now(s->env->clock);
	s->start_wall_ns = clock_wall(s->env->clock);
	s->wall_shift = s->start_wall_ns - s->start_ns;
}

static int carry_out(struct sweep *s, struct err *e)
{
	int rc;

	s->how = sweep_tech_of(setup_tech(s->plan));
	rc = set_up(s, &s->dead);
	if (rc == 0) {
		start_clocks(s);
		fail(s, push_passes(s), &(struct err){0});
		enter(s, SWEEP_PROBING);
		loop(s);
	}
	s->dead.code = rc < 0 ? rc : s->dead.code;
	conclude(s);
	if (s->dead.code && e)
		*e = s->dead;
	return s->dead.code;
}

int sweep_run(
	const struct plan *p, const struct sweep_env *env, struct sweep_result *res, struct err *e)
{
	struct sweep *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_set(e, -ENOMEM, "out of memory");
	*res = (struct sweep_result){0};
	s->plan = p;
	s->env = env;
	s->res = res;
	if (!env->sim)
		prctl(PR_SET_TIMERSLACK, 1); /* to sleep as long as was asked for */
	start_clocks(s);
	rc = sweep_can(p, e);
	if (rc == 0) {
		rc = carry_out(s, e);
		tear_down(s);
	}
	free(s);
	return rc;
}
