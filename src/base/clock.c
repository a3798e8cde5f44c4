/* SPDX-License-Identifier: BSD-2-Clause */
/* Time as an argument: the machine's clock, or a virtual one that a simulation turns. */
#include "base/clock.h"

#include <time.h>

static uint64_t read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts); /* cannot fail: both clocks exist on every Linux */
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static uint64_t real_now(struct clock *c)
{
	return read_ns(CLOCK_MONOTONIC);
}

static uint64_t real_wall(struct clock *c)
{
	return read_ns(CLOCK_REALTIME);
}

struct clock *clock_real(void)
{
	static const struct clock real = { .now = real_now, .wall = real_wall };

	return (struct clock *)&real;
}

static uint64_t virtual_now(struct clock *c)
{
	return ((struct clock_virtual *)c)->now_ns;
}

static uint64_t virtual_wall(struct clock *c)
{
	struct clock_virtual *v = (struct clock_virtual *)c;

	return v->wall_at_zero_ns + v->now_ns;
}

void clock_virtual_init(struct clock_virtual *c, uint64_t wall_at_zero_ns)
{
	*c = (struct clock_virtual){
		.base = { .now = virtual_now, .wall = virtual_wall },
		.wall_at_zero_ns = wall_at_zero_ns,
	};
}

void clock_virtual_advance_to(struct clock_virtual *c, uint64_t now_ns)
{
	if (now_ns > c->now_ns)
		c->now_ns = now_ns;
}
