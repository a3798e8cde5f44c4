/* SPDX-License-Identifier: BSD-2-Clause */
/* --where between the bus and the outputs. */
#include "out/sieve.h"

#include <errno.h>
#include <stdlib.h>

/* An array of at least n items; false when memory ran out. */
static bool reserve(void **v, size_t *max, size_t n, size_t size)
{
	void *p;

	if (n <= *max)
		return true;
	p = realloc(*v, n * size);
	if (!p)
		return false;
	*v = p;
	*max = n;
	return true;
}

static int put_results(struct sieve *s, const struct rec_results *in, struct rec *out)
{
	void *v = s->results;
	size_t n = 0;
	bool room = reserve(&v, &s->max_results, in->n, sizeof(*s->results));

	s->results = v;
	if (!room)
		return -ENOMEM;
	for (size_t i = 0; i < in->n; i++)
		if (where_match(s->where, &in->v[i], NULL))
			s->results[n++] = in->v[i];
	s->batch = (struct rec_results){.v = s->results, .n = n};
	out->results = &s->batch;
	return n > 0;
}

static int put_host(struct sieve *s, const struct rec_host *in, struct rec *out)
{
	void *v = s->ports;
	size_t n = 0;
	bool room = reserve(&v, &s->max_ports, in->n_ports, sizeof(*s->ports));

	s->ports = v;
	if (!room)
		return -ENOMEM;
	for (size_t i = 0; i < in->n_ports; i++)
		if (where_match(s->where, &in->ports[i], in))
			s->ports[n++] = in->ports[i];
	s->host = *in;
	s->host.ports = s->ports;
	s->host.n_ports = n;
	out->host = &s->host;
	return n > 0;
}

/* Of the host no more than its address is known so early. */
static int put_found(const struct sieve *s, const struct rec_found *f)
{
	struct rec_host h = {.addr = f->addr, .state = HOST_UP};

	return where_match(s->where, f->port, &h);
}

int sieve_put(struct sieve *s, const struct rec *in, struct rec *out, struct err *e)
{
	int rc = 1;

	*out = *in;
	if (!s->where)
		return 1;
	if (!s->hosts && in->kind == REC_RESULTS)
		rc = put_results(s, in->results, out);
	else if (s->hosts && in->kind == REC_HOST)
		rc = put_host(s, in->host, out);
	else if (s->hosts && in->kind == REC_FOUND)
		rc = put_found(s, in->found);
	return rc < 0 ? err_set(e, rc, "out of memory") : rc;
}

void sieve_free(struct sieve *s)
{
	free(s->results);
	free(s->ports);
	*s = (struct sieve){.where = NULL};
}
