/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses met before, for --unique: two hash sets, of 4 bytes an IPv4 address and 24 an IPv6 one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"

/* Open addressing; cap is 0 or a power of two. */
struct seen {
	uint32_t *v4; /* owned; 0 = free */
	size_t n4, cap4;
	bool has_zero;	 /* 0.0.0.0, which the table cannot hold */
	struct addr *v6; /* owned; family 0 = free */
	size_t n6, cap6;
	struct hash_key key;
};

/* Frees the table; NULL is fine. */
void seen_free(struct seen *s);
/* 1: it is new and now known; 0: it was known; -ENOMEM. */
int seen_add(struct seen *s, const struct addr *a) MUST_CHECK;
bool seen_has(const struct seen *s, const struct addr *a);
