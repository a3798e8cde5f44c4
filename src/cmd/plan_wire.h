/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to what raw probes look like on the wire: plan.wire. */
#pragma once

#include "cmd/plan_make.h"

/*
 * Fills in p->wire, and p->backend where an option asks for a layer; the rest of the plan must be
 * made. Chance is p->seed's. ERR_USAGE for values that are wrong, and by name for an option that
 * nothing in this plan would use: connect scans, whose packets the kernel makes, -sL, IPv6 without
 * such a field.
 */
int plan_wire(
	struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e) MUST_CHECK;
