/* SPDX-License-Identifier: BSD-2-Clause */
/* Link addresses of neighbours, asked for by the stateful engine's ARP and ND. */
#include "sweep/neigh.h"

#include <string.h>

#include "scan/scan.h"
#include "target/target.h"

static int on_record(void *ctx, const struct rec *r, struct err *e)
{
	const struct neigh_query *q = ctx;

	if (r->host->has_mac && r->host->state == HOST_UP)
		q->fn(q->ctx, &r->host->addr, &r->host->mac);
	return 0;
}

/* Discovery by ARP or ND alone. A neighbour that lives answers within milliseconds: three tries of
 * little patience are enough. */
static void plan_asking(struct plan *q, const struct plan *p, uint32_t ifindex)
{
	plan_init(q);
	q->family = p->family;
	q->ifindex = ifindex;
	q->seed = p->seed;
	q->ping = PING_ARP;
	q->reverse_dns = false;
	q->wire.source = p->wire.source;
	q->wire.has_mac = p->wire.has_mac;
	q->wire.mac = p->wire.mac;
	plan_template(q, 5);
	q->timing.max_retries = 2;
	q->timing.max_retries_set = true;
	q->timing.host_timeout_ns = 0;
}

int neigh_ask(const struct neigh_query *q, struct err *e)
{
	const struct sweep_env *env = q->env;
	struct target_request rq = {.specs = q->specs,
		.n_specs = q->n_specs,
		.family = q->plan->family,
		.log = env->log};
	struct scan_env sub = {.clock = env->clock,
		.log = env->log,
		.net = env->net,
		.stop = env->stop,
		.args = "",
		.version = env->version,
		.privileged = env->privileged};
	struct scan_result res = {0};
	struct plan asking;
	struct bus bus;
	int rc;

	bus_init(&bus);
	rc = bus_subscribe(&bus, on_record, (void *)(uintptr_t)q, BUS_WANT(REC_HOST));
	if (rc < 0)
		return err_set(e, rc, "neighbours cannot be asked: %s", strerror(-rc));
	rc = targets_open(&sub.targets, &rq, e);
	if (rc < 0)
		return rc;
	sub.bus = &bus;
	plan_asking(&asking, q->plan, q->ifindex);
	rc = scan_run(&asking, &sub, &res, e);
	plan_free(&asking);
	targets_free(sub.targets);
	return rc < 0 ? rc : 0;
}
