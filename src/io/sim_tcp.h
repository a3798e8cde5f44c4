/* SPDX-License-Identifier: BSD-2-Clause */
/* The two TCP stacks of a simulated network as far as they have a memory: half-open connections of
 * the hosts, connect() of the scanner. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "io/sim_event.h"
#include "pkt/view.h"

#define SIM_HALF_BUCKETS 4096

/* Half-open connections: each is its own timer event, which stays in the heap and outlives it. */
struct sim_half {
	struct sim_event *bucket[SIM_HALF_BUCKETS]; /* borrowed from the heap */
};

/* The one between the ports of a segment to `host`, or NULL. */
struct sim_event *sim_half_find(const struct sim_half *h, uint32_t host, const struct pkt_l4 *t);
void sim_half_add(struct sim_half *h, struct sim_event *timer);
void sim_half_remove(struct sim_half *h, struct sim_event *timer);

/* When transmission number `tries` (1 = the first) is repeated: 1 s doubled each time, as Linux
 * does for SYN and SYN-ACK. */
uint64_t sim_tcp_rto_ns(unsigned tries);

#define SIM_SYN_TRIES	 7 /* tcp_syn_retries 6 */
#define SIM_SYNACK_TRIES 6 /* tcp_synack_retries 5 */

/* One connect() of the scanner. */
struct sim_conn {
	struct addr src, dst;
	uint16_t sport, dport; /* host order */
	uint32_t seq;
	uint64_t id;
	bool done;
};

struct sim_conns {
	struct sim_conn *v; /* owned */
	uint32_t n, cap;
};

/* Index of a new connection, or SIM_NONE: no memory. */
uint32_t sim_conns_add(struct sim_conns *c, const struct sim_conn *conn);
void sim_conns_free(struct sim_conns *c);
/* What a packet that answers the SYN of `c` means to connect(): true with *error 0 or an errno;
 * false: nothing. */
bool sim_conn_outcome(const struct sim_conn *c, const struct pkt_view *v, int *error);
