/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: a -oN or -oG report that is to be resumed, and the command line in it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmdline.h"
#include "cmd/reported.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_command(const char *command)
{
	size_t n;
	char **words = cmdline_words(command, &n);

	for (size_t i = 0; words && i < n; i++)
		free(words[i]);
	free(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end;
	struct reported r;

	if (reported_init(&r) < 0)
		return 0;
	for (size_t left = size, len; left; left -= len, p += len) {
		end = memchr(p, '\n', left);
		len = end ? (size_t)(end - p) + 1 : left;
		if (reported_line(&r, p, len) < 0)
			abort();
	}
	if (reported_end(&r) < 0 || r.keep > size)
		abort();
	if (r.command)
		try_command(r.command);
	reported_free(&r);
	return 0;
}
