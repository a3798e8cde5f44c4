/* SPDX-License-Identifier: BSD-2-Clause */
/* A token bucket: so many packets a second, so many at once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pace {
	double rate; /* tokens a second; 0 = no limit */
	double burst;
	double tokens;
	uint64_t at_ns;
};

/* rate 0 = always ready. The bucket starts with one token. */
void pace_init(struct pace *p, double rate, double burst, uint64_t now_ns);
/* Changes the rate from now on. */
void pace_set(struct pace *p, double rate, uint64_t now_ns);
/* Whether a packet may leave now; takes nothing. */
bool pace_ready(struct pace *p, uint64_t now_ns);
/* A packet left. */
void pace_take(struct pace *p);
/* A packet for which a token was taken did not leave. */
void pace_give(struct pace *p);
/* When the next one may leave; now_ns when at once. */
uint64_t pace_next_ns(struct pace *p, uint64_t now_ns);
