/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine: hosts go through stages (next hop, discovery, ports, name), all of them at once, each
 * at its own pace.
 *
 * scan_run admits targets while there is room, lets the scheduler send (sched.c), hands what comes
 * back to rx.c, lets timers expire, and sleeps when there is nothing to do. A host is reported when
 * its last stage is done; reports come in the order of the targets, unless a slow host would hold
 * up more than REPORT_HELD_MAX others. Everything that waits has a deadline, so a run ends by
 * itself.
 */
#include "scan/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "scan/driver.h"
#include "scan/pacing.h"
#include "scan/report.h"
#include "scan/rx.h"
#include "scan/sched.h"
#include "scan/send.h"
#include "scan/setup.h"
#include "scan/stages.h"
#include "scan/timers.h"
#include "scan/wire.h"

#define REPORT_HELD_MAX 1024
#define ACTIVE_MAX	4096	/* hosts in discovery at once */
#define SLOTS_MAX	4000000 /* ports in work at once: bounds memory */
#define ADMIT_MAX	512	/* hosts between two looks at the wire */
#define PARKED_MAX	1024
#define TICK_NS		(250 * NS_PER_MS)
#define IDLE_MAX_NS	(100 * NS_PER_MS)

void engine_fail(struct engine *e, const struct err *why)
{
	if (e->dead.code == 0)
		e->dead = *why;
}

/* ---- address tables -------------------------------------------------------------------------- */

static struct host **bucket(struct engine *e, const struct addr *a)
{
	return &e->hash[hash_sip(&e->run.key, a->b, sizeof(a->b)) % HASH_SIZE];
}

struct host *engine_bucket(struct engine *e, const struct addr *a)
{
	return *bucket(e, a);
}

struct host *engine_find(struct engine *e, const struct addr *a)
{
	struct host *h = *bucket(e, a);

	while (h && !addr_eq(&h->addr, a))
		h = h->hash_next;
	return h;
}

static void host_link(struct engine *e, struct host *h)
{
	struct host **b = bucket(e, &h->addr), **s;

	h->seq = e->next_seq++;
	s = &e->by_seq[h->seq % HASH_SIZE];
	h->hash_next = *b;
	*b = h;
	h->seq_next = *s;
	*s = h;
	*(e->order_tail ? &e->order_tail->order_next : &e->order_head) = h;
	e->order_tail = h;
	e->n_unreported++;
}

static void host_unlink(struct engine *e, struct host *h)
{
	struct host **p;

	for (p = bucket(e, &h->addr); *p != h; p = &(*p)->hash_next)
		;
	*p = h->hash_next;
	for (p = &e->by_seq[h->seq % HASH_SIZE]; *p != h; p = &(*p)->seq_next)
		;
	*p = h->seq_next;
	e->n_unreported--;
}

/* ---- admission and reports ------------------------------------------------------------------- */

static uint64_t ports_a_host(const struct engine *e)
{
	uint64_t ports = 1;

	for (unsigned i = 0; i < e->n_tasks; i++)
		ports += e->tasks[i].n;
	return ports;
}

/* Ports in work and held for the report are what memory goes to; discovery is cheap. */
bool engine_room_for_ports(const struct engine *e)
{
	uint64_t ports = ports_a_host(e);

	return e->n_scanning < 16 || (e->n_scanning + 1) * ports < SLOTS_MAX;
}

static bool room(const struct engine *e)
{
	const struct plan_timing *t = &e->plan->timing;
	uint32_t active = e->n_unreported - e->n_done, max = ACTIVE_MAX;

	if (t->max_hostgroup && max > t->max_hostgroup)
		max = t->max_hostgroup;
	if (max < t->min_hostgroup)
		max = t->min_hostgroup;
	if (e->plan->stealth.batch) /* one target after the other */
		max = 1;
	return active < max && !e->queue_head && engine_room_for_ports(e) &&
	       (uint64_t)e->n_held * ports_a_host(e) < SLOTS_MAX;
}

static bool can_admit(const struct engine *e)
{
	return !e->targets_done && !e->dead.code && e->n_parked < PARKED_MAX && room(e);
}

/* Hosts that came up while there was no room for their ports. */
static void dequeue(struct engine *e)
{
	struct host *h;

	while ((h = e->queue_head) && engine_room_for_ports(e)) {
		e->queue_head = h->wait_next;
		h->wait_next = NULL;
		host_next_task(e, h);
	}
}

