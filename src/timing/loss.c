/* SPDX-License-Identifier: BSD-2-Clause */
/* Loss estimation: a beta-binomial mean with a prior, and the tries that follow from it. */
#include "timing/loss.h"

void loss_init(struct loss *l, double mean, double weight)
{
	l->tries = weight;
	l->lost = mean * weight;
}

void loss_answered(struct loss *l, unsigned k)
{
	l->tries += k;
	l->lost += k - 1;
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
