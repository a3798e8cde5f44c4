/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to a plan: how hosts are discovered. */
#pragma once

#include "cmd/plan_make.h"

/*
 * Fills in p->ping, its lists and p->ignore_rst; p->wire and all else are left alone. ERR_USAGE for
 * lists that cannot be read, too many probes, and what the address family does not have. What needs
 * a privilege that is not there gives way to connect(), with a warning.
 */
int plan_ping(
	struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e) MUST_CHECK;
