/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether there is a service behind a SYN-ACK: connections that send a few bytes and look. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/rec.h"

/*
 * Middleboxes and tarpits complete handshakes for ports where nothing listens (Izhikevich et al.,
 * "LZR", USENIX Security 2021): what tells them from services is whether data is acknowledged.
 * Each open port of a sweep is connected to by the kernel, from a port outside the sweep's window,
 * and sent an empty line. What comes first decides, see enum result_check.
 */
struct datacheck_conf {
	struct clock *clock;
	const char *interface; /* to go by, or NULL */
	/* connections at once; 0 = as many as descriptors allow, at most 1,024 */
	unsigned max_open;
	uint64_t patience_ns; /* for each of connecting and answering; 0 = 3 s */
};

struct datacheck;

/* *out is owned: datacheck_close. -errno with text. */
int datacheck_open(
	struct datacheck **out, const struct datacheck_conf *c, struct err *e) MUST_CHECK;
/* No further port can be taken before some are done: the sweep has to wait. */
bool datacheck_full(const struct datacheck *d);
/* Ports that are being looked at. */
unsigned datacheck_busy(const struct datacheck *d);
/* Begins with an open port; r is copied. Not while full. 0 or -errno of the socket. */
int datacheck_add(struct datacheck *d, const struct rec_result *r);
/*
 * Takes up to n results that are done, with `check` set, after at most timeout_ns of waiting for
 * the first; returns how many.
 */
unsigned datacheck_poll(struct datacheck *d, struct rec_result *v, unsigned n, uint64_t timeout_ns);
/* Resets what is still open; NULL is fine. */
void datacheck_close(struct datacheck *d);
