/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: a configuration file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/conf.h"
#include "cmd/opts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct opt_uses conf = {0}, args = {0};
	struct opts o = {0};
	struct err e = {0};

	if (conf_parse(&scan_opts, "fuzz", (const char *)data, size, &conf, &e) == 0 &&
		opt_apply(&conf, &args, &o, &e) == 0)
		e.text[0] = '\0';
	else if (!e.text[0] || e.code >= 0 || strchr(e.text, '\n'))
		abort(); /* a refusal without a word, or with more than a line */
	opt_uses_free(&conf);
	return 0;
}
