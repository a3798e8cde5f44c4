/* SPDX-License-Identifier: BSD-2-Clause */
/* The lanes of a sender and the spans they are to send. */
#include "sweep/crew.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/lane.h"
#include "sweep/span.h"

/* The next span of the queue into the control block; false: there is none. Under the lock. */
static bool take(struct crew_lane *l)
{
	struct sweep_span s;

	l->idle = l->n == 0;
	if (l->idle)
		return false;
	s = l->queue[0];
	l->n--;
	memmove(l->queue, l->queue + 1, l->n * sizeof(*l->queue));
	l->mark = s.mark;
	l->stride = s.stride;
	CTL_SET(l->ctl->end, 0); /* nothing is due while the rest changes */
	CTL_SET(l->ctl->next, s.from);
	CTL_SET(l->ctl->stride, s.stride);
	CTL_SET(l->ctl->mark, s.mark);
	__atomic_store_n(&l->ctl->end, s.to, __ATOMIC_RELEASE);
	return true;
}

/* ---- threads --------------------------------------------------------------------------------- */

/* Lane i on the i-th CPU that this process may use; the kernel's generator needs it. */
static void bind_lane(unsigned i)
{
	cpu_set_t all, one;
	int n;

	if (sched_getaffinity(0, sizeof(all), &all) < 0 || (n = CPU_COUNT(&all)) == 0)
		return;
	i %= (unsigned)n;
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all) || i--)
			continue;
		CPU_SET(cpu, &one);
		(void)sched_setaffinity(0, sizeof(one), &one);
		return;
	}
}

/* Waits for a span; false: the crew goes home. */
static bool next_span(struct crew_lane *l)
{
	struct crew *c = l->crew;
	bool unfinished, go;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		unfinished = CTL_GET(l->ctl->next) < CTL_GET(l->ctl->end);
		go = !c->paused && (unfinished || take(l));
		if (c->quit || go)
			break;
		pthread_cond_wait(&c->news, &c->lock);
	}
	go = go && !c->quit;
	if (go)
		CTL_SET(l->ctl->stop, 0);
	pthread_mutex_unlock(&c->lock);
	return go;
}

static void *run(void *arg)
{
	struct crew_lane *l = arg;
	struct sender *s = l->crew->sender;
	struct err e = {0};
	int rc = 0;

	if (!s->ops->step || l->crew->n > 1)
		bind_lane(l->id);
	while ((rc >= 0 || rc == -EINTR) && next_span(l))
		rc = s->ops->transmit(s, l->id, &e);
	rc = rc == -EINTR ? 0 : rc;
	if (rc < 0) {
		pthread_mutex_lock(&l->crew->lock);
		l->rc = rc;
		l->err = e;
		pthread_mutex_unlock(&l->crew->lock);
	}
	return NULL;
}

/* Signals are the main thread's, but for the one that ends a call of the generator. */
static int start_thread(struct crew_lane *l, struct err *e)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	sigdelset(&all, SIGURG);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&l->thread, NULL, run, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	l->started = rc == 0;
	return rc ? err_set(e, -rc, "cannot start a sender's thread: %s", strerror(rc)) : 0;
}

int crew_start(struct crew *c, struct sender *s, unsigned n, bool threaded, struct err *e)
{
	int rc = 0;

	*c = (struct crew){.sender = s, .n = n, .threaded = threaded};
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->news, NULL);
	for (unsigned i = 0; i < n; i++) {
		struct crew_lane *l = &c->lane[i];

		l->crew = c;
		l->id = i;
		l->idle = true;
		l->ctl = s->ops->ctl(s, i);
		CTL_SET(l->ctl->sample_at, 1);
	}
	for (unsigned i = 0; i < n && rc == 0 && threaded; i++)
		rc = start_thread(&c->lane[i], e);
	return rc;
}

void crew_stop(struct crew *c)
{
	if (!c->sender)
		return;
	pthread_mutex_lock(&c->lock);
	c->quit = true;
	for (unsigned i = 0; i < c->n; i++)
		CTL_SET(c->lane[i].ctl->stop, 1);
	pthread_cond_broadcast(&c->news);
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->n; i++) {
		if (c->lane[i].started)
			pthread_join(c->lane[i].thread, NULL);
		c->lane[i].started = false;
	}
}

void crew_free(struct crew *c)
{
	if (!c->sender)
		return;
	crew_stop(c);
	for (unsigned i = 0; i < c->n; i++)
		free(c->lane[i].queue);
	pthread_cond_destroy(&c->news);
	pthread_mutex_destroy(&c->lock);
	c->sender = NULL;
}

