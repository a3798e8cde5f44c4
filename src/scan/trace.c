/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Route tracing: routers give themselves away by ICMP time exceeded (RFC 792, RFC 4443 3.3) when a
 * probe's TTL runs out in their hands.
 *
 * The probe is of the kind that the host has answered, so it goes where the scan's went. The TTL of
 * that answer tells about how far the host is: the first probe gets that distance as its TTL. From
 * there it goes up until the host itself answers, and down to the first router.
 *
 * Going down, a router that is known at this distance already, from another host's trace through
 * the same gateway, ends the work: what lies nearer is the same for both. Such knowledge is a tree
 * of nodes, each pointing to the next nearer one. One trace at a time finds out what is nearer than
 * a node, its worker; others that come to the node wait. A worker's own way leads through all nodes
 * it works on, and nodes only ever point to nearer ones, so two traces never wait for each other.
 *
 * A trace that nobody is ahead of asks several TTLs at once; one that may meet known ground asks
 * for one router at a time, or it would ask again what others know. A TTL whose first try timed out
 * no longer holds up the others.
 *
 * What is sent, and how its answers are known, is in trace_bait.c.
 */
#include "scan/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan/driver.h"
#include "scan/pacing.h"
#include "scan/sched.h"
#include "scan/trace_bait.h"
#include "scan/wire.h"

#define TTL_MAX	      TRACE_TTLS
#define GUESS	      8			/* where nothing tells the distance */
#define SILENT_BEYOND 5			/* hops without an answer that end the way up */
#define AT_ONCE	      64		/* hosts; the rest waits */
#define AHEAD	      6			/* TTLs of a trace at once that nobody is ahead of */
#define TRIES	      3			/* of a TTL */
#define TRIES_END     15		/* of a TTL that others' answers keep alive */
#define BUCKETS	      4096		/* of nodes */
#define RTO_MIN_NS    (250 * NS_PER_MS) /* routers answer when they have time */
/* Linux and others let an ICMP error out once a second */
#define LIMITED_NS (1100 * NS_PER_MS)
#define FULL_NS	   NS_PER_MS /* a full queue does not say when it drains */

/* Where traces set out: through one gateway, from one of our addresses. */
struct origin {
	struct addr src, gateway;
	uint32_t ifindex;
	bool traced;
	uint64_t answered_ns[TTL_MAX + 1]; /* when a repeated probe last was */
	struct origin *next;
};

/* A router at a distance, on the way of one or more hosts. */
struct node {
	const struct origin *origin;
	struct addr addr;
	uint8_t ttl;
	bool known; /* what is nearer: `nearer`, and silence in between */
	struct node *nearer;
	uint64_t worker; /* trace.id */
	uint64_t rtt_ns; /* of the trace that found it */
	uint8_t rtt_src;
	struct node *next;
};

/* OVER: silent, or what came was not a router's. */
enum ask_state { ASK_NOT, ASK_FLIES, ASK_ROUTER, ASK_OVER };

/* One TTL of one trace. */
struct ask {
	uint8_t state;
	uint8_t tries;
	uint8_t rtt_src;
	uint64_t rtt_ns; /* 0 = not known */
	uint64_t due_ns;
	uint64_t sent_ns[TRIES_END];
	struct node *node; /* ASK_ROUTER */
};

struct trace {
	struct host *host;
	struct origin *origin;
	uint64_t id;
	struct bait bait; /* tech NULL: a neighbour, nothing is sent */
	unsigned guess;	  /* the TTL it begins with */
	unsigned ahead;	  /* routers asked for at once */
	unsigned end; /* lowest TTL that was answered by the host or by a refusal; 0 = none yet */
	struct addr ender; /* who that was */
	bool reached;	   /* the host */
	bool asked_all;	   /* going up has come to an end without one */
	bool done;	   /* nothing is to be sent any more */
	uint64_t next_ns;  /* when it is to be looked at again */
	struct ask asks[TTL_MAX + 1];
	struct rec_hop *hops; /* of host->trace; NULL until it is done */
	bool naming[TTL_MAX]; /* a hop's name is being asked for */
	struct trace *next;
};

