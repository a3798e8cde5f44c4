/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host's way through the engine: next hop, discovery, ports by one technique after the other,
 * route, name, done. Whatever ends a stage calls host_stage_done, host_is_up or host_is_down; these
 * begin the next one.
 */
#include "scan/stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "scan/driver.h"
#include "scan/pacing.h"
#include "scan/recall.h"
#include "scan/report.h"
#include "scan/sched.h"
#include "scan/timers.h"
#include "scan/trace.h"
#include "scan/wire.h"

#define NOROUTE_NOTES 8

/* ---- the end of a host ----------------------------------------------------------------------- */

void host_done(struct engine *e, struct host *h)
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
	struct host *h = engine_bucket(e, addr);

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
	if (h->stage == STAGE_PORTS && e->tasks[h->task].tech->driver && h->job.undecided)
		e->tasks[h->task].tech->driver->stop(
			driver_of(e, e->tasks[h->task].tech->driver), h);
	else if (h->stage == STAGE_TRACE)
		trace_driver.stop(driver_of(e, &trace_driver), h);
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
void host_abort(struct engine *e, struct host *h)
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

/* ---- stages ---------------------------------------------------------------------------------- */

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
	h->partial = true;
	host_abort(e, h);
}

void engine_no_memory(struct engine *e)
{
	struct err err = {0};

	err_set(&err, -ENOMEM,
		"out of memory: scan fewer hosts at once (--max-hostgroup) or fewer ports");
	engine_fail(e, &err);
}

/* Its ports are done: its route is next, if it is to be traced. */
static void host_trace(struct engine *e, struct host *h)
{
	void *tracer = driver_of(e, &trace_driver);

	if (!tracer) {
		host_finish(e, h);
		return;
	}
	h->stage = STAGE_TRACE;
	sched_timer(e, h); /* for --host-timeout */
	trace_driver.start(tracer, h);
}

void host_next_task(struct engine *e, struct host *h)
{
	const struct task *t;

	if (h->task >= e->n_tasks) {
		host_trace(e, h);
		return;
	}
	t = &e->tasks[h->task];
	h->stage = STAGE_PORTS;
	e->n_scanning++;
	if (job_start(&h->job, t, NULL, t->n)) {
		engine_no_memory(e);
		return;
	}
	h->canary_after = 1; /* with the first repeated probe */
	h->canary_sent_ns = 0;
	h->canaries_lost = 0;
	recall_ports(e, h);
	if (h->job.undecided == 0) {
		host_stage_done(e, h);
		return;
	}
	if (t->tech->driver) {
		h->job.next_fresh = h->job.n_slots; /* nothing for the scheduler */
		sched_timer(e, h);
		t->tech->driver->start(driver_of(e, t->tech->driver), h);
		return;
	}
	sched_task_init(e, h);
	h->limits = false;
	h->pause_ns = h->refused_ns = h->slow_ns = 0;
	memset(h->answered_at, 0, sizeof(h->answered_at));
	memset(h->silent_at, 0, sizeof(h->silent_at));
	h->canary_ok_ns = 0;
	h->judged_ns = 0;
	h->delay_ns = 0;
	h->window_ok = h->window_lost = 0;
	sched_wake(e, h);
	sched_timer(e, h); /* --host-timeout counts from the start */
}

