/* SPDX-License-Identifier: BSD-2-Clause */
/* Link addresses of neighbours, asked for by the stateful engine's ARP and ND. Private to
 * src/sweep. */
#pragma once

#include "sweep/sweep.h"

/* One that answered. */
typedef void (*neigh_fn)(void *ctx, const struct addr *a, const struct mac *m);

/* All borrowed. */
struct neigh_query {
	const struct plan *plan; /* family, source address and link address are looked at */
	const struct sweep_env *env;
	uint32_t ifindex;
	const char *const *specs; /* CIDR blocks or single addresses */
	size_t n_specs;
	neigh_fn fn;
	void *ctx;
};

/* Asks each of the addresses, and tells those that answer. 0, or the negative code of what stopped
 * it. */
int neigh_ask(const struct neigh_query *q, struct err *e) MUST_CHECK;
