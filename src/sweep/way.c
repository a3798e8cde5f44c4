/* SPDX-License-Identifier: BSD-2-Clause */
/* The way that a sweep's probes go: one interface, and the link address of each next hop. */
#include "sweep/way.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/neigh.h"

/*
 * The kernel decides: it is asked for each cell of its tables that the space has a part of (see
 * net_route_last), which gives stretches of addresses with one way each. Of these
 *
 *	- all must leave by one interface from one source address, for there is one template;
 *	- behind one gateway all go to its link address;
 *	- neighbours are asked for their own first, and those that do not answer are not probed; the
 *	  table that holds them can hold the gateways' addresses, too, so that several may be mixed.
 *
 * A space too large for the table goes to its gateway as a whole: a router sends what is for its
 * own network there, and so do all sweepers.
 */
#define STRETCHES_MAX 65536
#define HOPS_MAX      64
#define SPECS_MAX     65536

struct stretch {
	uint64_t first, behind; /* indices of the space */
	int hop;		/* in hops[], HOP_LINK or HOP_OWN */
};
enum { HOP_LINK = -1, HOP_OWN = -2 };

struct finder {
	struct way *w;
	const struct plan *plan;
	const struct sweep_env *env;
	uint32_t ifindex;
	struct net_route local; /* the way to the first of our own addresses */
	bool several_local;	/* ... which is not that to all of them */
	struct stretch *v;	/* owned */
	size_t n, cap;
	struct {
		struct addr addr;
		struct mac mac;
		bool known;
	} hops[HOPS_MAX];
	int n_hops;
	char (*specs)[ADDR_TEXT_MAX]; /* owned: what neighbours are asked for */
	size_t n_specs;
};

/* ---- stretches ------------------------------------------------------------------------------- */

static int hop_of(struct finder *f, const struct net_route *r, struct err *e)
{
	int i = 0;

	if (r->on_link)
		return HOP_LINK;
	while (i < f->n_hops && !addr_eq(&f->hops[i].addr, &r->next_hop))
		i++;
	if (i == HOPS_MAX)
		return err_set(e, ERR_UNSUPPORTED,
			"the targets are behind more than %d gateways; name fewer of them",
			HOPS_MAX);
	if (i == f->n_hops)
		f->hops[f->n_hops++].addr = r->next_hop;
	return i;
}

static int add_stretch(struct finder *f, uint64_t first, uint64_t behind, int hop, struct err *e)
{
	struct stretch *last = f->n ? &f->v[f->n - 1] : NULL, *v;

	if (hop == HOP_LINK)
		f->w->on_link += behind - first;
	else if (hop == HOP_OWN)
		f->w->own += behind - first;
	else
		f->w->off_link += behind - first;
	if (last && last->behind == first && last->hop == hop) {
		last->behind = behind;
		return 0;
	}
	if (f->n == STRETCHES_MAX)
		return err_set(e, ERR_UNSUPPORTED,
			"the routing tables cut the targets into more than %d parts; name fewer targets",
			STRETCHES_MAX);
	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 64;
		v = reallocarray(f->v, f->cap, sizeof(*v));
		if (!v)
			return err_set(e, -ENOMEM, "out of memory for the ways to the targets");
		f->v = v;
	}
	f->v[f->n++] = (struct stretch){first, behind, hop};
	return 0;
}

/* The first way decides what the others must agree with. */
static void take_first(struct finder *f, const struct net_route *r)
{
	f->ifindex = r->ifindex;
	f->w->link = net_link_by_index(f->env->net, r->ifindex);
	f->w->kind = r->kind;
	f->w->local = r->local;
	f->w->src = r->src;
	f->w->src_mac = r->src_mac;
}

static void take_local(struct finder *f, const struct net_route *r)
{
	if (!f->local.local)
		f->local = *r;
	f->several_local |= !addr_eq(&f->local.src, &r->src);
}

/* All targets are this machine itself. */
static int only_local(struct finder *f, struct err *e)
{
	if (f->several_local)
		return err_set(e, ERR_UNSUPPORTED,
			"a sweep leaves from one address, but each of this machine's own is reached from itself; sweep them one after the other, or 127.0.0.0/8");
	take_first(f, &f->local);
	f->w->own = 0;
	f->w->on_link = f->env->space->view.count;
	return 0;
}

static int disagree(
	const struct finder *f, const struct addr *at, const struct net_route *r, struct err *e)
{
	const struct net_link *link = net_link_by_index(f->env->net, r->ifindex);
	char text[ADDR_TEXT_MAX], src[ADDR_TEXT_MAX], other[ADDR_TEXT_MAX];

	if (r->ifindex != f->ifindex)
		return err_set(e, ERR_UNSUPPORTED,
			"a sweep leaves by one interface, but %s is reached by %s and targets before it by %s; sweep them one after the other, or force one with -e",
			addr_text(at, text), link ? link->name : "?",
			f->w->link ? f->w->link->name : "?");
	return err_set(e, ERR_UNSUPPORTED,
		"a sweep leaves from one address, but %s is reached from %s and targets before it from %s; sweep them one after the other, or choose one with -S",
		addr_text(at, text), addr_text(&r->src, src), addr_text(&f->w->src, other));
}

