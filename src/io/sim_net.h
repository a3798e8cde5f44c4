/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to a packet in the simulated network: the path, the host's answer, the stacks'
 * timers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/rng.h"
#include "io/io.h"
#include "io/sim.h"
#include "io/sim_event.h"
#include "io/sim_host.h"
#include "io/sim_tcp.h"

struct sim_net {
	struct sim_conf conf;
	struct clock_virtual clock;
	struct rng rng;
	struct sim_heap heap;
	struct sim_hosts hosts;
	struct sim_half half;
	struct sim_conns conns;
	uint64_t bottleneck_free_ns; /* when the last packet of the queue will have left */
	uint64_t probes, lost;
	bool open, no_memory;
	uint16_t port_lo, port_hi;
};

/* A packet leaves at tx->sent_ns (IO_TX_IP, IO_TX_LINK). Its bytes are copied. */
void sim_net_put(struct sim_net *s, const struct io_tx *tx);
/* The scanner's stack begins a connect() at the clock's time. 0 or an errno. */
int sim_net_connect(struct sim_net *s, const struct io_tx *tx);
/* The next event that can be received not later than `until_ns`, still in the heap; NULL when there
 * is none. What comes before it happens. */
struct sim_event *sim_net_next(struct sim_net *s, uint64_t until_ns);
