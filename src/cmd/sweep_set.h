/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses of a sweep as this machine and the permissions allow them: set, limits, and what
 * was left out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"
#include "cmd/opts.h"
#include "net/net.h"
#include "scan/plan.h"
#include "sweep/watch.h"
#include "target/groups.h"
#include "target/space.h"

/* Without permission: as fast and as far as this towards what is not directly connected. */
#define SWEEP_FREE_PPS	 10000
#define SWEEP_FREE_ADDRS (1u << 20)
/* The rates when none is asked for. */
#define SWEEP_FAR_PPS  1000
#define SWEEP_NEAR_PPS 10000

struct sweep_set {
	struct space space;
	struct addr_set near;	      /* sealed: loopback and directly connected networks */
	uint64_t n_far;		      /* addresses of the space that are not in `near` */
	struct space_counts out;      /* excluded; specifications that failed */
	uint64_t special;	      /* left out: special use */
	struct net_groups cdn;	      /* providers, in the table's order */
	uint64_t cdn_out[GROUPS_MAX]; /* left out, by provider */
};

/* All borrowed. */
struct sweep_world {
	const struct net *net; /* its networks are near; NULL: only loopback is */
	const struct target_request *targets;
	const struct log *log;
	uint64_t now_wall_ns;
};

/*
 * Builds the set of the plan's targets, says what special-use ranges and providers took away,
 * chooses p->sweep's rate where none was asked for, lowers it to what the ceilings for each host
 * and network allow, and checks the permission: more than SWEEP_FREE_PPS or SWEEP_FREE_ADDRS that
 * are not near need --scope, whose networks, date, ports and rate must then hold, or
 * --i-have-permission. --rate auto without either climbs no higher than SWEEP_FREE_PPS. ERR_USAGE
 * with the reason. Always to be freed.
 */
int sweep_set_make(struct sweep_set *s, struct plan *p, const struct opts *o,
	const struct sweep_world *w, struct err *e) MUST_CHECK;
/* Appends what was left out: "excluded 7, special use 12, cloudflare 3"; nothing when nothing was.
 */
void sweep_set_left_out(const struct sweep_set *s, struct buf *out);
/* A watch that says this at the end of the run, in all reports; s is borrowed by it. */
struct sweep_watch sweep_set_watch(const struct sweep_set *s);
void sweep_set_free(struct sweep_set *s);
