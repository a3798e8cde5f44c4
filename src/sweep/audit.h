/* SPDX-License-Identifier: BSD-2-Clause */
/* Receipts checked: are they one plan, is all of it sent, and was what was sent what they say. */
#pragma once

#include "sweep/receipt.h"

/* Indices that were not sent, or by several of the receipts. */
struct audit_gap {
	uint64_t from, to;
	uint32_t pass; /* from 0 */
};

struct audit_gaps {
	struct audit_gap *v; /* owned; in order */
	size_t n, cap;
	uint64_t probes; /* in all of them */
};

/* Digests: how many sessions agree, do not, or have none because they were killed. */
struct audit_digests {
	uint64_t agree, differ, unknown;
	uint64_t probes, probes_unknown; /* computed anew; without a digest */
	uint64_t miscounted; /* sessions whose count of probes is not their intervals' */
};

struct audit {
	struct audit_gaps holes, overlaps;
	uint64_t again;	   /* probes that one receipt sent more than once: redone, or resumed */
	uint32_t *missing; /* shards that no receipt is about; owned */
	size_t n_missing;
	struct audit_digests digests;
};

/* Frees the lists. */
void audit_free(struct audit *a);
/* Whether all n receipts have one plan: 0, or ERR_USAGE that says which differ in what. */
int audit_same_plan(
	const struct receipt *v, const char *const *names, size_t n, struct err *e) MUST_CHECK;
/* Fills in all but the digests: intervals only, whatever the size. 0 or -ENOMEM. */
int audit_coverage(const struct receipt *v, size_t n, struct audit *out) MUST_CHECK;
/*
 * Computes every probe of the receipt anew, in `threads` threads, and adds what it finds. 0;
 * ERR_USAGE when the receipt has no ranges (a checkpoint); -errno.
 */
int audit_digests(const struct receipt *r, unsigned threads, struct audit_digests *out,
	struct err *e) MUST_CHECK;
/* The address and port of an index; r->space must be there. */
void audit_target(const struct receipt *r, uint64_t index, struct addr *a, uint16_t *port);
