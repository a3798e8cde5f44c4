/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Token buckets.
 *
 * The ceiling r as a bucket of depth b and refill s: let packets leave in batches, batch i of n_i
 * packets found ready at time D_i, leaving at any time from D_i to T_i, when it is taken. Taking
 * refills up to T_i first, so at T_i the bucket holds b - n_i at most: time that went by between
 * looking and leaving buys nothing. The batches 1..m that leave within a span of length W have
 * T_1 - W <= D_m; batch m found n_m tokens where there were at most
 *	b - n_1 + s (D_m - T_1) - n_2 - ... - n_(m-1),
 * so n_1 + ... + n_m <= b + s W. With s = r (1 - MARGIN / SPAN) and b = 1 + r MARGIN this is at
 * most 1 + r W for every W >= SPAN. b is a little lower than that, for what a capture sees later
 * than we (a queue, a soft interrupt). Below one packet in SPAN nothing but the 1 of b counts.
 */
#include "timing/pace.h"

#include <math.h>

#include "base/clock.h"

#define SPAN_S	 0.1
#define MARGIN_S 0.0005
#define WAKE_S	 0.0001 /* between two batches at rates where that is several packets */
#define LATE_S	 ((double)PACE_LATE_NS / (double)NS_PER_S)
#define WAIT_MAX 1e18 /* ns: further ahead than any run lasts */

static void refill(struct pace *p, uint64_t now_ns)
{
	if (now_ns <= p->at_ns)
		return;
	p->tokens = fmin(
		p->burst, p->tokens + (double)(now_ns - p->at_ns) * p->rate / (double)NS_PER_S);
	p->at_ns = now_ns;
}

void pace_init(struct pace *p, double rate, double burst, uint64_t now_ns)
{
	*p = (struct pace){.rate = rate,
		.burst = fmax(burst, 1),
		.tokens = 1,
		.worth = 1,
		.least = -burst,
		.at_ns = now_ns};
}

void pace_ceiling(struct pace *p, double rate, uint64_t now_ns)
{
	pace_init(p, rate * (1 - MARGIN_S / SPAN_S), 1 + rate * (WAKE_S + LATE_S), now_ns);
	p->worth = 1 + rate * WAKE_S;
	p->least = -HUGE_VAL;
}

void pace_set(struct pace *p, double rate, uint64_t now_ns)
{
	if (p->rate > 0)
		refill(p, now_ns);
	p->rate = rate;
	p->at_ns = now_ns;
}

bool pace_ready(struct pace *p, unsigned pending, uint64_t now_ns)
{
	if (p->rate <= 0)
		return true;
	refill(p, now_ns);
	return p->tokens >= pending + 1.0;
}

void pace_take(struct pace *p, unsigned n, uint64_t now_ns)
{
	if (p->rate <= 0)
		return;
	refill(p, now_ns);
	p->tokens = fmax(p->tokens - n, p->least);
}

uint64_t pace_next_ns(struct pace *p, uint64_t now_ns)
{
	if (pace_ready(p, 0, now_ns))
		return now_ns;
	return now_ns + 1 +
	       (uint64_t)fmin((p->worth - p->tokens) / p->rate * (double)NS_PER_S, WAIT_MAX);
}
