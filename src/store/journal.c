/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checkpoint of a run.
 *
 *	"sonde checkpoint 1\n" | start | verdicts | verdicts | host | verdicts | ... | end
 *
 * The verdicts of one turn of the engine are one frame (frame.c) and one write(2), and so is a host
 * that is finished; its verdicts before are then of no more interest. The file is subscribed before
 * all outputs, so what any of them tells is in it. SIGKILL loses what was not written, which is
 * nothing but the turn in work: the page cache outlives the process. It may tear the last frame,
 * which its length and checksum show. A power failure is not covered: nothing is synced.
 *
 * A host that is reported unfinished, because the run was interrupted, is not written: its verdicts
 * are there, and the next run goes on from them. "end" stands only behind a run that is complete.
 *
 * The command line is in it as it was typed, passwords included: the file is for its owner only.
 */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_TRIES   50
#define LOCK_WAIT_US 20000

void journal_init(struct journal *j)
{
	memset(j, 0, sizeof(*j));
	j->fd = -1;
}

/* Waits a moment for a run that was just killed to be gone. */
static bool lock(int fd)
{
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		usleep(LOCK_WAIT_US);
	}
	return false;
}

int journal_open(struct journal *j, const char *path, bool create, struct err *e)
{
	struct stat st;
	bool locked;

	j->path = strdup(path);
	if (!j->path)
		return err_set(e, -ENOMEM, "%s: out of memory", path);
	j->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | (create ? O_CREAT : 0), 0600);
	if (j->fd < 0)
		return err_sys(e, "cannot open checkpoint \"%s\"", path);
	locked = lock(j->fd);
	if (locked && fstat(j->fd, &st) == 0 && st.st_nlink)
		return 0;
	close(j->fd); /* it is not ours to remove */
	j->fd = -1;
	journal_close(j);
	if (locked && create) /* its run has just ended and removed it */
		return journal_open(j, path, create, e);
	return err_set(e, ERR_USAGE,
		"%s: the run that writes this checkpoint has not ended; stop it first", path);
}

/* Appends j->buf. What does not fit is taken back, so that the file stays whole. */
static int append(struct journal *j, struct err *e)
{
	const char *p = buf_text(&j->buf);
	size_t left = j->buf.len;
	ssize_t n;

	if (j->buf.failed)
		return err_set(e, -ENOMEM, "%s: out of memory", j->path);
	while (left) {
		n = write(j->fd, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(e, "cannot write to checkpoint %s", j->path);
			(void)!ftruncate(j->fd, (off_t)j->end);
			return e->code;
		}
		p += n;
		left -= (size_t)n;
	}
	j->end += j->buf.len;
	return 0;
}

int journal_continue(struct journal *j, uint64_t end, struct err *e)
{
	if (ftruncate(j->fd, (off_t)end) < 0)
		return err_sys(e, "cannot write to checkpoint %s", j->path);
	j->end = end;
	return 0;
}

int journal_begin(struct journal *j, const struct frame_start *s, struct err *e)
{
	int rc = journal_continue(j, 0, e);

	buf_clear(&j->buf);
	buf_str(&j->buf, FRAME_MAGIC FRAME_VERSION);
	frame_write(&j->buf, &(struct frame){.kind = FRAME_START, .start = *s});
	return rc < 0 ? rc : append(j, e);
}

int journal_put(void *ctx, const struct rec *r, struct err *e)
{
	struct journal *j = ctx;
	struct frame f;

	if (j->fd < 0 || j->shut)
		return 0;
	if (r->kind == REC_HOST && r->host->partial) {
		j->partial = true;
		return 0;
	}
	memset(&f, 0, sizeof(f));
	if (r->kind == REC_HOST) {
		f.kind = FRAME_HOST;
		f.host = *r->host;
	} else {
		f.kind = FRAME_VERDICTS;
		f.verdicts = *r->verdicts;
	}
	buf_clear(&j->buf);
	frame_write(&j->buf, &f);
	return append(j, e);
}

int journal_finish(struct journal *j, bool remove, struct err *e)
{
	if (j->fd < 0)
		return 0;
	if (remove)
		return unlink(j->path) < 0 ? err_sys(e, "cannot remove checkpoint %s", j->path) : 0;
	buf_clear(&j->buf);
	frame_write(&j->buf, &(struct frame){.kind = FRAME_END});
	return append(j, e);
}

void journal_close(struct journal *j)
{
	struct stat st;

	if (j->fd >= 0) {
		if (fstat(j->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
			(void)!unlink(j->path);
		close(j->fd);
	}
	free(j->path);
	buf_free(&j->buf);
	journal_init(j);
}
