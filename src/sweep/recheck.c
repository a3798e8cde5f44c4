/* SPDX-License-Identifier: BSD-2-Clause */
/* How much a sweep missed: an estimate from a sample that is probed again. */
#include "sweep/recheck.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/binom.h"

#define WORD 64
/* Blocks of independent losses scatter like this once in a hundred times (chi-squared, 63 degrees
 * of freedom: 92 / 63). */
#define SPREAD_MIN 1.5

int recheck_init(struct recheck *r, uint64_t first, uint64_t behind, uint64_t mask, uint64_t at)
{
	uint64_t from = first + ((at - first) & mask);
	size_t words;

	memset(r, 0, sizeof(*r));
	r->first = from;
	r->mask = mask;
	r->at = at;
	r->n = behind > from ? (behind - from - 1) / (mask + 1) + 1 : 0;
	while (r->n > RECHECK_MAX) {
		r->n = (r->n - 1) / 2 + 1;
		r->thin++;
	}
	words = (size_t)(r->n / WORD + 1);
	for (unsigned i = 0; i < 2; i++)
		r->answered[i] = calloc(words, sizeof(uint64_t));
	if (r->answered[0] && r->answered[1])
		return 0;
	recheck_free(r);
	return -ENOMEM;
}

void recheck_free(struct recheck *r)
{
	free(r->answered[0]);
	free(r->answered[1]);
	memset(r, 0, sizeof(*r));
}

void recheck_answer(struct recheck *r, uint64_t index, bool again)
{
	uint64_t i;

	if (index < r->first || (index & r->mask) != r->at)
		return;
	i = (index - r->first) / (r->mask + 1);
	if (i & ((UINT64_C(1) << r->thin) - 1) || i >> r->thin >= r->n)
		return;
	i >>= r->thin;
	r->answered[again][i / WORD] |= UINT64_C(1) << i % WORD;
}

/* Of words [from, to): who answered the second time, and who of them not the first time. */
static void count(
	const struct recheck *r, size_t from, size_t to, uint64_t *second, uint64_t *missed)
{
	*second = *missed = 0;
	for (size_t w = from; w < to; w++) {
		uint64_t again = r->answered[1][w];

		*second += (uint64_t)__builtin_popcountll(again);
		*missed += (uint64_t)__builtin_popcountll(again & ~r->answered[0][w]);
	}
}

/* How much more the blocks' counts scatter than those of independent losses. */
static double scatter(const struct recheck *r, const struct recheck_estimate *e)
{
	size_t words = (size_t)(r->n / WORD + 1);
	double p = (double)e->missed / (double)e->second, sum = 0;
	double independent = (double)e->second * p * (1 - p), spread;

	if (e->missed == 0 || e->missed == e->second || words < 2 * RECHECK_BLOCKS)
		return 1;
	for (size_t b = 0; b < RECHECK_BLOCKS; b++) {
		uint64_t second, missed;
		double off;

		count(r, words * b / RECHECK_BLOCKS, words * (b + 1) / RECHECK_BLOCKS, &second,
			&missed);
		off = (double)missed - p * (double)second;
		sum += off * off;
	}
	spread = sum * RECHECK_BLOCKS / (RECHECK_BLOCKS - 1) / independent;
	return spread < SPREAD_MIN ? 1 : spread;
}

void recheck_interval(struct recheck_estimate *e)
{
	e->known = e->second > 0;
	e->rate = e->low = 0;
	e->high = 1;
	if (!e->known)
		return;
	e->rate = (double)e->missed / (double)e->second;
	binom_interval((double)e->missed / e->spread, (double)e->second / e->spread,
		RECHECK_CONFIDENCE, &e->low, &e->high);
}

void recheck_estimate(const struct recheck *r, struct recheck_estimate *out)
{
	size_t words = (size_t)(r->n / WORD + 1);

	memset(out, 0, sizeof(*out));
	out->sampled = r->n;
	out->spread = 1;
	for (size_t w = 0; w < words && r->answered[0]; w++)
		out->first += (uint64_t)__builtin_popcountll(r->answered[0][w]);
	if (r->answered[1])
		count(r, 0, words, &out->second, &out->missed);
	out->both = out->second - out->missed;
	if (out->second)
		out->spread = scatter(r, out);
	recheck_interval(out);
}
