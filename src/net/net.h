/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts of this machine by netlink: interfaces, addresses, neighbours, the way to a destination. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

enum link_kind {
	LINK_ETHERNET, /* has hardware addresses and answers ARP/ND */
	LINK_LOOPBACK,
	LINK_L3,    /* tun, WireGuard, PPP: IP packets without a link header */
	LINK_OTHER, /* something we cannot put frames on: use the IP layer */
};

struct net_link {
	uint32_t index;
	char name[IF_NAMESIZE];
	enum link_kind kind;
	bool up; /* administratively up and with carrier */
	uint32_t mtu;
	struct mac mac; /* meaningful for LINK_ETHERNET */
};

struct net_addr {
	uint32_t ifindex;
	struct addr addr;
	uint8_t prefix_len;
	bool usable; /* not tentative, not failed, not deprecated */
};

/* The way to one destination. */
struct net_route {
	uint32_t ifindex;
	enum link_kind kind;
	uint32_t mtu;
	struct mac src_mac;   /* of the interface, when LINK_ETHERNET */
	struct addr src;      /* the kernel's choice; an IPv6 link-local one has its zone */
	struct addr next_hop; /* dst when on_link, else the gateway, which may be IPv6 for IPv4 */
	bool on_link;	      /* no gateway: on LINK_ETHERNET ARP or ND finds the destination */
	bool local; /* this machine (route type local): the loopback interface carries it */
};

struct net;

/*
 * Reads links and addresses, once; routes at the first question. *out is owned: net_free. -errno
 * when netlink is not to be had.
 */
int net_open(struct net **out, struct err *e) MUST_CHECK;
void net_free(struct net *n);

/* Borrowed tables, valid until net_free. */
const struct net_link *net_links(const struct net *n, size_t *count);
const struct net_addr *net_addrs(const struct net *n, size_t *count);
const struct net_link *net_link_by_index(const struct net *n, uint32_t ifindex);
const struct net_link *net_link_by_name(const struct net *n, const char *name);

/*
 * The way to dst, as the kernel would choose it (RTM_GETROUTE, so policy rules count, also those
 * about the source address it chose). One answer serves all addresses between two borders of
 * prefixes in the tables, so that 65,536 neighbours cost a few questions; routes that change after
 * the first question are not noticed. `ifindex` != 0 forces the interface (-e), as does the zone of
 * dst: the address and next hop are then chosen among that interface's. ERR_NOROUTE with text when
 * there is none: no entry, unreachable, prohibit and blackhole routes, an interface without an
 * address, fe80:: without a zone where several links have link-local addresses.
 */
int net_route_get(struct net *n, const struct addr *dst, uint32_t ifindex, struct net_route *out,
	struct err *e) MUST_CHECK;

/* The last address up to which all have the way of dst, which was asked for just now. Where a route
 * has several next hops the kernel would choose one for each. */
struct addr net_route_last(const struct net *n, const struct addr *dst);

/* The interface that has this link-local address (IPv6) as its own; 0 when none has. */
uint32_t net_own_zone(const struct net *n, const struct addr *a);

/*
 * The kernel's neighbour entry (REACHABLE, STALE, DELAY, PROBE, PERMANENT) of addr on ifindex: 1
 * found, 0 not there, negative code.
 */
int net_neigh_get(struct net *n, uint32_t ifindex, const struct addr *addr, struct mac *out);
