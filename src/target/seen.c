/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses met before, for --unique: a hash set with open addressing, at most half full. */
#include "target/seen.h"

#include <errno.h>
#include <stdlib.h>

void seen_free(struct seen *s)
{
	free(s->v);
	*s = (struct seen){ .key = s->key };
}

/* The slot that holds a, or the free one where it belongs; cap > 0. */
static size_t slot_of(const struct seen *s, const struct addr *a)
{
	size_t i = hash_sip(&s->key, a, sizeof(*a)) & (s->cap - 1);

	while (s->v[i].family && !addr_eq(&s->v[i], a))
		i = (i + 1) & (s->cap - 1);
	return i;
}

static int grow(struct seen *s)
{
	struct seen more = { .cap = s->cap ? s->cap * 2 : 64, .n = s->n, .key = s->key };

	more.v = calloc(more.cap, sizeof(*more.v));
	if (!more.v)
		return -ENOMEM;
	for (size_t i = 0; i < s->cap; i++) {
		if (s->v[i].family)
			more.v[slot_of(&more, &s->v[i])] = s->v[i];
	}
	free(s->v);
	*s = more;
	return 0;
}

int seen_add(struct seen *s, const struct addr *a)
{
	size_t i;

	if (s->n * 2 >= s->cap && grow(s) < 0)
		return -ENOMEM;
	i = slot_of(s, a);
	if (s->v[i].family)
		return 0;
	s->v[i] = *a;
	s->n++;
	return 1;
}

bool seen_has(const struct seen *s, const struct addr *a)
{
	return s->cap && s->v[slot_of(s, a)].family;
}
