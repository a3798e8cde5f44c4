/* SPDX-License-Identifier: BSD-2-Clause */
/* The output files of a scan: opened, fed by the bus, completed. */
#pragma once

#include "cmd/opts.h"
#include "model/bus.h"
#include "out/out.h"

struct output {
	const struct out_ops *ops;
	struct out *out;
	char *path; /* owned */
};

struct outputs {
	struct output v[BUS_SUBSCRIBERS_MAX];
	unsigned n;
	bool on_stdout; /* a file format goes to standard output */
};

/*
 * Opens every file that the options name and the report on standard output, unless a file format
 * goes there or -v0 was given, and subscribes them. `conf` holds what all have in common, `now_ns`
 * since 1970 is the time in their names. On
 * failure what was opened is closed; a file that cannot be written is -errno, misuse ERR_USAGE. *w
 * is borrowed by the bus until outputs_close.
 */
int outputs_open(struct outputs *w, const struct opts *o, const struct out_conf *conf,
	struct bus *bus, uint64_t now_ns, struct err *e) MUST_CHECK;
/* Completes and closes all; the first error is returned. */
int outputs_close(struct outputs *w, struct err *e);
/* Whether a run that is resumed can write such a file anew; captures of packets it goes on with. */
bool outputs_replay(const struct out_ops *ops);
/* A file as an absolute file: URL (RFC 8089), for the stylesheet that XML refers to. Owned text,
 * NULL when memory ran out. */
char *outputs_file_url(const char *path);
/*
 * The file name with %H %M %S %m %d %y %Y, %T (HHMMSS), %R (HHMM), %D (mmddyy) in local time filled
 * in; % before any other character is that character. Owned text, NULL when memory ran out.
 */
char *outputs_path(const char *name, uint64_t now_ns);
