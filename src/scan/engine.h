/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of the engine: the state of one run, and who does what with it. Private to src/scan. */
#pragma once

#include "pkt/arp.h"
#include "scan/host.h"
#include "scan/plan.h"
#include "scan/scan.h"
#include "timing/pace.h"

#define BATCH 32	/* probes a system call */
#define PINGS_MAX 256	/* discovery probes a host */
#define HASH_SIZE 16384 /* buckets of the address table; a power of two */

/* The hardware address of a gateway, asked for once, shared by all hosts behind it. */
struct hop {
	struct addr addr;
	uint32_t ifindex;
	struct mac mac, src_mac;
	struct addr src;
	enum { HOP_ASKING, HOP_KNOWN, HOP_DEAD } state;
	uint8_t tries;
	uint64_t ask_at_ns;
	struct host *waiting;
	struct hop *next;
};

/* The backends of the run, opened when first needed. */
struct wire {
	struct io *packet, *raw, *connect;
	bool sim; /* all three are the caller's simulator */
};

struct pick {
	struct host *host;
	uint32_t slot;
	uint8_t try;
	bool fresh, canary;
};

/* Probes chosen but not yet put in; all for one backend. */
struct batch {
	struct io *io;
	unsigned n;
	struct io_tx tx[BATCH];
	struct pick pick[BATCH];
	uint8_t data[BATCH][PROBE_MAX];
};

struct engine {
	const struct plan *plan;
	const struct scan_env *env;
	struct tech_run run;
	struct rng rng;
	struct wire wire;
	struct hop *hops;
	struct task tasks[TECHS_MAX];
	unsigned n_tasks;
	struct ping pings4[PINGS_MAX], pings6[PINGS_MAX];
	unsigned n_pings4, n_pings6;
	struct ping arp, nd;
	bool raw_ok; /* raw probes may be sent */

	struct host *hash[HASH_SIZE];	 /* by address */
	struct host *by_seq[HASH_SIZE];	 /* by sequence number */
	struct host *order_head, *order_tail; /* hosts not yet reported */
	struct host *ready_head, *ready_tail;
	struct host **heap; /* timers, earliest first */
	uint32_t heap_n, heap_cap;
	uint64_t next_seq;
	uint32_t n_pinging, n_scanning;
	uint32_t n_unreported, n_done; /* hosts in work or done; of these, done */
	bool targets_done, held;
	struct target hold; /* a target whose address is in work already */

	struct rtt_bounds bounds;
	struct rtt group_rtt;
	struct cwnd group_cw;
	struct loss group_loss;
	struct pace max_rate, min_rate;
	struct pace silent;	  /* what may be sent without being answered */
	double silent_rate;	  /* nominal */
	uint32_t window_ok, window_lost; /* evidence of all hosts since the last judgement */
	uint64_t silent_cut_ns, silent_grow_ns;
	double miss;		  /* accepted probability that silence is wrong */
	double host_window, host_window_max, host_window_min;
	uint32_t outstanding;
	struct batch batch;

	uint64_t now, start_ns, start_wall_ns;
	uint64_t tick_ns, rate_ns, rate_sent;
	double rate_pps;
	uint64_t hosts_done, hosts_up, hosts_down, probes_sent, replies, n_targets;
	bool said_eperm;
	struct err dead; /* what ended the run, code 0 while it lives */
	struct oui *oui;
	bool oui_tried;
};

/* engine.c: stages of a host */
void host_is_up(struct engine *e, struct host *h, enum reason why, uint8_t ttl);
void host_is_down(struct engine *e, struct host *h, enum reason why);
void host_stage_done(struct engine *e, struct host *h); /* every slot of the job is decided */
void host_hop_known(struct engine *e, struct host *h);	/* its next hop has a hardware address, or is dead */
struct host *engine_find(struct engine *e, const struct addr *a);
void engine_fail(struct engine *e, const struct err *why); /* the run cannot go on */

/* timers.c: the heap and the ready list */
bool timer_set(struct engine *e, struct host *h, uint64_t at_ns); /* keeps the earlier of the two */
struct host *timer_due(struct engine *e, uint64_t now);	  /* pops, NULL when none is due */
uint64_t timer_next(const struct engine *e);		  /* UINT64_MAX when none */
void timer_drop(struct engine *e, struct host *h);
void ready_add(struct engine *e, struct host *h);
void ready_drop(struct engine *e, struct host *h);

/* wire.c: which backend carries what */
int wire_open(struct engine *e, struct err *err);
void wire_close(struct engine *e);
/* Backend of a host's raw probes, NULL with err when none works. */
struct io *wire_for(struct engine *e, const struct net_route *r, struct err *err);
void wire_wait(struct engine *e, uint64_t timeout_ns);
/* The hop of a route behind a gateway, asked for if it is new; NULL when memory ran out. */
struct hop *hop_get(struct engine *e, const struct net_route *r);
void hop_answer(struct engine *e, const struct addr *a, uint32_t ifindex, const struct mac *m);
void hop_timers(struct engine *e);
uint64_t hop_next_ns(const struct engine *e);

/* sched.c: what leaves when */
void sched_init(struct engine *e);
void sched_send(struct engine *e);
void sched_host_init(struct engine *e, struct host *h);
/* Time-outs of a host whose timer fired. */
void sched_timeouts(struct engine *e, struct host *h);
/* The host has something to send, or might have: puts it on the ready list. */
void sched_wake(struct engine *e, struct host *h);
/* A try was answered at at_ns; sent_ns 0 = unknown. */
void sched_answered(struct engine *e, struct host *h, uint32_t slot, uint8_t try, uint64_t sent_ns);
/* Forgets flights and counts of the job before it ends. */
void sched_job_end(struct engine *e, struct host *h);
uint64_t sched_rto(const struct engine *e, const struct host *h);

/* rx.c: what came back */
void rx_all(struct engine *e);

/* report.c: records */
int report_run(struct engine *e);
void report_host(struct engine *e, struct host *h);
void report_found(struct engine *e, struct host *h, uint32_t slot);
void report_progress(struct engine *e, bool asked);
void report_trace(struct engine *e, bool sent, uint64_t at_ns, const uint8_t *data, uint32_t len);
void report_trace_arp(struct engine *e, bool sent, uint64_t at_ns, const struct arp_msg *m);
void report_trace_connect(struct engine *e, bool sent, uint64_t at_ns, const struct addr *dst, uint16_t port, int error);
void report_end(struct engine *e, bool interrupted);
