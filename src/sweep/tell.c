/* SPDX-License-Identifier: BSD-2-Clause */
/* From the state of a sweep to records on the bus. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sweep/run.h"
#include "sweep/span.h"

static void publish(struct sweep *s, struct rec r)
{
	bus_publish(s->env->bus, &r);
}

void tell_run(struct sweep *s)
{
	const struct scan_tech *t = s->how->tech;
	const struct port_list *l = s->plan->ports_wanted ? &s->plan->ports.of[t->ports] : NULL;
	char *text = l ? port_list_text(l) : NULL;
	struct rec_scaninfo info = {.type = t->scaninfo,
		.proto = t->proto,
		.n_ports = l ? l->n : 0,
		.services = text ? text : ""};
	struct rec_run run = {
		.program = "sonde",
		.version = s->env->version,
		.args = s->env->args,
		.start_wall_ns = s->start_wall_ns,
		.info = &info,
		.n_info = l ? 1 : 0,
		.verbose = s->plan->verbose,
		.debug = s->plan->debug,
		.privileged = s->env->privileged,
	};

	publish(s, (struct rec){.kind = REC_RUN, .run = &run});
	free(text);
}

/* ---- results --------------------------------------------------------------------------------- */

void tell_flush(struct sweep *s)
{
	struct rec_results r = {s->results, s->n_results};

	if (r.n == 0)
		return;
	s->n_results = 0;
	publish(s, (struct rec){.kind = REC_RESULTS, .results = &r});
}

/* Answers of several marks tell the same thing: of a sample that is probed again, or of passes. */
static bool is_new(struct sweep *s, const struct sweep_hit *hit)
{
	if (hit->mark == SWEEP_CANARY)
		return false; /* it is known to answer */
	return !s->look_again || !met_again(&s->again, &s->job, hit);
}

static void count(struct sweep *s, const struct rec_result *r)
{
	if (r->port.state == PORT_OPEN)
		s->res->open++;
	else if (r->port.state == PORT_CLOSED)
		s->res->closed++;
	else
		s->res->other++;
}

/* Takes what stands at results[n_results]. */
static void push(struct sweep *s)
{
	count(s, &s->results[s->n_results]);
	if (++s->n_results == RESULTS_MAX)
		tell_flush(s);
}

void tell_checked(struct sweep *s)
{
	unsigned n;

	do {
		n = checker_poll(
			&s->checker, &s->results[s->n_results], RESULTS_MAX - s->n_results);
		for (unsigned i = 0; i < n; i++)
			push(s);
	} while (n);
}

void tell_unchecked(struct sweep *s)
{
	while (checker_take(&s->checker, &s->results[s->n_results]))
		push(s);
}

static void tell_hit(struct sweep *s, const struct sweep_hit *hit)
{
	const struct scan_tech *t = s->how->tech;
	struct rec_result *r = &s->results[s->n_results];

	if (!(s->job.wanted >> hit->answer & 1) || !is_new(s, hit))
		return;
	if (!sweep_verdict(t, s->job.family, hit, r))
		return;
	r->addr.zone = s->env->space->zone;
	r->at_wall_ns = hit->at_ns + s->wall_shift;
	r->port.rtt_src = hit->rtt_ns ? s->receiver->ops->rtt_src : RTT_NONE;
	if (s->env->services && t->proto)
		r->port.service = services_name(s->env->services, t->ports, r->port.number);
	if (!s->check || r->port.state != PORT_OPEN || !checker_put(&s->checker, r))
		push(s);
}

void tell_hits(struct sweep *s, const struct sweep_hit *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		tell_hit(s, &v[i]);
}

/* ---- how far it is, and the end -------------------------------------------------------------- */

/* Of the passes that are left, and the sample. */
static uint64_t planned(const struct sweep *s)
{
	uint64_t n = (s->behind - s->first) * (s->plan->sweep.passes ? s->plan->sweep.passes : 1);

	if (s->env->todo) {
		n = 0;
		for (size_t i = 0; i < s->env->n_todo; i++)
			n += span_count(&s->env->todo[i]);
	}
	return n + span_count(&s->sample);
}

static void cover(const struct sweep *s, struct rec_coverage *c)
{
	const struct sweep_counts *n = &s->tick.counts;

	*c = (struct rec_coverage){
		.total = s->job.perm.n,
		.first = s->first,
		.behind = s->behind,
		.planned = planned(s),
		.sent = s->tick.sent,
		.skipped = s->tick.skipped,
		.unsent = n->tx_dropped,
		.duplicates = n->rejects[SWEEP_DUPLICATE],
		.forged = n->rejects[SWEEP_BAD_COOKIE] + n->rejects[SWEEP_BAD_FLAGS] +
			  n->rejects[SWEEP_BAD_FORM],
		.late = n->rejects[SWEEP_BAD_TIME],
		.no_room = n->rejects[SWEEP_NO_ROOM],
		.resets = n->resets,
		.open = s->res->open,
		.closed = s->res->closed,
		.other = s->res->other,
		.rate_pps = s->res->rate_pps,
		.sender = s->res->sender,
		.receiver = s->res->receiver,
	};
	for (unsigned i = 0; i < SWEEP_ANSWERS; i++) {
		c->answers += n->answers[i];
		if (!(s->job.wanted >> i & 1))
			c->unlisted += n->answers[i];
	}
}

/* Of all that will be sent; the cooldown is not counted. */
static double share_done(const struct sweep *s)
{
	double all = (double)planned(s);
	double done = (double)(s->tick.sent + s->tick.skipped + s->tick.counts.tx_dropped);

	if (s->phase == SWEEP_DONE || all <= 0 || done > all)
		return 1;
	return done / all;
}

void tell_progress(struct sweep *s, bool asked)
{
	struct rec_coverage c;
	double done = share_done(s);
	uint64_t elapsed = s->now - s->start_ns;
	struct rec_progress p = {
		.phase = s->how->tech->title,
		.done = done,
		.elapsed_ns = s->env->before_ns + elapsed,
		.eta_ns = done > 0.01 && done < 1 ? (uint64_t)((double)elapsed * (1 - done) / done)
						  : 0,
		.probes_sent = s->tick.sent,
		.rate_pps = s->rate_pps,
		.sweep = &c,
		.asked = asked,
	};

	cover(s, &c);
	publish(s, (struct rec){.kind = REC_PROGRESS, .progress = &p});
}

void tell_end(struct sweep *s, bool interrupted)
{
	struct rec_coverage c;
	struct rec_end r = {
		.end_wall_ns = clock_wall(s->env->clock),
		.elapsed_ns = s->env->before_ns + clock_now(s->env->clock) - s->start_ns,
		.hosts_total = s->env->space->view.count,
		.probes_sent = s->tick.sent,
		.hosts_unknown = true,
		.sweep = &c,
		.interrupted = interrupted,
		.error = s->dead.code ? s->dead.text : NULL,
	};

	cover(s, &c);
	r.replies = c.answers;
	publish(s, (struct rec){.kind = REC_END, .end = &r});
}
