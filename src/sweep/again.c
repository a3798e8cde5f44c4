/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers to probes of different marks that are one fact: the same port, found again. */
#include "sweep/again.h"

#include <errno.h>
#include <stdlib.h>

#include "sweep/dedup.h"

int again_init(struct again *s, size_t answers, struct err *e)
{
	size_t n = 1;

	while (n * DEDUP_WAYS < answers)
		n *= 2;
	s->buckets = calloc(n, sizeof(*s->buckets));
	if (!s->buckets)
		return err_set(
			e, -ENOMEM, "out of memory for the answers to remember; lower --dedup");
	s->mask = (uint32_t)n - 1;
	return 0;
}

bool again_met(struct again *s, const struct sweep_job *j, const struct sweep_hit *hit)
{
	struct answer a = {.hit = *hit};
	uint64_t key;

	a.hit.mark = SWEEP_PLAIN;
	if (j->family == 6)
		a.hash = proof_hash(
			j, bytes_get64(hit->addr), bytes_get64(hit->addr + 8), hit->port, 0);
	else
		a.v4 = bytes_get32(hit->addr);
	key = dedup_key(j, &a);
	return dedup_met(&s->buckets[dedup_bucket(key, s->mask)], key);
}

void again_free(struct again *s)
{
	free(s->buckets);
	s->buckets = NULL;
}
