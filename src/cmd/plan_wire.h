/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to what raw probes look like on the wire: plan.wire. */
#pragma once

#include "cmd/plan_make.h"

/*
 * Fills in p->wire; the rest of the plan must be made and plan_check be content. Chance is
 * p->seed's. ERR_USAGE for values that are wrong and for what the address family does not have.
 */
int plan_wire(
	struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e) MUST_CHECK;
