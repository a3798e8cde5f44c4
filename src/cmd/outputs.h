/* SPDX-License-Identifier: BSD-2-Clause */
/* The output files of a scan: opened, fed by the bus, completed. */
#pragma once

#include "cmd/opts.h"
#include "model/bus.h"
#include "model/where.h"
#include "out/out.h"
#include "out/sieve.h"

struct output {
	struct sieve *sieve; /* borrowed */
	const struct out_ops *ops;
	struct out *out; /* NULL: not open yet */
	char *path;	 /* owned */
	bool screen;	 /* the report on standard output */
};

struct outputs {
	struct output v[BUS_SUBSCRIBERS_MAX];
	unsigned n;
	bool on_stdout;		/* a file format goes to standard output */
	bool results;		/* of a sweep */
	struct columns *columns; /* of --fields, owned; NULL = all */
	struct where *where;	/* of --where, owned; NULL = all */
	struct sieve sieve;
};

/*
 * Names every file that the options ask for, and the report on standard output, unless a file
 * format goes there or -v0 was given; none is touched yet. `now_ns` since 1970 is the time in their
 * names. ERR_USAGE or -ENOMEM. Always outputs_close.
 */
int outputs_name(struct outputs *w, const struct opts *o, uint64_t now_ns, struct err *e) MUST_CHECK;
/*
 * Reads --fields and --where; between outputs_name and outputs_open. `results`: the rows are those of
 * a sweep (REC_RESULTS), and hosts come with their results filtered already (results_hosts.where).
 * ERR_USAGE or -ENOMEM.
 */
int outputs_select(
	struct outputs *w, const struct opts *o, bool results, struct err *e) MUST_CHECK;
/*
 * Opens them and subscribes them. `conf` holds what all have in common. A file that cannot be
 * written is -errno, misuse ERR_USAGE. *w is borrowed by the bus until outputs_close.
 */
int outputs_open(struct outputs *w, const struct out_conf *conf, struct bus *bus,
	struct err *e) MUST_CHECK;
/* Completes and closes all, and says each error on standard error. The first is returned. */
int outputs_close(struct outputs *w);
/* Whether a run that is resumed can write such a file anew; captures of packets it goes on with. */
bool outputs_replay(const struct out_ops *ops);
/* What XML shall refer to: what was asked for, else `own`, our own stylesheet, "" = it is not
 * installed. Owned by *out; NULL = nothing. 0 or -ENOMEM. */
int outputs_stylesheet(
	char **out, const struct opts *o, const char *own, struct err *e) MUST_CHECK;
/* A file as an absolute file: URL (RFC 8089), for the stylesheet that XML refers to. Owned text,
 * NULL when memory ran out. */
char *outputs_file_url(const char *path);
/*
 * The file name with %H %M %S %m %d %y %Y, %T (HHMMSS), %R (HHMM), %D (mmddyy) in local time filled
 * in; % before any other character is that character. Owned text, NULL when memory ran out.
 */
char *outputs_path(const char *name, uint64_t now_ns);
