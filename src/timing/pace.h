/* SPDX-License-Identifier: BSD-2-Clause */
/* Token buckets: a rate that is never exceeded, one that is kept up, or so many at once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pace {
	double rate; /* tokens a second; 0 = no limit */
	double burst;
	double tokens;
	double worth; /* tokens that are worth waking up for, at least 1 */
	double least; /* what may be owed at most, negative */
	uint64_t at_ns;
};

/* rate 0 = always ready. The bucket starts with one token and never owes more than a burst. */
void pace_init(struct pace *p, double rate, double burst, uint64_t now_ns);
#define PACE_LATE_NS 300000
/*
 * A ceiling: in no span of 100 ms or more do more than rate * span + 1 packets leave, if each is
 * preceded by pace_ready and followed by pace_take, and the rate is kept within 1 % by a caller who
 * is never late by more than PACE_LATE_NS (pace.c has the proof). What leaves without being ready
 * is owed, whatever it amounts to.
 */
void pace_ceiling(struct pace *p, double rate, uint64_t now_ns);
/* Changes the rate from now on. */
void pace_set(struct pace *p, double rate, uint64_t now_ns);
/* Whether one more packet may leave now after `pending` that are chosen but have not been taken;
 * takes nothing. */
bool pace_ready(struct pace *p, unsigned pending, uint64_t now_ns);
/* n packets have left by now. */
void pace_take(struct pace *p, unsigned n, uint64_t now_ns);
/* When the next one may leave, or a few at once where they are many; now_ns when at once. */
uint64_t pace_next_ns(struct pace *p, uint64_t now_ns);