static void host_admit(struct engine *e, struct host *h)
{
	host_link(e, h);
	host_start(e, h);
}

/* Hosts whose address is in work already wait until it is not. */
static void unpark(struct engine *e)
{
	struct host **p = &e->parked, *h;

	while ((h = *p)) {
		if (engine_find(e, &h->addr)) {
			p = &h->wait_next;
			continue;
		}
		*p = h->wait_next;
		h->wait_next = NULL;
		e->n_parked--;
		host_admit(e, h);
	}
}

static void park(struct engine *e, struct host *h)
{
	struct host **p = &e->parked;

	while (*p)
		p = &(*p)->wait_next;
	*p = h;
	e->n_parked++;
}

static void admit(struct engine *e)
{
	struct target t;
	struct err err = {0};
	struct host *h;
	int r;

	unpark(e);
	for (unsigned n = 0; n < ADMIT_MAX && can_admit(e); n++) {
		r = targets_next(e->env->targets, &t, &err);
		if (r < 0)
			engine_fail(e, &err);
		if (r <= 0) {
			e->targets_done = true;
			return;
		}
		h = host_new(&t);
		if (!h)
			engine_no_memory(e);
		else if (!e->plan->list_only && engine_find(e, &t.addr))
			park(e, h);
		else
			host_admit(e, h);
	}
}

static void report_and_free(struct engine *e, struct host *h)
{
	report_host(e, h);
	host_unlink(e, h);
	e->n_done--;
	if (h->result[0])
		e->n_held--;
	host_free(h);
}

