/* SPDX-License-Identifier: BSD-2-Clause */
/* What the options say about a sweep: its part of the plan, and what does not go with it. */
#pragma once

#include "cmd/opts.h"
#include "scan/plan.h"

/*
 * Fills in p->sweep, and p->seed from --seed. Without --sweep p->sweep.on is false, and with
 * --no-sweep what only sweeps use is refused as below. With it: ERR_USAGE for values that mean
 * nothing, shards without a seed, and for options that a sweep cannot follow, each with the reason.
 * The techniques of *p must be made. What is borrowed is from `o`.
 */
int sweep_plan(struct plan *p, const struct opts *o, struct err *e) MUST_CHECK;
/* Once it is known that the scan is stateful: an option of the command line that only a sweep uses
 * is ERR_USAGE. */
int sweep_plan_stateful(const struct opts *o, struct err *e) MUST_CHECK;
