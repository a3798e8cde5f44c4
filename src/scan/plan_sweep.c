/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of a plan that only a sweep looks at. */
#include "scan/plan_sweep.h"

#include "base/clock.h"

#define FRAME_MIN    60 /* without FCS */
#define WIRE_BESIDES 24 /* preamble, start delimiter, FCS, gap */

void plan_sweep_init(struct plan_sweep *s)
{
	*s = (struct plan_sweep){
		.n_shards = 1,
		.probe_options = PROBE_OPTIONS_LINUX,
		.probe_time = true,
		.passes = 1,
		.cooldown_ns = 4 * NS_PER_S,
		.recheck = 0.005,
		.dedup = 1u << 20,
	};
}

double plan_sweep_pps(uint64_t bits_per_s, uint32_t frame_bytes)
{
	uint32_t frame = frame_bytes < FRAME_MIN ? FRAME_MIN : frame_bytes;

	return (double)bits_per_s / (8.0 * (frame + WIRE_BESIDES));
}
