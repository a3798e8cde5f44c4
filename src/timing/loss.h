/* SPDX-License-Identifier: BSD-2-Clause */
/* How lossy a path is, from what answered at which try, and how many tries silence needs before it
 * means something. */
#pragma once

#include <stdint.h>

/*
 * A slot answered at its k-th try lost k - 1 round trips of k. Summed over all answered slots this
 * estimates the probability p that one try stays unanswered although the target answers; a prior
 * stands in until there is evidence. A port that stayed silent k times is wrongly called silent
 * with probability p^k: tries go on until that is below `miss`. Old evidence fades: beyond
 * LOSS_MEMORY tries everything so far counts half.
 */
#define LOSS_MEMORY 400

struct loss {
	double tries; /* tries of answered slots */
	double lost;  /* of these, unanswered */
};

/* Starts from a prior: mean probability and its weight in tries. */
void loss_init(struct loss *l, double mean, double weight);
/* A slot was answered at try `k` (1 = the first). */
void loss_answered(struct loss *l, unsigned k);
/* A try that would have been answered was not: a canary. */
void loss_unanswered(struct loss *l);
/* Estimated probability that a try is lost, in (0, 1). */
double loss_rate(const struct loss *l);
/* Tries after which silence is wrong with probability `miss` at most; at least `min`, at most
 * `max`. */
unsigned loss_tries(const struct loss *l, double miss, unsigned min, unsigned max);
