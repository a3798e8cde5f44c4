/* SPDX-License-Identifier: BSD-2-Clause */
/* The way to a destination, asked once for all addresses that the kernel treats alike. */
#include "net/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/cells.h"
#include "net/fib.h"
#include "net/net.h"
#include "net/nl.h"

/*
 * The kernel alone decides: each question goes to it by RTM_GETROUTE. To ask it seldom, the address
 * space is cut at every prefix of every table and rule (cells.c); within a cell the kernel has no
 * ground to tell addresses apart, and one answer serves all. What does depend on the single address
 * is never kept: multipath routes (a hash of the flow chooses), multicast, and local routes whose
 * source is the destination itself. For IPv6 the source address depends on how many bits it shares
 * with the destination (RFC 6724, rule 8): our own addresses cut the space at each of their bits.
 *
 * Tables are read at the first question; a route that changes afterwards is not noticed in cells
 * that were asked before.
 */

/*
 * With more own IPv6 addresses than this the cuts would cost more than they save: the kernel is
 * asked every time.
 */
#define MAX_OWN_V6 256
/* Ways kept per family; when they are used up all are forgotten. */
#define MAX_WAYS 65536

struct way {
	bool used;
	bool single;  /* holds for the one destination only: ask again */
	uint64_t key; /* forced interface, cell */
	int error;
	struct net_route route;
};

struct family {
	bool read;
	bool src_rules;
	struct cells *cells; /* NULL: nothing can be kept */
	struct way *ways;    /* open addressing, size a power of two */
	size_t n_ways, cap_ways;
};

struct routes {
	struct nl *nl;
	const struct net *net;
	uint32_t loopback;
	struct family v4, v6;
};

int routes_new(struct routes **out, struct nl *nl, const struct net *net, struct err *e)
{
	struct routes *r = calloc(1, sizeof(*r));
	size_t n;
	const struct net_link *links = net_links(net, &n);

	*out = r;
	if (!r) {
		errno = ENOMEM;
		return err_sys(e, "cannot prepare for routes");
	}
	r->nl = nl;
	r->net = net;
	for (size_t i = n; i-- > 0;)
		if (links[i].kind == LINK_LOOPBACK)
			r->loopback = links[i].index;
	return 0;
}

void routes_free(struct routes *r)
{
	if (!r)
		return;
	cells_free(r->v4.cells);
	cells_free(r->v6.cells);
	free(r->v4.ways);
	free(r->v6.ways);
	free(r);
}

static int cut_own_v6(const struct net *net, struct cells *cells)
{
	size_t n, n_v6 = 0;
	const struct net_addr *a = net_addrs(net, &n);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (a[i].addr.family != 6)
			continue;
		if (++n_v6 > MAX_OWN_V6)
			return -E2BIG;
		for (unsigned bits = 1; bits <= a[i].prefix_len && rc == 0; bits++)
			rc = cells_add(cells, &a[i].addr, bits);
	}
	return rc;
}

/* A table that cannot be read costs speed, not answers: each question then goes to the kernel. */
static void read_family(struct routes *r, struct family *f, unsigned family)
{
	int rc = -ENOMEM;

	f->read = true;
	f->cells = cells_new();
	if (f->cells)
		rc = fib_cut(r->nl, family, f->cells, &f->src_rules);
	if (rc == 0 && family == 6)
		rc = cut_own_v6(r->net, f->cells);
	if (rc == 0) {
		cells_seal(f->cells);
		return;
	}
	cells_free(f->cells);
	f->cells = NULL;
}

static struct way *slot_of(const struct family *f, uint64_t key)
{
	size_t i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (f->cap_ways - 1);

	while (f->ways[i].used && f->ways[i].key != key)
		i = (i + 1) & (f->cap_ways - 1);
	return &f->ways[i];
}

static void grow_ways(struct family *f)
{
	struct family bigger = {.cap_ways = f->cap_ways ? f->cap_ways * 2 : 64};

	if (f->n_ways >= MAX_WAYS) {
		memset(f->ways, 0, f->cap_ways * sizeof(*f->ways));
		f->n_ways = 0;
		return;
	}
	bigger.ways = calloc(bigger.cap_ways, sizeof(*bigger.ways));
	if (!bigger.ways)
		return;
	for (size_t i = 0; i < f->cap_ways; i++)
		if (f->ways[i].used)
			*slot_of(&bigger, f->ways[i].key) = f->ways[i];
	free(f->ways);
	f->ways = bigger.ways;
	f->cap_ways = bigger.cap_ways;
}

