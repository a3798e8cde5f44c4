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
#include "scan/report.h"
#include "scan/rx.h"
#include "scan/sched.h"
#include "scan/send.h"
#include "scan/timers.h"
#include "scan/wire.h"
#include "scan/setup.h"

#define REPORT_HELD_MAX 1024
#define ACTIVE_MAX	4096	/* hosts in discovery at once */
#define SLOTS_MAX	4000000 /* ports in work at once: bounds memory */
#define ADMIT_MAX	512	/* hosts between two looks at the wire */
#define PARKED_MAX	1024
#define NOROUTE_NOTES	8
#define TICK_NS		(250 * NS_PER_MS)
#define IDLE_MAX_NS	(100 * NS_PER_MS)

void engine_fail(struct engine *e, const struct err *why)
{
	if (e->dead.code == 0)
		e->dead = *why;
}

/* ---- address tables
 * --------------------------------------------------------------------------------- */

static struct host **bucket(struct engine *e, const struct addr *a)
{
	return &e->hash[hash_sip(&e->run.key, a->b, sizeof(a->b)) % HASH_SIZE];
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

/* ---- the end of a host
 * ------------------------------------------------------------------------------ */

static void host_done(struct engine *e, struct host *h)
{
	if (h->stage == STAGE_DONE)
		return;
	h->stage = STAGE_DONE;
	h->end_wall_ns = clock_wall(e->env->clock);
	e->hosts_done++;
	if (h->state == HOST_UP)
		e->hosts_up++;
	else if (h->state == HOST_DOWN)
		e->hosts_down++;
	e->n_done++;
	if (h->result[0])
		e->n_held++;
}

static void name_answer(void *ctx, const struct addr *addr, const char *name)
{
	struct engine *e = ctx;
	struct host *h = *bucket(e, addr);

	while (h && !(h->name_pending && addr_eq(&h->addr, addr)))
		h = h->hash_next; /* a list may hold an address several times */
	if (!h)
		return;
	h->name_pending = false;
	if (name)
		h->ptr = strdup(name);
	if (h->stage == STAGE_NAME)
		host_done(e, h);
}

static void name_ask(struct engine *e, struct host *h)
{
	if (!e->env->resolver || h->name_asked || !e->plan->reverse_dns)
		return;
	h->name_asked = true;
	h->name_pending = true;
	if (resolver_reverse(e->env->resolver, &h->addr, name_answer, e))
		h->name_pending = false;
}

/* Nothing is left to probe. */
static void host_finish(struct engine *e, struct host *h)
{
	timer_drop(e, h);
	ready_drop(e, h);
	h->stage = STAGE_NAME;
	if (!h->name_pending)
		host_done(e, h);
}

static void job_stop(struct engine *e, struct host *h)
{
	sched_job_end(e, h);
	if (h->stage == STAGE_PING) {
		e->n_pinging--;
		free(job_end(&h->job));
	} else if (h->stage == STAGE_PORTS) {
		e->n_scanning--;
		h->result[h->task] = job_end(&h->job);
	}
}

/* What was learnt until now is kept; the rest stays unknown. */
static void host_abort(struct engine *e, struct host *h)
{
	struct host **p = &e->queue_head;

	if (h->stage >= STAGE_NAME)
		return;
	if (h->stage == STAGE_QUEUE) {
		while (*p != h)
			p = &(*p)->wait_next;
		*p = h->wait_next;
		for (e->queue_tail = e->queue_head; e->queue_tail && e->queue_tail->wait_next;)
			e->queue_tail = e->queue_tail->wait_next;
	}
	job_stop(e, h);
	host_finish(e, h);
}

/* ---- stages
 * ----------------------------------------------------------------------------------------- */

void host_lost(struct engine *e, struct host *h, int error)
{
	const struct net_link *l =
		e->env->net ? net_link_by_index(e->env->net, h->route.ifindex) : NULL;

	if (h->stage >= STAGE_NAME)
		return;
	if (e->lost.code == 0) {
		err_set(&e->lost, error,
			"interface %s went down (%s): hosts behind it are reported as far as they were scanned; bring it up and scan again",
			l ? l->name : "?", strerror(-error));
		bus_note(e->env->bus, LOG_ERROR, "%s", e->lost.text);
	}
	host_abort(e, h);
}

static void out_of_memory(struct engine *e)
{
	struct err err = {0};

	err_set(&err, -ENOMEM,
		"out of memory: scan fewer hosts at once (--max-hostgroup) or fewer ports");
	engine_fail(e, &err);
}

static void next_task(struct engine *e, struct host *h)
{
	const struct task *t;

	if (h->task >= e->n_tasks) {
		host_finish(e, h);
		return;
	}
	t = &e->tasks[h->task];
	h->stage = STAGE_PORTS;
	e->n_scanning++;
	if (job_start(&h->job, t, NULL, t->n)) {
		out_of_memory(e);
		return;
	}
	h->canary_after = 1; /* with the first repeated probe */
	h->canary_sent_ns = 0;
	h->canaries_lost = 0;
	sched_task_init(e, h);
	h->limits = false;
	h->pause_ns = 0;
	memset(h->answered_at, 0, sizeof(h->answered_at));
	memset(h->silent_at, 0, sizeof(h->silent_at));
	h->canary_ok_ns = 0;
	h->judged_ns = 0;
	h->delay_ns = 0;
	h->window_ok = h->window_lost = 0;
	sched_wake(e, h);
	sched_timer(e, h); /* --host-timeout counts from the start */
}

static uint64_t ports_a_host(const struct engine *e)
{
	uint64_t ports = 1;

	for (unsigned i = 0; i < e->n_tasks; i++)
		ports += e->tasks[i].n;
	return ports;
}

/* Ports in work and held for the report are what memory goes to; discovery is cheap. */
static bool room_for_ports(const struct engine *e)
{
	uint64_t ports = ports_a_host(e);

	return e->n_scanning < 16 || (e->n_scanning + 1) * ports < SLOTS_MAX;
}

void host_is_up(struct engine *e, struct host *h, enum reason why, uint8_t ttl)
{
	job_stop(e, h);
	h->canary_sent_ns = 0;
	h->state = HOST_UP;
	h->reason = (uint8_t)why;
	h->ttl = ttl;
	name_ask(e, h);
	h->task = 0;
	if (e->n_tasks == 0 || room_for_ports(e)) {
		next_task(e, h);
		return;
	}
	h->stage = STAGE_QUEUE;
	*(e->queue_head ? &e->queue_tail->wait_next : &e->queue_head) = h;
	e->queue_tail = h;
	sched_timer(e, h);
}

void host_is_down(struct engine *e, struct host *h, enum reason why)
{
	job_stop(e, h);
	h->state = HOST_DOWN;
	h->reason = (uint8_t)why;
	if (e->plan->reverse_all)
		name_ask(e, h);
	host_finish(e, h);
}

void host_stage_done(struct engine *e, struct host *h)
{
	if (h->stage == STAGE_PING) {
		host_is_down(e, h, h->unreach ? h->unreach : REASON_NO_RESPONSE);
		return;
	}
	job_stop(e, h);
	h->task++;
	next_task(e, h);
}

static void ping_start(struct engine *e, struct host *h, const struct ping *pings, unsigned n)
{
	h->stage = STAGE_PING;
	e->n_pinging++;
	if (job_start(&h->job, NULL, pings, n)) {
		out_of_memory(e);
		return;
	}
	sched_wake(e, h);
	sched_timer(e, h);
}

/* The way is known: discover, or take the host as it is. */
static void host_discover(struct engine *e, struct host *h)
{
	bool v6 = h->addr.family == 6;
	unsigned n = v6 ? e->n_pings6 : e->n_pings4;

	h->stage = STAGE_HOP; /* nothing is in work that job_stop would count */
	if (h->neighbour) {
		ping_start(e, h, v6 ? &e->nd : &e->arp, 1);
	} else if (h->route.local && !(e->plan->ping & PING_NONE)) {
		host_is_up(e, h, REASON_LOCALHOST, 0);
	} else if ((e->plan->ping & PING_NONE) || n == 0) {
		host_is_up(e, h, REASON_USER_SET, 0);
	} else {
		ping_start(e, h, v6 ? e->pings6 : e->pings4, n);
	}
}

void host_hop_known(struct engine *e, struct host *h)
{
	if (h->hop->state == HOP_KNOWN)
		host_discover(e, h);
	else
		host_is_down(e, h, REASON_HOST_UNREACH);
}

/* The zone of a link-local target that the user left out: the link the kernel chose. */
static uint32_t zone_for(const struct engine *e, const struct host *h)
{
	return h->route.local ? net_own_zone(e->env->net, &h->addr) : h->route.ifindex;
}

static int host_route(struct engine *e, struct host *h, struct err *err)
{
	bool arp = (e->plan->ping & PING_ARP) != 0;

	if (e->env->sim) {
		h->route = (struct net_route){.ifindex = 1,
			.kind = LINK_ETHERNET,
			.src = h->addr.family == 6 ? e->env->sim_self6 : e->env->sim_self4,
			.src_mac = {{2, 0, 0, 0, 0, 1}},
			.next_hop = h->addr,
			.on_link = arp};
		h->io = e->env->sim;
		h->neighbour = arp;
		return 0;
	}
	if (net_route_get(e->env->net, &h->addr, e->plan->ifindex, &h->route, err))
		return err->code;
	if (h->addr.family == 6 && addr_is_linklocal(&h->addr) && !h->addr.zone)
		h->addr.zone = zone_for(e, h); /* the tables hash the bytes alone */
	if (!e->raw_ok)
		return 0;
	h->io = wire_for(e, &h->route, err);
	if (!h->io)
		return err->code;
	if (h->io != e->wire.packet)
		return 0;
	h->neighbour = h->route.on_link && arp && !addr_is_multicast(&h->addr);
	if (h->route.on_link && !h->neighbour) { /* without ARP the kernel finds the neighbour */
		struct net_route r = h->route;

		r.local = true;
		h->io = wire_for(e, &r, err);
	}
	return h->io ? 0 : err->code;
}

static void host_start(struct engine *e, struct host *h)
{
	struct err err = {0};
	char text[ADDR_TEXT_MAX];

	h->start_ns = e->now;
	h->start_wall_ns = clock_wall(e->env->clock);
	sched_host_init(e, h);
	if (e->plan->list_only) {
		h->state = HOST_SKIPPED;
		name_ask(e, h);
		host_finish(e, h);
		return;
	}
	if (host_route(e, h, &err)) {
		if (err.code == -EPERM || err.code == -EACCES) {
			engine_fail(e, &err);
		} else if (e->n_noroute++ < NOROUTE_NOTES) {
			bus_note(e->env->bus, LOG_WARN, "%s: %s%s", addr_text(&h->addr, text),
				err.text,
				e->n_noroute == NOROUTE_NOTES
					? " (further ones are not reported one by one)"
					: "");
		}
		host_is_down(e, h, REASON_NO_ROUTE);
		return;
	}
	if (h->io && h->io == e->wire.packet && !e->wire.sim && !h->route.on_link) {
		h->hop = hop_get(e, &h->route);
		if (!h->hop) {
			out_of_memory(e);
			return;
		}
		if (h->hop->state == HOP_ASKING) {
			h->wait_next = h->hop->waiting;
			h->hop->waiting = h;
			return;
		}
		host_hop_known(e, h);
		return;
	}
	host_discover(e, h);
}

/* ---- admission and reports
 * -------------------------------------------------------------------------- */

static bool room(const struct engine *e)
{
	const struct plan_timing *t = &e->plan->timing;
	uint32_t active = e->n_unreported - e->n_done, max = ACTIVE_MAX;

	if (t->max_hostgroup && max > t->max_hostgroup)
		max = t->max_hostgroup;
	if (max < t->min_hostgroup)
		max = t->min_hostgroup;
	return active < max && !e->queue_head && room_for_ports(e) &&
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

	while ((h = e->queue_head) && room_for_ports(e)) {
		e->queue_head = h->wait_next;
		h->wait_next = NULL;
		next_task(e, h);
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
			out_of_memory(e);
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

/* ---- the loop
 * --------------------------------------------------------------------------------------- */

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

static uint64_t sleep_ns(struct engine *e)
{
	uint64_t at = timer_next(e), hop = hop_next_ns(e), names, max = IDLE_MAX_NS;

	if (hop < at)
		at = hop;
	if (e->ready_head) {
		at = sooner(e, &e->max_rate, at);
		at = sooner(e, &e->min_rate, at);
		at = sooner(e, &e->silent, at);
		max = NS_PER_MS; /* a full queue does not say when it drains */
	}
	if (e->env->resolver && (names = resolver_timeout_ns(e->env->resolver)) < max)
		max = names;
	if (at <= e->now || can_admit(e))
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
	return e->targets_done && !e->parked && e->n_unreported == 0;
}

static void loop(struct engine *e)
{
	unsigned turn = 0;
	uint64_t before;

	while (!finished(e) && !e->dead.code && !*e->env->stop) {
		e->now = clock_now(e->env->clock);
		dequeue(e);
		admit(e);
		before = e->probes_sent;
		send_ready(e);
		rx_all(e);
		e->now = clock_now(e->env->clock);
		timers(e);
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
		if (h->stage < STAGE_NAME && h->probes_sent == 0 && h->reason == REASON_USER_SET)
			h->state = HOST_UNKNOWN; /* taken as up, but never asked */
		if (h->stage == STAGE_NAME)
			host_done(e, h);
		else
			host_abort(e, h);
	}
	report_done(e, true);
	while ((h = e->parked)) {
		e->parked = h->wait_next;
		host_free(h);
	}
}

static int open_all(struct engine *e, struct err *err)
{
	int r;

	e->now = e->start_ns = e->rate_ns = clock_now(e->env->clock);
	e->start_wall_ns = clock_wall(e->env->clock);
	rng_seed(&e->rng, e->plan->seed);
	e->raw_ok = e->env->privileged || e->env->sim;
	e->n_targets = targets_count(e->env->targets);
	r = setup_run(e, err);
	if (r == 0)
		r = report_run(e);
	sched_init(e);
	if (r == 0 && !e->plan->list_only)
		r = wire_open(e, err);
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
	interrupted = *env->stop || e->dead.code;
	wind_up(e);
	if (env->resolver)
		resolver_cancel(env->resolver);
	report_end(e, interrupted);
	*res = (struct scan_result){
		e->hosts_up, e->hosts_down, e->hosts_done, e->probes_sent, e->replies, interrupted};
	if (e->dead.code == 0)
		e->dead = e->lost;
	r = e->dead.code;
	if (r && err)
		*err = e->dead;
	wire_close(e);
	setup_free(e);
	free(e->heap);
	free(e);
	return r;
}
