/* SPDX-License-Identifier: BSD-2-Clause */
/* The connections on their way: a fixed number of slots, found by the caller's id. */
#include "io/conns.h"

#include <errno.h>
#include <stdlib.h>

#include "io/dial.h"

/* Ids are the caller's own and often count up: multiplied by 2^64 over the golden ratio (Knuth,
 * TAOCP 6.4) they spread. */
static int *bucket(const struct conns *c, uint64_t id)
{
	return &c->buckets[(uint32_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & c->mask];
}

int conns_init(struct conns *c, unsigned max)
{
	uint32_t n = 1;

	while (n < max)
		n <<= 1;
	*c = (struct conns){.mask = n - 1, .max = max};
	c->slots = calloc(max, sizeof(*c->slots));
	c->buckets = calloc(n, sizeof(*c->buckets));
	if (!c->slots || !c->buckets)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		c->buckets[i] = CONN_NONE;
	for (unsigned i = 0; i < max; i++)
		c->slots[i].next = i + 1 < max ? (int)i + 1 : CONN_NONE;
	return 0;
}

void conns_fini(struct conns *c)
{
	for (uint32_t b = 0; c->buckets && c->slots && b <= c->mask; b++)
		while (c->buckets[b] != CONN_NONE)
			conns_del(c, c->buckets[b]);
	free(c->slots);
	free(c->buckets);
	*c = (struct conns){.n = 0};
}

int conns_add(struct conns *c, uint64_t id, int fd)
{
	int i = c->free, *head = bucket(c, id);

	c->free = c->slots[i].next;
	c->slots[i] = (struct conn){.id = id, .fd = fd, .next = *head};
	*head = i;
	c->n++;
	return i;
}

int conns_find(const struct conns *c, uint64_t id)
{
	int i = *bucket(c, id);

	while (i != CONN_NONE && c->slots[i].id != id)
		i = c->slots[i].next;
	return i;
}

void conns_del(struct conns *c, int slot)
{
	int *link = bucket(c, c->slots[slot].id);

	while (*link != slot)
		link = &c->slots[*link].next;
	*link = c->slots[slot].next;
	dial_hang_up(c->slots[slot].fd);
	c->slots[slot].next = c->free;
	c->free = slot;
	c->n--;
}
