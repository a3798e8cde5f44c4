/* SPDX-License-Identifier: BSD-2-Clause */
/* What answers are made of: names made harmless, lists of addresses without duplicates. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"

/* A name as long as DNS allows, each byte escaped, and NUL. */
#define NAME_TEXT_MAX 1024

/*
 * Appends a host name: letters, digits, '-', '_' and '.' as they are, every other byte as \DDD (RFC
 * 1035, 5.1). A \DDD or \c that is already there counts as the byte it stands for.
 */
void name_clean(struct buf *b, const char *text);
/*
 * name_clean into a string of its own; NULL when the name is empty, or "." alone, or memory ran
 * out. Owned: free().
 */
char *name_dup(const char *text);
/*
 * Whether it can be asked for: host-name characters, labels of 1-63, at most 253 bytes, the last
 * label not all digits.
 */
bool name_is_host(const char *text);

struct addr_list {
	struct addr *list; /* owned: free() */
	int n;
};

/* Appends unless it is there already or not of `family` (0 = any). 0 or -ENOMEM. */
int addr_list_add(struct addr_list *l, unsigned family, const struct addr *a) MUST_CHECK;
