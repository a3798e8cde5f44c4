/* SPDX-License-Identifier: BSD-2-Clause */
/* A token bucket. */
#include "timing/pace.h"

#include "base/clock.h"

static void refill(struct pace *p, uint64_t now_ns)
{
	if (now_ns <= p->at_ns)
		return;
	p->tokens += (double)(now_ns - p->at_ns) * p->rate / (double)NS_PER_S;
	if (p->tokens > p->burst)
		p->tokens = p->burst;
	p->at_ns = now_ns;
}

void pace_init(struct pace *p, double rate, double burst, uint64_t now_ns)
{
	*p = (struct pace){
		.rate = rate, .burst = burst < 1 ? 1 : burst, .tokens = 1, .at_ns = now_ns};
}

void pace_set(struct pace *p, double rate, uint64_t now_ns)
{
	if (p->rate > 0)
		refill(p, now_ns);
	p->rate = rate;
	p->at_ns = now_ns;
}

bool pace_ready(struct pace *p, uint64_t now_ns)
{
	if (p->rate <= 0)
		return true;
	refill(p, now_ns);
	return p->tokens >= 1;
}

void pace_take(struct pace *p)
{
	if (p->rate > 0 && p->tokens > -p->burst) /* debt is bounded as credit is */
		p->tokens -= 1;
}

void pace_give(struct pace *p)
{
	if (p->rate > 0 && p->tokens < p->burst)
		p->tokens += 1;
}

uint64_t pace_next_ns(struct pace *p, uint64_t now_ns)
{
	if (pace_ready(p, now_ns))
		return now_ns;
	return now_ns + 1 + (uint64_t)((1 - p->tokens) / p->rate * (double)NS_PER_S);
}
