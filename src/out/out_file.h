/* SPDX-License-Identifier: BSD-2-Clause */
/* One output file: appending records so that a killed run leaves a complete document. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct out_file {
	int fd;
	bool seekable;	/* a regular file that we opened: the tail can be taken back */
	bool failed;	/* a write failed and was reported: later writes do nothing */
	char *name;	/* for messages; owned */
	uint64_t start; /* where our document begins: after what was there with --append-output */
	uint64_t end;	/* where the records end and the tail begins */
	uint64_t size;	/* bytes in the file, tail included */
	struct buf pending; /* on a stream: the tail that close writes if no other came */
};

/*
 * Opens `path` for writing ("-": standard output, which close leaves open); an old file is emptied
 * unless `append`. 0, or -errno with `e` naming the file.
 */
int out_file_open(struct out_file *f, const char *path, bool append, struct err *e) MUST_CHECK;
/*
 * Adds `body` after the records that are there, then `tail`, which completes the document until the
 * next call replaces it. Both buffers stay the caller's; `body` may be grown. 0, or -errno with `e`
 * filled: ENOSPC, EPIPE (SIGPIPE must be ignored), ...
 */
int out_file_put(
	struct out_file *f, struct buf *body, const struct buf *tail, struct err *e) MUST_CHECK;
/*
 * Begins the file anew: what is there, complete as it is, becomes `old`, in the place of a file of
 * that name. For regular files. 0, or -errno with `e`, after which nothing is written any more.
 */
int out_file_renew(struct out_file *f, const char *old, struct err *e) MUST_CHECK;
/* Writes a stream's outstanding tail, closes, frees. 0, or -errno of an error that put has not
 * reported yet. */
int out_file_close(struct out_file *f, struct err *e) MUST_CHECK;
