/* SPDX-License-Identifier: BSD-2-Clause */
/* One non-blocking connect(), with the traps of loopback and of reusing sockets. */
#pragma once

#include <net/if.h>
#include <stdbool.h>

#include "base/clock.h"
#include "io/io.h"

struct dial {
	struct clock *clock;
	int spare[2]; /* refused sockets of IPv4 and IPv6, ready for the next probe; -1 */
	char device[IF_NAMESIZE]; /* "" = any */
};

/* Embedded. `device` is the interface to go by, or NULL. */
void dial_init(struct dial *d, struct clock *clock, const char *device);
void dial_fini(struct dial *d);

/*
 * Connects to t->dst:t->dport and sets t->sent_ns. Returns 0 connected, EALREADY or EINPROGRESS: on
 * its way, else connect()'s errno; *fd is then the socket, owned by the caller, or -1. Negative:
 * -errno, no socket was to be had, or its source address could not be bound.
 */
int dial_connect(struct dial *d, struct io_tx *t, int *fd);
/* Takes back the socket of a refused probe for the next one, or closes it. */
void dial_give_back(struct dial *d, const struct io_tx *t, int fd);
/* Closes; a connection that stands is reset (RFC 9293 3.10.4 ABORT), so that neither end keeps a
 * trace of it. */
void dial_hang_up(int fd);
/* A connected socket whose two ends are one. */
bool dial_met_itself(int fd);
