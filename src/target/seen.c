/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses met before, for --unique: hash sets with open addressing, at most half full. */
#include "target/seen.h"

#include <errno.h>
#include <stdlib.h>

#define CAP_MIN 64

void seen_free(struct seen *s)
{
	free(s->v4);
	free(s->v6);
	*s = (struct seen){ .key = s->key };
}

/* ---- IPv4 ------------------------------------------------------------------------------------ */

/* The slot that holds v, or the free one where it belongs. */
static size_t slot4(const struct seen *s, uint32_t v)
{
	size_t i = hash_sip(&s->key, &v, sizeof(v)) & (s->cap4 - 1);

	while (s->v4[i] && s->v4[i] != v)
		i = (i + 1) & (s->cap4 - 1);
	return i;
}

static int grow4(struct seen *s)
{
	uint32_t *old = s->v4;
	size_t old_cap = s->cap4, cap = old_cap ? old_cap * 2 : CAP_MIN;
	uint32_t *v = calloc(cap, sizeof(*v));

	if (!v)
		return -ENOMEM;
	s->v4 = v;
	s->cap4 = cap;
	for (size_t i = 0; i < old_cap; i++) {
		if (old[i])
			v[slot4(s, old[i])] = old[i];
	}
	free(old);
	return 0;
}

static int add4(struct seen *s, uint32_t v)
{
	bool had_zero = s->has_zero;
	size_t i;

	if (v == 0) {
		s->has_zero = true;
		return !had_zero;
	}
	if (s->n4 * 2 >= s->cap4 && grow4(s) < 0)
		return -ENOMEM;
	i = slot4(s, v);
	if (s->v4[i])
		return 0;
	s->v4[i] = v;
	s->n4++;
	return 1;
}

/* ---- IPv6 ------------------------------------------------------------------------------------ */

static size_t slot6(const struct seen *s, const struct addr *a)
{
	size_t i = hash_sip(&s->key, a, sizeof(*a)) & (s->cap6 - 1);

	while (s->v6[i].family && !addr_eq(&s->v6[i], a))
		i = (i + 1) & (s->cap6 - 1);
	return i;
}

static int grow6(struct seen *s)
{
	struct addr *old = s->v6;
	size_t old_cap = s->cap6, cap = old_cap ? old_cap * 2 : CAP_MIN;
	struct addr *v = calloc(cap, sizeof(*v));

	if (!v)
		return -ENOMEM;
	s->v6 = v;
	s->cap6 = cap;
	for (size_t i = 0; i < old_cap; i++) {
		if (old[i].family)
			v[slot6(s, &old[i])] = old[i];
	}
	free(old);
	return 0;
}

static int add6(struct seen *s, const struct addr *a)
{
	size_t i;

	if (s->n6 * 2 >= s->cap6 && grow6(s) < 0)
		return -ENOMEM;
	i = slot6(s, a);
	if (s->v6[i].family)
		return 0;
	s->v6[i] = *a;
	s->n6++;
	return 1;
}

/* ---- both ------------------------------------------------------------------------------------ */

int seen_add(struct seen *s, const struct addr *a)
{
	return a->family == 4 ? add4(s, addr_to_v4(a)) : add6(s, a);
}

bool seen_has(const struct seen *s, const struct addr *a)
{
	uint32_t v;

	if (a->family == 6)
		return s->cap6 && s->v6[slot6(s, a)].family;
	v = addr_to_v4(a);
	return v == 0 ? s->has_zero : s->cap4 && s->v4[slot4(s, v)];
}
