/* SPDX-License-Identifier: BSD-2-Clause */
/* What all formats share: the open file, the two halves of its document, and who is shown. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "model/column.h"
#include "out/out.h"
#include "out/out_file.h"

struct out;

/* A format's own part. */
struct out_form {
	size_t size; /* of its object, which begins with struct out; the rest is zeroed at the start
		      */
	/*
	 * Appends to o->body what stays in the file of this record: nothing, if it is of no
	 * interest. REC_END completes the document. Sets o->new_tail when the tail has changed
	 * though the body has not. 0 or -ENOMEM.
	 */
	int (*render)(struct out *o, const struct rec *r);
	/* Appends to the empty o->tail what completes the document if nothing more comes. 0 or
	 * -ENOMEM. NULL: no tail. */
	int (*tail)(struct out *o);
	/* Frees what the format added to the object. NULL: nothing. */
	void (*fini)(struct out *o);
};

/* A format embeds this as its first member. */
struct out {
	struct out_conf conf; /* its texts are copies */
	struct out_file file;
	const struct out_form *form;
	struct buf body, tail;
	bool new_tail;
	/* kept for footers of runs that never end */
	uint64_t start_wall_ns, last_wall_ns;
	uint64_t hosts_up, hosts_down;
};

/* The open of every row. 0 or -errno with `e`. `form` is static. */
int out_base_open(struct out **out, const struct out_form *form, const struct out_conf *c,
	struct err *e) MUST_CHECK;
/* The put of every row: counts, renders, writes. */
int out_base_put(struct out *o, const struct rec *r, struct err *e) MUST_CHECK;
/* The close of every row. */
int out_base_close(struct out *o, struct err *e) MUST_CHECK;

/* nmap's rule: hosts that are up or listed, the others with -v; with --open only hosts that have
 * such a port. */
bool out_shows_host(const struct out_conf *c, const struct rec_host *h);
/* --open: open and what may be open. A port without a verdict is never shown. */
bool out_shows_port(const struct out_conf *c, const struct rec_port *p);
/* Errors and warnings always, the rest with -v and -d. */
bool out_shows_note(const struct out_conf *c, const struct rec_note *n);
/* The columns of a table of such rows: those that were chosen, else all. */
void out_columns(struct columns *c, const struct out_conf *conf, enum column_rows rows);
/* The end record of a run that was killed: what is known of it by now. */
struct rec_end out_killed(const struct out *o);