static void keep_way(struct family *f, uint64_t key, const struct way *w)
{
	struct way *slot;

	if (f->n_ways >= f->cap_ways / 2)
		grow_ways(f);
	if (f->n_ways + 1 >= f->cap_ways)
		return; /* no memory for more */
	slot = slot_of(f, key);
	f->n_ways += !slot->used;
	*slot = *w;
	slot->used = true;
	slot->key = key;
}

static bool may_keep(const struct addr *dst)
{
	static const uint8_t zero[16], ones[4] = {255, 255, 255, 255};

	if (addr_is_multicast(dst) || memcmp(dst->b, zero, sizeof(zero)) == 0)
		return false;
	return dst->family != 4 || memcmp(dst->b, ones, sizeof(ones)) != 0;
}

/* A link-local address means something on one link only: it carries the index of its interface. */
static void add_zone(struct addr *a, uint32_t ifindex)
{
	if (a->family == 6 && addr_is_linklocal(a))
		a->zone = ifindex;
}

/*
 * connect(2) asks twice, the second time with the source address that the first answer chose; where
 * rules look at the source (several uplinks) only the second answer says which gateway will take
 * the packet. An interface that was forced stays.
 */
static int ask(struct routes *r, struct family *f, struct fib_query *q, struct fib_reply *out)
{
	struct fib_reply again;
	int rc = fib_ask(r->nl, q, out);

	if (rc < 0 || !f->src_rules || !out->src.family)
		return rc;
	q->src = out->src;
	rc = fib_ask(r->nl, q, &again);
	if (q->oif && (rc < 0 || again.oif != q->oif))
		return 0;
	if (rc == 0) {
		again.src = q->src;
		*out = again;
	}
	return rc;
}

static int fill_route(struct routes *r, const struct fib_reply *a, struct net_route *out)
{
	bool local = a->type == RTN_LOCAL;
	uint32_t ifindex = local && r->loopback ? r->loopback : a->oif;
	const struct net_link *l = net_link_by_index(r->net, ifindex);

	*out = (struct net_route){
		.ifindex = ifindex, .local = local, .src = a->src, .next_hop = a->gateway};
	if (!l)
		return -ENODEV;
	if (a->type == RTN_UNICAST && l->kind == LINK_LOOPBACK)
		return -ENETUNREACH; /* what -e lo gets: the kernel would send it another way */
	if (!a->src.family)
		return -EADDRNOTAVAIL;
	out->kind = a->encap ? LINK_OTHER : l->kind;
	out->mtu = a->mtu && a->mtu < l->mtu ? a->mtu : l->mtu;
	out->src_mac = l->kind == LINK_ETHERNET ? l->mac : (struct mac){0};
	out->on_link = !a->gateway.family;
	add_zone(&out->src, local ? a->oif : ifindex);
	add_zone(&out->next_hop, ifindex);
	return 0;
}

/* An entry with several next hops shows only when the entry itself is asked for. */
static bool is_multipath(struct routes *r, const struct fib_query *q)
{
	struct fib_query entry = *q;
	struct fib_reply a;

	entry.matched = true;
	return fib_ask(r->nl, &entry, &a) == 0 && a.multipath;
}

static void find_way(struct routes *r, struct family *f, struct fib_query *q, struct way *w)
{
	struct fib_reply a;

	*w = (struct way){0};
	w->error = ask(r, f, q, &a);
	if (w->error == 0)
		w->error = fill_route(r, &a, &w->route);
	if (w->error == -ENOMEM || w->error == -ENOBUFS)
		w->single = true;
	if (w->error == 0 && a.type == RTN_LOCAL)
		w->single = memcmp(a.src.b, q->dst.b, sizeof(a.src.b)) == 0;
}

static void look_up(struct routes *r, struct family *f, struct fib_query *q, struct way *out)
{
	bool keep = f->cells && may_keep(&q->dst);
	uint64_t key = keep ? (uint64_t)q->oif << 32 | cells_find(f->cells, &q->dst) : 0;
	struct way *known = keep && f->n_ways ? slot_of(f, key) : NULL;

	if (known && known->used && !known->single) {
		*out = *known;
		return;
	}
	find_way(r, f, q, out);
	if (!keep || (known && known->used))
		return;
	if (!out->single)
		out->single = is_multipath(r, q);
	keep_way(f, key, out);
}

