/* SPDX-License-Identifier: BSD-2-Clause */
/* A binary heap of host timers, and the round-robin list of hosts that may send. */
#include "scan/timers.h"

#include <stdlib.h>

static void place(struct engine *e, struct host *h, uint32_t at)
{
	e->heap[at] = h;
	h->heap_at = (int32_t)at;
}

static void sift_up(struct engine *e, uint32_t at)
{
	struct host *h = e->heap[at];

	while (at > 0 && e->heap[(at - 1) / 2]->timer_ns > h->timer_ns) {
		place(e, e->heap[(at - 1) / 2], at);
		at = (at - 1) / 2;
	}
	place(e, h, at);
}

static void sift_down(struct engine *e, uint32_t at)
{
	struct host *h = e->heap[at];
	uint32_t c;

	while ((c = 2 * at + 1) < e->heap_n) {
		if (c + 1 < e->heap_n && e->heap[c + 1]->timer_ns < e->heap[c]->timer_ns)
			c++;
		if (e->heap[c]->timer_ns >= h->timer_ns)
			break;
		place(e, e->heap[c], at);
		at = c;
	}
	place(e, h, at);
}

void timer_set(struct engine *e, struct host *h, uint64_t at_ns)
{
	struct host **p;

	if (h->heap_at >= 0) {
		if (at_ns < h->timer_ns) {
			h->timer_ns = at_ns;
			sift_up(e, (uint32_t)h->heap_at);
		}
		return;
	}
	if (e->heap_n == e->heap_cap) {
		p = realloc(e->heap, (e->heap_cap ? e->heap_cap * 2 : 64) * sizeof(*p));
		if (!p) {
			engine_no_memory(e);
			return;
		}
		e->heap = p;
		e->heap_cap = e->heap_cap ? e->heap_cap * 2 : 64;
	}
	h->timer_ns = at_ns;
	e->heap[e->heap_n] = h;
	sift_up(e, e->heap_n++);
}

void timer_drop(struct engine *e, struct host *h)
{
	uint32_t at = (uint32_t)h->heap_at;
	struct host *last;

	if (h->heap_at < 0)
		return;
	h->heap_at = -1;
	last = e->heap[--e->heap_n];
	if (last == h)
		return;
	place(e, last, at);
	sift_up(e, at);
	sift_down(e, (uint32_t)last->heap_at);
}

struct host *timer_due(struct engine *e, uint64_t now)
{
	struct host *h;

	if (e->heap_n == 0 || e->heap[0]->timer_ns > now)
		return NULL;
	h = e->heap[0];
	timer_drop(e, h);
	return h;
}

uint64_t timer_next(const struct engine *e)
{
	return e->heap_n ? e->heap[0]->timer_ns : UINT64_MAX;
}

void ready_add(struct engine *e, struct host *h)
{
	if (h->ready)
		return;
	h->ready = true;
	h->next = NULL;
	h->prev = e->ready_tail;
	if (e->ready_tail)
		e->ready_tail->next = h;
	else
		e->ready_head = h;
	e->ready_tail = h;
}

void ready_drop(struct engine *e, struct host *h)
{
	if (!h->ready)
		return;
	h->ready = false;
	*(h->prev ? &h->prev->next : &e->ready_head) = h->next;
	*(h->next ? &h->next->prev : &e->ready_tail) = h->prev;
}
