/* SPDX-License-Identifier: BSD-2-Clause */
/* Options as rows of a table: one parser for the command line and the configuration file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * A row says how an option is written, what value it takes, where the value lands and what it is
 * for. The parser, the help text, the manual page, the completions (opt_doc.h) and the keys of the
 * configuration file all run off the same rows.
 *
 * Spelling, as getopt_long_only(3) and nmap have it: names of several letters with one or two
 * dashes and any unambiguous prefix, "--name=value" or "--name value"; one-letter names glued to
 * each other and to their value ("-nvv", "-p80"); names such as "-PS" glued to their value
 * ("-PS22,80"); rows with OPT_CLUSTER share their first letter ("-sSU").
 */

enum opt_arg {
	OPT_NO_ARG,
	OPT_ARG,       /* glued, after '=', or the next word */
	OPT_ARG_GLUED, /* optional: glued or after '=', never the next word */
};

/* What the value is, and the C type of the member it lands in. */
enum opt_type {
	OPT_FLAG,  /* bool: becomes true */
	OPT_CONST, /* int: becomes row->value; the last of several rows wins */
	OPT_BITS,  /* unsigned: row->value is or-ed in */
	OPT_TEXT,  /* const char *: borrowed from the uses; row->def where a glued value is left out
		    */
	OPT_UINT,  /* uint64_t in [min, max] */
	OPT_REAL,  /* double in [min, max] */
	OPT_SIZE,  /* uint64_t bytes in [min, max]; "k", "M" or "G" behind it: times 1024, ... */
	OPT_TIME,  /* uint64_t nanoseconds; min in seconds */
	OPT_CHOICE, /* int: index in row->choices, by name (any case) or by number */
	OPT_LEVEL,  /* int: "-v" adds one, "-vv" two, "-v3" sets 3, "-v0" sets OPT_LEVEL_ZERO */
	OPT_ADD,    /* struct opt_list: the row and its text are appended */
};

#define OPT_UNSET      UINT64_MAX /* for OPT_UINT and OPT_TIME members: put there before opt_apply */
#define OPT_LEVEL_ZERO (-1)
#define OPT_NAMES_MAX  6
#define OPT_LIST_MAX   32

enum opt_flag {
	OPT_ONCE = 1 << 0,     /* a second one is an error */
	OPT_CLUSTER = 1 << 1,  /* "-sS": may stand behind its first letter together with others */
	OPT_NO_CONF = 1 << 2,  /* makes no sense in a configuration file */
	OPT_FILE = 1 << 3,     /* the value is a file name: must not look like an option */
	OPT_NO_STDIO = 1 << 4, /* ... nor be "-" */
	OPT_ABOVE = 1 << 5,    /* min itself is out of range */
	OPT_BELOW = 1 << 6,    /* max itself is out of range */
};

struct opt_row {
	const char *names[OPT_NAMES_MAX]; /* with their dashes, the one to document first;
					     NULL-terminated */
	enum opt_arg arg;
	enum opt_type type;
	const char *meta; /* what the value is called: "PORTS" */
	size_t lands;	  /* offset in the caller's structure */
	double min, max;
	double bare_max; /* OPT_TIME: most seconds that may be written without a unit; 0 = any */
	int value;
	const char *def; /* default, for the manual; value of a glued argument that is left out */
	const char *choices; /* "a|b|c"; for OPT_TEXT the only values allowed */
	unsigned flags;
	unsigned excl;	/* not 0: rows of the same number exclude each other */
	unsigned group; /* heading it is listed under */
	const char *help;
	void (*show)(struct buf *b, const char *value); /* appends the value without what is
							   secret; NULL = nothing is */
	const char *absent; /* not NULL: known by name but not built; what it would be */
};

struct opt_table {
	const struct opt_row *rows;
	size_t n_rows;
	const char *const *groups; /* headings */
	size_t n_groups;
	const char *command; /* whose --help lists them; NULL = sonde */
};

/* One option as it was used. */
struct opt_use {
	const struct opt_row *row;
	const char *as;	   /* the name it went by; borrowed from the row */
	const char *value; /* NULL = none given */
	const char *where; /* "file:line", NULL = command line */
};

struct opt_uses {
	struct opt_use *v;
	size_t n;
	const char **words; /* what is no option; borrowed from argv */
	size_t n_words;
	char **owned; /* texts of configuration files */
	size_t n_owned;
};

struct opt_list {
	struct {
		const struct opt_row *row;
		const char *text;
	} v[OPT_LIST_MAX];
	size_t n;
};

/* Frees what the parsing allocated; what opt_apply stored points into it. */
void opt_uses_free(struct opt_uses *u);
/*
 * Appends the options and words of argv[0..argc) (program name excluded) to *out, which begins
 * zeroed. argv is borrowed. ERR_USAGE for an unknown, ambiguous or misused name, ERR_UNSUPPORTED
 * for one that is not built; *out can be freed either way.
 */
int opt_parse(const struct opt_table *t, int argc, const char *const *argv, struct opt_uses *out,
	struct err *e) MUST_CHECK;
/*
 * Appends "key = value" of a configuration file: the key is any full name without its dashes.
 * Options without a value take yes or no, and no takes an earlier one back. `where` is copied.
 * Errors as above.
 */
int opt_key(const struct opt_table *t, const char *key, const char *value, const char *where,
	struct opt_uses *out, struct err *e) MUST_CHECK;
/*
 * Checks the values and stores them in *into: first `conf` (may be NULL) without what `args`
 * repeats or excludes, then `args`. ERR_USAGE.
 */
int opt_apply(const struct opt_uses *conf, const struct opt_uses *args, void *into,
	struct err *e) MUST_CHECK;
/* The row of that exact name (dashes included), or NULL. */
const struct opt_row *opt_find(const struct opt_table *t, const char *name);
