/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A keyed permutation of the integers 0 .. n-1 with random access and no memory: the order of a
 * shuffled scan.
 */
#pragma once

#include <stdint.h>

#define PERM_ROUNDS 8
#define PERM_MAX    (UINT64_C(1) << 63) /* largest domain */

struct perm {
	uint64_t n;
	uint64_t key[PERM_ROUNDS];
	uint8_t left_bits, right_bits;
};

/* n in [1, PERM_MAX]; the same key and n give the same order everywhere and for ever. */
void perm_init(struct perm *p, uint64_t n, uint64_t key);
/* Where index goes; index < n, the result is < n, no two indices meet. */
uint64_t perm_at(const struct perm *p, uint64_t index);
/* The index that perm_at sends to value; value < n. */
uint64_t perm_index(const struct perm *p, uint64_t value);
