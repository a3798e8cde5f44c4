/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of the engine: the state of one run, and who does what with it. Private to src/scan. */
#pragma once

#include "pkt/arp.h"
#include "scan/guise.h"
#include "scan/host.h"
#include "scan/plan.h"
#include "scan/scan.h"
#include "scan/window.h"
#include "timing/pace.h"

#define BATCH	     32	   /* probes a system call */
#define VERDICTS_MAX 512   /* kept before they are published */
#define HASH_SIZE    16384 /* buckets of the address table; a power of two */

/* The hardware address of a gateway, asked for once, shared by all hosts behind it. */
struct hop {
	struct addr addr;
	uint32_t ifindex;
	bool on_link; /* it is who the packets are for, not a gateway */
	struct mac mac, src_mac;
	struct addr src;
	enum { HOP_ASKING, HOP_KNOWN, HOP_DEAD } state;
	uint8_t tries;
	uint64_t ask_at_ns;
	struct host *waiting;
	struct hop *next;
};

/* A probe that leaves as several packets, not all of which have left. */
struct rest {
	struct io *io; /* NULL: there is none */
	struct io_tx tx;
	uint32_t nonce;
	unsigned next; /* the packet that is next */
	uint8_t data[PROBE_MAX];
};

/* The backends of the run, opened when first needed. */
struct wire {
	struct io *packet, *raw, *connect;
	bool sim; /* all three are the caller's simulator */
	struct guise guise;
	struct rest rest;
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

/* An instance of a driver (scan/driver.h). */
struct driver {
	const struct scan_driver *ops;
	void *self;
};

struct engine {
	const struct plan *plan;
	const struct scan_env *env;
	struct tech_run run;
	uint32_t ts_secret; /* what run.ts_ms is ahead of the clock */
	struct rng rng;
	struct wire wire;
	struct window window; /* of source ports */
	struct hop *hops;
	const struct scan_tech *techs[TECHS_MAX]; /* asked for */
	unsigned n_techs;
	struct task tasks[TECHS_MAX]; /* of these, those that have ports */
	unsigned n_tasks;
	struct ping pings4[PINGS_MAX], pings6[PINGS_MAX];
	unsigned n_pings4, n_pings6;
	struct ping arp, nd;
	bool raw_ok; /* raw probes may be sent */
	struct driver drivers[TECHS_MAX + 1];
	unsigned n_drivers;

	struct host *hash[HASH_SIZE];	      /* by address */
	struct host *by_seq[HASH_SIZE];	      /* by sequence number */
	struct host *order_head, *order_tail; /* hosts not yet reported */
	struct host *queue_head, *queue_tail; /* up, waiting for room for their ports */
	struct host *ready_head, *ready_tail;
	struct host **heap; /* timers, earliest first */
	uint32_t heap_n, heap_cap;
	uint64_t next_seq;
	uint32_t n_pinging, n_scanning;
	uint32_t n_unreported, n_done; /* hosts in work or done; of these, done */
	uint32_t n_held;	       /* done, with ports that wait to be reported */
	bool targets_done;
	struct host *parked; /* their address is in work already */
	uint32_t n_parked;

	struct rtt_bounds bounds;
	struct rtt group_rtt;
	struct cwnd group_cw;
	struct loss group_loss;
	struct pace max_rate, min_rate;
	uint64_t stealth_next_ns, stealth_sent_ns; /* --stealth: the next packet, the last one */
	unsigned stealth_batch;			   /* packets since the target's first */
	bool held;	 /* something that wants to leave waits for pacing, since this turn */
	bool woken;	 /* hosts became ready since hosts were last asked */
	bool queue_full; /* a backend's queue took no more, in this turn */
	struct pace silent;		 /* what may be sent without being answered */
	double silent_rate;		 /* nominal */
	uint32_t window_ok, window_lost; /* evidence of all hosts since the last judgement */
	uint64_t silent_cut_ns, silent_grow_ns;
	double miss; /* accepted probability that silence is wrong */
	double host_window, host_window_max, host_window_min;
	uint32_t outstanding;
	struct batch batch;
	struct rec_verdict verdicts[VERDICTS_MAX]; /* not yet published */
	unsigned n_verdicts;
	char said[160]; /* verdict of the packet in work, for captures; "" = none */

	uint64_t now, start_ns;
	uint64_t start_wall_ns; /* of the run; when it is resumed, of its first part */
	uint64_t before_ns;	/* from then to the start of this part */
	uint64_t tick_ns, rate_ns, rate_sent;
	double rate_pps;
	uint64_t hosts_done, hosts_up, hosts_down, probes_sent, replies, n_targets;
	uint32_t n_noroute;
	uint64_t said_errors; /* bit of each errno that a note was made of */
	struct err lost;      /* why some hosts were given up, code 0 = none was */
	struct err dead;      /* what ended the run, code 0 while it lives */
	struct oui *oui;
	bool oui_tried;
};

/* The host answered, or is taken as up: its ports are next. */
void host_is_up(struct engine *e, struct host *h, enum reason why, uint8_t ttl);
/* Nothing more is asked of it. */
void host_is_down(struct engine *e, struct host *h, enum reason why);
/* The interface it is behind is gone (-errno): it is reported as far as it was scanned. */
void host_lost(struct engine *e, struct host *h, int error);
/* Every slot of the job is decided: the next stage begins. */
void host_stage_done(struct engine *e, struct host *h);
/* Its next hop has a hardware address, or is dead. */
void host_hop_known(struct engine *e, struct host *h);
/* A host's next technique, or what comes after the last. */
void host_next_task(struct engine *e, struct host *h);
/* Whether the ports of one more host may be in work. */
bool engine_room_for_ports(const struct engine *e);
/* Memory ran out: the run ends. */
void engine_no_memory(struct engine *e);
/* First of the hosts in work whose address may be this one (struct host.hash_next), or NULL. */
struct host *engine_bucket(struct engine *e, const struct addr *a);
/* The host in work at this address, or NULL. */
struct host *engine_find(struct engine *e, const struct addr *a);
/* The run cannot go on; the first reason is kept. */
void engine_fail(struct engine *e, const struct err *why);
