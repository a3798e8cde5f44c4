/* SPDX-License-Identifier: BSD-2-Clause */
/* A sweep's results in a file of their own, for the reports that group them by host at the end. */
#pragma once

#include <stdbool.h>

#include "cmd/outputs.h"
#include "model/bus.h"
#include "out/results_file.h"
#include "target/ports.h"

/*
 * Results come in random order, and 10^7 of them do not fit in memory. Formats that show hosts
 * (-oN, -oX, -oG, -oJ ...) get them when the run ends: sorted, from this file. With a checkpoint it
 * is kept beside that, so that a sweep that is resumed reports the results of the run before, too.
 */
struct spool {
	struct results_writer writer;
	char *path; /* owned; NULL: no output needs it */
	bool open; /* the file is being written */
	bool kept; /* beside a checkpoint: goes when the run is complete */
	struct bus *bus;
	const struct services *services;
	const struct where *where;
};

#define SPOOL_SUFFIX ".results" /* beside the checkpoint */

struct spool_conf {
	const char *checkpoint; /* of the run, or NULL: a file in $TMPDIR, else /var/tmp */
	bool resume;		/* go on with the file of the run before */
	const struct outputs *outputs;
	const struct services *services;
};

/*
 * Subscribes to the bus when an output needs it: before the outputs, as it publishes REC_HOST when
 * REC_END comes. *s is borrowed by the bus. 0 or a negative code with `e`.
 */
int spool_open(
	struct spool *s, const struct spool_conf *c, struct bus *bus, struct err *e) MUST_CHECK;
/* Puts what came on the disk, for a checkpoint. */
int spool_sync(struct spool *s, struct err *e) MUST_CHECK;
/* complete: the file is no longer needed. */
void spool_close(struct spool *s, bool complete);
