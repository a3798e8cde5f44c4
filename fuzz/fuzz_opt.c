/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: words, separated by newlines, as a command line of the real option table. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/opts.h"

#define WORDS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *save, *word;
	const char *argv[WORDS_MAX];
	struct opt_uses uses = {0};
	struct opts o = {0};
	struct err e = {0};
	int argc = 0;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (word = strtok_r(text, "\n", &save); word && argc < WORDS_MAX;
		word = strtok_r(NULL, "\n", &save))
		argv[argc++] = word;
	if (opt_parse(&scan_opts, argc, argv, &uses, &e) == 0 &&
		opt_apply(NULL, &uses, &o, &e) == 0)
		e.text[0] = '\0';
	else if (!e.text[0] || e.code >= 0)
		abort(); /* a refusal without a word */
	opt_uses_free(&uses);
	free(text);
	return 0;
}