/* In order; out of order only when too many wait behind a slow one. */
static void report_done(struct engine *e, bool all)
{
	struct host **p = &e->order_head, *h, *last = NULL;
	bool skip = all || e->n_done > REPORT_HELD_MAX ||
		    (uint64_t)e->n_held * ports_a_host(e) >= SLOTS_MAX;

	if (e->n_done == 0)
		return;
	while ((h = *p)) {
		if (h->stage == STAGE_DONE) {
			*p = h->order_next;
			report_and_free(e, h);
			continue;
		}
		if (!skip)
			break;
		last = h;
		p = &h->order_next;
	}
	if (!e->order_head)
		e->order_tail = NULL;
	else if (skip)
		e->order_tail = last;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void timers(struct engine *e)
{
	uint64_t limit = e->plan->timing.host_timeout_ns;
	struct host *h;

	hop_timers(e);
	while ((h = timer_due(e, e->now)) && !e->dead.code) {
		if (limit && e->now >= h->start_ns + limit && h->stage < STAGE_NAME) {
			h->timed_out = true;
			host_abort(e, h);
			continue;
		}
		sched_timeouts(e, h);
	}
}

/* The earlier of `at` and the moment an exhausted bucket has a token again. */
static uint64_t sooner(struct engine *e, struct pace *p, uint64_t at)
{
	uint64_t next = p->rate > 0 ? pace_next_ns(p, e->now) : 0;

	return next > e->now && next < at ? next : at;
}

/* What pacing holds back can do nothing before its time, a driver's packet that was due neither. */
static uint64_t held_until(struct engine *e, uint64_t at)
{
	uint64_t next = pacing_next_ns(e);

	return at <= e->now || next < at ? next : at;
}

static uint64_t sleep_ns(struct engine *e)
{
	uint64_t at = timer_next(e), hop = hop_next_ns(e), names, driver, reply, max = IDLE_MAX_NS;

	if (hop < at)
		at = hop;
	if ((driver = drivers_next_ns(e)) < at)
		at = driver;
	if ((reply = window_next_ns(e)) < at)
		at = reply;
	if (e->ready_head) {
		at = sooner(e, &e->min_rate, at);
		at = sooner(e, &e->silent, at);
	}
	if (e->held)
		at = held_until(e, at);
	if (e->queue_full)
		max = NS_PER_MS; /* it does not say when it drains */
	if (e->env->resolver && (names = resolver_timeout_ns(e->env->resolver)) < max)
		max = names;
	if (at <= e->now || e->woken || can_admit(e))
		return 0;
	return at - e->now < max ? at - e->now : max;
}

static void tick(struct engine *e)
{
	const struct scan_hooks *k = &e->env->hooks;

	if (e->env->resolver)
		resolver_step(e->env->resolver);
	if (e->now - e->rate_ns >= NS_PER_S) {
		e->rate_pps = (double)(e->probes_sent - e->rate_sent) * (double)NS_PER_S /
			      (double)(e->now - e->rate_ns);
		e->rate_ns = e->now;
		e->rate_sent = e->probes_sent;
	}
	if (!k->tick)
		return;
	if (k->tick(k->ctx, e->now))
		report_progress(e, true);
	if (e->now - e->tick_ns >= TICK_NS) {
		e->tick_ns = e->now;
		report_progress(e, false);
	}
}

static bool finished(const struct engine *e)
{
	return e->targets_done && !e->parked && e->n_unreported == 0 && !e->wire.rest.io &&
	       e->window.n == 0;
}

static void loop(struct engine *e)
{
	unsigned turn = 0;
	uint64_t before;

	while (!finished(e) && !e->dead.code && !*e->env->stop) {
		e->now = clock_now(e->env->clock);
		e->run.ts_ms = e->ts_secret + (uint32_t)(e->now / NS_PER_MS);
		e->held = e->queue_full = false;
		dequeue(e);
		admit(e);
		before = e->probes_sent;
		send_ready(e);
		e->woken = false;
		rx_all(e);
		window_step(e);
		e->now = clock_now(e->env->clock);
		drivers_step(e);
		timers(e);
		report_verdicts(e);
		report_done(e, false);
		if (e->probes_sent == before || turn++ % 16 == 0)
			tick(e);
		if (e->probes_sent == before && !finished(e) && !e->dead.code)
			wire_wait(e, sleep_ns(e));
	}
}

/* Interrupted or dead: every host says what it has learnt, names no longer matter. */
static void wind_up(struct engine *e)
{
	struct host *h;

	for (h = e->order_head; h; h = h->order_next) {
		h->name_pending = false;
		if (h->stage < STAGE_NAME && h->probes_sent == 0 && h->reason == REASON_USER_SET &&
			h->job.undecided == h->job.n_slots)
			h->state = HOST_UNKNOWN; /* taken as up, but never asked */
		if (h->stage != STAGE_DONE)
			h->partial = true;
		if (h->stage == STAGE_NAME)
			host_done(e, h);
		else
			host_abort(e, h);
	}
	report_verdicts(e);
	report_done(e, true);
	while ((h = e->parked)) {
		e->parked = h->wait_next;
		host_free(h);
	}
}

static void begin_time(struct engine *e)
{
	uint64_t wall = clock_wall(e->env->clock);
	uint64_t first = e->env->past ? e->env->past->start_wall_ns : 0;

	e->now = e->start_ns = e->rate_ns = clock_now(e->env->clock);
	e->start_wall_ns = first && first < wall ? first : wall;
	e->before_ns = wall - e->start_wall_ns;
}

static int open_all(struct engine *e, struct err *err)
{
	int r;

	begin_time(e);
	rng_seed(&e->rng, e->plan->seed);
	e->raw_ok = e->env->privileged || e->env->sim;
	e->n_targets = targets_count(e->env->targets);
	r = setup_run(e, err);
	if (r == 0)
		report_run(e);
	if (r == 0 && e->env->past)
		r = e->env->past->replay(e->env->past->ctx, e->env->bus, err);
	sched_init(e);
	if (r == 0 && !e->plan->list_only)
		r = wire_open(e, err);
	if (r == 0 && !e->plan->list_only)
		r = drivers_open(e, err);
	return r;
}

int scan_run(
	const struct plan *p, const struct scan_env *env, struct scan_result *res, struct err *err)
{
	struct engine *e = calloc(1, sizeof(*e));
	bool interrupted;
	int r;

	if (!e)
		return err_set(err, -ENOMEM, "out of memory");
	e->plan = p;
	e->env = env;
	r = open_all(e, err);
	if (r == 0)
		loop(e);
	else
		engine_fail(e, err ? err : &(struct err){.code = r});
	if (r == 0 && !*env->stop && !e->dead.code)
		rx_all(e); /* a backend that failed with the last probe says so now */
	interrupted = *env->stop || e->dead.code;
	wind_up(e);
	if (env->resolver)
		resolver_cancel(env->resolver);
	window_report(e);
	report_end(e, interrupted);
	*res = (struct scan_result){
		e->hosts_up, e->hosts_down, e->hosts_done, e->probes_sent, e->replies, interrupted};
	if (e->dead.code == 0)
		e->dead = e->lost;
	r = e->dead.code;
	if (r && err)
		*err = e->dead;
	drivers_close(e);
	wire_close(e);
	setup_free(e);
	free(e->heap);
	free(e);
	return r;
}
