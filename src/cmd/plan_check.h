/* SPDX-License-Identifier: BSD-2-Clause */
/* What options mean together, where that depends on the plan or on what this user may do; what
 * they mean by themselves is checked in opts.c. */
#pragma once

#include "cmd/plan_make.h"

/*
 * The techniques, ports and backend of *p must be made; nothing is changed. ERR_USAGE, naming the
 * option and what to do, for one that nothing in this plan would use, for options that contradict
 * each other, for a privilege that is not there, and for a server, proxy or zombie that is not
 * well-formed. What is only partly of use is warned about.
 */
int plan_check(const struct plan *p, const struct opts *o, const struct plan_world *w,
	struct err *e) MUST_CHECK;