static const char *name_of(const struct routes *r, uint32_t ifindex)
{
	const struct net_link *l = net_link_by_index(r->net, ifindex);

	return l ? l->name : "?";
}

static int explain(
	const struct routes *r, const struct fib_query *q, const struct way *w, struct err *e)
{
	char dst[ADDR_TEXT_MAX], via[IF_NAMESIZE + 16] = "";

	addr_text(&q->dst, dst);
	if (q->oif)
		snprintf(via, sizeof(via), " by interface %s", name_of(r, q->oif));
	switch (w->error) {
	case -ENETUNREACH:
		return err_set(e, ERR_NOROUTE,
			"no route to %s%s: the routing tables have no entry for it, "
			"and no default route",
			dst, via);
	case -EHOSTUNREACH:
		return err_set(e, ERR_NOROUTE,
			"no route to %s%s: a route says that it is unreachable", dst, via);
	case -EACCES:
		return err_set(
			e, ERR_NOROUTE, "no route to %s%s: a route or rule prohibits it", dst, via);
	case -EINVAL:
		return err_set(e, ERR_NOROUTE, "no route to %s%s: a blackhole route swallows it",
			dst, via);
	case -EADDRNOTAVAIL:
		return err_set(e, ERR_NOROUTE,
			"no way to %s: interface %s has no IPv%u address to send from", dst,
			name_of(r, w->route.ifindex), q->dst.family);
	case -ENODEV:
		return err_set(e, ERR_NOROUTE,
			"no way to %s%s: there is no such interface any more", dst, via);
	case -EAFNOSUPPORT:
	case -EOPNOTSUPP:
		return err_set(e, ERR_NOROUTE, "no way to %s: this machine has no IPv%u", dst,
			q->dst.family);
	}
	errno = -w->error;
	return err_sys(e, "cannot ask the kernel for the way to %s%s", dst, via);
}

/*
 * Two links with link-local addresses: fe80::1 may be a neighbour on either, and the kernel would
 * just take the first.
 */
static bool is_ambiguous(const struct routes *r, const struct addr *dst)
{
	size_t n;
	const struct net_addr *a = net_addrs(r->net, &n);
	uint32_t seen = 0;
	bool several = false;

	if (dst->family != 6 || !addr_is_linklocal(dst))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (a[i].addr.family != 6 || !addr_is_linklocal(&a[i].addr))
			continue;
		if (memcmp(a[i].addr.b, dst->b, sizeof(dst->b)) == 0)
			return false;
		several |= seen && seen != a[i].ifindex;
		seen = a[i].ifindex;
	}
	return several;
}

static int check_question(
	const struct routes *r, const struct addr *dst, uint32_t ifindex, struct err *e)
{
	char text[ADDR_TEXT_MAX];

	if (!addr_len(dst))
		return err_set(e, -EINVAL, "no address to find a way to");
	if (ifindex && !net_link_by_index(r->net, ifindex))
		return err_set(e, ERR_NOROUTE, "no way to %s: there is no interface with index %u",
			addr_text(dst, text), ifindex);
	if (dst->zone && ifindex && dst->zone != ifindex)
		return err_set(e, ERR_NOROUTE,
			"no way to %s by interface %s: the address is of another link",
			addr_text(dst, text), name_of(r, ifindex));
	if (!dst->zone && !ifindex && is_ambiguous(r, dst))
		return err_set(e, ERR_NOROUTE,
			"no way to %s: several interfaces have link-local addresses; "
			"say which one, as in %s%%eth0",
			addr_text(dst, text), text);
	return 0;
}

int routes_get(struct routes *r, const struct addr *dst, uint32_t ifindex, struct net_route *out,
	struct err *e)
{
	struct family *f = dst->family == 4 ? &r->v4 : &r->v6;
	struct fib_query q = {.dst = *dst, .oif = ifindex ? ifindex : dst->zone};
	struct way w;
	int rc = check_question(r, dst, ifindex, e);

	if (rc < 0)
		return rc;
	if (!f->read)
		read_family(r, f, dst->family);
	look_up(r, f, &q, &w);
	if (w.error < 0)
		return explain(r, &q, &w, e);
	*out = w.route;
	if (out->on_link) {
		out->next_hop = *dst;
		if (!out->local)
			add_zone(&out->next_hop, out->ifindex);
	}
	return 0;
}

struct addr routes_last(const struct routes *r, const struct addr *dst)
{
	const struct family *f = dst->family == 4 ? &r->v4 : &r->v6;

	return f->cells ? cells_last(f->cells, dst) : *dst;
}
