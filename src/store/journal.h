/* SPDX-License-Identifier: BSD-2-Clause */
/* The checkpoint of a run: a file that says at any moment what has been learnt so far. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "model/bus.h"
#include "store/frame.h"

struct journal {
	int fd;	      /* -1: none is kept */
	char *path;   /* owned */
	bool shut;    /* records that come now are in the file already */
	bool partial; /* a host was left unfinished */
	uint64_t end; /* bytes that are whole */
	struct buf buf;
};

#define JOURNAL_WANT (BUS_WANT(REC_VERDICTS) | BUS_WANT(REC_HOST))

void journal_init(struct journal *j); /* none is kept */
/*
 * Opens the file of that name, made if `create`, and holds it against other runs until
 * journal_close. -errno with `e`; ERR_USAGE when another run writes it.
 */
int journal_open(struct journal *j, const char *path, bool create, struct err *e) MUST_CHECK;
/* A new run: empties the file and writes how the run began. -errno with `e`. */
int journal_begin(struct journal *j, const struct frame_start *s, struct err *e) MUST_CHECK;
/* Goes on behind the first `end` bytes; what follows them is cut off. -errno with `e`. */
int journal_continue(struct journal *j, uint64_t end, struct err *e) MUST_CHECK;
/* The subscriber for JOURNAL_WANT; ctx is the journal. One write(2) a record, nothing while no
 * file is open. */
int journal_put(void *ctx, const struct rec *r, struct err *e);
/* The run is complete: says so in the file, or removes it. -errno with `e`. */
int journal_finish(struct journal *j, bool remove, struct err *e) MUST_CHECK;
/* A file to which nothing could be, or was, written is removed. */
void journal_close(struct journal *j);
