/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sweep keeps on the way: its rate's controller, its books, its checkpoint. */
#pragma once

#include "cmd/outputs.h"
#include "cmd/spool.h"
#include "sweep/ledger.h"
#include "sweep/steer.h"

#define BOOKS_SUFFIX ".sweep" /* of the file with the cursors, beside the checkpoint */

struct books {
	struct steer steer;
	struct ledger ledger;
	struct receipt before; /* of the run that is resumed */
	bool resumed;
	char *path; /* of the cursors, owned; NULL: none are kept */
	const struct outputs *outputs;
	struct spool *spool;
	struct sweep_watch watch[2]; /* for the engine, in this order */
};

/* Whether the checkpoint at `path` is that of a sweep that had begun to send. */
bool books_there(const char *path);
/* What it is for. */
struct books_conf {
	const char *checkpoint; /* of the run; NULL: none is kept */
	bool resume;		/* go on from it */
	const struct outputs *outputs;
	struct spool *spool;
};

/* Fills in b->watch, and *env with what is left to do, borrowed from *b. ERR_USAGE when it cannot
 * be resumed, -ENOMEM. */
int books_open(struct books *b, struct sweep_env *env, const struct plan *p,
	const struct books_conf *conf, struct err *e) MUST_CHECK;
/* The run is over: writes the receipt that the plan names; the cursors go when it was complete.
 * -errno with `e`. */
int books_close(struct books *b, const struct plan *p, const struct sweep_result *res,
	struct err *e) MUST_CHECK;
void books_free(struct books *b); /* frees; what is in the files stays */
