/* SPDX-License-Identifier: BSD-2-Clause */
/* What is going to happen in a simulated network, in the order of time: a binary heap of events. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "io/io.h"

enum sim_event_kind {
	SIM_EV_PROBE,	/* data reaches its host */
	SIM_EV_RX,	/* data, or the outcome of a connection, can be received */
	SIM_EV_KERNEL,	/* data reaches the scanner's own TCP stack, for connection `conn` */
	SIM_EV_CONNECT, /* the scanner's stack (re)transmits the SYN of connection `conn`, or gives
			   up */
	SIM_EV_SYNACK,	/* the host retransmits its SYN-ACK, unless that connection is gone */
};

#define SIM_NONE UINT32_MAX

struct sim_event {
	uint64_t at_ns;
	uint64_t seq; /* order among equals; given by sim_heap_push */
	enum sim_event_kind kind;
	uint32_t host;	/* index, or SIM_NONE */
	uint32_t conn;	/* index, or SIM_NONE */
	unsigned tries; /* SIM_EV_CONNECT, SIM_EV_SYNACK: transmissions so far */
	enum io_rx_kind rx_kind;
	struct mac src_mac;
	uint16_t ethertype;    /* of a payload that is not IP, host order */
	int error;	       /* SIM_EV_RX of a connection */
	uint16_t hport, sport; /* SIM_EV_SYNACK: the half-open connection's ports, host order */
	uint32_t peer_seq;     /* SIM_EV_SYNACK: of the SYN that opened it */
	bool gone;	       /* SIM_EV_SYNACK: reset or established meanwhile */
	struct sim_event
		*chain; /* next half-open connection in its bucket, or next event to free */
	uint32_t len;
	uint8_t data[];
};

struct sim_heap {
	struct sim_event **v; /* owned, and the events in it */
	size_t n, cap;
	uint64_t next_seq;
};

/* An event with room for `len` bytes, filled from `data` where that is not NULL; else NULL: no
 * memory. free(). */
struct sim_event *sim_event_new(enum sim_event_kind kind, const void *data, size_t len);
/* Takes `ev`. 0 or -ENOMEM (`ev` is then freed). */
int sim_heap_push(struct sim_heap *h, struct sim_event *ev) MUST_CHECK;
/* The earliest event, borrowed; NULL when there is none. */
struct sim_event *sim_heap_top(const struct sim_heap *h);
/* Takes the earliest event out and gives it to the caller. */
struct sim_event *sim_heap_pop(struct sim_heap *h);
void sim_heap_free(struct sim_heap *h);
