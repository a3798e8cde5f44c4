/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive ring that packet-ring and raw share: AF_PACKET, TPACKET_V2, filtered in the kernel.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "io/io.h"

struct ring;

/* Opens, filters and binds (to c->interface, or to all; not at all when c->send_only). *out is
 * owned: ring_close. -errno with text: EPERM, ENODEV, ENOMEM ... */
int ring_open(
	struct ring **out, const struct io_conf *c, struct clock *clock, struct err *e) MUST_CHECK;
void ring_close(struct ring *r); /* NULL is fine */

/* The packet socket: polls readable when a frame is there, and frames may be sent on it too.
 * Borrowed. */
int ring_fd(const struct ring *r);
/* The interface the ring is bound to, 0 = all. */
uint32_t ring_ifindex(const struct ring *r);

/* As io_ops.recv: up to n frames that lie there, borrowed until the next ring_recv or ring_wait. */
int ring_recv(struct ring *r, struct io_rx *v, unsigned n, struct err *e);
/*
 * As io_ops.wait. `out_fd` >= 0 is watched for POLLOUT as well (it may be the ring's own);
 * `short_sleep` bounds the sleep to 100 us, for queues whose room no descriptor tells of.
 */
int ring_wait(struct ring *r, uint64_t timeout_ns, int out_fd, bool short_sleep);
/* Adds received, received_bytes and dropped. */
void ring_stats(struct ring *r, struct io_stats *s);
