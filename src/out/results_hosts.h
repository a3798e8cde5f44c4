/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of a sweep, grouped: hosts for the formats that show hosts. */
#pragma once

#include <signal.h>

#include "model/bus.h"
#include "model/where.h"
#include "out/results_file.h"
#include "target/ports.h"

struct results_hosts {
	const struct services *services;   /* borrowed; NULL: ports get no names */
	const struct where *where;	   /* of COLUMN_RESULTS, borrowed; NULL: all results */
	const char *backend;		   /* borrowed, or NULL */
	const volatile sig_atomic_t *stop; /* not 0: end early; NULL: never */
	/* filled */
	uint64_t n_hosts;
	uint64_t n_repeats; /* answers of ports that had answered before */
};

/*
 * Reads the whole file and publishes a REC_HOST for every address that has a result, in the order
 * of addresses, ports by protocol and number. Memory is bounded (SORT_MEMORY and one host).
 *
 * Of several answers for a port the state, reason and TTL of the last one hold; of answers that
 * agree in these one after the other, the first one's time, as a repeated answer's is longer than
 * the way. A host is up: by the first answer that it sent itself, else (only others answered for
 * it) "user-set", as with nmap's -Pn. Its latency is the shortest RTT of its own answers. -errno
 * with `e`.
 */
int results_publish_hosts(
	struct results_file *f, struct results_hosts *c, struct bus *bus, struct err *e) MUST_CHECK;
