/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: a file of results, its head or (behind a good head) its blocks. What can be read is
 * the same when it is written and read again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "out/results_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MANY 256

static int file_of(const uint8_t *data, size_t size, char path[64])
{
	int fd = memfd_create("results", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

/* Writes the results into one block and reads them from it. */
static void again(const struct rec_result *v, int n)
{
	struct results_block k = {.n_slots = 0};
	struct results_block_info info;
	struct rec_result got;
	struct buf b = {0};
	uint32_t at = 0;

	results_block_add(&k, &v[0], &b);
	for (int i = 1; i < n; i++)
		if (v[i].addr.family == v[0].addr.family && !b.len)
			results_block_add(&k, &v[i], &b);
	results_block_seal(&k, &b);
	if (!results_block_head(&info, (const uint8_t *)b.data) ||
		!results_block_good(&info, (const uint8_t *)b.data) ||
		!results_block_next(&info, (const uint8_t *)b.data + RESULTS_BLOCK_HEAD,
			info.n_slots, &at, &got))
		abort();
	if (!addr_eq(&got.addr, &v[0].addr) ||
		memcmp(&got.port, &v[0].port, sizeof(got.port)) != 0 || got.window != v[0].window ||
		got.at_wall_ns != v[0].at_wall_ns)
		abort();
	buf_free(&b);
	results_block_free(&k);
}

static void read_all(const char *path)
{
	static struct rec_result v[MANY];
	struct results_file *f = NULL;
	struct err e = {0};
	uint64_t total = 0;
	int n;

	if (results_open(&f, path, &e) < 0) {
		if (!e.text[0])
			abort(); /* a refusal without a word */
		return;
	}
	while ((n = results_next(f, v, MANY, &e)) > 0) {
		total += (uint64_t)n;
		again(v, n);
	}
	if (n < 0 || total != results_found(f)->n_results || results_check(f, &e) < 0 ||
		total != results_found(f)->n_results)
		abort();
	results_close(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct results_head head = {.run = {.args = "sonde"}, .plan = "x"};
	struct buf b = {0};
	char path[64];
	int fd;

	if (size == 0)
		return 0;
	if (data[0] & 1)
		results_put_head(&b, &head);
	buf_add(&b, data + 1, size - 1);
	fd = file_of((const uint8_t *)buf_text(&b), b.len, path);
	read_all(path);
	close(fd);
	buf_free(&b);
	return 0;
}
