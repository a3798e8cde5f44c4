/* SPDX-License-Identifier: BSD-2-Clause */
/* One transmit queue of one interface by AF_XDP: frames written into shared memory, sent by a kick.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "io/io.h"

/* Bytes of memory that a queue locks (RLIMIT_MEMLOCK), frames and rings. */
#define TXQ_BYTES (1024 * 2048)

struct txq;

/*
 * Takes the first queue of the interface that no AF_XDP socket has, or else a place on the queue of
 * `beside` (on the same interface, NULL: none), which may send in another thread meanwhile; up to
 * four share one, two where it is zero-copy. Frames leave from *mac, NULL =
 * the interface's own address. *out is owned: txq_close. -errno with cause and remedy: EOPNOTSUPP
 * (loopback, a link without Ethernet headers), EBUSY (all queues taken), ENOBUFS (memory that may
 * not be locked), ENODEV, EPERM ... May sleep for some milliseconds: the kernel gives a closed
 * socket's queue back late.
 */
int txq_open(struct txq **out, uint32_t ifindex, const struct mac *mac, const struct txq *beside,
	struct err *e) MUST_CHECK;
void txq_close(struct txq *q); /* NULL is fine; what the driver still has is not waited for */

/* The interface it sends on. */
uint32_t txq_ifindex(const struct txq *q);
/* As io_ops.send for IO_TX_IP and IO_TX_LINK, never negative; the ifindex of v[] is not looked at.
 */
unsigned txq_send(struct txq *q, struct clock *clock, struct io_tx *v, unsigned n);
/* The descriptor that polls writable when the full queue has room; -1: none tells, try again soon.
 */
int txq_full_fd(const struct txq *q);
/* Adds the four counters of sending. */
void txq_stats(const struct txq *q, struct io_stats *s);
/* "zero-copy on queue 0 of eth0", appended. */
void txq_describe(const struct txq *q, struct buf *b);
