/* SPDX-License-Identifier: BSD-2-Clause */
/* The two TCP stacks of a simulated network as far as they have a memory: half-open connections of
 * the hosts, connect() of the scanner. */
#include "io/sim_tcp.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "model/rec.h"

/* The seed is fixed and the traffic is the test's own: a plain multiplicative hash is enough. */
static size_t bucket_of(uint32_t host, uint16_t hport, uint16_t sport)
{
	uint64_t x = (uint64_t)host << 32 | (uint32_t)hport << 16 | sport;

	return (size_t)(x * UINT64_C(0x9e3779b97f4a7c15) >> 40) % SIM_HALF_BUCKETS;
}

struct sim_event *sim_half_find(const struct sim_half *h, uint32_t host, const struct pkt_l4 *t)
{
	struct sim_event *ev = h->bucket[bucket_of(host, t->dport, t->sport)];

	while (ev && (ev->host != host || ev->hport != t->dport || ev->sport != t->sport))
		ev = ev->chain;
	return ev;
}

void sim_half_add(struct sim_half *h, struct sim_event *timer)
{
	struct sim_event **b = &h->bucket[bucket_of(timer->host, timer->hport, timer->sport)];

	timer->chain = *b;
	*b = timer;
}

void sim_half_remove(struct sim_half *h, struct sim_event *timer)
{
	struct sim_event **b = &h->bucket[bucket_of(timer->host, timer->hport, timer->sport)];

	while (*b && *b != timer)
		b = &(*b)->chain;
	if (*b)
		*b = timer->chain;
	timer->chain = NULL;
	timer->gone = true;
}

uint64_t sim_tcp_rto_ns(unsigned tries)
{
	return NS_PER_S << (tries - 1);
}

uint32_t sim_conns_add(struct sim_conns *c, const struct sim_conn *conn)
{
	if (c->n == c->cap) {
		uint32_t cap = c->cap ? c->cap * 2 : 64;
		struct sim_conn *v = realloc(c->v, cap * sizeof(*v));

		if (!v)
			return SIM_NONE;
		c->v = v;
		c->cap = cap;
	}
	c->v[c->n] = *conn;
	return c->n++;
}

void sim_conns_free(struct sim_conns *c)
{
	free(c->v);
	*c = (struct sim_conns){0};
}

/* Destination unreachable as connect() reports it: Linux' icmp_err_convert and icmpv6_err_convert,
 * the codes that sim_reply makes. */
static bool unreachable(const struct pkt_view *v, int *error)
{
	bool v6 = v->src.family == 6;

	if (!v->l4.has_icmp || v->l4.type != (v6 ? 1 : 3))
		return false;
	if (v->l4.code == (v6 ? 4 : 3))
		*error = ECONNREFUSED;
	else
		*error = v6 ? EACCES : EHOSTUNREACH;
	return true;
}

bool sim_conn_outcome(const struct sim_conn *c, const struct pkt_view *v, int *error)
{
	const struct pkt_l4 *t = &v->l4;

	if (v->has_quote)
		return unreachable(v, error);
	if (t->proto != PROTO_TCP || !t->has_tcp || !(t->flags & TCP_ACK) || t->ack != c->seq + 1)
		return false;
	if (t->flags & TCP_RST) {
		*error = ECONNREFUSED;
		return true;
	}
	*error = 0;
	return t->flags & TCP_SYN;
}
