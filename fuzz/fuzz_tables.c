/* SPDX-License-Identifier: BSD-2-Clause */
/* Scope files and tables of networks, as users write them. */
#include <stddef.h>
#include <stdint.h>

#include "target/groups.h"
#include "target/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct net_groups g;
	struct scope s;
	struct err e;

	if (scope_parse(&s, "f", text, size, &e) == 0 && !s.line_networks)
		__builtin_trap();
	scope_free(&s);
	if (groups_parse(&g, "f", text, size, &e) < 0 && g.n)
		__builtin_trap();
	groups_free(&g);
	return 0;
}
