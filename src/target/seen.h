/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses met before, for --unique: a hash set. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"

struct seen {
	struct addr *v; /* owned; open addressing, family 0 = free */
	size_t n, cap;	/* cap is a power of two */
	struct hash_key key;
};

void seen_free(struct seen *s);
/* 1: it is new and now known; 0: it was known; -ENOMEM. */
int seen_add(struct seen *s, const struct addr *a) MUST_CHECK;
bool seen_has(const struct seen *s, const struct addr *a);
