/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending a batch of packets by sendmmsg in small slices, each packet with its time and its own
 * error. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "io/io.h"

/* Storage behind one message. */
struct mmsg_room {
	struct iovec iov[2]; /* a link header if `fill` writes one, and the data */
	uint8_t link[14];
	union {
		struct sockaddr_ll ll;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	} to;
	union {
		struct cmsghdr align;
		uint8_t b[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control;
};

/*
 * Fills name and control of one message (data is filled already: iov[1]) and returns the
 * descriptor to send it on, or -errno why this packet cannot be sent.
 */
typedef int (*mmsg_fill)(
	void *owner, const struct io_tx *t, struct msghdr *m, struct mmsg_room *room);

struct mmsg {
	void *owner;
	mmsg_fill fill;
	struct clock *clock;
	uint64_t stuck_ns;   /* ENOBUFS since then, 0 = not */
	int full_fd;	     /* the descriptor whose send buffer is full, or -1 */
	bool full_elsewhere; /* a queue below is full, which no descriptor tells of */
	uint64_t sent, sent_bytes, send_errors, would_block;
};

/* Embedded; nothing to free. */
void mmsg_init(struct mmsg *q, struct clock *clock, mmsg_fill fill, void *owner);
/* As io_ops.send, never negative. */
unsigned mmsg_send(struct mmsg *q, struct io_tx *v, unsigned n);
/* Adds the four counters of sending. */
void mmsg_stats(const struct mmsg *q, struct io_stats *s);
