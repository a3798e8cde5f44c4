/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: a file of vendors, in any of its formats. */
#include <stdint.h>
#include <stdlib.h>

#include "net/ouifile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int row(void *ctx, const struct oui_row *r)
{
	if (r->bits < 8 || r->bits > 48 || !r->name_len)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = {0};

	if (oui_parse((const char *)data, size, row, NULL, &e) < 0 && !e.text[0])
		abort();
	return 0;
}
