/* SPDX-License-Identifier: BSD-2-Clause */
/* A window of the answers met last: one text for the kernel and for us. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sweep/answer.h"

#define DEDUP_WAYS 4 /* keys of a bucket */

/*
 * What makes an answer the same as another: target, port, mark and kind. Exact for IPv4, 54 bits;
 * for IPv6 the probe's keyed hash with the kind, so that two different ones of 10^7 meet once in
 * 10^5 runs. Never 0, which is an empty place.
 */
SWEEP_INLINE uint64_t dedup_key(const struct sweep_job *j, const struct answer *a)
{
	uint64_t kind = a->hit.answer, key;

	if (j->family == 6)
		key = a->hash ^ kind * UINT64_C(0x9e3779b97f4a7c15);
	else
		key = kind << 51 | (uint64_t)a->hit.mark << 48 | (uint64_t)a->hit.port << 32 |
		      a->v4;
	return key | UINT64_C(1) << 63;
}

/* The bucket of a key; mask: number of buckets, a power of two, less one. */
SWEEP_INLINE uint32_t dedup_bucket(uint64_t key, uint32_t mask)
{
	return (uint32_t)perm_mix(key) & mask;
}

/* Whether the key was there; if not it is now, and the one not met for longest is forgotten. */
SWEEP_INLINE bool dedup_met(struct sweep_bucket *b, uint64_t key)
{
	uint64_t k0 = b->key[0], k1 = b->key[1], k2 = b->key[2];

	if (k0 == key)
		return true;
	b->key[0] = key;
	b->key[1] = k0;
	if (k1 == key)
		return true;
	b->key[2] = k1;
	if (k2 == key)
		return true;
	k0 = b->key[3];
	b->key[3] = k2;
	return k0 == key;
}
