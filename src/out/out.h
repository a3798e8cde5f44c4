/* SPDX-License-Identifier: BSD-2-Clause */
/* Output formats: each a row that turns records into bytes of one file. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/bus.h"
#include "model/levels.h"

struct out_conf {
	const char *path; /* "-" = standard output */
	bool append;	  /* --append-output */
	bool resumed;	  /* --resume: records come again from the first, packets do not */
	bool open_only;	  /* --open */
	bool reason;	  /* --reason */
	bool screen; /* the interactive report on standard output: notes and --stats-every lines go
			there too */
	/* how much is told; these follow *levels, where that is set, before every record */
	bool trace; /* --packet-trace: REC_PACKET is shown */
	int verbose, debug;
	const struct levels *levels; /* borrowed; what run-time keys change, or NULL */
	uint64_t limit;		     /* --packet-capture-limit, bytes; 0 = none */
	const char *stylesheet;	     /* XML: href of the stylesheet instruction, NULL = none */
	bool list_only;		     /* -sL */
	bool ping_only;		     /* -sn */
	bool no_ping;		     /* -Pn */
	/* a sweep's run, or what is read of one: rows of results are written from REC_RESULTS, and
	 * REC_HOST is for the formats only that group by host */
	bool results;
	const struct columns *columns; /* borrowed: --fields; NULL = all */
};

struct out;
struct columns; /* model/column.h */

/* One row a format. The file is a valid document after every record and after close, killed or not.
 */
struct out_ops {
	const char *name;   /* "normal" "xml" ... */
	const char *option; /* "-oN" */
	const char *suffix; /* of -oA: "nmap" "xml" "gnmap"; NULL = not part of -oA */
	unsigned want;	    /* BUS_WANT bits */
	bool rows;	    /* of a sweep it writes the results as they come, and no hosts */
	/* Opens the file and writes nothing yet. */
	int (*open)(struct out **out, const struct out_conf *c, struct err *e);
	/* Writes one record; 0 or a negative code with `e` naming the file (full disk, closed pipe:
	 * -EPIPE). */
	int (*put)(struct out *o, const struct rec *r, struct err *e);
	/* Completes the document; frees. The error of the last flush is reported. */
	int (*close)(struct out *o, struct err *e);
};

extern const struct out_ops *const out_formats[]; /* NULL-terminated */
const struct out_ops *out_format_by_name(const char *name);
