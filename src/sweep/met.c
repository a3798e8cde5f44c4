/* SPDX-License-Identifier: BSD-2-Clause */
/* The answers met last, in memory of user space. */
#include "sweep/met.h"

#include <errno.h>
#include <stdlib.h>

#include "sweep/dedup.h"

int met_init(struct met *m, size_t answers, struct err *e)
{
	size_t n = 1;

	*m = (struct met){0};
	if (answers == 0)
		return 0;
	while (n * DEDUP_WAYS < answers)
		n *= 2;
	m->buckets = calloc(n, sizeof(*m->buckets));
	if (!m->buckets)
		return err_set(
			e, -ENOMEM, "out of memory for the answers to remember; lower --dedup");
	m->mask = (uint32_t)n - 1;
	return 0;
}

bool met_key(struct met *m, uint64_t key)
{
	return m->buckets && dedup_met(&m->buckets[dedup_bucket(key, m->mask)], key);
}

bool met_again(struct met *m, const struct sweep_job *j, const struct sweep_hit *hit)
{
	struct answer a = {.hit = *hit};

	a.hit.mark = SWEEP_PLAIN;
	if (j->family == 6)
		a.hash = proof_hash(
			j, bytes_get64(hit->addr), bytes_get64(hit->addr + 8), hit->port, 0);
	else
		a.v4 = bytes_get32(hit->addr);
	return met_key(m, dedup_key(j, &a));
}

void met_free(struct met *m)
{
	free(m->buckets);
	*m = (struct met){0};
}
