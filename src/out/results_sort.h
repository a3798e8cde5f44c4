/* SPDX-License-Identifier: BSD-2-Clause */
/* Sorting more items than memory holds: sorted runs in a file without a name, then their merge. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Bytes of all buffers together, whatever the number of items. */
#define SORT_MEMORY (UINT32_C(24) << 20)

struct sort;

/* *out is owned: sort_free. Items of `size` bytes are ordered by their first `key` bytes as
 * memcmp(3) has it; equal ones stay in their order. -ENOMEM. */
int sort_new(struct sort **out, size_t size, size_t key, struct err *e) MUST_CHECK;
void sort_free(struct sort *s); /* NULL is fine; the file is gone with it */
/* Adds a copy. -errno with `e` when the file (in $TMPDIR, else /var/tmp) cannot be written. */
int sort_add(struct sort *s, const void *item, struct err *e) MUST_CHECK;
/* The next item in order, borrowed until the next call: 1, 0 at the end, or -errno. With the first
 * call adding ends. */
int sort_next(struct sort *s, const void **item, struct err *e) MUST_CHECK;
