/* SPDX-License-Identifier: BSD-2-Clause */
/* One output file: appending records so that a killed run leaves a complete document. */
#include "out/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A document format needs an end: closing tags, brackets, a footer. A regular file gets it with
 * every record and the next record overwrites it:
 *
 *	records ... | tail            ->      records ... | record | tail
 *	            ^ end                                          ^ end
 *
 * Record and tail go out in one pwrite(2), so there is no moment between two calls at which the
 * file has a record but no tail. A new tail that makes the file shorter is followed by
 * ftruncate(2); until then stale bytes stand behind the document. That happens only when the tail
 * shrinks by more than the record is long, which no format here does.
 *
 * What this guarantees:
 * - The run ends by itself, by SIGINT or SIGTERM, by a crash or by SIGKILL anywhere but inside a
 * pwrite: the file is complete and holds every record that was put. (An uncaught signal other than
 * a fatal one never cuts a write to a regular file.)
 * - SIGKILL inside a pwrite: Linux looks for a fatal signal each time it has copied a page of the
 * file, so a call within one page (4 KiB) is all or nothing, and a longer one can be cut at a page
 * boundary. Then the file ends, or continues with remains of the old tail, in the middle of the
 * record that was being written; every record before it is whole. The window is the few
 * microseconds of that copy.
 * - The disk is full: what fits is written and the rest is cut back to the last complete document,
 * where that is possible.
 * - A power failure is not covered: nothing is synced.
 *
 * A pipe, a terminal or standard output cannot take bytes back: it gets the records as they come
 * and the tail once, at close.
 */

int out_file_open(struct out_file *f, const char *path, bool append, struct err *e)
{
	bool is_stdout = strcmp(path, "-") == 0;
	struct stat st;
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (append ? 0 : O_TRUNC);

	memset(f, 0, sizeof(*f));
	buf_init(&f->pending);
	f->name = strdup(is_stdout ? "standard output" : path);
	if (!f->name)
		return err_set(e, -ENOMEM, "%s: out of memory", path);
	f->fd = is_stdout ? STDOUT_FILENO : open(path, flags, 0666);
	if (f->fd < 0 || fstat(f->fd, &st) < 0) {
		int code = err_sys(e, "cannot open output file \"%s\"", path);

		if (f->fd >= 0)
			close(f->fd);
		free(f->name);
		return code;
	}
	f->seekable = !is_stdout && S_ISREG(st.st_mode);
	if (f->seekable)
		f->start = f->end = f->size = (uint64_t)st.st_size;
	return 0;
}

/* Waits until a non-blocking descriptor takes bytes again. */
static void wait_writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	(void)poll(&p, 1, -1);
}

static int write_all(struct out_file *f, const char *data, size_t len, struct err *e)
{
	uint64_t at = f->end;

	while (len) {
		ssize_t n =
			f->seekable ? pwrite(f->fd, data, len, (off_t)at) : write(f->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			wait_writable(f->fd);
			continue;
		}
		if (n < 0)
			return err_sys(e, "cannot write to %s", f->name);
		data += n;
		len -= (size_t)n;
		at += (uint64_t)n;
		if (at > f->size)
			f->size = at;
	}
	return 0;
}

/*
 * After a failed write: the half-written record is taken off again and the tail put back in its
 * place. The blocks of the old tail are still ours, so this works on a full disk too. Errors here
 * change nothing: the first one was reported.
 */
static void cut_back(struct out_file *f, const struct buf *tail)
{
	if (!f->seekable)
		return;
	if (f->end == f->start) { /* not even the first record */
		(void)!ftruncate(f->fd, (off_t)f->end);
		return;
	}
	if (pwrite(f->fd, buf_text(tail), tail->len, (off_t)f->end) == (ssize_t)tail->len)
		(void)!ftruncate(f->fd, (off_t)(f->end + tail->len));
}

static int put_stream(
	struct out_file *f, const struct buf *body, const struct buf *tail, struct err *e)
{
	int rc = write_all(f, buf_text(body), body->len, e);

	if (rc < 0)
		return rc;
	buf_clear(&f->pending);
	buf_add(&f->pending, buf_text(tail), tail->len);
	return f->pending.failed ? err_set(e, -ENOMEM, "%s: out of memory", f->name) : 0;
}

static int put_regular(struct out_file *f, struct buf *body, const struct buf *tail, struct err *e)
{
	size_t keep = body->len;
	int rc;

	buf_add(body, buf_text(tail), tail->len);
	if (body->failed)
		return err_set(e, -ENOMEM, "%s: out of memory", f->name);
	rc = write_all(f, buf_text(body), body->len, e);
	if (rc < 0) {
		cut_back(f, tail);
		return rc;
	}
	if (f->size > f->end + body->len) {
		if (ftruncate(f->fd, (off_t)(f->end + body->len)) < 0)
			return err_sys(e, "cannot shorten %s", f->name);
		f->size = f->end + body->len;
	}
	f->end += keep;
	return 0;
}

int out_file_put(struct out_file *f, struct buf *body, const struct buf *tail, struct err *e)
{
	int rc;

	if (f->failed)
		return 0;
	if (body->failed || tail->failed)
		rc = err_set(e, -ENOMEM, "%s: out of memory", f->name);
	else
		rc = f->seekable ? put_regular(f, body, tail, e) : put_stream(f, body, tail, e);
	f->failed = rc < 0;
	return rc;
}

int out_file_renew(struct out_file *f, const char *old, struct err *e)
{
	int fd = -1;

	if (f->failed)
		return 0;
	f->failed = true;
	if (rename(f->name, old) < 0)
		return err_sys(e, "cannot rename %s to %s", f->name, old);
	fd = open(f->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_sys(e, "cannot open output file \"%s\"", f->name);
	close(f->fd);
	f->fd = fd;
	f->start = f->end = f->size = 0;
	f->failed = false;
	return 0;
}

int out_file_close(struct out_file *f, struct err *e)
{
	int rc = 0;

	if (!f->failed && f->pending.len)
		rc = write_all(f, buf_text(&f->pending), f->pending.len, e);
	if (f->fd != STDOUT_FILENO && close(f->fd) < 0 && rc == 0 && !f->failed)
		rc = err_sys(e, "cannot close %s", f->name);
	buf_free(&f->pending);
	free(f->name);
	f->name = NULL;
	f->fd = -1;
	return rc;
}
