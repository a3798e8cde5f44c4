/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of a run, seen together. */
#include "cmd/files.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/books.h"
#include "cmd/spool.h"

#define INPUTS	  7
#define FILES_MAX (INPUTS + 2 * BUS_SUBSCRIBERS_MAX + 4) /* checkpoint with companions, receipt */

struct file {
	const char *by; /* what of the command line names it */
	bool read;	/* else it is written */
	bool there;
	dev_t dev; /* when it is there */
	ino_t ino;
	char *path; /* without links, owned */
};

struct files {
	struct file v[FILES_MAX];
	unsigned n;
};

/* Whether a file that is not there could be made. */
static bool has_parent(const char *name)
{
	char *copy = strdup(name);
	bool has = copy && access(dirname(copy), F_OK) == 0;

	free(copy);
	return has;
}

/* Finds out what `name` is. What cannot be read or written anyway is left out: who opens it knows
 * better what to say. So is a device that is read, and standard output. */
static int add(struct files *f, const char *by, const char *name, bool read, struct err *e)
{
	struct file *it = &f->v[f->n];
	bool dash = strcmp(name, "-") == 0;
	char path[PATH_MAX] = "";
	struct stat st;

	if (dash && !read)
		return 0;
	*it = (struct file){.by = by, .read = read};
	it->there = (dash ? fstat(STDIN_FILENO, &st) : stat(name, &st)) == 0;
	if (it->there) {
		it->dev = st.st_dev;
		it->ino = st.st_ino;
	}
	if (read && (!it->there || !S_ISREG(st.st_mode)))
		return 0;
	/* of a file that is not there, glibc tells the place where it would be */
	if (!dash && !realpath(name, path) && (errno != ENOENT || !has_parent(name)))
		return 0;
	it->path = strdup(path);
	if (!it->path)
		return err_set(e, -ENOMEM, "out of memory");
	f->n++;
	return 0;
}

static bool same(const struct file *a, const struct file *b)
{
	if (a->there && b->there)
		return a->dev == b->dev && a->ino == b->ino;
	return strcmp(a->path, b->path) == 0;
}

static int compare(const struct file *a, const struct file *b, struct err *e)
{
	if ((a->read && b->read) || !same(a, b))
		return 0;
	if (a->read)
		return err_set(e, ERR_USAGE,
			"%s: %s reads this file and %s would write over it; give one of them another name",
			b->path, a->by, b->by);
	return err_set(e, ERR_USAGE,
		"%s: %s and %s cannot share a file; give one of them another name", b->path, a->by,
		b->by);
}

static int add_inputs(struct files *f, const struct opts *o, struct err *e)
{
	const struct {
		const char *by, *name;
	} in[INPUTS] = {
		{"-iL", o->input_list},
		{"--excludefile", o->exclude_file},
		{"--servicedb", o->servicedb},
		{"--config", o->config},
		{"--scope", o->sweep.scope},
		{"--cdn-file", o->sweep.cdn_file},
		{"convert", o->results},
	};
	int rc = 0;

	for (unsigned i = 0; i < INPUTS && rc == 0; i++)
		if (in[i].name)
			rc = add(f, in[i].by, in[i].name, true, e);
	return rc;
}

/* An output, and the file that a capture of limited size keeps beside it. */
static int add_output(struct files *f, const struct output *w, bool limit, struct err *e)
{
	int rc = add(f, w->ops->option, w->path, false, e);
	struct buf old = {0};

	if (rc < 0 || !limit || strcmp(w->ops->option, "--packet-capture") != 0)
		return rc;
	buf_fmt(&old, "%s.1", w->path);
	rc = old.failed ? err_set(e, -ENOMEM, "out of memory")
			: add(f, "--packet-capture-limit", buf_text(&old), false, e);
	buf_free(&old);
	return rc;
}

/* The checkpoint, and what a sweep keeps beside it. */
static int add_checkpoint(
	struct files *f, const struct opts *o, const char *checkpoint, struct err *e)
{
	static const char *const suffixes[] = {"", BOOKS_SUFFIX, SPOOL_SUFFIX};
	const char *by = o->checkpoint ? "--checkpoint" : "the checkpoint";
	int rc = 0;

	for (unsigned i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && rc == 0; i++) {
		struct buf name = {0};

		buf_fmt(&name, "%s%s", checkpoint, suffixes[i]);
		rc = name.failed ? err_set(e, -ENOMEM, "out of memory")
				 : add(f, by, buf_text(&name), false, e);
		buf_free(&name);
	}
	return rc;
}

int files_check(
	const struct opts *o, const struct outputs *w, const char *checkpoint, struct err *e)
{
	struct files f = {.n = 0};
	int rc = add_inputs(&f, o, e);

	for (unsigned i = 0; i < w->n && rc == 0; i++)
		rc = add_output(&f, &w->v[i], o->capture_limit != OPT_UNSET, e);
	if (rc == 0 && checkpoint)
		rc = add_checkpoint(&f, o, checkpoint, e);
	if (rc == 0 && o->sweep.receipt)
		rc = add(&f, "--receipt", o->sweep.receipt, false, e);
	for (unsigned i = 0; i < f.n && rc == 0; i++)
		for (unsigned k = 0; k < i && rc == 0; k++)
			rc = compare(&f.v[k], &f.v[i], e);
	for (unsigned i = 0; i < f.n; i++)
		free(f.v[i].path);
	return rc;
}
