/* SPDX-License-Identifier: BSD-2-Clause */
/* This machine's interfaces, addresses and routes as text. */
#pragma once

#include "base/buf.h"
#include "net/net.h"

/* A table of interfaces, one line an address. */
void iflist_links(const struct net *n, struct buf *out);
/* The routes of the main tables, as /proc/net has them. */
void iflist_routes(struct buf *out);
/* The way to an address in nmap's two lines (--route-dst); `ifindex` as for net_route_get, whose
 * error is shown in place of the second line. */
void iflist_way(struct net *n, const struct addr *dst, uint32_t ifindex, struct buf *out);
