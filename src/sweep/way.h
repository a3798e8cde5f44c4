/* SPDX-License-Identifier: BSD-2-Clause */
/* The way that a sweep's probes go: one interface, and the link address of each next hop. Private
 * to src/sweep. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sweep/sweep.h"

#define WAY_TABLE_MAX (UINT64_C(1) << 22) /* hosts with a link address each: 24 MiB */
#define WAY_ASK_MAX   (UINT64_C(1) << 20) /* neighbours that are asked for theirs */

struct way {
	const struct net_link *link; /* borrowed from env->net; NULL on the simulator */
	enum link_kind kind;
	bool local; /* this machine itself */
	struct addr src;
	struct addr witness; /* a gateway, else a neighbour, that answered; family 0: none did */
	struct mac src_mac, hop_mac;
	struct mac *neighbours;	    /* owned: of each host of the space; NULL: all by hop_mac */
	uint64_t on_link, off_link; /* addresses of the space */
	uint64_t present;	    /* neighbours that answered */
	uint64_t own;		    /* addresses of this machine among others: not probed */
};

/*
 * Asks the kernel for the ways to all of the space, and the network for link addresses. ERR_NOROUTE
 * or ERR_UNSUPPORTED with the remedy: no way, several interfaces, a silent gateway, too many
 * neighbours. To be freed either way.
 */
int way_find(
	struct way *w, const struct plan *p, const struct sweep_env *env, struct err *e) MUST_CHECK;
void way_free(struct way *w);
