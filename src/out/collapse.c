/* SPDX-License-Identifier: BSD-2-Clause */
/* Which port states of a host are only counted ("Not shown: 996 closed tcp ports (reset)"), by
 * nmap's rule. */
#include "out/collapse.h"

#include <stdlib.h>
#include <string.h>

/*
 * The rule, measured on nmap 7.93 with n closed ports at each level of -v and -d: a state is
 * collapsed when it has more than 25 * (1 + v + 20 d) ports, where each -d counts as a -v too; from
 *-d3 on nothing is. Open ports are always shown.
 *
 *	(none) 25    -v 50    -vv 75    -vvv 100    -d 550    -dd 1075    -vv -d 600    -ddd all
 * shown
 */
#define SHOWN_MAX      25
#define SHOWN_ALL_FROM 3 /* level of -d */

static const uint8_t protos[COLLAPSE_PROTOS] = {PROTO_TCP, PROTO_UDP, PROTO_SCTP, PROTO_IP};

typedef uint32_t counts[PORT_STATES][COLLAPSE_PROTOS][REASONS];

static unsigned proto_index(unsigned proto)
{
	unsigned i = 0;

	while (i < COLLAPSE_PROTOS - 1 && protos[i] != proto)
		i++;
	return i;
}

static void count_ports(struct collapse *c, counts by_reason, const struct rec_host *h)
{
	for (size_t i = 0; i < h->n_ports; i++) {
		const struct rec_port *p = &h->ports[i];

		if (p->state == PORT_UNKNOWN || p->state >= PORT_STATES || p->reason >= REASONS)
			continue;
		c->count[p->state]++;
		c->n_total++;
		by_reason[p->state][proto_index(p->proto)][p->reason]++;
	}
}

static bool is_ignored(unsigned state, uint32_t count, const struct out_conf *conf)
{
	uint64_t shown_max;

	if (state == PORT_OPEN || count == 0)
		return false;
	if (conf->open_only && state != PORT_OPEN_FILTERED && state != PORT_UNFILTERED)
		return true;
	if (conf->debug >= SHOWN_ALL_FROM)
		return false;
	shown_max = SHOWN_MAX * (1 + (uint64_t)conf->verbose + 20 * (uint64_t)conf->debug);
	return count > shown_max;
}

/* Insertion by falling count; equals stay in the order of the enum. */
static void order_states(struct collapse *c)
{
	for (uint8_t s = 0; s < PORT_STATES; s++) {
		size_t at = c->n_ignored;

		if (!c->ignored[s])
			continue;
		while (at > 0 && c->count[c->order[at - 1]] < c->count[s]) {
			c->order[at] = c->order[at - 1];
			at--;
		}
		c->order[at] = s;
		c->n_ignored++;
		c->n_hidden += c->count[s];
	}
}

static int by_falling_count(const void *a, const void *b)
{
	const struct collapse_row *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (x->proto != y->proto)
		return (int)proto_index(x->proto) - (int)proto_index(y->proto);
	return (int)x->reason - (int)y->reason;
}

static void make_rows(struct collapse *c, uint8_t state, counts by_reason)
{
	size_t first = c->n_rows;

	for (unsigned p = 0; p < COLLAPSE_PROTOS; p++) {
		for (unsigned r = 0; r < REASONS; r++) {
			uint32_t n = by_reason[state][p][r];

			if (n)
				c->rows[c->n_rows++] =
					(struct collapse_row){state, protos[p], (uint8_t)r, n};
		}
	}
	qsort(c->rows + first, c->n_rows - first, sizeof(c->rows[0]), by_falling_count);
}

void collapse_make(struct collapse *c, const struct rec_host *h, const struct out_conf *conf)
{
	counts by_reason;

	memset(c, 0, sizeof(*c));
	memset(by_reason, 0, sizeof(by_reason));
	count_ports(c, by_reason, h);
	for (unsigned s = 0; s < PORT_STATES; s++)
		c->ignored[s] = is_ignored(s, c->count[s], conf);
	order_states(c);
	for (size_t i = 0; i < c->n_ignored; i++)
		make_rows(c, c->order[i], by_reason);
}

static void add_range(struct buf *b, unsigned first, unsigned last, bool comma)
{
	if (comma)
		buf_char(b, ',');
	if (first == last)
		buf_fmt(b, "%u", first);
	else
		buf_fmt(b, "%u-%u", first, last);
}

void collapse_numbers(struct buf *b, const struct rec_host *h, const struct collapse_row *row)
{
	unsigned first = 0, last = 0;
	bool any = false, comma = false;

	for (size_t i = 0; i < h->n_ports; i++) {
		const struct rec_port *p = &h->ports[i];

		if (p->state != row->state || p->reason != row->reason ||
			protos[proto_index(p->proto)] != row->proto)
			continue;
		if (any && p->number == last + 1) {
			last = p->number;
			continue;
		}
		if (any) {
			add_range(b, first, last, comma);
			comma = true;
		}
		first = last = p->number;
		any = true;
	}
	if (any)
		add_range(b, first, last, comma);
}