/* The stretch from index `first` on, with the address there, within a range that ends before
 * `behind`; returns where the next one begins, or 0 with `e` filled. */
static uint64_t next_stretch(struct finder *f, uint64_t first, uint64_t behind, struct err *e)
{
	struct addr at = space_at(f->env->space, first), last;
	uint64_t last_index;
	struct net_route r;
	int hop;

	if (net_route_get(f->env->net, &at, f->plan->ifindex, &r, e) < 0)
		return 0;
	last = net_route_last(f->env->net, &at);
	last_index = space_index_of(f->env->space, &last);
	if (last_index < first || last_index >= behind) /* in a hole behind the range, or beyond */
		last_index = behind - 1;
	hop = r.local ? HOP_OWN : hop_of(f, &r, e);
	if (hop < HOP_OWN)
		return 0;
	if (r.local)
		take_local(f, &r);
	else if (!f->ifindex)
		take_first(f, &r);
	if (!r.local && (r.ifindex != f->ifindex || !addr_eq(&r.src, &f->w->src)))
		return disagree(f, &at, &r, e), 0;
	if (add_stretch(f, first, last_index + 1, hop, e) < 0)
		return 0;
	return last_index + 1;
}

static uint64_t row_behind(const struct space *s, uint32_t row)
{
	if (row + 1 == s->view.n_rows)
		return s->view.count;
	return s->view.family == 6 ? s->rows.v6[row + 1].first_index
				   : s->rows.v4[row + 1].first_index;
}

static int find_stretches(struct finder *f, struct err *e)
{
	const struct space *s = f->env->space;
	uint64_t at = 0;

	for (uint32_t row = 0; row < s->view.n_rows; row++)
		for (uint64_t behind = row_behind(s, row); at < behind;)
			if (!(at = next_stretch(f, at, behind, e)))
				return e->code;
	return f->ifindex ? 0 : only_local(f, e);
}

/* ---- link addresses --------------------------------------------------------------------------
 */

static void on_hop(void *ctx, const struct addr *a, const struct mac *m)
{
	struct finder *f = ctx;

	for (int i = 0; i < f->n_hops; i++) {
		if (f->hops[i].known || memcmp(f->hops[i].addr.b, a->b, sizeof(a->b)) != 0)
			continue;
		f->hops[i].mac = *m;
		f->hops[i].known = true;
	}
}

static int find_hop(struct finder *f, int i, struct err *e)
{
	char text[ADDR_TEXT_MAX];
	const char *spec = text;
	struct plan p = *f->plan;
	int rc;

	if (net_neigh_get(f->env->net, f->ifindex, &f->hops[i].addr, &f->hops[i].mac) == 1)
		return 0;
	addr_text(&f->hops[i].addr, text);
	p.family = f->hops[i].addr.family; /* IPv4 may go by a gateway of IPv6 */
	rc = neigh_ask(&(struct neigh_query){&p, f->env, f->ifindex, &spec, 1, on_hop, f}, e);
	if (rc < 0)
		return rc;
	if (!f->hops[i].known)
		return err_set(e, ERR_NOROUTE,
			"the gateway %s does not answer on %s, so that nothing behind it can be reached; see ip neigh and ip route",
			text, f->w->link->name);
	return 0;
}

static int find_hops(struct finder *f, struct err *e)
{
	for (int i = 0; i < f->n_hops; i++) {
		int rc = find_hop(f, i, e);

		if (rc < 0)
			return rc;
	}
	if (f->n_hops) {
		f->w->witness = f->hops[0].addr;
		f->w->hop_mac = f->hops[0].mac;
	}
	return 0;
}

/* The largest aligned block that begins at `at` and has at most `left` addresses. */
static unsigned block_bits(const struct addr *at, uint64_t left)
{
	unsigned width = at->family == 6 ? 128 : 32, bits = 0;

	while (bits < width && bits < 63 && UINT64_C(2) << bits <= left &&
		!(at->b[(width - 1 - bits) / 8] >> bits % 8 & 1))
		bits++;
	return width - bits;
}

/* Never more than the space has: what was excluded is not asked either. */
static int add_specs(struct finder *f, uint64_t first, uint64_t behind, struct err *e)
{
	while (first < behind) {
		struct addr at = space_at(f->env->space, first);
		char text[ADDR_TEXT_MAX];
		unsigned bits = block_bits(&at, behind - first);
		unsigned width = at.family == 6 ? 128 : 32;

		if (f->n_specs == SPECS_MAX)
			return err_set(e, ERR_UNSUPPORTED,
				"the neighbours to be swept are in more than %d pieces; name them in larger blocks",
				SPECS_MAX);
		at.zone = at.family == 6 && addr_is_linklocal(&at) ? f->ifindex : 0;
		snprintf(
			f->specs[f->n_specs++], ADDR_TEXT_MAX, "%s/%u", addr_text(&at, text), bits);
		first += UINT64_C(1) << (width - bits);
	}
	return 0;
}

