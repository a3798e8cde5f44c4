/* SPDX-License-Identifier: BSD-2-Clause */
/* Open ports on their way through the data check (--sweep -sT), as fast as connections allow.
 * Private to src/sweep. */
#pragma once

#include "sweep/datacheck.h"

struct checker {
	struct datacheck *d;	 /* NULL: nothing is checked */
	struct rec_result *wait; /* owned: found open while no connection could be made */
	size_t n, cap, head;	 /* of a ring: how many, room, the first */
	uint64_t unchecked;	 /* published without, as nothing had room for them */
};

/* 0 or a negative code. */
int checker_open(
	struct checker *c, struct clock *clock, const char *interface, struct err *e) MUST_CHECK;
/* Takes an open port; false: there is no room for it. */
bool checker_put(struct checker *c, const struct rec_result *r);
/* Makes connections, takes outcomes: up to n results that are done, without waiting. */
unsigned checker_poll(struct checker *c, struct rec_result *v, unsigned n);
/* Gives back one that waits, unchecked; false: none does. */
bool checker_take(struct checker *c, struct rec_result *r);
/* The senders should wait: more is open than connections are made. */
bool checker_behind(const struct checker *c);
bool checker_idle(const struct checker *c);
void checker_close(struct checker *c);
