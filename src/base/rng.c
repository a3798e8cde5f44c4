/* SPDX-License-Identifier: BSD-2-Clause */
/* Chance as an argument: a seeded generator (xoshiro256**, Blackman and Vigna). */
#include "base/rng.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static inline uint64_t rotl(uint64_t x, unsigned k)
{
	return x << k | x >> (64 - k);
}

/* One step of splitmix64: neighbouring seeds give unrelated states, never all zero. */
static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void rng_seed(struct rng *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix(&seed);
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

/*
 * Lemire, "Fast random integer generation in an interval" (2019): the high half of x * n is the
 * result; the few x whose low half falls under 2^64 mod n would be counted once too often and are
 * drawn again.
 */
uint64_t rng_below(struct rng *r, uint64_t n)
{
	unsigned __int128 m = (unsigned __int128)rng_u64(r) * n;
	uint64_t reject = (0 - n) % n;

	while ((uint64_t)m < reject)
		m = (unsigned __int128)rng_u64(r) * n;
	return (uint64_t)(m >> 64);
}

double rng_unit(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1.0p-53;
}

void rng_entropy(void *out, size_t len)
{
	uint8_t *p = out;

	while (len) {
		ssize_t n = getrandom(p, len, 0);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno != EINTR) {
			abort(); /* a key that can be guessed is worse than no scan */
		}
	}
}
