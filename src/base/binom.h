/* SPDX-License-Identifier: BSD-2-Clause */
/* What a count of successes says about their probability. */
#pragma once

/*
 * The Clopper-Pearson interval (Clopper, Pearson 1934): of x successes in n trials, the
 * probabilities under which neither x or more nor x or fewer would be rarer than
 * (1 - confidence) / 2. It covers the truth with at least that confidence, whatever the truth is.
 * x in [0, n], n > 0; both need not be whole.
 */
void binom_interval(double x, double n, double confidence, double *low, double *high);
/* Wilson's interval (1927) for z standard deviations: narrower, right on the average only. */
void binom_wilson(double x, double n, double z, double *low, double *high);
