/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sweep: the stateless engine. Carries a plan out over a set of addresses of any size and
 * publishes each validated answer as it comes.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "bpfobj/sweep_abi.h"
#include "io/io.h"
#include "model/bus.h"
#include "model/levels.h"
#include "net/net.h"
#include "scan/plan.h"
#include "scan/scan.h"
#include "sweep/watch.h"
#include "target/ports.h"
#include "target/space.h"

struct sweep_env {
	struct clock *clock;
	struct bus *bus;
	const struct log *log;
	struct net *net; /* NULL on the simulator */
	const struct space *space;
	const struct services *services; /* NULL: ports without names */
	struct io *sim;			 /* an open io_sim: carries everything; else NULL */
	struct addr sim_self;
	volatile sig_atomic_t *stop; /* set by SIGINT/SIGTERM: finish the records and return */
	struct scan_hooks hooks;
	const struct levels *levels; /* NULL: as the plan has them */
	const char *args, *version;
	bool privileged;
	const char *why; /* one line: why the sweep carries this plan out, or NULL */
	const struct sweep_watch *const *watches; /* NULL-terminated, or NULL; see sweep/watch.h */
	/* --resume: what is still to be sent of the first passes; NULL: all of the shard */
	const struct sweep_span *todo;
	size_t n_todo;
	uint64_t before_ns; /* --resume: how long the earlier parts took */
};

/* What a sweep did, for the last lines, receipts and tests. */
struct sweep_result {
	uint64_t sent, skipped; /* probes; hosts that have no link address, or are ourselves */
	uint64_t first, behind; /* the shard: indices [first, behind) */
	uint64_t open, closed, other; /* results that were published */
	struct sweep_counts counts;
	double rate_pps; /* while probes were sent */
	uint64_t send_ns;
	const char *sender, *receiver; /* names of the rows */
	bool interrupted;
};

/*
 * Runs to the end, to *stop or to a failure; publishes run, results, progress, note and end
 * records. 0, or the negative code of what ended it, `e` filled; the end record has been published
 * in either case once the run record was.
 */
int sweep_run(const struct plan *p, const struct sweep_env *env, struct sweep_result *res,
	struct err *e) MUST_CHECK;
/* Whether the plan is one that a sweep can carry out: 0, or ERR_UNSUPPORTED with the option that is
 * in the way and the remedy. */
int sweep_can(const struct plan *p, struct err *e) MUST_CHECK;
