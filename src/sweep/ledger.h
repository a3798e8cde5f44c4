/* SPDX-License-Identifier: BSD-2-Clause */
/* The books of a sweep: the account of the sample, checkpoints on the way, the receipt at the end.
 */
#pragma once

#include "base/clock.h"
#include "sweep/place.h"
#include "sweep/receipt.h"
#include "sweep/steer.h"
#include "sweep/sweep.h"

/*
 * A checkpoint is written every LEDGER_PERIOD_NS. Before it, conf.sync puts the results on the disk
 * that came until then. A run that is killed and resumed sends again what it sent within the
 * cooldown before its last checkpoint, as answers may have been under way, and after it: no result
 * of anything else can be lost. So at most the cooldown and one period are sent twice.
 */
#define LEDGER_PERIOD_NS NS_PER_S
#define LEDGER_PAST	 64 /* looks at what was sent, kept for the cooldown's length */

struct ledger_conf {
	struct clock *clock;
	const char *checkpoint;	   /* file, or NULL: none is kept */
	struct receipt *before;	   /* the checkpoint that the run goes on from, or NULL; borrowed */
	const struct steer *steer; /* or NULL */
	/* Puts what the outputs have on the disk; a negative code: then no checkpoint is written.
	 */
	int (*sync)(void *ctx, struct err *e);
	void *ctx;
};

struct ledger_past {
	uint64_t at_ns;
	struct receipt_pieces sent; /* owned */
};

struct ledger {
	struct ledger_conf conf;
	const struct sweep_facts *facts; /* borrowed while it runs */
	struct receipt receipt;
	struct recheck recheck;
	struct place place;
	uint64_t checkpoint_ns; /* the last one */
	struct ledger_past past[LEDGER_PAST];
	unsigned n_past;
	bool warned;
	struct receipt_pieces owed; /* what the run before had to send again; owned */
	struct sweep_span *todo;    /* owned; see ledger_todo */
	size_t n_todo;
};

/* The watch; *l outlives the run. It comes behind the steer's in the list of watches. */
struct sweep_watch ledger_watch(struct ledger *l, const struct ledger_conf *c);
/*
 * What is left of the run that conf.before is the checkpoint of: passes over the shard without what
 * was sent, and what has to be sent again. *n spans, borrowed from *l; -ENOMEM.
 */
int ledger_todo(struct ledger *l, const struct plan *p, size_t *n) MUST_CHECK;
/* The run is over: completes the receipt and writes it to `path` (NULL: nowhere). -errno with `e`.
 */
int ledger_finish(struct ledger *l, const struct sweep_result *res, const char *path,
	struct err *e) MUST_CHECK;
void ledger_free(struct ledger *l); /* frees receipt and accounts */
