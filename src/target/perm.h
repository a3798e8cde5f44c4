/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A keyed permutation of the integers 0 .. n-1 with random access and no memory: the order of a
 * shuffled scan. perm_at is one text for the kernel and for us.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PERM_STEPS 4
#define PERM_MAX   (UINT64_C(1) << 63) /* largest domain */

/*
 * Feistel over uneven halves. Write x as (L, R) with L of `bits` bits and R below `rows`, where
 * rows = n / 2^bits rounded up. The steps
 *
 *	L -> L xor F(k, R)		R -> R + F(k, L) mod rows
 *
 * can be undone whatever F does: the half that F saw is still there. A chain of such steps is a
 * bijection of the 2^bits * rows values. Luby and Rackoff (1988): with a good F four steps look
 * random; ours is a cheap mixer (fmix64 of MurmurHash3's kind) of a secret key.
 *
 * Cycle walking (Black and Rogaway, 2002) leaves out the values from n on: "the next value below n
 * on my cycle" is a bijection of 0 .. n-1. As fewer than 2^bits values are out of bounds and bits
 *is half of n's, a walk takes a second step once in about sqrt(n) times.
 *
 * Integers without division: it compiles for BPF, whose verifier wants the walk bounded. A walk as
 * long as PERM_WALK does not occur: for n > 2^16 its chance is below 2^-500.
 */
struct perm {
	uint64_t n;
	uint64_t key[PERM_STEPS];
	uint32_t rows;
	uint32_t bits;
};

#define PERM_WALK 64

static inline uint64_t perm_mix(uint64_t z)
{
	z = (z ^ z >> 33) * UINT64_C(0xff51afd7ed558ccd);
	z = (z ^ z >> 29) * UINT64_C(0xc4ceb9fe1a85ec53);
	return z ^ z >> 32;
}

/* A number below rows from the key and the other half: high bits, scaled (no modulo). */
static inline uint64_t perm_row(const struct perm *p, uint64_t left, unsigned step)
{
	return (perm_mix(left + p->key[step]) >> 32) * p->rows >> 32;
}

/* One walk step of the bijection of all 2^bits * rows values. */
static inline uint64_t perm_once(const struct perm *p, uint64_t x)
{
	uint64_t mask = (UINT64_C(1) << p->bits) - 1, left = x & mask, right = x >> p->bits;

	left ^= perm_mix(right + p->key[0]) & mask;
	right += perm_row(p, left, 1);
	right -= right >= p->rows ? p->rows : 0;
	left ^= perm_mix(right + p->key[2]) & mask;
	right += perm_row(p, left, 3);
	right -= right >= p->rows ? p->rows : 0;
	return right << p->bits | left;
}

/* Where index goes; index < n, the result is < n, no two indices meet. */
static inline uint64_t perm_at(const struct perm *p, uint64_t index)
{
	uint64_t x = perm_once(p, index);

	for (unsigned i = 0; i < PERM_WALK && x >= p->n; i++)
		x = perm_once(p, x);
	return x;
}

/* n in [1, PERM_MAX]; the same key and n give the same order everywhere and for ever. */
void perm_init(struct perm *p, uint64_t n, uint64_t key);
/* The index that perm_at sends to value; value < n. */
uint64_t perm_index(const struct perm *p, uint64_t value);
