/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: the answer of a name server to a reverse look-up. */
#include <ares.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/names.h"
#include "net/ptr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = ptr_find(data, size), *copy;

	if (name) {
		copy = name_dup(name);
		if (copy && strlen(copy) >= NAME_TEXT_MAX)
			abort();
		free(copy);
	}
	ares_free_string(name);
	return 0;
}
