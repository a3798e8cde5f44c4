/* SPDX-License-Identifier: BSD-2-Clause */
/* What the options say about a sweep: its part of the plan, and what does not go with it. */
#pragma once

#include "cmd/opts.h"
#include "scan/plan.h"

/*
 * Fills in p->sweep, and p->seed from --seed. Without --sweep: p->sweep.on is false, and an option
 * of the command line that only a sweep uses is ERR_USAGE. With it: ERR_USAGE for values that mean
 * nothing, shards without a seed, and for options that a sweep cannot follow, each with the reason.
 * The techniques of *p must be made. What is borrowed is from `o`.
 */
int sweep_plan(struct plan *p, const struct opts *o, struct err *e) MUST_CHECK;
