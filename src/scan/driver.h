/* SPDX-License-Identifier: BSD-2-Clause */
/* Drivers: work of the engine that is not one probe a slot, with one instance a run. Private to
 * src/scan. */
#pragma once

#include <poll.h>

#include "scan/engine.h"

/*
 * A driver has its own state and sends its own packets, by wire_put. A technique with a driver gets
 * hosts in STAGE_PORTS with a job whose slots it settles by driver_settle; route tracing gets them
 * in STAGE_TRACE with no job. Either way host_stage_done says that it is done with the host. Life:
 * open -> any mix of the others -> close. Nothing may sleep.
 */
struct scan_driver {
	/* Once, before the first host. *out is the driver's; a failure ends the run with `err`. */
	int (*open)(void **out, struct engine *e, struct err *err);
	/* A host's stage begins; of its slots at least one is undecided, others may be known from
	 * the run that is resumed. May call host_stage_done at once. */
	void (*start)(void *self, struct host *h);
	/* The host leaves before it is done (time-out, lost link, interruption): forget it. */
	void (*stop)(void *self, struct host *h);
	/* Optional: an IP packet that no probe of a slot explains. True: it was this driver's. */
	bool (*rx)(void *self, const struct io_rx *rx, const struct pkt_view *v);
	/* Every turn of the loop: what is due by e->now, and descriptors that are ready. */
	void (*step)(void *self);
	/* When step must be called at the latest; UINT64_MAX = when something comes. */
	uint64_t (*next_ns)(void *self);
	/* Optional: descriptors to wait for; returns how many of `max` were filled in. */
	size_t (*fds)(void *self, struct pollfd *v, size_t max);
	void (*close)(void *self);
};

/* What is known of a slot, by an answer or by inference; `from` is who answered. */
struct driver_verdict {
	struct verdict verdict;
	uint8_t ttl;
	struct addr from; /* family 0: the target */
	uint64_t rtt_ns;
	uint8_t rtt_src;
};

/* Decides a slot of the host's job (which must be undecided) and tells the world. The driver calls
 * host_stage_done when job.undecided has come to 0. */
void driver_settle(struct engine *e, struct host *h, uint32_t slot, const struct driver_verdict *v);

/* The instance of a technique's driver, or of route tracing; NULL when the run has none. */
void *driver_of(struct engine *e, const struct scan_driver *ops);

/* Over all drivers of the run; engine.c calls these. */
int drivers_open(struct engine *e, struct err *err);
void drivers_close(struct engine *e);
bool drivers_rx(struct engine *e, const struct io_rx *rx, const struct pkt_view *v);
void drivers_step(struct engine *e);
uint64_t drivers_next_ns(struct engine *e);
size_t drivers_fds(struct engine *e, struct pollfd *v, size_t max);
