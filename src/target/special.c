/* SPDX-License-Identifier: BSD-2-Clause */
/* Ranges that are not for the public internet. */
#include "target/special.h"

#include <errno.h>
#include <string.h>

#include "target/groups.h"

static u128 higher(u128 a, u128 b)
{
	return a > b ? a : b;
}

/* What is left of r without b. */
static int add_rest(struct range_set *out, struct range r, const struct range_set *b)
{
	const struct range *x = range_set_from(b, r.first);

	for (; x && x < b->v + b->n && x->first <= r.last; x++) {
		if (x->first > r.first && range_set_add(out, r.first, x->first - 1) < 0)
			return -ENOMEM;
		if (x->last >= r.last)
			return 0;
		r.first = higher(r.first, x->last + 1);
	}
	return range_set_add(out, r.first, r.last);
}

int special_subtract(struct range_set *out, const struct range_set *a, const struct range_set *b)
{
	int rc = 0;

	for (size_t i = 0; i < a->n && rc == 0; i++)
		rc = add_rest(out, a->v[i], b);
	range_set_seal(out);
	return rc;
}

/* Adds the group without `less` (or nothing less) to *out, both families. */
static int add_group(struct addr_set *out, const struct net_groups *table, const char *name,
	const struct addr_set *less)
{
	static const struct addr_set nothing;
	const struct net_group *g = groups_find(table, name);
	const struct addr_set *b = less ? less : &nothing;
	int rc = g ? special_subtract(&out->v4, &g->set.v4, &b->v4) : 0;

	return rc == 0 && g ? special_subtract(&out->v6, &g->set.v6, &b->v6) : rc;
}

int special_set(struct addr_set *out, const struct addr_set *connected, struct err *e)
{
	struct addr_set all = {0};
	struct net_groups table;
	int rc = groups_parse(
		&table, "data/special-use.txt", special_use_text, strlen(special_use_text), e);

	*out = (struct addr_set){0};
	if (rc < 0)
		return rc;
	rc = add_group(&all, &table, "reserved", NULL);
	if (rc == 0)
		rc = add_group(&all, &table, "private", connected);
	if (rc == 0) {
		const struct net_group *public = groups_find(&table, "public");

		rc = special_subtract(&out->v4, &all.v4, &public->set.v4);
		if (rc == 0)
			rc = special_subtract(&out->v6, &all.v6, &public->set.v6);
	}
	groups_free(&table);
	addr_set_free(&all);
	if (rc < 0)
		addr_set_free(out);
	return rc < 0 ? err_set(e, rc, "no memory for the table of special-use ranges") : 0;
}
