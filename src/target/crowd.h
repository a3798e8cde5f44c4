/* SPDX-License-Identifier: BSD-2-Clause */
/* How crowded an address set is: what ceilings for each host and network mean for the whole sweep.
 */
#pragma once

#include <stdint.h>

#include "target/space.h"

/* Networks are /24s of IPv4 and /48s of IPv6. */
#define CROWD_BITS4 24
#define CROWD_BITS6 48

/* The most addresses of the set in one network; at least 1. Walks over the set's ranges once. */
uint64_t crowd_densest(const struct space *s);
/*
 * The rate of the whole sweep, packets a second, at which no host gets more than `host` and no
 * network more than `net` packets a second; 0 = no ceiling, also as the result. A sweep sends to
 * all targets in random order and to each equally often, so a host's share of the rate is 1 /
 * hosts, and a network's its share of the hosts: on the average over the run. Within shorter times
 * the numbers scatter as Poisson's do.
 */
double crowd_rate(const struct space *s, double host, double net);
