/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a file of results, block by block. */
#include "out/results_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * By pread(2) and not by a mapping: a file may be cut while it is read, and of a mapping that is a
 * SIGBUS. The size is that of the moment of opening: what a sweep adds meanwhile is not there.
 */

struct results_file {
	int fd;
	char *name;
	uint64_t size;
	uint8_t *head_bytes;
	uint64_t first; /* offset of the first block */
	struct results_head head;
	struct rec_scaninfo info[RESULTS_INFO_MAX];

	uint64_t next; /* offset of the next block; of `k` while it is read */
	struct results_block_info k;
	bool loaded, rescue; /* block k is in `block`; it is a last one that is not whole */
	uint32_t at, n;	     /* slots of it that were read, and there are */
	uint32_t taken;	     /* results of it */
	bool begun;	     /* `found` is of this pass */
	struct results_found found;
	char error[512]; /* of found.end */
	uint8_t block[RESULTS_BLOCK_MAX];
};

/* Reads n bytes, fewer at the end of the file: their number, or -errno. */
static ssize_t read_at(struct results_file *f, void *data, size_t n, uint64_t at, struct err *e)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(f->fd, (char *)data + done, n - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, "cannot read %s", f->name);
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static int not_results(struct results_file *f, struct err *e)
{
	return err_set(e, ERR_USAGE,
		"%s is no file of results; sonde writes them with -oB, and sweeps as their checkpoint",
		f->name);
}

static int read_head(struct results_file *f, struct err *e)
{
	uint8_t fixed[RESULTS_FIXED_HEAD];
	ssize_t n = read_at(f, fixed, sizeof(fixed), 0, e);
	uint32_t version = 0;
	size_t size;

	if (n < 0)
		return (int)n;
	size = n == sizeof(fixed) ? results_head_size(fixed, &version) : 0;
	if (!size || size > f->size)
		return not_results(f, e);
	if (version != RESULTS_VERSION)
		return err_set(e, ERR_USAGE,
			"%s has version %u of the format, and this program reads version %u; use the sonde that wrote it",
			f->name, version, RESULTS_VERSION);
	f->head_bytes = malloc(size);
	if (!f->head_bytes)
		return err_set(e, -ENOMEM, "out of memory");
	n = read_at(f, f->head_bytes, size, 0, e);
	if (n < 0)
		return (int)n;
	if ((size_t)n != size || results_get_head(&f->head, f->info, f->head_bytes, size) < 0)
		return err_set(
			e, ERR_USAGE, "%s is damaged in its head; it cannot be read", f->name);
	f->first = size;
	return 0;
}

static int open_file(struct results_file *f, const char *path, struct err *e)
{
	struct stat st;

	f->name = strdup(path);
	if (!f->name)
		return err_set(e, -ENOMEM, "out of memory");
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return err_sys(e, "cannot open \"%s\"", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_USAGE,
			"%s is no regular file, and results are read from one only; save them first",
			path);
	f->size = (uint64_t)st.st_size;
	(void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return read_head(f, e);
}

int results_open(struct results_file **out, const char *path, struct err *e)
{
	struct results_file *f = malloc(sizeof(*f));
	int rc;

	if (!f)
		return err_set(e, -ENOMEM, "out of memory");
	memset(f, 0, offsetof(struct results_file, block));
	f->fd = -1;
	rc = open_file(f, path, e);
	if (rc < 0) {
		results_close(f);
		return rc;
	}
	results_rewind(f);
	*out = f;
	return 0;
}

void results_close(struct results_file *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	free(f->head_bytes);
	free(f->name);
	free(f);
}

const struct results_head *results_head(const struct results_file *f)
{
	return &f->head;
}

const struct results_found *results_found(const struct results_file *f)
{
	return &f->found;
}

void results_rewind(struct results_file *f)
{
	f->next = f->first;
	f->loaded = f->begun = false;
}

/* The file ends here, whatever follows. */
static int stop(struct results_file *f, uint64_t torn)
{
	f->found.torn_bytes = torn;
	f->next = f->size;
	return 0;
}

static void take_good(struct results_file *f)
{
	const struct results_block_info *k = &f->k;

	f->found.ended = k->kind == 'E';
	f->found.whole_bytes = f->next + k->size;
	if (k->kind == 'E') {
		results_get_end(
			&f->found.end, f->block + RESULTS_BLOCK_HEAD, k->size - RESULTS_BLOCK_HEAD);
		if (f->found.end.error) { /* the next block is read to the same place */
			snprintf(f->error, sizeof(f->error), "%s", f->found.end.error);
			f->found.end.error = f->error;
		}
		f->next += k->size;
		return;
	}
	f->loaded = true;
	f->rescue = false;
	f->at = f->taken = 0;
	f->n = k->n_slots;
}

/* The block `k`, of which `have` bytes are there, is not whole. */
static int take_bad(struct results_file *f, size_t have)
{
	const struct results_block_info *k = &f->k;

	if (f->next + k->size < f->size) { /* not the last: written once, and damaged since */
		f->found.n_damaged += k->n_results;
		f->next += k->size;
		return 1;
	}
	if (k->kind == 'E' || have < RESULTS_BLOCK_HEAD + k->slot)
		return stop(f, f->size - f->next);
	f->found.ended = false;
	f->loaded = f->rescue = true;
	f->at = f->taken = 0;
	f->n = (uint32_t)((have - RESULTS_BLOCK_HEAD) / k->slot);
	return 1;
}

/* Loads the next block: 1, 0 at the end, or -errno. A block without results is passed over. */
static int load(struct results_file *f, struct err *e)
{
	ssize_t n;

	if (f->next >= f->size)
		return 0;
	n = read_at(f, f->block, RESULTS_BLOCK_HEAD, f->next, e);
	if (n < 0)
		return (int)n;
	if (n < (ssize_t)RESULTS_BLOCK_HEAD || !results_block_head(&f->k, f->block))
		return stop(f, f->size - f->next);
	n = read_at(f, f->block, f->k.size, f->next, e);
	if (n < 0)
		return (int)n;
	if ((size_t)n < f->k.size || !results_block_good(&f->k, f->block))
		return take_bad(f, (size_t)n);
	take_good(f);
	return 1;
}

/* The loaded block has no more results. */
static void unload(struct results_file *f)
{
	uint64_t end = f->next + f->k.size;

	f->loaded = false;
	if (f->rescue) {
		f->found.n_rescued = f->taken;
		stop(f, f->size - f->next - RESULTS_BLOCK_HEAD - (uint64_t)f->at * f->k.slot);
		return;
	}
	if (f->at < f->n) /* a good checksum over what cannot be */
		f->found.n_damaged += f->k.n_results - f->taken;
	f->next = end;
}

int results_next(struct results_file *f, struct rec_result *v, size_t max, struct err *e)
{
	size_t n = 0;
	int rc = 1;

	if (!f->begun)
		f->found = (struct results_found){.whole_bytes = f->first};
	f->begun = true;
	while (n < max && rc > 0) {
		if (!f->loaded) {
			rc = load(f, e);
			continue;
		}
		if (results_block_next(&f->k, f->block + RESULTS_BLOCK_HEAD, f->n, &f->at, &v[n])) {
			n++;
			f->taken++;
		} else {
			unload(f);
		}
	}
	f->found.n_results += n;
	return rc < 0 ? rc : (int)n;
}

int results_check(struct results_file *f, struct err *e)
{
	struct rec_result v[256];
	int n;

	results_rewind(f);
	while ((n = results_next(f, v, 256, e)) > 0)
		;
	results_rewind(f);
	return n;
}
