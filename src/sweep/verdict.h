/* SPDX-License-Identifier: BSD-2-Clause */
/* What an answer to a sweep's probe means: the techniques' own tables, asked without a packet. */
#pragma once

#include <stdbool.h>

#include "bpfobj/sweep_abi.h"
#include "model/rec.h"
#include "scan/tech.h"

/* How a technique is swept. */
struct sweep_tech {
	const struct scan_tech *tech;
	uint8_t kind;	  /* enum sweep_kind */
	uint32_t telling; /* bit 1 << enum sweep_answer: what such a scan is made for */
};

/* The row of a technique, or NULL: it cannot be swept. */
const struct sweep_tech *sweep_tech_of(const struct scan_tech *t);
/*
 * The hit as a result of a technique, but for what the engine knows: arrival by the wall, the
 * source of the time, the service's name. False: it says nothing.
 */
bool sweep_verdict(const struct scan_tech *t, unsigned family, const struct sweep_hit *hit,
	struct rec_result *out);
