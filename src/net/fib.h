/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to the kernel's routing: the way to one destination, and where answers may change. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

struct cells;
struct nl;

struct fib_query {
	struct addr dst;
	struct addr src; /* family 0: the kernel chooses */
	uint32_t oif;	 /* the interface, 0: the kernel chooses */
	bool matched;	 /* describe the matching entry of the table instead of the outcome */
};

struct fib_reply {
	uint8_t type; /* RTN_UNICAST, RTN_LOCAL, ... */
	uint32_t oif;
	uint32_t mtu;	     /* of the route, 0: the interface's */
	struct addr gateway; /* family 0: none; an IPv4 route may have an IPv6 gateway (RFC 5549) */
	struct addr src;
	bool encap;	/* a tunnel header goes on before the packet leaves */
	bool multipath; /* several next hops, the kernel chooses one by flow; only in an answer to
			   `matched` */
};

/*
 * RTM_GETROUTE. 0, or the kernel's refusal: -ENETUNREACH no route, -EHOSTUNREACH, -EACCES and
 * -EINVAL routes that say so, ...
 */
int fib_ask(struct nl *nl, const struct fib_query *q, struct fib_reply *out) MUST_CHECK;

/*
 * Cuts `cells` (of one family, 4 or 6) at every prefix in any routing table or policy rule.
 * *src_rules tells whether a rule looks at the source address. 0 or a negative code.
 */
int fib_cut(struct nl *nl, unsigned family, struct cells *cells, bool *src_rules) MUST_CHECK;
