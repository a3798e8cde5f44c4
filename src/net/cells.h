/* SPDX-License-Identifier: BSD-2-Clause */
/* An address space cut at the borders of prefixes: one cell, the same prefixes around it. */
#pragma once

#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

struct cells;

/* Empty: the whole space of one family is one cell. NULL when memory ran out; owned: cells_free. */
struct cells *cells_new(void);
void cells_free(struct cells *c);
/*
 * Cuts where the prefix begins and behind its end. Not after cells_seal. All prefixes are of one
 * family. 0 or -ENOMEM.
 */
int cells_add(struct cells *c, const struct addr *prefix, unsigned bits) MUST_CHECK;
/* Sorts; from now on cells_find may be asked. */
void cells_seal(struct cells *c);
/* The number of the cell that holds the address: O(log n). */
uint32_t cells_find(const struct cells *c, const struct addr *a);
/* The last address of the cell that holds `a`. */
struct addr cells_last(const struct cells *c, const struct addr *a);
