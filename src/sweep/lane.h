/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sender's lane may send now: an open loop by the clock. Private to src/sweep. */
#pragma once

#include <stdint.h>

#include "bpfobj/sweep_abi.h"

/* The members of struct sweep_ctl are shared between two threads; each is written by one. */
#define CTL_GET(p)    __atomic_load_n(&(p), __ATOMIC_RELAXED)
#define CTL_SET(p, v) __atomic_store_n(&(p), v, __ATOMIC_RELAXED)

#define LANE_TICK_NS UINT64_C(1000000)	  /* no burst is longer than this at the rate asked for */
#define LANE_LATE_NS UINT64_C(1000000000) /* what is later than this is not made up for */

/*
 * Probe k is due k gaps after the first, whatever happened in between: the rate is exact in the
 * long run. Whoever comes late sends what is due, but no more than a tick's worth in a burst;
 * arrears beyond that are worked off at 1.25 times the rate.
 */
struct lane_pace {
	uint64_t due_q8;  /* of the next probe, ns with 8 fractional bits; 0 = not begun */
	uint64_t busy_q8; /* until then what has left would take at 1.25 times the rate */
	uint64_t gap_q8;
};

/* How many probes may leave now, at most max; 0: none before *wake_ns. gap_q8 0 = max. */
unsigned lane_allows(
	struct lane_pace *p, uint64_t gap_q8, uint64_t now_ns, unsigned max, uint64_t *wake_ns);
/* n have left. */
void lane_sent(struct lane_pace *p, unsigned n);
/* The gap of each of n lanes that send `pps` packets a second together; 0 pps: 0. */
uint64_t lane_gap_q8(double pps, unsigned n);
