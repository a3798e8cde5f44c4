/* SPDX-License-Identifier: BSD-2-Clause */
/* Checkpoints of a scan, and going on with one that was interrupted. */
#pragma once

#include "cmd/opts.h"
#include "cmd/outputs.h"
#include "scan/scan.h"
#include "store/past.h"

struct resume {
	struct journal journal; /* the checkpoint of this run */
	struct past *past;	/* owned; NULL: a fresh run */
	bool sweep; /* it was a sweep, and goes on from its cursors (cmd/books.h) */
	const struct frame_start
		*start; /* of the run that is resumed; NULL: only a report is left */
	struct scan_past contract;
	struct err why; /* no checkpoint is kept; code 0: nothing is in its way */
	char *path;   /* what to give to --resume next time; owned, NULL = the run keeps nothing */
	char *args;   /* the command line of the earlier run as text; owned */
	char **words; /* the same in words, when it came from a report; owned */
	size_t n_words;
};

/* How a fresh run began. */
struct resume_run {
	int argc;
	const char *const *argv;
	uint64_t seed, start_wall_ns;
	bool privileged;
};

void resume_init(struct resume *r); /* a fresh run that keeps no checkpoint yet */
/* Closes the checkpoint and leaves it as it is. */
void resume_free(struct resume *r);
/*
 * --resume: reads the checkpoint or the report that o->resume names and puts the options of that
 * run in the place of *o, which afterwards borrows from *r. Goes to the directory it ran in; files
 * that it appended to are cut back to what they held before. ERR_USAGE when it cannot be resumed.
 */
int resume_load(struct resume *r, struct opts *o, struct err *e) MUST_CHECK;
/* Outputs are named but not yet open: checks that all files of the run are different ones. A fresh
 * run holds its checkpoint from now on against others. ERR_USAGE when another run writes the same
 * files, and for a --checkpoint that cannot be. */
int resume_claim(struct resume *r, const struct opts *o, const struct outputs *w,
	struct err *e) MUST_CHECK;
/* A fresh run whose outputs are open: begins its checkpoint, if one is to be kept. `log` hears why
 * not. ERR_USAGE for a --checkpoint that cannot be. */
int resume_begin(struct resume *r, const struct opts *o, const struct outputs *w,
	const struct resume_run *run, const struct log *log, struct err *e) MUST_CHECK;
/* The run is over: its checkpoint goes, or the user is told how to go on. -errno with `e`. */
int resume_end(struct resume *r, const struct opts *o, bool complete, struct err *e) MUST_CHECK;
