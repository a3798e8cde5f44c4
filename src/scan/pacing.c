/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When packets leave, over all hosts. Whoever wants to send asks pacing_ready first; wire_put, the
 * only way out, tells pacing_sent what has left, so that probes, repeats, requests for hardware
 * addresses and the packets of drivers all count.
 *
 * --stealth: one packet after the other, each a time after the one before that is drawn uniformly
 * from the profile's delay and jitter, with a pause after each batch and before each further
 * target. It bounds the rate from above like --max-rate and the delays between probes to one host
 * do; of all bounds the slowest is what is seen.
 */
#include "scan/pacing.h"

#include "base/clock.h"
#include "base/rng.h"

#define MIN_RATE_BURST_S 0.1 /* of --min-rate made up for at once */

static bool is_stealthy(const struct engine *e)
{
	return e->plan->stealth.batch > 0;
}

void pacing_init(struct engine *e)
{
	const struct plan_timing *t = &e->plan->timing;

	pace_ceiling(&e->max_rate, t->max_rate, e->now);
	pace_init(&e->min_rate, t->min_rate, 1 + t->min_rate * MIN_RATE_BURST_S, e->now);
}

bool pacing_on(const struct engine *e)
{
	return is_stealthy(e) || e->max_rate.rate > 0 || e->min_rate.rate > 0;
}

bool pacing_ready(struct engine *e, unsigned pending)
{
	if (is_stealthy(e) && (pending || e->now < e->stealth_next_ns))
		return false;
	return pace_ready(&e->max_rate, pending, e->now);
}

uint64_t pacing_next_ns(struct engine *e)
{
	uint64_t at = pace_next_ns(&e->max_rate, e->now);

	return at > e->stealth_next_ns ? at : e->stealth_next_ns;
}

/* Each packet of `n` draws its own delay, so that a batch of fragments costs what it would alone.
 */
static void stealth_sent(struct engine *e, unsigned n, uint64_t now)
{
	const struct plan_stealth *s = &e->plan->stealth;

	e->stealth_sent_ns = e->stealth_next_ns = now;
	while (n--) {
		double share = 1 + s->jitter * (2 * rng_unit(&e->rng) - 1);

		e->stealth_next_ns += (uint64_t)((double)s->delay_ns * share);
		if (++e->stealth_batch % s->batch == 0)
			e->stealth_next_ns += s->batch_pause_ns;
	}
}

void pacing_sent(struct engine *e, unsigned n)
{
	uint64_t now;

	if (!pacing_on(e))
		return;
	now = clock_now(e->env->clock);
	pace_take(&e->max_rate, n, now);
	pace_take(&e->min_rate, n, now);
	if (is_stealthy(e))
		stealth_sent(e, n, now);
}

bool pacing_reply_ready(struct engine *e, unsigned pending)
{
	return pace_ready(&e->max_rate, pending, e->now);
}

uint64_t pacing_next_reply_ns(struct engine *e)
{
	return pace_next_ns(&e->max_rate, e->now);
}

void pacing_replied(struct engine *e, unsigned n)
{
	if (e->max_rate.rate > 0)
		pace_take(&e->max_rate, n, clock_now(e->env->clock));
}

void pacing_next_target(struct engine *e)
{
	uint64_t at = e->stealth_sent_ns + e->plan->stealth.target_pause_ns;

	if (!e->stealth_sent_ns) /* the first */
		return;
	e->stealth_batch = 0;
	if (at > e->stealth_next_ns)
		e->stealth_next_ns = at;
}
