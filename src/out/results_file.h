/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of results: written while a sweep runs, read by convert and when a sweep goes on. */
#pragma once

#include "out/out_file.h"
#include "out/results_code.h"

/*
 * What a file that was cut or half written still holds: every block but the last is whole, and of
 * the last one all results up to the first that is not whole or cannot be. Killed at any moment
 * (SIGKILL) a run loses at most the results of the put that was under way; when the machine loses
 * power, at most what was put since the last results_writer_sync, and nothing before.
 */

/* ---- writing --------------------------------------------------------------------------------- */

struct results_writer {
	struct out_file file;
	struct results_block block;
	struct buf body, tail;
	uint64_t n_results; /* in the file, those that were there before included */
};

/* A new file, or an old one emptied; the head is written. ERR_USAGE or -errno with `e`. */
int results_writer_create(struct results_writer *w, const char *path, const struct results_head *h,
	struct err *e) MUST_CHECK;
/*
 * Goes on with a file: what is torn at its end is cut off. ERR_USAGE when it is no file of results,
 * -errno.
 */
int results_writer_append(struct results_writer *w, const char *path, struct err *e) MUST_CHECK;
/* Adds results, which need not be grouped or in order; they are in the file (not on the disk) when
 * this returns. -errno with `e`. */
int results_writer_put(
	struct results_writer *w, const struct rec_results *r, struct err *e) MUST_CHECK;
/* All that was put is on the disk (fsync) when this returns. -errno with `e`. */
int results_writer_sync(struct results_writer *w, struct err *e) MUST_CHECK;
/* Says that the run is complete. -errno with `e`. */
int results_writer_end(
	struct results_writer *w, const struct rec_end *end, struct err *e) MUST_CHECK;
/* Closes and frees; after a failed create or append it is not needed, and harmless. */
int results_writer_close(struct results_writer *w, struct err *e);

/* ---- reading --------------------------------------------------------------------------------- */

struct results_file;

/* What was found in a file; complete when results_next has returned 0. */
struct results_found {
	uint64_t n_results;
	uint64_t n_rescued; /* of them: of a last block that is not whole */
	uint64_t n_damaged; /* results of blocks in the middle whose checksum is wrong: left out */
	uint64_t whole_bytes; /* up to the end of the last good block: where a writer goes on */
	uint64_t torn_bytes;  /* behind the last result that could be read */
	bool ended;	      /* the last block says that the run was complete: `end` */
	struct rec_end end;
};

/* *out is owned: results_close. ERR_USAGE when it is no file of results, or of a later version;
 * -errno. */
int results_open(struct results_file **out, const char *path, struct err *e) MUST_CHECK;
void results_close(struct results_file *f); /* NULL is fine */
/* How the run began; borrowed. */
const struct results_head *results_head(const struct results_file *f);
/* The next results into v, n at most (at least 1), in the order in which they came. Their number, 0
 * at the end, or -errno with `e`. */
int results_next(struct results_file *f, struct rec_result *v, size_t n, struct err *e) MUST_CHECK;
/* Begins again with the first result; results_found stays until then. */
void results_rewind(struct results_file *f);
/* Borrowed; what is known so far. */
const struct results_found *results_found(const struct results_file *f);
/* Reads on to the end: results_found is complete. Then begins again. 0 or -errno. */
int results_check(struct results_file *f, struct err *e) MUST_CHECK;
