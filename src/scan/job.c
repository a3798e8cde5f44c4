/* SPDX-License-Identifier: BSD-2-Clause */
/* Jobs and their queues. */
#include "scan/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Doubles a power-of-two ring of `size`-byte elements, unrolling it; 0 or -ENOMEM. */
static int ring_grow(void **v, uint32_t *head, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t to = *cap ? *cap * 2 : 8, first;
	char *new = malloc(to * size);

	if (!new)
		return -ENOMEM;
	first = *cap - *head < n ? *cap - *head : n;
	if (n) {
		memcpy(new, (char *)*v + *head * size, first * size);
		memcpy(new + first *size, *v, (n - first) * size);
	}
	free(*v);
	*v = new;
	*head = 0;
	*cap = to;
	return 0;
}

bool flights_push(struct flights *f, struct flight v)
{
	void *p = f->v;

	if (f->n == f->cap) {
		if (ring_grow(&p, &f->head, f->n, &f->cap, sizeof(v)))
			return false;
		f->v = p;
	}
	f->v[(f->head + f->n++) & (f->cap - 1)] = v;
	return true;
}

struct flight *flights_head(struct flights *f)
{
	return f->n ? &f->v[f->head] : NULL;
}

void flights_pop(struct flights *f)
{
	f->head = (f->head + 1) & (f->cap - 1);
	f->n--;
}

bool slot_queue_push(struct slot_queue *q, uint32_t slot)
{
	void *p = q->v;

	if (q->n == q->cap) {
		if (ring_grow(&p, &q->head, q->n, &q->cap, sizeof(slot)))
			return false;
		q->v = p;
	}
	q->v[(q->head + q->n++) & (q->cap - 1)] = slot;
	return true;
}

bool slot_queue_pop(struct slot_queue *q, uint32_t *slot)
{
	if (q->n == 0)
		return false;
	*slot = q->v[q->head];
	q->head = (q->head + 1) & (q->cap - 1);
	q->n--;
	return true;
}

int job_start(struct job *j, const struct task *t, const struct ping *pings, uint32_t n)
{
	memset(j, 0, sizeof(*j));
	j->slots = calloc(n ? n : 1, sizeof(*j->slots));
	if (!j->slots)
		return -ENOMEM;
	j->task = t;
	j->pings = pings;
	j->n_slots = j->undecided = n;
	j->canary = -1;
	return 0;
}

struct slot *job_end(struct job *j)
{
	struct slot *slots = j->slots;

	free(j->flights.v);
	free(j->retry.v);
	memset(j, 0, sizeof(*j));
	j->canary = -1;
	return slots;
}

const struct scan_tech *job_tech(const struct job *j, uint32_t slot)
{
	return j->task ? j->task->tech : j->pings[slot].tech;
}

uint16_t job_port(const struct job *j, uint32_t slot)
{
	return j->task ? j->task->ports[slot] : j->pings[slot].port;
}

int32_t job_find(const struct job *j, const struct scan_tech *t, uint16_t port)
{
	if (j->task)
		return j->task->tech == t ? j->task->slot_of[port] : -1;
	for (uint32_t i = 0; i < j->n_slots; i++)
		if (j->pings[i].tech == t && j->pings[i].port == port)
			return (int32_t)i;
	return -1;
}
