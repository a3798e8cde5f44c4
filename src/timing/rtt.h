/* SPDX-License-Identifier: BSD-2-Clause */
/* Round-trip estimation and retransmission time-out (RFC 6298), bounded by the plan. */
#pragma once

#include <stdint.h>

struct rtt_bounds {
	uint64_t initial_ns, min_ns, max_ns;
};

struct rtt {
	uint64_t srtt_ns, rttvar_ns; /* 0 until the first sample */
	uint64_t rto_ns;	     /* always within the bounds */
	uint32_t n_samples;
};

/* No samples: the time-out is the initial one. */
void rtt_init(struct rtt *r, const struct rtt_bounds *b);
/* One sample. Samples beyond ten seconds are not round trips of this run and are ignored. */
void rtt_update(struct rtt *r, const struct rtt_bounds *b, uint64_t sample_ns);
