/* SPDX-License-Identifier: BSD-2-Clause */
/* The window of source ports that a sweep's probes leave from. Private to src/sweep. */
#pragma once

#include <stdint.h>

#include "net/hold.h"

#define SPORT_SPAN  4096  /* ports of the window */
#define SPORT_FIRST 61440 /* of the window that is tried first */

/*
 * A window, aligned to its size, in which no socket of this machine has a port and from which the
 * kernel gives none to programs: the first of 61440, 57344, ...; with *taken ports in use when
 * there is no better one. It is held against other sweeps and scans: *out is owned, hold_free. 0 or
 * -EADDRINUSE: there is none; another code: *first is good, but not held.
 */
int sport_hold(struct hold **out, uint16_t *first, unsigned *taken, struct err *e) MUST_CHECK;
/* The user's choice. As above; -EADDRINUSE: somebody has it. */
int sport_hold_one(struct hold **out, uint16_t port, struct err *e) MUST_CHECK;
