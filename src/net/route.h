/* SPDX-License-Identifier: BSD-2-Clause */
/* The way to a destination, asked once for all addresses that the kernel treats alike. */
#pragma once

#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

struct net;
struct net_route;
struct nl;
struct routes;

/* Borrows both; reads nothing yet. *out is owned: routes_free. 0 or -ENOMEM with text. */
int routes_new(struct routes **out, struct nl *nl, const struct net *net, struct err *e) MUST_CHECK;
void routes_free(struct routes *r);
/* What net_route_get promises (net/net.h). */
int routes_get(struct routes *r, const struct addr *dst, uint32_t ifindex, struct net_route *out,
	struct err *e) MUST_CHECK;
/* What net_route_last promises; after routes_get for dst. */
struct addr routes_last(const struct routes *r, const struct addr *dst);
