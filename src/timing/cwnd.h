/* SPDX-License-Identifier: BSD-2-Clause */
/* A congestion window in probes: slow start, congestion avoidance, halving once a round trip (after
 * RFC 5681). */
#pragma once

#include <stdint.h>

struct cwnd {
	double window, threshold;
	double min, max;
	uint64_t cut_at_ns; /* the last cut: probes sent before it are no new evidence */
};

/* Windows in probes; `initial` is brought between min and max. */
void cwnd_init(struct cwnd *c, double initial, double min, double max);
/* An answer came while the window was in use. */
void cwnd_answered(struct cwnd *c);
/* A probe that left at sent_ns was lost. True when the window was cut (not more than once for the
 * probes of one window). */
int cwnd_lost(struct cwnd *c, uint64_t sent_ns, uint64_t now_ns);
