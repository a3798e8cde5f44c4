/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One specification as numbers.
 *
 * "10.0.0-3.1-5,7" is the product of four sets of octets. Its members in ascending order are the
 * numbers of a mixed-radix system whose digits are positions in those sets, so the index-th member
 * is found by four divisions and the rank of a number by comparing octet by octet, from the left. A
 * product that happens to have no holes is kept as a range.
 */
#include "target/block.h"

#include <stdlib.h>
#include <string.h>

u128 block_number(const struct addr *a)
{
	u128 v = 0;

	for (size_t i = 0; i < addr_len(a); i++)
		v = v << 8 | a->b[i];
	return v;
}

struct addr block_addr(unsigned family, u128 number, uint32_t zone)
{
	struct addr a = {.family = (uint8_t)family, .zone = zone};
	size_t len = addr_len(&a);

	for (size_t i = 0; i < len; i++)
		a.b[i] = (uint8_t)(number >> 8 * (len - 1 - i));
	return a;
}

void block_fini(struct block *b)
{
	free(b->octets);
	b->octets = NULL;
}

static void set_range(struct block *b, u128 first, u128 last)
{
	b->first = first;
	b->last = last;
	b->count = last - first;
	b->count += b->count != ~(u128)0; /* 2^128 does not fit */
}

void block_from_prefix(struct block *b, const struct addr *a, unsigned bits)
{
	unsigned width = a->family == 4 ? 32 : 128;
	u128 v = block_number(a);
	u128 host_mask = bits == 0	 ? ~(u128)0 >> (128 - width)
			 : bits >= width ? 0
					 : ((u128)1 << (width - bits)) - 1;

	*b = (struct block){.family = a->family, .zone = a->zone};
	set_range(b, v & ~host_mask, v | host_mask);
}

void block_from_span(struct block *b, const struct addr *first, const struct addr *last)
{
	*b = (struct block){.family = first->family, .zone = first->zone};
	set_range(b, block_number(first), block_number(last));
}

/* ---- octets ---------------------------------------------------------------------------------- */

/* An octet whose last `free_bits` bits are open: each aligned group with a member is filled. */
static void fill_groups(bool has[256], unsigned free_bits)
{
	unsigned size = 1u << free_bits;

	for (unsigned start = 0; start < 256; start += size) {
		bool any = false;

		for (unsigned i = 0; i < size; i++)
			any = any || has[start + i];
		for (unsigned i = 0; i < size; i++)
			has[start + i] = any;
	}
}

static void apply_mask(struct octet_bits *o, unsigned bits)
{
	for (unsigned k = 0; k < 4; k++) {
		unsigned fixed = bits > 8 * k ? bits - 8 * k : 0;

		if (fixed < 8)
			fill_groups(o->has[k], 8 - fixed);
	}
}

static void index_octets(struct octets *x, const struct octet_bits *o)
{
	for (unsigned k = 0; k < 4; k++) {
		uint16_t n = 0;

		for (unsigned v = 0; v < 256; v++) {
			x->below[k][v] = n;
			if (o->has[k][v])
				x->member[k][n++] = (uint8_t)v;
		}
		x->below[k][256] = n;
		x->n[k] = n;
	}
}

static u128 corner(const struct octets *x, bool top)
{
	u128 v = 0;

	for (unsigned k = 0; k < 4; k++)
		v = v << 8 | x->member[k][top ? x->n[k] - 1 : 0];
	return v;
}

bool block_from_octets(struct block *b, struct octet_bits *o, unsigned bits)
{
	struct octets x;
	uint64_t count;

	apply_mask(o, bits);
	index_octets(&x, o);
	count = (uint64_t)x.n[0] * x.n[1] * x.n[2] * x.n[3];
	*b = (struct block){.family = 4};
	set_range(b, corner(&x, false), corner(&x, true));
	if (b->count == count)
		return true;
	b->count = count;
	b->octets = malloc(sizeof(x));
	if (!b->octets)
		return false;
	*b->octets = x;
	return true;
}

static u128 octets_at(const struct octets *x, uint64_t index)
{
	uint32_t v = 0;

	for (unsigned k = 4; k-- > 0;) {
		v |= (uint32_t)x->member[k][index % x->n[k]] << (24 - 8 * k);
		index /= x->n[k];
	}
	return v;
}

static uint64_t octets_rank(const struct octets *x, uint32_t number)
{
	uint64_t rank = 0;
	bool same = true; /* the octets so far are those of a member */

	for (unsigned k = 0; k < 4; k++) {
		uint8_t v = (uint8_t)(number >> (24 - 8 * k));

		rank = rank * x->n[k] + (same ? x->below[k][v] : 0);
		same = same && x->below[k][v + 1] > x->below[k][v];
	}
	return rank;
}

/* ---- both ------------------------------------------------------------------------------------ */

u128 block_at(const struct block *b, u128 index)
{
	return b->octets ? octets_at(b->octets, (uint64_t)index) : b->first + index;
}

u128 block_rank(const struct block *b, u128 number)
{
	if (number <= b->first)
		return 0;
	if (number > b->last)
		return b->count;
	return b->octets ? octets_rank(b->octets, (uint32_t)number) : number - b->first;
}

bool block_contains(const struct block *b, u128 number)
{
	if (number < b->first || number > b->last)
		return false;
	if (!b->octets)
		return true;
	for (unsigned k = 0; k < 4; k++) {
		uint8_t v = (uint8_t)(number >> (24 - 8 * k));

		if (b->octets->below[k][v + 1] == b->octets->below[k][v])
			return false;
	}
	return true;
}
