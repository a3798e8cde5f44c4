/* SPDX-License-Identifier: BSD-2-Clause */
/* What does not go with --sweep. */
#pragma once

#include "cmd/opts.h"
#include "scan/plan.h"

/* ERR_USAGE for the first option of the command line that a sweep could only ignore, and for
 * techniques that it does not have; what a configuration file says is left to stateful scans. */
int sweep_check(const struct plan *p, const struct opts *o, struct err *e) MUST_CHECK;
