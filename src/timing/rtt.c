/* SPDX-License-Identifier: BSD-2-Clause */
/* Round-trip estimation and retransmission time-out (RFC 6298 section 2). */
#include "timing/rtt.h"

#include "base/clock.h"

static uint64_t clamp(uint64_t v, uint64_t lo, uint64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

void rtt_init(struct rtt *r, const struct rtt_bounds *b)
{
	*r = (struct rtt){.rto_ns = clamp(b->initial_ns, b->min_ns, b->max_ns)};
}

void rtt_update(struct rtt *r, const struct rtt_bounds *b, uint64_t sample_ns)
{
	uint64_t diff;

	if (sample_ns > 10 * NS_PER_S)
		return;
	if (r->n_samples == 0) {
		r->srtt_ns = sample_ns;
		r->rttvar_ns = sample_ns / 2;
	} else {
		diff = sample_ns > r->srtt_ns ? sample_ns - r->srtt_ns : r->srtt_ns - sample_ns;
		r->rttvar_ns = r->rttvar_ns - r->rttvar_ns / 4 + diff / 4;
		r->srtt_ns = r->srtt_ns - r->srtt_ns / 8 + sample_ns / 8;
	}
	if (r->n_samples < UINT32_MAX)
		r->n_samples++;
	r->rto_ns = clamp(r->srtt_ns + 4 * r->rttvar_ns, b->min_ns, b->max_ns);
}
