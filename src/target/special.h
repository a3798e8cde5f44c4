/* SPDX-License-Identifier: BSD-2-Clause */
/* Ranges that are not for the public internet, after IANA's registries (data/special-use.txt). */
#pragma once

#include "base/err.h"
#include "target/range.h"

/*
 * What a sweep leaves out of larger ranges: the groups "reserved" and "private" of the table
 * without its group "public", and without those private ranges that are in `connected` (borrowed,
 * sealed; NULL = none). *out is owned, sealed and a cut for space.h that spares what is named.
 * -ENOMEM.
 */
int special_set(struct addr_set *out, const struct addr_set *connected, struct err *e) MUST_CHECK;
/* Adds to *out what is in a but not in b, both sealed; seals *out. 0 or -ENOMEM. */
int special_subtract(
	struct range_set *out, const struct range_set *a, const struct range_set *b) MUST_CHECK;