/* A block of the space may have holes: each stretch is taken row by row. */
static int list_neighbours(struct finder *f, struct err *e)
{
	const struct space *s = f->env->space;
	uint64_t row_first = 0;
	size_t i = 0;

	f->specs = malloc(SPECS_MAX * sizeof(*f->specs));
	if (!f->specs)
		return err_set(e, -ENOMEM, "out of memory for the list of neighbours");
	for (uint32_t row = 0; row < s->view.n_rows; row++) {
		uint64_t behind = row_behind(s, row);

		for (; i < f->n && f->v[i].first < behind; i++) {
			const struct stretch *v = &f->v[i];
			uint64_t from = v->first > row_first ? v->first : row_first;
			uint64_t to = v->behind < behind ? v->behind : behind;

			if (v->hop == HOP_LINK && add_specs(f, from, to, e) < 0)
				return e->code;
			if (v->behind > behind)
				break;
		}
		row_first = behind;
	}
	return 0;
}

static void on_neighbour(void *ctx, const struct addr *a, const struct mac *m)
{
	struct finder *f = ctx;
	uint64_t index = space_index_of(f->env->space, a);

	if (index == UINT64_MAX)
		return;
	f->w->neighbours[index] = *m;
	f->w->present++;
	if (!f->w->witness.family)
		f->w->witness = *a;
}

static int ask_neighbours(struct finder *f, struct err *e)
{
	const char **specs;
	int rc = list_neighbours(f, e);

	if (rc < 0)
		return rc;
	specs = malloc((f->n_specs + 1) * sizeof(*specs));
	if (!specs)
		return err_set(e, -ENOMEM, "out of memory for the list of neighbours");
	for (size_t i = 0; i < f->n_specs; i++)
		specs[i] = f->specs[i];
	bus_note(f->env->bus, LOG_INFO,
		"%" PRIu64
		" targets are neighbours on %s: they are asked for their link addresses first, and those that do not answer are not probed",
		f->w->on_link, f->w->link->name);
	rc = neigh_ask(&(struct neigh_query){f->plan, f->env, f->ifindex, specs, f->n_specs,
			       on_neighbour, f},
		e);
	free(specs);
	if (rc == 0)
		bus_note(f->env->bus, LOG_INFO, "%" PRIu64 " neighbours are there", f->w->present);
	return rc;
}

/* A link address for each host of the space. */
static int fill_table(struct finder *f, struct err *e)
{
	struct way *w = f->w;

	w->neighbours = calloc(f->env->space->view.count, sizeof(*w->neighbours));
	if (!w->neighbours)
		return err_set(e, -ENOMEM, "out of memory for the link addresses of the targets");
	for (size_t i = 0; i < f->n; i++)
		for (uint64_t k = f->v[i].first; f->v[i].hop >= 0 && k < f->v[i].behind; k++)
			w->neighbours[k] = f->hops[f->v[i].hop].mac;
	return w->on_link ? ask_neighbours(f, e) : 0;
}

static int too_many(const struct finder *f, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED,
		"%" PRIu64
		" of the targets are neighbours on %s, each of which would have to be asked for its link address; name at most %" PRIu64
		" of them, or set a route by a gateway",
		f->w->on_link, f->w->link->name, WAY_ASK_MAX);
}

static int find_ethernet(struct finder *f, struct err *e)
{
	struct way *w = f->w;
	bool plain = w->on_link == 0 && w->own == 0 && f->n_hops == 1;
	int rc = find_hops(f, e);

	if (rc < 0 || plain)
		return rc;
	if (w->on_link <= WAY_ASK_MAX && f->env->space->view.count <= WAY_TABLE_MAX)
		return fill_table(f, e);
	if (f->n_hops != 1 || w->on_link > w->off_link)
		return too_many(f, e);
	bus_note(f->env->bus, LOG_INFO,
		"%" PRIu64
		" targets are neighbours on %s; among so many others they are probed by the gateway as well",
		w->on_link, w->link->name);
	return 0;
}

static void find_simulated(struct way *w, const struct sweep_env *env)
{
	w->kind = LINK_L3;
	w->src = env->sim_self;
	w->off_link = env->space->view.count;
}

int way_find(struct way *w, const struct plan *p, const struct sweep_env *env, struct err *e)
{
	struct finder f = {.w = w, .plan = p, .env = env};
	int rc;

	*w = (struct way){0};
	if (env->sim) {
		find_simulated(w, env);
		return 0;
	}
	rc = find_stretches(&f, e);
	if (rc == 0 && p->wire.source.family)
		w->src = p->wire.source;
	if (rc == 0 && p->wire.has_mac)
		w->src_mac = p->wire.mac;
	if (rc == 0 && w->kind == LINK_ETHERNET && !w->local)
		rc = find_ethernet(&f, e);
	if (rc == 0 && w->neighbours && w->own) /* without the table they go by the gateway */
		bus_note(env->bus, LOG_WARN,
			"%" PRIu64
			" of the targets are this machine's own addresses and are left out; scan them by themselves",
			w->own);
	free(f.v);
	free(f.specs);
	return rc;
}

void way_free(struct way *w)
{
	free(w->neighbours);
	w->neighbours = NULL;
}