/* ---- what is to be sent ---------------------------------------------------------------------- */

void crew_sample(struct crew *c, uint64_t mask, uint64_t at)
{
	for (unsigned i = 0; i < c->n; i++) {
		CTL_SET(c->lane[i].ctl->sample_mask, mask);
		CTL_SET(c->lane[i].ctl->sample_at, at);
	}
}

static int push_one(struct crew_lane *l, const struct sweep_span *s)
{
	if (span_count(s) == 0)
		return 0;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 8;
		struct sweep_span *v = reallocarray(l->queue, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->queue = v;
		l->cap = cap;
	}
	l->queue[l->n++] = *s;
	l->idle = false;
	return 0;
}

int crew_push(struct crew *c, const struct sweep_span *span)
{
	int rc = 0;

	pthread_mutex_lock(&c->lock);
	for (unsigned i = 0; i < c->n && rc == 0; i++) {
		struct sweep_span share = span_share(span, i, c->n);

		rc = push_one(&c->lane[i], &share);
	}
	pthread_cond_broadcast(&c->news);
	pthread_mutex_unlock(&c->lock);
	return rc;
}

void crew_rate(struct crew *c, double pps)
{
	c->pps = pps;
	for (unsigned i = 0; i < c->n; i++)
		CTL_SET(c->lane[i].ctl->gap_q8, lane_gap_q8(pps, c->n));
}

void crew_pause(struct crew *c, bool paused)
{
	pthread_mutex_lock(&c->lock);
	for (unsigned i = 0; i < c->n && paused != c->paused; i++)
		CTL_SET(c->lane[i].ctl->stop, paused);
	c->paused = paused;
	pthread_cond_broadcast(&c->news);
	pthread_mutex_unlock(&c->lock);
}

/* ---- how far it is --------------------------------------------------------------------------- */

bool crew_idle(struct crew *c)
{
	bool idle = true;

	pthread_mutex_lock(&c->lock);
	for (unsigned i = 0; i < c->n; i++)
		idle = idle && (c->lane[i].idle || c->lane[i].rc < 0);
	pthread_mutex_unlock(&c->lock);
	return idle;
}

static struct sweep_span rest_of(const struct crew_lane *l)
{
	return (struct sweep_span){.from = CTL_GET(l->ctl->next),
		.to = CTL_GET(l->ctl->end),
		.stride = l->stride,
		.mark = l->mark};
}

size_t crew_todo(struct crew *c, struct sweep_span *v, size_t max)
{
	size_t n = 0;

	pthread_mutex_lock(&c->lock);
	for (unsigned i = 0; i < c->n; i++) {
		const struct crew_lane *l = &c->lane[i];
		struct sweep_span at = rest_of(l);

		if (at.from < at.to && n++ < max)
			v[n - 1] = at;
		for (size_t k = 0; k < l->n; k++)
			if (n++ < max)
				v[n - 1] = l->queue[k];
	}
	pthread_mutex_unlock(&c->lock);
	return n;
}

uint64_t crew_step(struct crew *c)
{
	uint64_t earliest = UINT64_MAX, wake;

	for (unsigned i = 0; i < c->n; i++) {
		struct crew_lane *l = &c->lane[i];

		if (l->rc < 0 || c->paused)
			continue;
		if (CTL_GET(l->ctl->next) >= CTL_GET(l->ctl->end) && !take(l))
			continue;
		l->rc = c->sender->ops->step(c->sender, i, &wake, &l->err);
		wake = wake == UINT64_MAX && l->n ? 0 : wake;
		earliest = wake < earliest ? wake : earliest;
	}
	return earliest;
}

void crew_tick(struct crew *c, struct sweep_tick *t)
{
	pthread_mutex_lock(&c->lock);
	t->rate_pps = c->pps;
	t->n_lanes = c->n;
	t->sent = t->skipped = t->digest = 0;
	for (unsigned i = 0; i < c->n; i++) {
		const struct crew_lane *l = &c->lane[i];

		t->lane[i] = (struct sweep_lane_at){rest_of(l), l->idle};
		t->sent += CTL_GET(l->ctl->sent);
		t->skipped += CTL_GET(l->ctl->skipped);
		t->digest += CTL_GET(l->ctl->digest);
	}
	pthread_mutex_unlock(&c->lock);
}

int crew_failed(struct crew *c, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&c->lock);
	for (unsigned i = 0; i < c->n && rc == 0; i++) {
		rc = c->lane[i].rc;
		if (rc < 0 && e)
			*e = c->lane[i].err;
	}
	pthread_mutex_unlock(&c->lock);
	return rc;
}
