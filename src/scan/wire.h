/* SPDX-License-Identifier: BSD-2-Clause */
/* Which backend carries what; next hops and their hardware addresses. Private to src/scan. */
#pragma once

#include "scan/engine.h"

/* Opens what every run of this plan needs: connect(), or nothing yet. 0 or the backend's code. */
int wire_open(struct engine *e, struct err *err);
/* Closes backends (not the simulator, which is the caller's) and forgets the hops. */
void wire_close(struct engine *e);
/* Backend of a host's raw probes, opened when it is the first; NULL with `err` when none works. */
struct io *wire_for(struct engine *e, const struct net_route *r, struct err *err);
/* Sleeps until a packet, a name, a key or the time-out (ns) comes. */
void wire_wait(struct engine *e, uint64_t timeout_ns);
/* The hop of a route behind a gateway, asked for if it is new; NULL when memory ran out. */
struct hop *hop_get(struct engine *e, const struct net_route *r);
/* A neighbour told its hardware address: hops that wait for it are known now. */
void hop_answer(struct engine *e, const struct addr *a, uint32_t ifindex, const struct mac *m);
/* Asks again, or gives up on, hops whose time has come. */
void hop_timers(struct engine *e);
/* When that is next; UINT64_MAX = never. */
uint64_t hop_next_ns(const struct engine *e);
