/* SPDX-License-Identifier: BSD-2-Clause */
/* Time as an argument: the machine's clock, or a virtual one that a simulation turns. */
#pragma once

#include <stdint.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

struct clock {
	uint64_t (*now)(struct clock *c);  /* monotonic nanoseconds; never goes back */
	uint64_t (*wall)(struct clock *c); /* nanoseconds since 1970-01-01 UTC */
};

static inline uint64_t clock_now(struct clock *c)
{
	return c->now(c);
}

static inline uint64_t clock_wall(struct clock *c)
{
	return c->wall(c);
}

/* CLOCK_MONOTONIC and CLOCK_REALTIME. Stateless: one static instance, borrowed. */
struct clock *clock_real(void);

/* A clock that stands still until it is told to go on. */
struct clock_virtual {
	struct clock base;
	uint64_t now_ns;
	uint64_t wall_at_zero_ns;
};

/* Stands at 0; its wall clock starts at `wall_at_zero_ns` since 1970. Nothing to free. */
void clock_virtual_init(struct clock_virtual *c, uint64_t wall_at_zero_ns);
/* Earlier times are ignored. */
void clock_virtual_advance_to(struct clock_virtual *c, uint64_t now_ns);
