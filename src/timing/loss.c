/* SPDX-License-Identifier: BSD-2-Clause */
/* Loss estimation: a beta-binomial mean with a prior, and the tries that follow from it. */
#include "timing/loss.h"

void loss_init(struct loss *l, double mean, double weight)
{
	l->tries = weight;
	l->lost = mean * weight;
}

static void fade(struct loss *l)
{
	if (l->tries < LOSS_MEMORY)
		return;
	l->tries /= 2;
	l->lost /= 2;
}

void loss_answered(struct loss *l, unsigned k)
{
	fade(l);
	l->tries += k;
	l->lost += k - 1;
}

void loss_unanswered(struct loss *l)
{
	fade(l);
	l->tries += 1;
	l->lost += 1;
}

double loss_rate(const struct loss *l)
{
	return l->tries > 0 ? l->lost / l->tries : 0;
}

unsigned loss_tries(const struct loss *l, double miss, unsigned min, unsigned max)
{
	double p = loss_rate(l), left = 1;
	unsigned k = 0;

	while (k < max && (k < min || left > miss)) {
		left *= p;
		k++;
	}
	return k;
}
