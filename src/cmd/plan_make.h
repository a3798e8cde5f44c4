/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to a plan: what the engine is to do, and what of the machine that depends on. */
#pragma once

#include <stdbool.h>

#include "base/log.h"
#include "cmd/opts.h"
#include "net/net.h"
#include "net/oui.h"
#include "scan/plan.h"
#include "target/ports.h"
#include "target/target.h"

/* What options alone do not say. All borrowed. */
struct plan_world {
	bool privileged;		 /* raw packets may be sent */
	const struct net *net;		 /* for -e; may be NULL where that is not given */
	const struct services *services; /* names and frequencies of ports */
	struct target_lookup lookup;	 /* for -S and -D; forward NULL: addresses only */
	struct oui *(*oui)(void *ctx);	 /* vendors, for --spoof-mac; may be NULL */
	void *oui_ctx;
	const struct log *log;		 /* warnings; may be NULL */
	const uint64_t *seed;		 /* of the run that is resumed; NULL: a new one */
};

/*
 * Fills in *p, always to be freed by plan_free; p->backend is borrowed from `o`. ERR_USAGE for
 * options that this user, this machine or the services table cannot follow.
 */
int plan_make(
	struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e) MUST_CHECK;
