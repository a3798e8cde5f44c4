/* SPDX-License-Identifier: BSD-2-Clause */
/* An address space cut at the borders of prefixes: one cell, the same prefixes around it. */
#include "net/cells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Whatever looks only at which prefixes contain an address - a routing table, a policy rule -
 * treats two addresses between neighbouring cuts alike. So one answer holds for the cell, and no
 * rule of precedence has to be rebuilt here. A cut is the first address of a cell; the first cell
 * of all begins at the lowest address and needs none.
 */
struct cells {
	uint8_t (*cuts)[16];
	size_t n, cap;
};

struct cells *cells_new(void)
{
	return calloc(1, sizeof(struct cells));
}

void cells_free(struct cells *c)
{
	if (c)
		free(c->cuts);
	free(c);
}

static int add_cut(struct cells *c, const struct addr *a)
{
	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 64;
		void *cuts = reallocarray(c->cuts, cap, sizeof(*c->cuts));

		if (!cuts)
			return -ENOMEM;
		c->cuts = cuts;
		c->cap = cap;
	}
	memcpy(c->cuts[c->n++], a->b, sizeof(*c->cuts));
	return 0;
}

/* Sets the bits behind the prefix to all zeros or all ones. */
static struct addr fill_host(struct addr a, unsigned bits, bool ones)
{
	for (unsigned i = 0; i < addr_len(&a); i++) {
		unsigned kept = bits > 8 * i ? bits - 8 * i : 0;
		uint8_t mask = kept >= 8 ? 0 : (uint8_t)(0xff >> kept);

		a.b[i] = ones ? a.b[i] | mask : a.b[i] & (uint8_t)~mask;
	}
	return a;
}

static bool is_lowest(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->b, zero, sizeof(zero)) == 0;
}

int cells_add(struct cells *c, const struct addr *prefix, unsigned bits)
{
	struct addr first = fill_host(*prefix, bits, false);
	struct addr behind = addr_add(fill_host(*prefix, bits, true), 1);
	int rc = 0;

	if (!is_lowest(&first))
		rc = add_cut(c, &first);
	if (rc == 0 && !is_lowest(&behind))
		rc = add_cut(c, &behind);
	return rc;
}

static int cut_cmp(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

void cells_seal(struct cells *c)
{
	size_t n = 0;

	if (!c->n)
		return;
	qsort(c->cuts, c->n, sizeof(*c->cuts), cut_cmp);
	for (size_t i = 0; i < c->n; i++) {
		if (n && cut_cmp(c->cuts[n - 1], c->cuts[i]) == 0)
			continue;
		memmove(c->cuts[n++], c->cuts[i], sizeof(*c->cuts));
	}
	c->n = n;
}

uint32_t cells_find(const struct cells *c, const struct addr *a)
{
	size_t low = 0, high = c->n; /* cuts below low are <= a, from high on they are > a */

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (memcmp(c->cuts[mid], a->b, sizeof(*c->cuts)) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return (uint32_t)low;
}

struct addr cells_last(const struct cells *c, const struct addr *a)
{
	uint32_t cell = cells_find(c, a);
	struct addr last = *a;

	if (cell == c->n)
		return fill_host(last, 0, true);
	memcpy(last.b, c->cuts[cell], sizeof(last.b));
	for (size_t i = addr_len(&last); i-- > 0 && last.b[i]-- == 0;)
		; /* one less, with borrow */
	return last;
}
