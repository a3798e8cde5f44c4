/* SPDX-License-Identifier: BSD-2-Clause */
/* Chance as an argument: xoshiro256** (Blackman, Vigna). Not for secrets: keys by rng_entropy. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t s[4];
};

/* Spreads the seed over the state by splitmix64; any seed is good. */
void rng_seed(struct rng *r, uint64_t seed);
/* The next 64 bits. */
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* uniform in [0, n), n > 0, no modulo bias */
double rng_unit(struct rng *r);		       /* uniform in [0, 1) */
/* Bytes from the kernel (getrandom(2)); never fails once the pool is up. */
void rng_entropy(void *out, size_t len);
