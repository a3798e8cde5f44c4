/* SPDX-License-Identifier: BSD-2-Clause */
/* What is going to happen in a simulated network, in the order of time: a binary heap of events. */
#include "io/sim_event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sim_event *sim_event_new(enum sim_event_kind kind, const void *data, size_t len)
{
	struct sim_event *ev = malloc(sizeof(*ev) + len);

	if (!ev)
		return NULL;
	memset(ev, 0, sizeof(*ev));
	ev->kind = kind;
	ev->host = SIM_NONE;
	ev->conn = SIM_NONE;
	ev->len = (uint32_t)len;
	if (data)
		memcpy(ev->data, data, len);
	return ev;
}

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->seq < b->seq;
}

static bool grow(struct sim_heap *h)
{
	size_t cap = h->cap ? h->cap * 2 : 256;
	struct sim_event **v = realloc(h->v, cap * sizeof(struct sim_event *));

	if (!v)
		return false;
	h->v = v;
	h->cap = cap;
	return true;
}

int sim_heap_push(struct sim_heap *h, struct sim_event *ev)
{
	size_t i;

	if (h->n == h->cap && !grow(h)) {
		free(ev);
		return -ENOMEM;
	}
	ev->seq = h->next_seq++;
	for (i = h->n++; i && before(ev, h->v[(i - 1) / 2]); i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = ev;
	return 0;
}

struct sim_event *sim_heap_top(const struct sim_heap *h)
{
	return h->n ? h->v[0] : NULL;
}

struct sim_event *sim_heap_pop(struct sim_heap *h)
{
	struct sim_event *top, *last;
	size_t i = 0, child;

	if (!h->n)
		return NULL;
	top = h->v[0];
	last = h->v[--h->n];
	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n && before(h->v[child + 1], h->v[child]))
			child++;
		if (!before(h->v[child], last))
			break;
		h->v[i] = h->v[child];
		i = child;
	}
	if (h->n)
		h->v[i] = last;
	return top;
}

void sim_heap_free(struct sim_heap *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i]);
	free(h->v);
	*h = (struct sim_heap){0};
}