void host_is_up(struct engine *e, struct host *h, enum reason why, uint8_t ttl)
{
	job_stop(e, h);
	h->canary_sent_ns = 0;
	h->state = HOST_UP;
	h->reason = (uint8_t)why;
	h->ttl = ttl;
	report_state(e, h);
	name_ask(e, h);
	h->task = 0;
	if (e->n_tasks == 0 || engine_room_for_ports(e)) {
		host_next_task(e, h);
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
	report_state(e, h);
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
	if (h->stage == STAGE_TRACE) {
		host_finish(e, h);
		return;
	}
	job_stop(e, h);
	h->task++;
	host_next_task(e, h);
}

static void ping_start(struct engine *e, struct host *h, const struct ping *pings, unsigned n)
{
	h->stage = STAGE_PING;
	e->n_pinging++;
	if (job_start(&h->job, NULL, pings, n)) {
		engine_no_memory(e);
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
	if (recall_host(e, h)) {
		if (h->state == HOST_UP)
			host_is_up(e, h, h->reason, h->ttl);
		else
			host_is_down(e, h, h->reason);
	} else if (h->neighbour) {
		ping_start(e, h, v6 ? &e->nd : &e->arp, 1);
	} else if (h->route.local && !(e->plan->ping & PING_NONE)) {
		host_is_up(e, h, REASON_LOCALHOST, 0);
	} else if ((e->plan->ping & PING_NONE) || n == 0) {
		host_is_up(e, h, REASON_USER_SET, 0);
	} else {
		ping_start(e, h, v6 ? e->pings6 : e->pings4, n);
	}
}

/* What the run that is resumed found up is not called down for want of a way to it. */
static void host_has_no_way(struct engine *e, struct host *h, enum reason why)
{
	if (recall_host(e, h) && h->state == HOST_UP) {
		h->partial = true;
		host_abort(e, h);
	} else {
		host_is_down(e, h, why);
	}
}

void host_hop_known(struct engine *e, struct host *h)
{
	if (h->hop->state == HOP_KNOWN)
		host_discover(e, h);
	else
		host_has_no_way(e, h, REASON_HOST_UNREACH);
}

/* The zone of a link-local target that the user left out: the link the kernel chose. */
static uint32_t zone_for(const struct engine *e, const struct host *h)
{
	return h->route.local ? net_own_zone(e->env->net, &h->addr) : h->route.ifindex;
}

/* The last proxy, or the FTP server of -b, finds the way to the targets, and nothing else of ours
 * goes there. */
static bool others_route(const struct plan *p)
{
	return p->proxies || (p->bounce && p->ping == PING_NONE);
}

static int host_route(struct engine *e, struct host *h, struct err *err)
{
	bool arp = (e->plan->ping & PING_ARP) != 0;

	if (e->env->sim) {
		h->route = (struct net_route){.ifindex = 1,
			.kind = LINK_ETHERNET,
			.src = h->addr.family == 6 ? e->env->sim_self6 : e->env->sim_self4,
			.src_mac = {{2, 0, 0, 0, 0, 1}},
			.on_link = arp};
		if (arp)
			h->route.next_hop = h->addr;
		h->io = e->env->sim;
		h->neighbour = arp;
		return 0;
	}
	if (others_route(e->plan))
		return addr_is_linklocal(&h->addr) && h->addr.family == 6
			       ? err_set(err, ERR_NOROUTE,
					 "a link-local address means nothing to another machine")
			       : 0;
	if (wire_route(e, &h->addr, &h->route, err))
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

void host_start(struct engine *e, struct host *h)
{
	struct err err = {0};
	char text[ADDR_TEXT_MAX];

	h->start_ns = e->now;
	h->start_wall_ns = clock_wall(e->env->clock);
	sched_host_init(e, h);
	if (recall_finished(e, h)) {
		host_finish(e, h);
		return;
	}
	pacing_next_target(e);
	if (e->plan->list_only) {
		h->state = HOST_SKIPPED;
		name_ask(e, h);
		host_finish(e, h);
		return;
	}
	if (host_route(e, h, &err)) {
		if (e->dead.code || err.code == -EPERM || err.code == -EACCES) {
			engine_fail(e, &err);
		} else if (e->n_noroute++ < NOROUTE_NOTES) {
			bus_note(e->env->bus, LOG_WARN, "%s: %s%s", addr_text(&h->addr, text),
				err.text,
				e->n_noroute == NOROUTE_NOTES
					? " (further ones are not reported one by one)"
					: "");
		}
		host_has_no_way(e, h, REASON_NO_ROUTE);
		return;
	}
	if (h->io && h->io == e->wire.packet && !e->wire.sim && !h->route.on_link) {
		h->hop = hop_get(e, &h->route);
		if (!h->hop) {
			engine_no_memory(e);
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
