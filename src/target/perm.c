/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A keyed permutation of 0 .. n-1.
 *
 * Feistel. Write x as two halves (L, R) of a and b bits. The step
 *
 *	(L, R) -> (L xor F(k, R), R)
 *
 * can be undone whatever the function F does: R is still there, so F(k, R) can be computed again
 * and taken off. A chain of such steps, working on L and R in turn, therefore is a bijection of the
 * 2^(a+b) values. Luby and Rackoff (1988): with a good F four steps look random; ours is a cheap
 * mixer, so there are eight.
 *
 * Cycle walking (Black and Rogaway, 2002). Let P be a bijection of 0 .. 2^m - 1 and n <= 2^m.
 * Starting at x < n, follow x, P(x), P(P(x)), ... until a value below n comes: it must, because the
 * walk runs round a cycle of P and x itself lies on it. "The next value below n on my cycle" maps 0
 * .. n-1 to itself, and it is one-to-one since the walk can be run backwards along the same cycle.
 * As m is the smallest with 2^m >= n, fewer than half of the values are out of bounds and a walk
 * takes fewer than two steps on the average.
 *
 * Integers only, loops with fixed bounds but for the walk: it can be compiled for BPF with the walk
 * bounded.
 */
#include "target/perm.h"

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 33) * UINT64_C(0xff51afd7ed558ccd);
	z = (z ^ z >> 29) * UINT64_C(0xc4ceb9fe1a85ec53);
	return z ^ z >> 32;
}

static inline uint64_t low_bits(unsigned bits)
{
	return (UINT64_C(1) << bits) - 1;
}

void perm_init(struct perm *p, uint64_t n, uint64_t key)
{
	unsigned bits = 2; /* both halves need one */

	while (bits < 63 && (UINT64_C(1) << bits) < n)
		bits++;
	p->n = n;
	p->left_bits = (uint8_t)(bits / 2);
	p->right_bits = (uint8_t)(bits - bits / 2);
	for (unsigned i = 0; i < PERM_ROUNDS; i++)
		p->key[i] = mix(key + (i + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/*
 * Step i changes the left half when i is even, the right one when it is odd; it is its own inverse.
 */
static uint64_t step(const struct perm *p, uint64_t x, unsigned i)
{
	uint64_t left = x >> p->right_bits;
	uint64_t right = x & low_bits(p->right_bits);

	if (i & 1)
		right ^= mix(left + p->key[i]) & low_bits(p->right_bits);
	else
		left ^= mix(right + p->key[i]) & low_bits(p->left_bits);
	return left << p->right_bits | right;
}

uint64_t perm_at(const struct perm *p, uint64_t index)
{
	uint64_t x = index;

	do {
		for (unsigned i = 0; i < PERM_ROUNDS; i++)
			x = step(p, x, i);
	} while (x >= p->n);
	return x;
}

uint64_t perm_index(const struct perm *p, uint64_t value)
{
	uint64_t x = value;

	do {
		for (unsigned i = PERM_ROUNDS; i-- > 0;)
			x = step(p, x, i);
	} while (x >= p->n);
	return x;
}
