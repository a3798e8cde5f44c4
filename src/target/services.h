/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The services table as the port grammar sees it: names, ranks and which ports are known, per
 * protocol. Private to this folder.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "target/ports.h"

/* A name of a port: its offset in the table's text pool. */
struct service_name {
	uint16_t port;
	uint32_t text;
};

/* One protocol. All arrays are borrowed here: constant data, or memory of struct services. */
struct service_class {
	const struct service_name *names; /* by port, one a port */
	uint32_t n_names;
	const struct service_name *aliases; /* further names, by port */
	uint32_t n_aliases;
	const uint16_t *ranked; /* most frequent first */
	const double *ratios;	/* of ranked[i], or NULL: see the curve */
	uint32_t n_ranked;
	const uint32_t *known; /* bit p % 32 of word p / 32; 2048 words; NULL = none */
};

/*
 * Where a port was found open at least this often, n of the class's ranked ports stand before it.
 */
struct service_ratio {
	double ratio;
	uint16_t n[3];
};

struct service_table {
	struct service_class of[PORT_CLASSES];
	const char *pool;
	const struct service_ratio *curve; /* ratios falling */
	uint32_t n_curve;
	bool has_ratios; /* false: a file without frequencies; nothing is more frequent than anything else */
};

/* Compiled from data/ by tools/gen-services. */
extern const struct service_table services_builtin;

/* The table behind the handle, borrowed: for the port grammar. */
const struct service_table *services_table(const struct services *s);
/* Is the port in the table, as "[...]" asks? */
bool services_known(const struct services *s, enum port_class c, uint16_t port);
/* How many of the ranked ports of a class were found open at least so often; all for 0. */
uint32_t services_n_at_ratio(const struct services *s, enum port_class c, double ratio);
/*
 * Calls fn for each port that has a name matching the mask (* and ?, letters of either case): exact
 * names are looked for everywhere, a mask with wildcards among the known ports only, where a port
 * without a name is called "unknown". A port may come more than once. Returns the calls.
 */
unsigned services_match(const struct services *s, enum port_class c, const char *mask,
	void (*fn)(void *ctx, uint16_t port), void *ctx);
