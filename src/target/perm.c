/* SPDX-License-Identifier: BSD-2-Clause */
/* A keyed permutation of 0 .. n-1: its set-up and its inverse; see the header for the idea. */
#include "target/perm.h"

void perm_init(struct perm *p, uint64_t n, uint64_t key)
{
	unsigned bits = 1;

	while (bits < 32 && UINT64_C(1) << 2 * bits < n)
		bits++;
	p->n = n;
	p->bits = bits;
	p->rows = (uint32_t)((n - 1) >> bits) + 1;
	for (unsigned i = 0; i < PERM_STEPS; i++)
		p->key[i] = perm_mix(key + (i + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t back(const struct perm *p, uint64_t right, uint64_t left, unsigned step)
{
	uint64_t by = perm_row(p, left, step);

	return right >= by ? right - by : right + p->rows - by;
}

/* Undoes perm_once. */
static uint64_t undo_once(const struct perm *p, uint64_t x)
{
	uint64_t mask = (UINT64_C(1) << p->bits) - 1, left = x & mask, right = x >> p->bits;

	right = back(p, right, left, 3);
	left ^= perm_mix(right + p->key[2]) & mask;
	right = back(p, right, left, 1);
	left ^= perm_mix(right + p->key[0]) & mask;
	return right << p->bits | left;
}

uint64_t perm_index(const struct perm *p, uint64_t value)
{
	uint64_t x = undo_once(p, value);

	while (x >= p->n)
		x = undo_once(p, x);
	return x;
}
