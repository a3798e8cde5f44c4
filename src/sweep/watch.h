/* SPDX-License-Identifier: BSD-2-Clause */
/* Whoever watches a running sweep and steers it: receipts, rechecks, --rate auto, checkpoints. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"
#include "bpfobj/sweep_abi.h"
#include "scan/plan.h"
#include "target/space.h"

struct sweep; /* one run; its functions are at the end */

/* Indices from, from + stride, ... below to, in that order, all with one mark. */
struct sweep_span {
	uint64_t from, to, stride;
	uint32_t mark; /* enum sweep_mark */
};

/* What is known before the first probe; all borrowed, constant during the run. */
struct sweep_facts {
	const struct plan *plan;
	const struct sweep_job *job;
	const struct sweep_port *ports;
	const struct space *space;
	const char *sender, *receiver;	 /* rows */
	uint64_t first, behind;		 /* the shard's indices */
	uint64_t sample_mask, sample_at; /* index & mask == at: probed again; mask 0, at 1: none */
	bool live; /* the generator in the kernel sends; it can be stopped within a millisecond */
};

/* What one sender has done of the span it is at. */
struct sweep_lane_at {
	struct sweep_span span; /* from: first index that has not been sent */
	bool idle;		/* nothing left of it */
};

/* How far the run is. */
struct sweep_tick {
	uint64_t now_ns;
	uint64_t sent, skipped, digest; /* sums of all senders */
	struct sweep_counts counts;
	unsigned n_lanes;
	struct sweep_lane_at lane[SWEEP_SENDERS];
	double rate_pps; /* asked for; 0 = as fast as it goes */
};

/* What a run is doing. */
enum sweep_phase {
	SWEEP_PROBING,	  /* passes over the whole shard */
	SWEEP_COOLDOWN,	  /* waiting for their answers */
	SWEEP_RECHECKING, /* the sample again, and its answers */
	SWEEP_DONE
};

/* All functions are called in the main thread, and all but `ctx` may be NULL. */
struct sweep_watch {
	void *ctx;
	/* Before the first probe. A negative code with `e` ends the run. */
	int (*begin)(void *ctx, struct sweep *s, const struct sweep_facts *f, struct err *e);
	/* Answers as they came, of all marks, behind the records that were made of them. */
	void (*hits)(void *ctx, const struct sweep_hit *v, size_t n);
	/* Each SWEEP_TICK_NS while there are probes or answers to come. */
	void (*tick)(void *ctx, struct sweep *s, const struct sweep_tick *t);
	/* A phase begins. At SWEEP_DONE all has been counted; notes are still to be published. */
	void (*phase)(void *ctx, struct sweep *s, enum sweep_phase p, const struct sweep_tick *t);
};

#define SWEEP_TICK_NS 10000000 /* 10 ms */

/* Packets a second of all senders together from now on; 0 = as fast as it goes. */
void sweep_set_rate(struct sweep *s, double pps);
/* Queues a span for the senders, behind what they have; -ENOMEM. */
int sweep_send_span(struct sweep *s, const struct sweep_span *span);
/* Sends one probe with a mark now, beside the senders; 0 or -errno. Few: it is a system call. Where
 * the queue is full it leaves with the next one, which is then refused (-EAGAIN) until it has. */
int sweep_send_one(struct sweep *s, uint64_t index, uint32_t mark);
/* All that is still to be sent, for checkpoints: what lanes are at, then what is queued. Returns
 * how many spans that is; at most `max` are written. */
size_t sweep_todo(struct sweep *s, struct sweep_span *v, size_t max);
/* All that was ever queued, first to last; borrowed until the next sweep_send_span. Returns how
 * many. */
size_t sweep_pushed(const struct sweep *s, const struct sweep_span **v);
/* A line for the report. */
void sweep_say(struct sweep *s, enum log_level level, const char *text);
