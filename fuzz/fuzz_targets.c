/* SPDX-License-Identifier: BSD-2-Clause */
/* Target specifications, exclusions and lists: the first byte chooses, and sets the options. Two
 * walks over the same set must agree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/target.h"

#define STEPS_MAX 3000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name stands for two addresses, or for none. */
static int look_up(void *ctx, const char *name, unsigned family, struct addr **list, struct err *e)
{
	if (name[0] % 2 || !(*list = calloc(2, sizeof(**list))))
		return err_set(e, ERR_RESOLVE, "no address");
	(*list)[0] = addr_v4(0x0a000005);
	if (addr_parse("fd00::5", &(*list)[1]) < 0)
		abort();
	return 2;
}

/* Counts the targets (up to a bound) and adds up their addresses, which does not depend on their
 * order. */
static uint64_t walk(const struct target_request *rq, uint64_t *count, bool *ended)
{
	struct targets *t;
	struct target x;
	uint64_t n = 0, sum = 0;
	int rc = 1;

	*ended = false;
	*count = 0;
	if (targets_open(&t, rq, NULL) < 0)
		return 0;
	while (n < STEPS_MAX && (rc = targets_next(t, &x, NULL)) == 1) {
		n++;
		for (unsigned i = 0; i < 16; i++)
			sum += (uint64_t)x.addr.b[i] << i % 8 * 8;
	}
	*ended = rc == 0;
	*count = n;
	targets_free(t);
	return sum;
}

static void walk_twice(struct target_request *rq)
{
	bool ended, ended_again;
	uint64_t n, again, sum = walk(rq, &n, &ended);

	rq->randomize = true;
	if (walk(rq, &again, &ended_again) != sum && ended && ended_again)
		abort();
	if (ended && (!ended_again || n != again))
		abort();
}

static void with_file(
	const uint8_t *data, size_t size, struct target_request *rq, const char **member)
{
	char path[] = "/tmp/fuzz_targets.XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	*member = path;
	walk_twice(rq);
	close(fd);
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned families[] = { 4, 6, 0, 4 };
	struct target_request rq = { .lookup = { .forward = look_up } };
	const char *spec = "10.0.0.0/22";
	char *text;

	if (size == 0 || size > 4000)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	if (!text)
		abort();
	rq.family = families[data[0] & 3];
	rq.resolve_all = data[0] & 4;
	rq.unique = data[0] & 8;
	rq.specs = &spec;
	rq.n_specs = 1;
	switch (data[0] >> 4 & 3) {
	case 0:
		spec = text;
		walk_twice(&rq);
		break;
	case 1:
		rq.exclude = text;
		walk_twice(&rq);
		break;
	case 2:
		with_file(data + 1, size - 1, &rq, &rq.list_file);
		break;
	default:
		with_file(data + 1, size - 1, &rq, &rq.exclude_file);
	}
	free(text);
	return 0;
}
