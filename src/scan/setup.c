/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run prepares once: keys and source ports, the order of ports, the discovery probes. */
#include "scan/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

#define FIRST_BY_RANK                                                                              \
	25 /* the ports most likely to answer go first: an early answer gives the time-outs */

static void run_init(struct engine *e)
{
	e->run.key = (struct hash_key){rng_u64(&e->rng), rng_u64(&e->rng)};
	e->run.rng = &e->rng;
	e->run.icmp_id = (uint16_t)(1 + rng_below(&e->rng, 65535));
	e->run.ttl = 64;
	e->ts_secret = (uint32_t)rng_u64(&e->rng);
	e->run.wire = &e->plan->wire;
	window_draw(e);
}

/* The most frequent first, then the rest in an order that no pattern of the target's shows. */
static void shuffle(struct engine *e, uint16_t *ports, uint32_t n)
{
	uint32_t keep = n < FIRST_BY_RANK ? n : FIRST_BY_RANK;

	for (uint32_t i = n; i > keep + 1; i--) {
		uint32_t k = keep + (uint32_t)rng_below(&e->rng, i - keep);
		uint16_t swap = ports[i - 1];

		ports[i - 1] = ports[k];
		ports[k] = swap;
	}
}

static int task_init(struct engine *e, struct task *t, const struct scan_tech *tech)
{
	const struct port_list *l = &e->plan->ports.of[tech->ports];

	*t = (struct task){.tech = tech, .n = l->n};
	t->slot_of = malloc(65536 * sizeof(*t->slot_of));
	if (e->plan->sequential_ports || !e->env->services) {
		t->ports = malloc(l->n * sizeof(*t->ports));
		if (t->ports)
			memcpy(t->ports, l->ports, l->n * sizeof(*t->ports));
	} else {
		t->ports = port_list_by_rank(l, tech->ports, e->env->services);
	}
	if (!t->slot_of || !t->ports)
		return -ENOMEM;
	if (!e->plan->sequential_ports)
		shuffle(e, t->ports, t->n);
	for (uint32_t i = 0; i < 65536; i++)
		t->slot_of[i] = -1;
	for (uint32_t i = 0; i < t->n; i++)
		t->slot_of[t->ports[i]] = (int32_t)i;
	return 0;
}

static void ping_add(struct ping *v, unsigned *n, const struct scan_tech *t, uint16_t port)
{
	if (*n < PINGS_MAX)
		v[(*n)++] = (struct ping){t, port};
}

static void ping_list(
	struct ping *v, unsigned *n, const struct scan_tech *t, const struct port_list *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		ping_add(v, n, t, l->ports[i]);
}

static unsigned pings_init(const struct engine *e, struct ping *v, unsigned family)
{
	const struct plan *p = e->plan;
	unsigned n = 0;

	if (p->ping & PING_CONNECT) {
		ping_list(v, &n, &tech_connect, &p->ping_syn);
		ping_list(v, &n, &tech_connect, &p->ping_ack);
		return n;
	}
	if (p->ping & PING_ECHO)
		ping_add(v, &n, &tech_echo, 0);
	if (p->ping & PING_SYN)
		ping_list(v, &n, &tech_syn_ping, &p->ping_syn);
	if (p->ping & PING_ACK)
		ping_list(v, &n, &tech_ack_ping, &p->ping_ack);
	if (p->ping & PING_UDP)
		ping_list(v, &n, &tech_udp, &p->ping_udp);
	if (p->ping & PING_SCTP)
		ping_list(v, &n, &tech_sctp_init, &p->ping_sctp);
	if ((p->ping & PING_TSTAMP) && family == 4)
		ping_add(v, &n, &tech_tstamp, 0);
	if ((p->ping & PING_MASK) && family == 4)
		ping_add(v, &n, &tech_mask, 0);
	if (p->ping & PING_PROTO)
		ping_list(v, &n, &tech_proto, &p->ping_proto);
	return n;
}

int setup_run(struct engine *e, struct err *err)
{
	const struct scan_tech *t;
	int r;

	run_init(e);
	e->arp = (struct ping){&tech_arp, 0};
	e->nd = (struct ping){&tech_nd, 0};
	e->n_pings4 = pings_init(e, e->pings4, 4);
	e->n_pings6 = pings_init(e, e->pings6, 6);
	for (size_t i = 0; e->plan->ports_wanted && e->plan->techniques[i]; i++) {
		t = scan_tech_by_name(e->plan->techniques[i]);
		if (!t)
			return err_set(err, ERR_UNSUPPORTED, "no technique named %s",
				e->plan->techniques[i]);
		if (t->carrier != IO_TX_CONNECT && !e->raw_ok)
			return err_set(err, -EPERM,
				"%s needs raw packets, which this user may not send", t->title);
		e->techs[e->n_techs++] = t;
		if (e->plan->ports.of[t->ports].n == 0)
			continue;
		r = task_init(e, &e->tasks[e->n_tasks++], t);
		if (r)
			return err_set(err, r, "out of memory for the list of ports");
	}
	return 0;
}

void setup_free(struct engine *e)
{
	for (unsigned i = 0; i < e->n_tasks; i++) {
		free(e->tasks[i].ports);
		free(e->tasks[i].slot_of);
	}
}
