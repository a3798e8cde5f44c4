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

static const struct addr_set nothing;

static int subtract(struct addr_set *out, const struct addr_set *a, const struct addr_set *b)
{
	int rc = special_subtract(&out->v4, &a->v4, &b->v4);

	return rc == 0 ? special_subtract(&out->v6, &a->v6, &b->v6) : rc;
}

/* The table's three groups into the two sets. */
static int fill(struct special *s, const struct net_groups *table, const struct addr_set *connected)
{
	const struct addr_set *reserved = &groups_find(table, "reserved")->set;
	const struct addr_set *private = &groups_find(table, "private")->set;
	const struct addr_set *public = &groups_find(table, "public")->set;
	struct addr_set most = {0};
	int rc = subtract(&s->all, reserved, &nothing);

	if (rc == 0)
		rc = subtract(&s->all, private, &nothing);
	if (rc == 0)
		rc = subtract(&most, reserved, &nothing);
	if (rc == 0)
		rc = subtract(&most, private, connected ? connected : &nothing);
	if (rc == 0)
		rc = subtract(&s->out, &most, public);
	addr_set_free(&most);
	return rc;
}

int special_open(struct special *s, const struct addr_set *connected, struct err *e)
{
	struct net_groups table;
	int rc = groups_parse(
		&table, "data/special-use.txt", special_use_text, strlen(special_use_text), e);

	*s = (struct special){0};
	if (rc < 0)
		return rc;
	rc = fill(s, &table, connected);
	groups_free(&table);
	return rc < 0 ? err_set(e, rc, "no memory for the table of special-use ranges") : 0;
}

void special_free(struct special *s)
{
	addr_set_free(&s->all);
	addr_set_free(&s->out);
}
