/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine: carries a plan out over targets and publishes records. */
#pragma once

#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "base/err.h"
#include "io/io.h"
#include "model/bus.h"
#include "model/levels.h"
#include "model/rec.h"
#include "net/net.h"
#include "net/oui.h"
#include "net/resolve.h"
#include "scan/plan.h"
#include "target/target.h"

/* A user's keypress or timer, polled between batches; see ui/cli. */
struct scan_hooks {
	int (*fd)(void *ctx); /* descriptor to watch while waiting, or -1 */
	/* Called at least every 250 ms and when fd is readable; true = publish a progress record
	 * with `asked` set. */
	bool (*tick)(void *ctx, uint64_t now_ns);
	void *ctx;
};

/* What an earlier, interrupted run of the same plan learnt (--resume). Verdicts count as if they
 * had been reached now, except that those of ports are not published as REC_VERDICTS again. */
struct scan_past {
	/* Publishes the hosts that were finished, as they were reported; called once, behind the
	 * run record. A negative code with `err` when they are not all to be had. */
	int (*replay)(void *ctx, struct bus *bus, struct err *err);
	/* Whether this target is one of these, and was how; HOST_UNKNOWN: it is not. A target that
	 * was finished n times is so for n calls. */
	enum host_state (*finished)(void *ctx, const struct addr *a);
	/* Whether an unfinished host was found up or down; *out as published then (tech NULL). */
	bool (*host)(void *ctx, const struct addr *a, struct rec_verdict *out);
	/* The verdict of a port under a technique, if it had one. */
	bool (*port)(void *ctx, const struct addr *a, const char *tech, uint16_t port,
		struct rec_verdict *out);
	void *ctx;
	uint64_t start_wall_ns; /* when it began; 0: that is not known */
};

struct scan_env {
	const struct scan_past *past; /* NULL: a fresh run */
	struct clock *clock;
	struct bus *bus;
	const struct log *log;
	struct net *net;	       /* NULL on the simulator */
	struct resolver *resolver;     /* NULL: no reverse DNS */
	struct oui *(*oui)(void *ctx); /* opened at first use; may be NULL */
	void *oui_ctx;
	const struct services *services;
	struct targets *targets;
	struct io *sim; /* an open io_sim: carries everything; else NULL */
	struct addr sim_self4, sim_self6;
	volatile sig_atomic_t *stop; /* set by SIGINT/SIGTERM: finish the records and return */
	struct scan_hooks hooks;
	const struct levels *levels; /* what its keys change; NULL: always as the plan has them */
	/* what the run record needs */
	const char *args, *version;
	bool privileged; /* raw backends may be used */
};

struct scan_result {
	uint64_t hosts_up, hosts_down, hosts_total, probes_sent, replies;
	bool interrupted;
};

/*
 * Runs to the end, to *stop or to a failure that leaves no backend; publishes run, host, found,
 * progress, note and end records. 0, or the negative code of what ended it, `e` filled; the end
 * record has been published in either case.
 */
int scan_run(const struct plan *p, const struct scan_env *env, struct scan_result *res,
	struct err *e) MUST_CHECK;
