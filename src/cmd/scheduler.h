/* SPDX-License-Identifier: BSD-2-Clause */
/* Which engine carries a scan out: the stateful one, or the sweep. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "cmd/opts.h"
#include "scan/plan.h"

/* Above both a scan is swept, unless its options need the stateful engine. */
#define SCHEDULER_PROBES (UINT64_C(1) << 20)
#define SCHEDULER_HOSTS	 4096

/*
 * Whether `hosts` addresses (UINT64_MAX: not known) had better be swept, where the options say
 * neither --sweep nor --no-sweep. Appends to `why` one line for the report, also when a large scan
 * stays with the stateful engine; nothing when there is nothing to say.
 */
bool scheduler_prefers_sweep(const struct plan *p, const struct opts *o, uint64_t hosts,
	bool privileged, struct buf *why);
/* ERR_USAGE for a plan that names what only sweeps have. */
int scheduler_check_stateful(const struct plan *p, struct err *e) MUST_CHECK;
/* The line for a sweep that was asked for. */
void scheduler_asked(const struct plan *p, const struct opts *o, struct buf *why);
