/* SPDX-License-Identifier: BSD-2-Clause */
/* Which ports of a group are open, found by counting how many of a part of it are. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BISECT_MAX   128 /* ports of a group */
#define BISECT_DEPTH 16	 /* parts waiting: a right one a level, and the last left one */

/* Ports lo..hi-1 of the group, each probed `copies` times. */
struct bisect_ask {
	uint32_t lo, hi, copies;
};

struct bisect {
	struct {
		uint32_t lo, hi;
		int open; /* how many of them are, -1 = not known */
	} part[BISECT_DEPTH];
	unsigned depth;
	unsigned tries;		/* of what is asked now */
	unsigned sent, seen;	/* probes of the port being confirmed, and what they brought */
	double expected;	/* of `seen`, when all of it is noise */
	bool counted;		/* `first` is there */
	unsigned first, n_open; /* count of the whole group when first measured; open ports found */
	bool open[BISECT_MAX];	/* the result */
};

/* A group of n ports, 1..BISECT_MAX. */
void bisect_start(struct bisect *b, uint32_t n);
/* What to count next; false: done. The same until bisect_counted is called. */
bool bisect_next(struct bisect *b, struct bisect_ask *ask);
/* What was asked brought `count`, of which `noise` on average are other people's. */
void bisect_counted(struct bisect *b, unsigned count, double noise);
/* Probability that a Poisson variable of this mean is at least k. */
double poisson_tail(double mean, unsigned k);
