/* SPDX-License-Identifier: BSD-2-Clause */
/* What a finished probe looks like on the wire: spoiled checksums, decoys, a source route,
 * fragments. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "io/io.h"
#include "pkt/fragment.h"
#include "scan/plan.h"
#include "scan/tech.h"

#define GUISE_MAX (PROBE_MAX + FRAGMENT_EXTRA) /* bytes of the longest packet it makes */

struct guise {
	const struct plan_wire *wire; /* borrowed */
	struct hash_key key;	      /* of the identifications */
};

/* Whether the run asks for any of this; otherwise probes leave as they are. */
bool guise_wanted(const struct plan_wire *w);
/* Whether it is one of -D's addresses. */
bool guise_is_decoy(const struct plan_wire *w, const struct addr *a);
/* How many packets the probe (PROBE_MAX bytes at most) leaves as, in the order of their numbers.
 * ARP and neighbour solicitations, without which nothing could be sent, are always one. */
unsigned guise_count(const struct guise *g, const struct io_tx *tx);
/*
 * Makes packet `k` of guise_count(): *out is *tx with other bytes, in buf (GUISE_MAX), and where
 * they go. `nonce` differs from probe to probe and is the same for all packets of one. True when it
 * is, or belongs to, the one from our own source.
 */
bool guise_make(const struct guise *g, const struct io_tx *tx, uint32_t nonce, unsigned k,
	struct io_tx *out, uint8_t *buf);
