/* SPDX-License-Identifier: BSD-2-Clause */
/* Sorting more items than memory holds. */
#include "out/results_sort.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Items fill an array of ARRAY_BYTES; when it is full it is sorted and written as a run. At the end
 * the runs, each behind a buffer, are merged by a heap of their first items. 10^7 items of 64 bytes
 * make 40 runs. What fits into the array touches no file.
 */
#define ARRAY_BYTES (SORT_MEMORY * 2 / 3)
#define MERGE_BYTES (SORT_MEMORY / 3)
#define BUFFER_MIN  4096
#define BUFFER_MAX  (256 << 10)

struct run {
	uint64_t at, end; /* bytes of the file that are not in the buffer yet */
	uint8_t *buffer;
	size_t pos, len;
};

struct sort {
	size_t size, key;
	uint8_t *items;
	size_t n, max; /* in the array */
	int fd;
	uint64_t written;
	struct run *runs;
	size_t n_runs;
	bool merging;
	size_t pos; /* in the array, when there is no run */
	uint8_t *buffers, *out;
	size_t buffer;
	uint32_t *heap; /* of runs; the first has the smallest item */
	size_t n_heap;
};

int sort_new(struct sort **out, size_t size, size_t key, struct err *e)
{
	struct sort *s = calloc(1, sizeof(*s));

	if (s) {
		s->fd = -1;
		s->size = size;
		s->key = key;
		s->max = ARRAY_BYTES / size;
		s->items = malloc(s->max * size);
	}
	if (!s || !s->items) {
		free(s);
		return err_set(e, -ENOMEM, "out of memory");
	}
	*out = s;
	return 0;
}

void sort_free(struct sort *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->items);
	free(s->runs);
	free(s->buffers);
	free(s->out);
	free(s->heap);
	free(s);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static int open_file(struct sort *s, struct err *e)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];

	if (!dir || !*dir)
		dir = "/var/tmp";
	s->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (s->fd >= 0)
		return 0;
	snprintf(path, sizeof(path), "%s/sonde-XXXXXX", dir); /* a file system without O_TMPFILE */
	s->fd = mkostemp(path, O_CLOEXEC);
	if (s->fd < 0)
		return err_sys(e,
			"cannot make a file for sorting in %s; name another directory by TMPDIR",
			dir);
	unlink(path);
	return 0;
}

static int by_key(const void *a, const void *b, void *ctx)
{
	return memcmp(a, b, ((const struct sort *)ctx)->key);
}

static int write_run(struct sort *s, struct err *e)
{
	size_t len = s->n * s->size;

	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(s->fd, s->items + done, len - done, (off_t)(s->written + done));

		if (n < 0 && errno != EINTR)
			return err_sys(e, "cannot write a file for sorting");
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int end_run(struct sort *s, struct err *e)
{
	struct run *runs = realloc(s->runs, (s->n_runs + 1) * sizeof(*runs));
	int rc;

	if (!runs)
		return err_set(e, -ENOMEM, "out of memory");
	s->runs = runs;
	rc = s->fd < 0 ? open_file(s, e) : 0;
	if (rc < 0)
		return rc;
	qsort_r(s->items, s->n, s->size, by_key, s);
	rc = write_run(s, e);
	if (rc < 0)
		return rc;
	runs[s->n_runs++] = (struct run){.at = s->written, .end = s->written + s->n * s->size};
	s->written = runs[s->n_runs - 1].end;
	s->n = 0;
	return 0;
}

int sort_add(struct sort *s, const void *item, struct err *e)
{
	if (s->n == s->max) {
		int rc = end_run(s, e);

		if (rc < 0)
			return rc;
	}
	memcpy(s->items + s->n * s->size, item, s->size);
	s->n++;
	return 0;
}

/* ---- merge ----------------------------------------------------------------------------------- */

static int fill(struct sort *s, struct run *r, struct err *e)
{
	size_t want = r->end - r->at < s->buffer ? (size_t)(r->end - r->at) : s->buffer;

	r->pos = r->len = 0;
	while (r->len < want) {
		ssize_t n = pread(s->fd, r->buffer + r->len, want - r->len, (off_t)r->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "cannot read the file for sorting");
		if (n == 0)
			return err_set(e, -EIO, "the file for sorting was cut");
		r->len += (size_t)n;
		r->at += (uint64_t)n;
	}
	return 0;
}

static bool before(const struct sort *s, uint32_t a, uint32_t b)
{
	const struct run *x = &s->runs[a], *y = &s->runs[b];
	int order = memcmp(x->buffer + x->pos, y->buffer + y->pos, s->key);

	return order ? order < 0 : a < b;
}

/* Lets the item at `i` of the heap sink to its place. */
static void sink(struct sort *s, size_t i)
{
	uint32_t moved = s->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= s->n_heap)
			break;
		if (child + 1 < s->n_heap && before(s, s->heap[child + 1], s->heap[child]))
			child++;
		if (!before(s, s->heap[child], moved))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = moved;
}

static int start_merge(struct sort *s, struct err *e)
{
	size_t share;

	s->merging = true;
	if (!s->n_runs) {
		qsort_r(s->items, s->n, s->size, by_key, s);
		return 0;
	}
	if (s->n) {
		int rc = end_run(s, e);

		if (rc < 0)
			return rc;
	}
	free(s->items);
	s->items = NULL;
	share = MERGE_BYTES / s->n_runs;
	share = share > BUFFER_MAX ? BUFFER_MAX : share < BUFFER_MIN ? BUFFER_MIN : share;
	s->buffer = share / s->size * s->size;
	s->buffers = malloc(s->n_runs * s->buffer);
	s->heap = malloc(s->n_runs * sizeof(*s->heap));
	s->out = malloc(s->size);
	if (!s->buffers || !s->heap || !s->out)
		return err_set(e, -ENOMEM, "out of memory");
	for (size_t i = 0; i < s->n_runs; i++) {
		int rc;

		s->runs[i].buffer = s->buffers + i * s->buffer;
		rc = fill(s, &s->runs[i], e);
		if (rc < 0)
			return rc;
		s->heap[s->n_heap++] = (uint32_t)i;
	}
	for (size_t i = s->n_heap / 2; i-- > 0;)
		sink(s, i);
	return 0;
}

static int next_merged(struct sort *s, const void **item, struct err *e)
{
	struct run *r;
	int rc = 0;

	if (!s->n_heap)
		return 0;
	r = &s->runs[s->heap[0]];
	memcpy(s->out, r->buffer + r->pos, s->size);
	r->pos += s->size;
	if (r->pos == r->len && r->at < r->end)
		rc = fill(s, r, e);
	else if (r->pos == r->len)
		s->heap[0] = s->heap[--s->n_heap];
	if (rc < 0)
		return rc;
	if (s->n_heap)
		sink(s, 0);
	*item = s->out;
	return 1;
}

int sort_next(struct sort *s, const void **item, struct err *e)
{
	int rc = s->merging ? 0 : start_merge(s, e);

	if (rc < 0)
		return rc;
	if (s->n_runs)
		return next_merged(s, item, e);
	if (s->pos == s->n)
		return 0;
	*item = s->items + s->pos++ * s->size;
	return 1;
}
