/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sweep keeps on the way: its rate's controller, its books, its checkpoint. */
#include "cmd/books.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *cursors(const char *checkpoint)
{
	struct buf b = {0};

	buf_fmt(&b, "%s" BOOKS_SUFFIX, checkpoint);
	return buf_take(&b);
}

bool books_there(const char *path)
{
	char *name = cursors(path);
	bool there = name && receipt_is(name);

	free(name);
	return there;
}

/* What the outputs wrote must be on the disk before the cursors that cover it. */
static int sync_outputs(void *ctx, struct err *e)
{
	const struct books *b = ctx;
	struct stat st;
	int rc = spool_sync(b->spool, e);

	for (unsigned i = 0; i < b->outputs->n && rc == 0; i++) {
		const char *path = b->outputs->v[i].path;
		int fd =
			strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0)
			continue;
		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fsync(fd) < 0)
			rc = err_sys(
				e, "cannot put %s on the disk, so no checkpoint is written", path);
		close(fd);
	}
	return rc;
}

static int go_on(struct books *b, struct sweep_env *env, const struct plan *p, struct err *e)
{
	int rc = receipt_read(&b->before, b->path, e);

	if (rc < 0)
		return rc;
	b->resumed = true;
	if (!b->before.checkpoint)
		return err_set(
			e, ERR_USAGE, "%s: this sweep is complete; nothing to resume", b->path);
	if (ledger_todo(&b->ledger, p, &env->n_todo) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	env->todo = b->ledger.todo;
	return 0;
}

int books_open(struct books *b, struct sweep_env *env, const struct plan *p,
	const struct books_conf *conf, struct err *e)
{
	struct ledger_conf c = {
		.clock = env->clock, .steer = &b->steer, .sync = sync_outputs, .ctx = b};

	if (conf->checkpoint && !(b->path = cursors(conf->checkpoint)))
		return err_set(e, -ENOMEM, "out of memory");
	b->outputs = conf->outputs;
	b->spool = conf->spool;
	c.checkpoint = b->path;
	c.before = conf->resume ? &b->before : NULL;
	b->watch[0] = steer_watch(&b->steer);
	b->watch[1] = ledger_watch(&b->ledger, &c);
	return conf->resume ? go_on(b, env, p, e) : 0;
}

int books_close(
	struct books *b, const struct plan *p, const struct sweep_result *res, struct err *e)
{
	int rc = ledger_finish(&b->ledger, res, p->sweep.receipt, e);

	if (b->path && !res->interrupted && rc == 0 && unlink(b->path) < 0 && errno != ENOENT)
		rc = err_sys(e, "cannot remove %s", b->path);
	return rc;
}

void books_free(struct books *b)
{
	steer_free(&b->steer);
	ledger_free(&b->ledger);
	receipt_free(&b->before);
	free(b->path);
}
