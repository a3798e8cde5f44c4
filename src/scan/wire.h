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
/*
 * Everything that leaves goes through here: as io_send, but disguised as the plan wants (guise.h)
 * and reported. Returns how many of v[0..n) were taken, or the backend's negative code. sent_ns and
 * error are those of the packet from our own source. Of a probe that leaves as several packets each
 * waits for pacing; once something of it has left it is taken, and nothing else leaves before the
 * rest of it.
 */
int wire_put(struct engine *e, struct io *io, struct io_tx *v, unsigned n, struct err *err);
/* The same for packets that no plan disguises and whose pace is the caller's: replies. Nothing of a
 * probe may be left to send. */
int wire_put_plain(struct engine *e, struct io *io, struct io_tx *v, unsigned n, struct err *err);

/* Sends what is left of a probe, as far as it may leave now. False while something is left. */
bool wire_rest(struct engine *e);
/* The way of this run's probes to `dst`: the kernel's, to the first hop of a source route if there
 * is one, with the source addresses that the plan wants. Its answers begin to be claimed
 * (window.h). 0 or a negative code with `err`. */
int wire_route(
	struct engine *e, const struct addr *dst, struct net_route *r, struct err *err) MUST_CHECK;

/* The way to an address that a driver talks to: a zombie, a router, a target. */
struct path {
	struct addr dst;
	struct net_route route;
	struct io *io;
	struct hop *hop; /* of the gateway or of dst itself; NULL where the kernel finds it */
};
enum path_state { PATH_WAITS, PATH_OPEN, PATH_DEAD };

/* Finds route and backend and asks for the hardware address. 0 or a negative code with `err`. */
int path_open(struct engine *e, struct path *p, const struct addr *dst, struct err *err);
/* Whether packets can be put in: PATH_WAITS while the hardware address is asked for. */
enum path_state path_state(const struct path *p);
/* Sends one whole IP packet. 0; -EAGAIN when the queue is full or pacing says not yet (the driver's
 * step is called when it may be tried again); another negative code when it could not leave (or
 * `err` is filled and the backend is dead). */
int path_put(struct engine *e, const struct path *p, const uint8_t *packet, uint32_t len,
	uint64_t *sent_ns, struct err *err);
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
