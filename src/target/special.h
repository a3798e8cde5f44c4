/* SPDX-License-Identifier: BSD-2-Clause */
/* Ranges that are not for the public internet, after IANA's registries (data/special-use.txt). */
#pragma once

#include "base/err.h"
#include "target/range.h"

struct special {
	struct addr_set all; /* the groups "reserved" and "private" of the table */
	/* what a sweep leaves out of larger ranges: all, without the group "public", and without
	 * those private ranges that are directly connected */
	struct addr_set out;
};

/* `connected`: borrowed, sealed; NULL = none. Both sets are sealed. Always to be freed. -ENOMEM. */
int special_open(struct special *s, const struct addr_set *connected, struct err *e) MUST_CHECK;
void special_free(struct special *s);
/* Adds to *out what is in a but not in b, both sealed; seals *out. 0 or -ENOMEM. */
int special_subtract(
	struct range_set *out, const struct range_set *a, const struct range_set *b) MUST_CHECK;
