/* SPDX-License-Identifier: BSD-2-Clause */
/* A sweep's results in a file of their own, for the reports that group them by host at the end. */
#include "cmd/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "out/results_hosts.h"

static bool is_needed(const struct outputs *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (!w->v[i].ops->rows && !w->v[i].screen)
			return true;
	return false;
}

/* An empty file that nobody else has. */
static char *temporary(struct err *e)
{
	const char *dir = getenv("TMPDIR");
	struct buf b = {0};
	char *path;
	int fd;

	buf_fmt(&b, "%s/sonde-sweep-XXXXXX", dir && *dir ? dir : "/var/tmp");
	path = buf_take(&b);
	fd = path ? mkstemp(path) : -1;
	if (fd >= 0) {
		close(fd);
		return path;
	}
	err_sys(e, "cannot make a file for the results in %s; name another directory by TMPDIR",
		dir && *dir ? dir : "/var/tmp");
	free(path);
	return NULL;
}

static char *beside(const char *checkpoint)
{
	struct buf b = {0};

	buf_fmt(&b, "%s" SPOOL_SUFFIX, checkpoint);
	return buf_take(&b);
}

/* All results, sorted, as hosts. */
static int publish(struct spool *s, struct err *e)
{
	struct results_hosts hosts = {.services = s->services, .where = s->where};
	struct results_file *f = NULL;
	int rc = results_open(&f, s->path, e);

	if (rc == 0)
		rc = results_publish_hosts(f, &hosts, s->bus, e);
	results_close(f);
	return rc;
}

static int put(void *ctx, const struct rec *r, struct err *e)
{
	struct spool *s = ctx;
	struct results_head head = {0};
	int rc;

	switch (r->kind) {
	case REC_RUN:
		if (s->open)
			return 0;
		head.run = *r->run;
		rc = results_writer_create(&s->writer, s->path, &head, e);
		s->open = rc == 0;
		return rc;
	case REC_RESULTS:
		return results_writer_put(&s->writer, r->results, e);
	case REC_END:
		return publish(s, e);
	default:
		return 0;
	}
}

int spool_open(struct spool *s, const struct spool_conf *c, struct bus *bus, struct err *e)
{
	int rc = 0;

	if (!is_needed(c->outputs))
		return 0;
	s->bus = bus;
	s->services = c->services;
	s->where = c->outputs->where;
	s->kept = c->checkpoint != NULL;
	s->path = c->checkpoint ? beside(c->checkpoint) : temporary(e);
	if (!s->path)
		return e->code ? e->code : err_set(e, -ENOMEM, "out of memory");
	if (c->resume) {
		rc = results_writer_append(&s->writer, s->path, e);
		s->open = rc == 0;
	}
	if (rc < 0)
		return err_prefix(e, "the results of the run before"), rc;
	rc = bus_subscribe(
		bus, put, s, BUS_WANT(REC_RUN) | BUS_WANT(REC_RESULTS) | BUS_WANT(REC_END));
	return rc < 0 ? err_set(e, rc, "too many output files; leave one out") : 0;
}

int spool_sync(struct spool *s, struct err *e)
{
	return s->open ? results_writer_sync(&s->writer, e) : 0;
}

void spool_close(struct spool *s, bool complete)
{
	struct err e;

	if (s->open)
		(void)results_writer_close(&s->writer, &e);
	s->open = false;
	if (s->path && (complete || !s->kept))
		unlink(s->path);
	free(s->path);
	s->path = NULL;
}
