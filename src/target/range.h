/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets of addresses as sorted ranges, with octet products beside them: exclusions, and what has
 * been listed already.
 */
#pragma once

#include "base/err.h"
#include "target/block.h"

struct range {
	u128 first, last;
};

/* The next run of consecutive members of b from member *index on, which is moved behind it; false
 * at the end. Beginning with 0, all runs in ascending order. */
bool range_next_run(const struct block *b, u128 *index, struct range *out);

/* Ranges of one family; sorted, disjoint and not even touching once sealed. */
struct range_set {
	struct range *v; /* owned */
	size_t n, cap;
	size_t n_sealed; /* leading ranges known to be in order */
};

/* Frees the ranges, leaves an empty set. */
void range_set_free(struct range_set *s);
/* 0 or -ENOMEM. The set must be sealed again before it is read. */
int range_set_add(struct range_set *s, u128 first, u128 last) MUST_CHECK;
/* Sorts and merges; one range behind a sealed set is put in its place, more are sorted. */
void range_set_seal(struct range_set *s);
/* The first range that ends at `number` or later, borrowed, or NULL. */
const struct range *range_set_from(const struct range_set *s, u128 number);
bool range_set_contains(const struct range_set *s, u128 number);

/* Addresses of both families. Zones do not count. */
struct addr_set {
	struct range_set v4, v6;
	struct block *octets; /* owned; products with more holes than are worth listing */
	size_t n_octets, cap_octets;
};

/* Frees both families' ranges. */
void addr_set_free(struct addr_set *s);
/* Takes b (its octets are owned by the set or freed). 0 or -ENOMEM. Seal before reading. */
int addr_set_take(struct addr_set *s, struct block *b) MUST_CHECK;
void addr_set_seal(struct addr_set *s);
const struct range_set *addr_set_ranges(const struct addr_set *s, unsigned family);
/* Is it in one of the first n_octets products? */
bool addr_set_in_octets(const struct addr_set *s, size_t n_octets, unsigned family, u128 number);
bool addr_set_contains(const struct addr_set *s, const struct addr *a);
