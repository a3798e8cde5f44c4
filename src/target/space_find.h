/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an index to an address of a sweep's set: the one look-up of user space and of BPF.
 *
 * Rows are the ranges of the set in ascending order, each with the index of its first address; row
 * i ends where row i + 1 begins, the last at `count`. hint[b] is the row that holds index
 * b << shift, hint[n_buckets] the last row, so an index lies between the rows of its bucket's hint
 * and of the next one: mostly the same row or its neighbour, however many rows there are.
 *
 * Before the first include BPF defines SPACE_ROW4(r, i), SPACE_ROW6(r, i) and SPACE_HINT(r, i) as
 * map look-ups: each gives a pointer to element i, or NULL; r is passed on and may be NULL there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SPACE_ROWS_MAX	(1u << 24)
#define SPACE_STEPS	25		    /* halvings that leave one of SPACE_ROWS_MAX */
#define SPACE_COUNT_MAX (UINT64_C(1) << 48) /* addresses of a set */

struct space_row4 {
	uint32_t first_index;
	uint32_t first_addr; /* host byte order */
};

struct space_row6 {
	uint64_t first_index;
	uint64_t hi, lo; /* the first address as a number: hi has bytes 0..7, big-endian */
};

/* What there is beside the arrays; the same bytes in user space and BPF. */
struct space_view {
	uint64_t count; /* addresses, 1 .. SPACE_COUNT_MAX; IPv4 at most 2^32 */
	uint32_t n_rows;
	uint32_t n_buckets; /* the hint has one element more */
	uint32_t shift;	    /* bucket = index >> shift; below 64 */
	uint32_t family;    /* 4 or 6 */
};

/* The arrays in user space. */
struct space_rows {
	const struct space_row4 *v4; /* n_rows, family 4; else NULL */
	const struct space_row6 *v6; /* n_rows, family 6; else NULL */
	const uint32_t *hint;	     /* n_buckets + 1 */
};

#ifndef SPACE_ROW4
#define SPACE_ROW4(r, i) (&(r)->v4[i])
#define SPACE_ROW6(r, i) (&(r)->v6[i])
#define SPACE_HINT(r, i) (&(r)->hint[i])
#endif

/* The rows between which index (< v->count) lies, both included. False: no such element. */
static inline bool space_between(const struct space_view *v, const struct space_rows *r,
	uint64_t index, uint32_t *low, uint32_t *high)
{
	uint32_t bucket = (uint32_t)(index >> (v->shift & 63));
	const uint32_t *here, *next;

	if (v->n_rows == 1) {
		*low = *high = 0;
		return true;
	}
	here = SPACE_HINT(r, bucket);
	next = SPACE_HINT(r, bucket + 1);
	if (!here || !next)
		return false;
	*low = *here;
	*high = *next;
	return true;
}

/* The IPv4 address (host byte order) of an index < v->count. False: no such element (BPF only). */
static inline bool space_find4(
	const struct space_view *v, const struct space_rows *r, uint64_t index, uint32_t *addr)
{
	const struct space_row4 *row;
	uint32_t low, high;

	if (!space_between(v, r, index, &low, &high))
		return false;
	for (int step = 0; step < SPACE_STEPS && low < high; step++) {
		uint32_t mid = high - (high - low) / 2;

		row = SPACE_ROW4(r, mid);
		if (!row)
			return false;
		if (row->first_index <= index)
			low = mid;
		else
			high = mid - 1;
	}
	row = SPACE_ROW4(r, low);
	if (!row)
		return false;
	*addr = row->first_addr + (uint32_t)(index - row->first_index);
	return true;
}

/* The same for IPv6: the address as two numbers, *hi with bytes 0..7. */
static inline bool space_find6(const struct space_view *v, const struct space_rows *r,
	uint64_t index, uint64_t *hi, uint64_t *lo)
{
	const struct space_row6 *row;
	uint32_t low, high;

	if (!space_between(v, r, index, &low, &high))
		return false;
	for (int step = 0; step < SPACE_STEPS && low < high; step++) {
		uint32_t mid = high - (high - low) / 2;

		row = SPACE_ROW6(r, mid);
		if (!row)
			return false;
		if (row->first_index <= index)
			low = mid;
		else
			high = mid - 1;
	}
	row = SPACE_ROW6(r, low);
	if (!row)
		return false;
	*lo = row->lo + (index - row->first_index);
	*hi = row->hi + (*lo < row->lo);
	return true;
}
