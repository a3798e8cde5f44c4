/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal beside a running scan: progress line, keys, warnings. The report itself is an output
 * (out/). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "model/bus.h"
#include "scan/scan.h"

struct cli;

struct cli_conf {
	bool keys; /* keys change levels or ask for status, where standard input and output are this
		      terminal */
	bool line; /* progress line, where standard output and error are terminals */
	uint64_t stats_every_ns; /* ask for a line of progress so often; 0 = never */
	struct levels *levels;	 /* borrowed: which notes to show; keys change them */
};

/* *out is owned: cli_close. The terminal is not touched before cli_start. -ENOMEM. */
int cli_open(struct cli **out, const struct cli_conf *c, struct err *e) MUST_CHECK;
/* Takes the terminal: single keys, no echo, and the same again whenever the process returns to the
 * foreground. */
void cli_start(struct cli *c);
/* Gives the terminal back and erases the progress line; frees. NULL is fine. */
void cli_close(struct cli *c);
/* What the engine polls; valid until cli_close. */
struct scan_hooks cli_hooks(struct cli *c);
/* A bus_fn; ctx is the cli. Must be subscribed before the report on standard output: it erases the
 * line in its way. */
int cli_put(void *ctx, const struct rec *r, struct err *e);
/* A log whose lines go to standard error as "sonde: warning: ...". */
struct log cli_log(struct cli *c);
/* The progress line's text, at most `columns` characters. */
void cli_progress_text(struct buf *b, const struct rec_progress *p, unsigned columns);
