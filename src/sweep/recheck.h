/* SPDX-License-Identifier: BSD-2-Clause */
/* How much a sweep missed: an estimate from a sample that is probed again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Capture and recapture: of the sampled targets that answer the second time, those that had not
 * answered the first time were missed. That is the share of answering targets that one pass misses
 * for reasons that change between the passes: packets lost, queues full, limits of a rate. What
 * never answers twice in a row (down, filtered for good) is unknown to both passes and not counted.
 *
 * The sample is every (mask + 1)-th index, from all parts of the run and, by the permutation, of
 * the space. Its intervals are exact for independent losses. Losses in bursts longer than the
 * distance of two samples come in clusters: the sample is cut into RECHECK_BLOCKS stretches of
 * time, and where their counts scatter more than independent ones would, the interval is widened
 * by as much.
 */
#define RECHECK_BLOCKS	   64
#define RECHECK_CONFIDENCE 0.99
#define RECHECK_MAX	   (UINT64_C(1) << 24) /* samples that are kept account of: 4 MiB */

struct recheck {
	uint64_t first, mask, at; /* sampled: index & mask == at, from `first` on */
	uint64_t n;		  /* samples that are kept account of */
	unsigned thin;		  /* 2^thin samples, of which one is */
	uint64_t *answered[2];	  /* bitmaps, owned: in the first pass, in the second */
};

struct recheck_estimate {
	uint64_t sampled;	      /* targets of the account */
	uint64_t first, second, both; /* that answered */
	uint64_t missed;	      /* in the second pass only */
	bool known;		      /* something answered the second time */
	double rate, low, high;	      /* share missed, and its interval of RECHECK_CONFIDENCE */
	double spread;		      /* how much wider for bursts, as a variance; 1 = not at all */
};

/* The sample of first <= index < behind; mask 2^k - 1. 0 or -ENOMEM. */
int recheck_init(
	struct recheck *r, uint64_t first, uint64_t behind, uint64_t mask, uint64_t at) MUST_CHECK;
void recheck_free(struct recheck *r); /* frees the bitmaps */
/* The target of that index answered, in the first pass or `again`. Others than samples are
 * ignored, and repeated answers count once. */
void recheck_answer(struct recheck *r, uint64_t index, bool again);
/* From the counts and the spread: known, rate, low, high. */
void recheck_interval(struct recheck_estimate *e);
/* What the answers so far say. */
void recheck_estimate(const struct recheck *r, struct recheck_estimate *out);
