/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing a file of results. */
#include "out/results_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * A block that is not full is the tail of the file (out_file.h): the next put writes it anew,
 * longer, in the same place, so that single results do not cost a block each. As the old block is
 * how the new one begins, a write that is cut leaves all of the old results in place. What was
 * synced is never written again: the next put begins a block.
 */

static int flush(struct results_writer *w, struct err *e)
{
	int rc;

	results_block_write(&w->block, &w->tail);
	rc = out_file_put(&w->file, &w->body, &w->tail, e);
	buf_clear(&w->body);
	buf_clear(&w->tail);
	return rc;
}

int results_writer_create(
	struct results_writer *w, const char *path, const struct results_head *h, struct err *e)
{
	int rc;

	memset(w, 0, sizeof(*w));
	w->file.fd = -1;
	rc = out_file_open(&w->file, path, false, e);
	if (rc < 0)
		return rc;
	results_put_head(&w->body, h);
	rc = flush(w, e);
	if (rc < 0)
		(void)results_writer_close(w, NULL);
	return rc;
}

/* What of a last block could still be read becomes the block to go on with. */
static int take_rest(struct results_writer *w, struct results_file *f, struct err *e)
{
	struct rec_result v[64];
	uint64_t i = 0, good;
	int n, rc = results_check(f, e);

	if (rc < 0)
		return rc;
	w->n_results = results_found(f)->n_results;
	good = w->n_results - results_found(f)->n_rescued;
	while ((n = results_next(f, v, 64, e)) > 0)
		for (int k = 0; k < n; k++, i++)
			if (i >= good)
				results_block_add(&w->block, &v[k], &w->body);
	return n;
}

int results_writer_append(struct results_writer *w, const char *path, struct err *e)
{
	struct results_file *f = NULL;
	int rc;

	memset(w, 0, sizeof(*w));
	w->file.fd = -1;
	rc = results_open(&f, path, e);
	if (rc < 0)
		return rc;
	rc = take_rest(w, f, e);
	if (rc == 0)
		rc = out_file_open(&w->file, path, true, e);
	if (rc == 0) {
		w->file.end = results_found(f)->whole_bytes;
		rc = flush(w, e);
	}
	results_close(f);
	if (rc < 0)
		(void)results_writer_close(w, NULL);
	return rc;
}

int results_writer_put(struct results_writer *w, const struct rec_results *r, struct err *e)
{
	for (size_t i = 0; i < r->n; i++)
		results_block_add(&w->block, &r->v[i], &w->body);
	w->n_results += r->n;
	return r->n ? flush(w, e) : 0;
}

int results_writer_sync(struct results_writer *w, struct err *e)
{
	int rc;

	results_block_seal(&w->block, &w->body);
	rc = flush(w, e);
	if (rc == 0 && fdatasync(w->file.fd) < 0 && errno != EINVAL) /* a pipe has no disk */
		rc = err_sys(e, "cannot write %s to the disk", w->file.name);
	return rc;
}

int results_writer_end(struct results_writer *w, const struct rec_end *end, struct err *e)
{
	results_block_seal(&w->block, &w->body);
	results_put_end(&w->body, end);
	return flush(w, e);
}

int results_writer_close(struct results_writer *w, struct err *e)
{
	int rc = w->file.fd >= 0 ? out_file_close(&w->file, e) : 0;

	results_block_free(&w->block);
	buf_free(&w->body);
	buf_free(&w->tail);
	return rc;
}