struct tracer {
	struct engine *e;
	struct plan_wire wire; /* the plan's, without --ttl */
	struct trace *active, *waiting, **waiting_end;
	unsigned n_active;
	uint64_t last_id;
	bool changed;	   /* traces may go on */
	uint64_t retry_ns; /* when the rate or a full queue let probes leave again */
	struct origin *origins;
	struct node *nodes[BUCKETS];
};

/* How far away a packet set out that arrives with this TTL. */
static unsigned distance(uint8_t ttl)
{
	unsigned first = ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;

	if (ttl == 0)
		return GUESS;
	return first - ttl < TTL_MAX ? first - ttl + 1 : TTL_MAX;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static struct origin *origin_get(struct tracer *d, const struct net_route *r)
{
	struct origin *o = d->origins;

	while (o && !(addr_eq(&o->src, &r->src) && addr_eq(&o->gateway, &r->next_hop) &&
			    o->ifindex == r->ifindex))
		o = o->next;
	if (o || !(o = malloc(sizeof(*o))))
		return o;
	*o = (struct origin){
		.src = r->src, .gateway = r->next_hop, .ifindex = r->ifindex, .next = d->origins};
	d->origins = o;
	return o;
}

/* The router at a TTL of a trace; NULL when memory ran out. */
static struct node *node_get(
	struct tracer *d, const struct trace *t, unsigned ttl, const struct addr *a)
{
	uint64_t hash = hash_sip(&d->e->run.key, a->b, sizeof(a->b)) + ttl;
	struct node **bucket = &d->nodes[hash % BUCKETS], *n;

	for (n = *bucket; n; n = n->next)
		if (n->ttl == ttl && n->origin == t->origin && addr_eq(&n->addr, a))
			return n;
	n = malloc(sizeof(*n));
	if (!n)
		return NULL;
	*n = (struct node){.origin = t->origin,
		.addr = *a,
		.ttl = (uint8_t)ttl,
		.rtt_ns = t->asks[ttl].rtt_ns,
		.rtt_src = t->asks[ttl].rtt_src,
		.next = *bucket};
	*bucket = n;
	return n;
}

static bool in_work(const struct tracer *d, uint64_t id)
{
	const struct trace *t = d->active;

	while (t && t->id != id)
		t = t->next;
	return t && !t->done;
}

/* ---- what is next --------------------------------------------------------------------------- */

/* Time-out of the n-th try. Later tries give a router that limits its errors the time for one. */
static uint64_t wait_ns(const struct tracer *d, const struct trace *t, unsigned n)
{
	uint64_t rto = sched_rto(d->e, t->host);

	if (rto < RTO_MIN_NS)
		rto = RTO_MIN_NS;
	if (n < 2)
		return rto;
	return 2 * rto > LIMITED_NS ? 2 * rto : LIMITED_NS;
}

/* Silence counts after the last try, unless a repeated probe of another host's trace was answered
 * since the try before: a limit makes routers silent there, and the next try may be the lucky one.
 */
static bool silence_counts(const struct tracer *d, const struct trace *t, unsigned ttl)
{
	const struct ask *a = &t->asks[ttl];
	unsigned max = d->e->plan->timing.max_retries + 1;

	if (a->tries < (max < TRIES ? max : TRIES))
		return false;
	return a->tries == TRIES_END || max < TRIES ||
	       t->origin->answered_ns[ttl] < a->sent_ns[a->tries - 2];
}

/* Whether a probe of this TTL must leave now. */
static bool is_due(const struct tracer *d, struct trace *t, unsigned ttl)
{
	struct ask *a = &t->asks[ttl];

	if (a->state != ASK_FLIES)
		return a->state == ASK_NOT;
	if (a->due_ns > d->e->now) {
		t->next_ns = a->due_ns < t->next_ns ? a->due_ns : t->next_ns;
		return false;
	}
	if (!silence_counts(d, t, ttl))
		return true;
	a->state = ASK_OVER;
	return false;
}

static bool holds_up(const struct ask *a)
{
	return a->state == ASK_FLIES && a->tries == 1;
}

/* From the guess up, until something ends the way: the TTL to be sent now, 0 = none. */
static unsigned climb(const struct tracer *d, struct trace *t)
{
	unsigned last = t->guess;
	bool flies = false;

	if (t->end)
		return 0;
	for (unsigned ttl = t->guess; ttl <= TTL_MAX && ttl <= last + SILENT_BEYOND; ttl++) {
		if (is_due(d, t, ttl))
			return ttl;
		if (holds_up(&t->asks[ttl]))
			return 0;
		flies |= t->asks[ttl].state == ASK_FLIES;
		if (t->asks[ttl].state == ASK_ROUTER)
			last = ttl;
	}
	t->asked_all = !flies;
	return 0;
}

/* The highest TTL that belongs to a router or may do so. */
static unsigned highest(const struct trace *t)
{
	unsigned ttl = TTL_MAX;

	if (t->end)
		return t->end - 1;
	while (ttl > 0 && t->asks[ttl].state == ASK_NOT)
		ttl--;
	return ttl;
}

static void node_known(struct tracer *d, struct node *n, struct node *nearer)
{
	n->nearer = nearer;
	n->known = true;
	d->changed = true;
}

/*
 * From the highest hop down to known ground or the first router: the TTL to be sent now, 0 = none.
 * Links the nodes on the way, and sees whether the trace is done.
 */
static unsigned descend(struct tracer *d, struct trace *t)
{
	struct node *above = NULL;	 /* what is nearer than it is this trace's work */
	bool gap = false, flies = false; /* something is on its way, since `above`; anywhere */
	unsigned flying = 0;

	for (unsigned ttl = highest(t); ttl > 0; ttl--) {
		const struct ask *a = &t->asks[ttl];

		if (a->state == ASK_NOT && flying >= t->ahead)
			return 0;
		if (is_due(d, t, ttl))
			return ttl;
		flying += holds_up(a) && ttl != t->guess;
		if (a->state == ASK_FLIES)
			gap = flies = true;
		if (a->state != ASK_ROUTER)
			continue;
		if (above && !gap)
			node_known(d, above, a->node);
		for (above = a->node; above->known && above->nearer;)
			above = above->nearer;
		gap = false;
		if (above->known)
			break;
		if (above->worker != t->id && in_work(d, above->worker))
			return 0;
		above->worker = t->id;
		ttl = above->ttl;
	}
	if (above && !above->known && !gap)
		node_known(d, above, NULL);
	t->done = !flies && (t->end || t->asked_all);
	return 0;
}

static unsigned next_ttl(struct tracer *d, struct trace *t)
{
	unsigned ttl;

	t->next_ns = UINT64_MAX;
	ttl = climb(d, t);
	return ttl ? ttl : descend(d, t);
}

/* ---- records -------------------------------------------------------------------------------- */

/* A router that refuses to pass a probe on has told of itself as a hop already. */
static bool told_twice(const struct trace *t)
{
	const struct node *n = t->end > 1 ? t->asks[t->end - 1].node : NULL;

	return !t->reached && n && addr_eq(&n->addr, &t->ender);
}

static struct rec_hop hop_asked(const struct trace *t, unsigned ttl, const struct addr *a)
{
	return (struct rec_hop){.ttl = (uint8_t)ttl,
		.addr = *a,
		.rtt_ns = t->asks[ttl].rtt_ns,
		.rtt_src = t->asks[ttl].rtt_src};
}

static struct rec_hop hop_shared(const struct node *k)
{
	return (struct rec_hop){.ttl = k->ttl,
		.addr = k->addr,
		.rtt_ns = k->rtt_ns,
		.rtt_src = k->rtt_src,
		.shared = true};
}

static void fill(struct trace *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		t->hops[i].ttl = (uint8_t)(i + 1);
	if (t->end && t->end <= n)
		t->hops[t->end - 1] = hop_asked(t, t->end, &t->ender);
	for (unsigned ttl = highest(t); ttl > 0; ttl--) {
		const struct node *k = t->asks[ttl].node;

		for (; k; k = k->known ? k->nearer : NULL) {
			ttl = k->ttl;
			t->hops[ttl - 1] = t->asks[ttl].node == k ? hop_asked(t, ttl, &k->addr)
								  : hop_shared(k);
		}
	}
}

/* What is known by now, as the host's record. */
static void record(struct tracer *d, struct trace *t)
{
	struct host *h = t->host;
	size_t n = t->end ? t->end - told_twice(t) : highest(t);

	if (n == 0)
		return;
	h->trace = calloc(1, sizeof(*h->trace));
	t->hops = calloc(n, sizeof(*t->hops));
	if (!h->trace || !t->hops) {
		free(h->trace);
		free(t->hops);
		h->trace = NULL;
		t->hops = NULL;
		engine_no_memory(d->e);
		return;
	}
	*h->trace = (struct rec_trace){.complete = t->reached, .hops = t->hops, .n_hops = n};
	if (t->bait.tech) {
		h->trace->port = t->bait.port;
		h->trace->proto = t->bait.tech->proto;
		if (!t->bait.tech->proto)
			h->trace->proto = h->addr.family == 6 ? PROTO_ICMP6 : PROTO_ICMP;
	}
	fill(t, n);
}

static void name_answer(void *ctx, const struct addr *addr, const char *name)
{
	struct tracer *d = ctx;

	for (struct trace *t = d->active; t; t = t->next) {
		for (size_t i = 0; t->hops && i < t->host->trace->n_hops; i++) {
			if (!t->naming[i] || !addr_eq(&t->hops[i].addr, addr))
				continue;
			t->naming[i] = false;
			t->hops[i].name = name ? strdup(name) : NULL;
			d->changed = true;
		}
	}
}

/* Called when a router is found, so that its name is known when the trace is done, and then. */
static bool name_ask(struct tracer *d, const struct addr *a)
{
	struct resolver *r = d->e->env->resolver;

	return r && d->e->plan->reverse_dns && a->family &&
	       resolver_reverse(r, a, name_answer, d) == 0;
}

static bool is_naming(const struct trace *t)
{
	for (size_t i = 0; i < TTL_MAX; i++)
		if (t->naming[i])
			return true;
	return false;
}

/* ---- packets -------------------------------------------------------------------------------- */

enum sent { SENT, SENT_NOT, SENT_HOST_GONE };

/* Whether the rates let a probe to this host leave now; else they say when. */
static bool may_send(struct tracer *d, struct trace *t)
{
	struct engine *e = d->e;

	if (!pacing_ready(e, 0)) {
		d->retry_ns = pacing_next_ns(e);
		return false;
	}
	if (t->host->next_send_ns > e->now) {
		t->next_ns = t->host->next_send_ns;
		return false;
	}
	return true;
}

static enum sent ask(struct tracer *d, struct trace *t, unsigned ttl)
{
	struct engine *e = d->e;
	struct host *h = t->host;
	struct ask *a = &t->asks[ttl];
	struct path path = {.dst = h->addr, .route = h->route, .io = h->io, .hop = h->hop};
	struct err err = {0};
	uint64_t sent_ns = e->now;
	uint8_t buf[PROBE_MAX];
	size_t len;
	int rc;

	if (!may_send(d, t))
		return SENT_NOT;
	len = bait_make(e, h, &t->bait, (const uint8_t[]){(uint8_t)ttl, a->tries}, buf);
	rc = path_put(e, &path, buf, (uint32_t)len, &sent_ns, &err);
	if (err.code)
		engine_fail(e, &err);
	if (rc == -ENETDOWN || rc == -ENXIO || rc == -ENODEV) {
		host_lost(e, h, rc); /* which stops the trace */
		return SENT_HOST_GONE;
	}
	if (rc == -EAGAIN || err.code) {
		d->retry_ns = e->now + FULL_NS;
		return SENT_NOT;
	}
	h->probes_sent++;
	h->next_send_ns = e->now + e->plan->timing.scan_delay_ns;
	a->state = ASK_FLIES; /* one that could not leave is one that was lost */
	a->sent_ns[a->tries++] = sent_ns;
	a->due_ns = sent_ns + wait_ns(d, t, a->tries);
	return SENT;
}

static unsigned at_once(const struct tracer *d, unsigned n)
{
	unsigned most = d->e->plan->timing.max_parallelism;

	return most && most < n ? most : n;
}

enum meaning { MEANS_NOTHING, MEANS_ROUTER, MEANS_END };

static enum meaning meaning_of(const struct trace *t, const struct answer *a)
{
	const struct pkt_view *v = a->view;
	bool itself = addr_eq(&v->src, &t->host->addr);
	struct verdict verdict;

	if (!a->quoted)
		return t->bait.tech->classify(a, &verdict) ? MEANS_END : MEANS_NOTHING;
	if (!tech_icmp_verdict(t->bait.tech, v, itself, &verdict))
		return MEANS_NOTHING;
	if (itself || verdict.reason != REASON_TIME_EXCEEDED)
		return MEANS_END;
	return v->l4.code == 0 ? MEANS_ROUTER : MEANS_NOTHING; /* 1 is about fragments */
}

/* The host itself, or a router that does not let the probe through: the nearest of them counts, the
 * host before all others. */
static void ended(struct tracer *d, struct trace *t, unsigned ttl, const struct addr *by)
{
	bool itself = addr_eq(by, &t->host->addr);

	if (t->end && (itself < t->reached || (itself == t->reached && ttl >= t->end)))
		return;
	t->end = ttl;
	t->ender = *by;
	t->reached = itself;
	t->id = ++d->last_id; /* what it works on farther away is not on its way any more */
}

static void settle(struct tracer *d, struct trace *t, unsigned ttl, const struct answer *answer)
{
	struct ask *a = &t->asks[ttl];
	const struct addr *by = &answer->view->src;
	enum meaning m = meaning_of(t, answer);

	if (m == MEANS_NOTHING)
		return;
	d->changed = true;
	if (a->tries > 1)
		t->origin->answered_ns[ttl] = d->e->now;
	if (d->e->plan->capture)
		snprintf(d->e->said, sizeof(d->e->said), "hop %u", ttl);
	name_ask(d, by);
	a->state = ASK_OVER;
	if (m == MEANS_END) {
		if (t->reached) /* the guess was too far: there may be a long way back */
			t->ahead = at_once(d, AHEAD);
		ended(d, t, ttl, by);
		return;
	}
	a->node = node_get(d, t, ttl, by);
	if (a->node)
		a->state = ASK_ROUTER;
	else
		engine_no_memory(d->e);
}

static uint64_t rtt_of(const struct ask *a, uint8_t try, uint64_t at_ns)
{
	uint64_t sent_ns;

	if (try >= a->tries && a->tries != 1)
		return 0; /* which try was answered, the packet does not tell */
	sent_ns = a->sent_ns[try < a->tries ? try : 0];
	return at_ns > sent_ns ? at_ns - sent_ns : 1;
}

static bool trace_rx(void *self, const struct io_rx *rx, const struct pkt_view *v)
{
	struct tracer *d = self;
	struct answer a = {
		.view = v, .l4 = v->has_quote ? &v->quote : &v->l4, .quoted = v->has_quote};
	const struct addr *to = v->has_quote ? &v->quote_dst : &v->src;
	struct trace *t = d->active;
	uint8_t try;

	while (t && !(addr_eq(&t->host->addr, to) && t->bait.tech))
		t = t->next;
	if (!t)
		return false;
	a.tech = t->bait.tech;
	for (unsigned ttl = 1; ttl <= TTL_MAX; ttl++) {
		if (t->asks[ttl].tries == 0 || !bait_owns(d->e, t->host, &t->bait, ttl, &a, &try))
			continue;
		d->e->replies++;
		if (t->asks[ttl].state != ASK_FLIES || t->hops)
			return true; /* a second answer, or too late */
		t->asks[ttl].rtt_ns = rtt_of(&t->asks[ttl], try, rx->at_ns);
		t->asks[ttl].rtt_src = t->asks[ttl].rtt_ns ? rx->at_src : RTT_NONE;
		settle(d, t, ttl, &a);
		return true;
	}
	return false;
}

/* ---- the driver ----------------------------------------------------------------------------- */

static int trace_open(void **out, struct engine *e, struct err *err)
{
	struct tracer *d = calloc(1, sizeof(*d));

	if (!d)
		return err_set(err, -ENOMEM, "out of memory for route tracing");
	d->e = e;
	d->wire = e->plan->wire;
	d->wire.ttl_set = false;
	d->waiting_end = &d->waiting;
	*out = d;
	return 0;
}

/* It is its own first hop, and discovery has taken the time. */
static void neighbour(struct trace *t)
{
	struct host *h = t->host;

	t->end = 1;
	t->ender = h->addr;
	t->reached = t->done = true;
	t->asks[1].rtt_ns = h->rtt.srtt_ns;
	t->asks[1].rtt_src = h->rtt_src;
	t->next_ns = UINT64_MAX;
}

static void trace_start(void *self, struct host *h)
{
	struct tracer *d = self;
	struct trace *t;

	if (h->route.local) { /* there is no way */
		host_stage_done(d->e, h);
		return;
	}
	t = calloc(1, sizeof(*t));
	if (!t) {
		engine_no_memory(d->e);
		return;
	}
	t->host = h;
	t->id = ++d->last_id;
	*d->waiting_end = t;
	d->waiting_end = &t->next;
}

/* From the waiting to the active. */
static void admit(struct tracer *d)
{
	struct trace **last = &d->active, *t;

	while (*last)
		last = &(*last)->next;
	while ((t = d->waiting) && d->n_active < AT_ONCE) {
		d->waiting = t->next;
		if (!d->waiting)
			d->waiting_end = &d->waiting;
		t->next = NULL;
		*last = t;
		last = &t->next;
		d->n_active++;
		d->changed = true;
		if (t->host->route.on_link) {
			neighbour(t);
			continue;
		}
		t->origin = origin_get(d, &t->host->route);
		if (!t->origin) {
			engine_no_memory(d->e);
			return;
		}
		t->bait.wire = &d->wire;
		t->guess = distance(bait_choose(d->e, t->host, &t->bait));
		t->ahead = t->origin->traced ? 1 : at_once(d, AHEAD);
		t->origin->traced = true;
	}
}

static bool take_out(struct trace **list, const struct host *h, struct trace **out)
{
	while (*list && (*list)->host != h)
		list = &(*list)->next;
	*out = *list;
	if (*out)
		*list = (*out)->next;
	return *out != NULL;
}

static void trace_stop(void *self, struct host *h)
{
	struct tracer *d = self;
	struct trace *t;

	if (take_out(&d->active, h, &t)) {
		d->n_active--;
		d->changed = true; /* others may wait for it */
		if (!t->hops)
			record(d, t);
	} else if (take_out(&d->waiting, h, &t)) {
		for (d->waiting_end = &d->waiting; *d->waiting_end;)
			d->waiting_end = &(*d->waiting_end)->next;
	}
	free(t);
}

/* Sends what is due. True when the host is done with, and the trace gone. */
static bool go_on(struct tracer *d, struct trace *t)
{
	struct engine *e = d->e;
	struct host *h = t->host;
	enum sent sent = SENT;
	unsigned ttl;

	while (!t->done && sent == SENT && (ttl = next_ttl(d, t)))
		sent = ask(d, t, ttl);
	if (sent == SENT_HOST_GONE)
		return true;
	if (t->done && !t->hops) {
		record(d, t);
		for (size_t i = 0; t->hops && i < h->trace->n_hops; i++)
			t->naming[i] = name_ask(d, &t->hops[i].addr);
	}
	if (!t->done || is_naming(t))
		return false;
	trace_stop(d, h);
	host_stage_done(e, h);
	return true;
}

static uint64_t trace_next_ns(void *self)
{
	const struct tracer *d = self;
	uint64_t at = d->retry_ns ? d->retry_ns : UINT64_MAX;

	if (d->changed || (d->waiting && d->n_active < AT_ONCE))
		return 0;
	for (const struct trace *t = d->active; t; t = t->next)
		at = t->next_ns < at ? t->next_ns : at;
	return at;
}

static void trace_step(void *self)
{
	struct tracer *d = self;
	struct trace **p = &d->active, *t;

	if (trace_next_ns(d) > d->e->now)
		return;
	admit(d);
	d->changed = false;
	d->retry_ns = 0;
	while ((t = *p) && !d->e->dead.code)
		if (!go_on(d, t))
			p = &t->next;
}

static void trace_close(void *self)
{
	struct tracer *d = self;
	struct origin *o;
	struct node *n;

	while ((o = d->origins)) {
		d->origins = o->next;
		free(o);
	}
	for (size_t i = 0; i < BUCKETS; i++) {
		while ((n = d->nodes[i])) {
			d->nodes[i] = n->next;
			free(n);
		}
	}
	free(d);
}

const struct scan_driver trace_driver = {
	.open = trace_open,
	.start = trace_start,
	.stop = trace_stop,
	.rx = trace_rx,
	.step = trace_step,
	.next_ns = trace_next_ns,
	.close = trace_close,
};
