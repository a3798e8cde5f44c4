/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of addresses as sorted ranges, with octet products beside them. */
#include "target/range.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OCTET_RANGES_MAX 256 /* a product with more runs than this stays a product */

/* The index behind the last of the members that follow member `at` without a gap. */
static u128 run_end(const struct block *b, u128 at)
{
	const struct octets *x = b->octets;
	unsigned unit = 1, k = 4, i;

	while (x->n[k - 1] == 256) { /* full octets at the end: always in one piece */
		unit *= 256;
		k--;
	}
	do {
		i = (unsigned)((uint64_t)at / unit % x->n[k - 1]);
		do
			at += unit;
		while (++i < x->n[k - 1] && x->member[k - 1][i] == x->member[k - 1][i - 1] + 1);
	} while (at < b->count && block_at(b, at) - block_at(b, at - 1) == 1);
	return at;
}

bool range_next_run(const struct block *b, u128 *index, struct range *out)
{
	u128 at = *index;

	if (at >= b->count)
		return false;
	*index = b->octets ? run_end(b, at) : b->count;
	*out = b->octets ? (struct range){block_at(b, at), block_at(b, *index - 1)}
			 : (struct range){b->first + at, b->last};
	return true;
}

void range_set_free(struct range_set *s)
{
	free(s->v);
	*s = (struct range_set){0};
}

int range_set_add(struct range_set *s, u128 first, u128 last)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 16;
		struct range *v = reallocarray(s->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = (struct range){first, last};
	return 0;
}

static int compare(const void *pa, const void *pb)
{
	const struct range *a = pa, *b = pb;

	return a->first < b->first ? -1 : a->first > b->first;
}

/* Does b begin inside a or right behind it? a begins first. */
static bool touches(const struct range *a, const struct range *b)
{
	return b->first <= a->last || b->first - a->last == 1;
}

/* Lists mostly are in order already; then nothing has to be copied. */
static void sort(struct range_set *s)
{
	for (size_t i = 1; i < s->n; i++) {
		if (s->v[i].first < s->v[i - 1].first) {
			qsort(s->v, s->n, sizeof(*s->v), compare);
			return;
		}
	}
}

static void merge_sorted(struct range_set *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (n && touches(&s->v[n - 1], &s->v[i])) {
			if (s->v[i].last > s->v[n - 1].last)
				s->v[n - 1].last = s->v[i].last;
		} else {
			s->v[n++] = s->v[i];
		}
	}
	s->n = n;
}

/* Index of the first range (of the first n) that ends at `number` or later. */
static size_t lower_bound(const struct range_set *s, size_t n, u128 number)
{
	size_t low = 0;

	while (low < n) {
		size_t mid = low + (n - low) / 2;

		if (s->v[mid].last < number)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

/* Puts the last range among the others, which are in order, and swallows those it touches. */
static void insert_last(struct range_set *s)
{
	struct range r = s->v[s->n - 1];
	size_t at = lower_bound(s, s->n - 1, r.first ? r.first - 1 : 0);
	size_t end = at;

	for (; end < s->n - 1 && (s->v[end].first <= r.last || s->v[end].first - r.last == 1);
		end++) {
		r.first = s->v[end].first < r.first ? s->v[end].first : r.first;
		r.last = s->v[end].last > r.last ? s->v[end].last : r.last;
	}
	memmove(&s->v[at + 1], &s->v[end], (s->n - 1 - end) * sizeof(r));
	s->v[at] = r;
	s->n -= end - at;
}

void range_set_seal(struct range_set *s)
{
	if (s->n == s->n_sealed)
		return;
	if (s->n - s->n_sealed == 1) {
		insert_last(s);
	} else {
		sort(s);
		merge_sorted(s);
	}
	s->n_sealed = s->n;
}

const struct range *range_set_from(const struct range_set *s, u128 number)
{
	size_t i = lower_bound(s, s->n, number);

	return i < s->n ? &s->v[i] : NULL;
}

bool range_set_contains(const struct range_set *s, u128 number)
{
	const struct range *r = range_set_from(s, number);

	return r && r->first <= number;
}

/* ---- both families --------------------------------------------------------------------------- */

void addr_set_free(struct addr_set *s)
{
	range_set_free(&s->v4);
	range_set_free(&s->v6);
	for (size_t i = 0; i < s->n_octets; i++)
		block_fini(&s->octets[i]);
	free(s->octets);
	*s = (struct addr_set){0};
}

static int keep_octets(struct addr_set *s, const struct block *b)
{
	if (s->n_octets == s->cap_octets) {
		size_t cap = s->cap_octets ? s->cap_octets * 2 : 4;
		struct block *v = reallocarray(s->octets, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->octets = v;
		s->cap_octets = cap;
	}
	s->octets[s->n_octets++] = *b;
	return 0;
}

/* Fills `runs` with the block's ranges; false when there are more than max. */
static bool list_runs(const struct block *b, struct range *runs, size_t max, size_t *n)
{
	struct range run;
	u128 at = 0;

	for (*n = 0; range_next_run(b, &at, &run); runs[(*n)++] = run) {
		if (*n == max)
			return false;
	}
	return true;
}

static int take_octets(struct addr_set *s, struct block *b)
{
	struct range runs[OCTET_RANGES_MAX];
	int rc = 0;
	size_t n;

	if (!list_runs(b, runs, OCTET_RANGES_MAX, &n))
		return keep_octets(s, b);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = range_set_add(&s->v4, runs[i].first, runs[i].last);
	if (rc == 0)
		block_fini(b);
	return rc;
}

int addr_set_take(struct addr_set *s, struct block *b)
{
	int rc;

	if (b->octets)
		rc = take_octets(s, b);
	else
		rc = range_set_add(b->family == 4 ? &s->v4 : &s->v6, b->first, b->last);
	if (rc < 0)
		block_fini(b);
	return rc;
}

void addr_set_seal(struct addr_set *s)
{
	range_set_seal(&s->v4);
	range_set_seal(&s->v6);
}

const struct range_set *addr_set_ranges(const struct addr_set *s, unsigned family)
{
	return family == 4 ? &s->v4 : &s->v6;
}

bool addr_set_in_octets(const struct addr_set *s, size_t n_octets, unsigned family, u128 number)
{
	for (size_t i = 0; family == 4 && i < n_octets; i++) {
		if (block_contains(&s->octets[i], number))
			return true;
	}
	return false;
}

bool addr_set_contains(const struct addr_set *s, const struct addr *a)
{
	u128 v = block_number(a);

	return range_set_contains(addr_set_ranges(s, a->family), v) ||
	       addr_set_in_octets(s, s->n_octets, a->family, v);
}
