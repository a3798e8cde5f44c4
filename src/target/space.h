/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The set of addresses of a sweep: sorted, disjoint ranges of one family, without what is excluded
 * or left out; index to address and back. Built once, then read by any number of threads.
 *
 * Each address comes once, whatever the specifications say, and the order is ascending: the sweep
 * shuffles by its permutation. So --unique and --randomize-hosts are in force anyway. -iR N adds N
 * different addresses drawn by the request's rng (the same seed draws the same ones); an endless
 * -iR is refused: 0.0.0.0/0 is that, once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "target/range.h"
#include "target/space_find.h"
#include "target/target.h"

struct space {
	struct space_view view;
	struct space_rows rows; /* owned */
	uint32_t zone;		/* of the link-local IPv6 addresses, else 0 */
};

/* A reason to leave addresses out, beside the exclusions. */
struct space_cut {
	const struct addr_set *set; /* borrowed, sealed, without octet products */
	const struct addr_set
		*named;	   /* likewise, or NULL: a specification that lies in one of these
			      ranges as a whole was asked for by name and is kept */
	uint64_t left_out; /* out: addresses of the specifications that this cut took away */
};

struct space_request {
	const struct target_request *targets; /* family 4 or 6; borrowed */
	struct space_cut *cuts;		      /* the first that has an address takes it */
	size_t n_cuts;
};

struct space_counts {
	uint64_t excluded; /* addresses that --exclude and --excludefile took away */
	size_t failed;	   /* specifications that gave no address; said by the request's log */
};

/*
 * Reads all specifications, lists and exclusions and resolves names. ERR_USAGE: nothing is left to
 * sweep, too much (SPACE_COUNT_MAX addresses, SPACE_ROWS_MAX ranges), an endless -iR, link-local
 * addresses of two interfaces, an unreadable file, a bad exclusion; -ENOMEM. `counts` may be NULL.
 */
int space_build(struct space *out, const struct space_request *rq, struct space_counts *counts,
	struct err *e) MUST_CHECK;
/* The set of these sealed ranges, read from a file for example. Errors as above. */
int space_of_ranges(struct space *out, unsigned family, const struct range_set *ranges,
	struct err *e) MUST_CHECK;
/* Frees the arrays, leaves an empty space. */
void space_free(struct space *s);

/* The address of an index < s->view.count. */
struct addr space_at(const struct space *s, uint64_t index);
/* The first and the last address of range i < s->view.n_rows. */
void space_range(const struct space *s, uint32_t i, struct addr *first, struct addr *last);
/* The index of an address, or UINT64_MAX: it is not in the set. The zone does not count. */
uint64_t space_index_of(const struct space *s, const struct addr *a);
/* How many addresses of the space are in the set (sealed, without octet products). */
uint64_t space_count_in(const struct space *s, const struct addr_set *set);
/* The first address that is in neither set (b may be NULL); false: there is none. */
bool space_first_outside(const struct space *s, const struct addr_set *a, const struct addr_set *b,
	struct addr *out);
/* A fingerprint of the set: equal sets have equal ones, on every machine. For receipts. */
uint64_t space_digest(const struct space *s);
