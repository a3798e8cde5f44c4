/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: the flags of --scanflags. What is taken is what its number says as well. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/tcp_flags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), number[8];
	uint8_t flags, again;
	struct err e = {0};

	if (!text)
		return 0;
	if (tcp_flags_parse(text, &flags, &e) == 0) {
		snprintf(number, sizeof(number), "0x%x", flags);
		if (tcp_flags_parse(number, &again, &e) < 0 || again != flags)
			abort();
	} else if (!e.text[0] || e.code != ERR_USAGE) {
		abort(); /* a refusal without a word */
	}
	free(text);
	return 0;
}
