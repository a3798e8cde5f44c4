/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sender's lane may send now: an open loop by the clock. */
#include "sweep/lane.h"

#include <math.h>

#include "base/clock.h"

#define Q8(ns)	((ns) << 8)
#define GAP_MAX 1e15 /* ns, 11 days: a batch of these with fractional bits fits in 64 bits */

/* A gap that has changed counts from now on; what was due under the old one is due no later. */
static void set_gap(struct lane_pace *p, uint64_t gap_q8, uint64_t now_q8)
{
	p->gap_q8 = gap_q8;
	p->busy_q8 = 0;
	if (p->due_q8 == 0)
		p->due_q8 = now_q8;
	else if (p->due_q8 > now_q8 + gap_q8)
		p->due_q8 = now_q8 + gap_q8;
	else if (p->due_q8 < now_q8)
		p->due_q8 = now_q8;
}

/* What may be on its way ahead of `busy`: with one more it makes a tick's worth. */
static uint64_t ahead(uint64_t step)
{
	uint64_t tick = Q8(LANE_TICK_NS) / 5 * 4;

	return tick > step ? tick - step : 0;
}

unsigned lane_allows(
	struct lane_pace *p, uint64_t gap_q8, uint64_t now_ns, unsigned max, uint64_t *wake_ns)
{
	uint64_t now_q8 = Q8(now_ns), step = gap_q8 / 5 * 4 + 1, slack = ahead(step), at, n, room;

	if (gap_q8 == 0) {
		p->gap_q8 = 0;
		return max;
	}
	if (p->gap_q8 != gap_q8 || p->due_q8 == 0)
		set_gap(p, gap_q8, now_q8);
	if (p->due_q8 + Q8(LANE_LATE_NS) < now_q8)
		p->due_q8 = now_q8 - Q8(LANE_LATE_NS);
	if (p->busy_q8 < now_q8)
		p->busy_q8 = now_q8;
	at = p->busy_q8 > p->due_q8 + slack ? p->busy_q8 - slack : p->due_q8;
	if (at > now_q8) {
		*wake_ns =
			now_ns + ((at - now_q8 + 255) >> 8); /* Q8 drops upper bits of the time */
		return 0;
	}
	n = (now_q8 - p->due_q8) / gap_q8 + 1;
	room = (now_q8 + slack - p->busy_q8) / step + 1;
	n = n < room ? n : room;
	return n < max ? (unsigned)n : max;
}

void lane_sent(struct lane_pace *p, unsigned n)
{
	if (p->gap_q8 == 0)
		return;
	p->due_q8 += n * p->gap_q8;
	p->busy_q8 += n * (p->gap_q8 / 5 * 4 + 1);
}

uint64_t lane_gap_q8(double pps, unsigned n)
{
	double gap = pps > 0 ? 256.0 * (double)NS_PER_S * n / pps : 0;

	if (pps <= 0)
		return 0;
	return (uint64_t)fmin(fmax(gap, 1), GAP_MAX * 256);
}
