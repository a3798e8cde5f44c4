/* SPDX-License-Identifier: BSD-2-Clause */
/* Hosts. */
#include "scan/host.h"

#include <stdlib.h>
#include <string.h>

struct host *host_new(const struct target *t)
{
	struct host *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->addr = t->addr;
	h->heap_at = -1;
	h->job.canary = -1;
	if (t->name && !(h->name = strdup(t->name)))
		goto fail;
	if (t->n_others) {
		h->others = malloc(t->n_others * sizeof(*h->others));
		if (!h->others)
			goto fail;
		memcpy(h->others, t->others, t->n_others * sizeof(*h->others));
		h->n_others = t->n_others;
	}
	return h;
fail:
	host_free(h);
	return NULL;
}

static void trace_free(struct rec_trace *t)
{
	for (size_t i = 0; t && i < t->n_hops; i++)
		free((void *)t->hops[i].name);
	if (t)
		free((void *)t->hops);
	free(t);
}

void host_free(struct host *h)
{
	if (!h)
		return;
	free(job_end(&h->job));
	for (size_t i = 0; i < TECHS_MAX; i++)
		free(h->result[i]);
	free(h->from);
	free(h->others);
	free(h->name);
	free(h->ptr);
	trace_free(h->trace);
	free(h);
}

uint8_t host_from(struct host *h, const struct addr *responder)
{
	struct addr *p;

	if (responder->family == 0 || addr_eq(&h->addr, responder))
		return 0;
	for (uint8_t i = 0; i < h->n_from; i++)
		if (addr_eq(&h->from[i], responder))
			return i + 1;
	if (h->n_from == REC_FROM_MAX)
		return 0;
	p = realloc(h->from, (h->n_from + 1u) * sizeof(*p));
	if (!p)
		return 0;
	h->from = p;
	h->from[h->n_from++] = *responder;
	return h->n_from;
}
