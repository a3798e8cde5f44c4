/* SPDX-License-Identifier: BSD-2-Clause */
/* The probes of route tracing: which to send to a host, and whose answer is whose. Private to
 * src/scan. */
#pragma once

#include "scan/engine.h"

/* A kind of probe. */
struct bait {
	const struct scan_tech *tech;
	uint16_t port;		      /* host order */
	uint8_t variant;	      /* of the port's payloads */
	const struct plan_wire *wire; /* what it looks like, its TTL aside; borrowed */
};

/*
 * Chooses what the host has answered, of its ports, else of discovery; else an echo request. Fills
 * in all but `wire`, which must be there. Returns the TTL or hop limit that the answer came with; 0
 * = unknown.
 */
uint8_t bait_choose(const struct engine *e, const struct host *h, struct bait *b);
/* The probe with this TTL, as try `try` (0 = the first, below TECH_TRIES_MAX): its length in `buf`
 * (PROBE_MAX bytes), 0 if it cannot be made. */
size_t bait_make(const struct engine *e, const struct host *h, const struct bait *b,
	const uint8_t ttl_try[2], uint8_t *buf);
/* Whether the answer (its tech must be set) belongs to the host's probe with this TTL; *try as of
 * scan_tech.owns. */
bool bait_owns(const struct engine *e, const struct host *h, const struct bait *b, unsigned ttl,
	const struct answer *a, uint8_t *try);
