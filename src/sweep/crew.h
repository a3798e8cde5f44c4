/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lanes of a sender and the spans they are to send, each in a thread of its own, or step by
 * step in the caller's (simulator). Private to src/sweep.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "sweep/sender.h"
#include "sweep/watch.h"

struct crew;

struct crew_lane {
	struct crew *crew;
	unsigned id;
	pthread_t thread;
	bool started;
	struct sweep_ctl *ctl;	  /* borrowed from the sender */
	struct sweep_span *queue; /* owned; what comes after the span it is at */
	size_t n, cap;
	uint32_t mark; /* of the span it is at, and its stride */
	uint64_t stride;
	bool idle; /* nothing is left of it */
	int rc;	   /* not 0: the lane is dead */
	struct err err;
};

struct crew {
	struct sender *sender; /* borrowed */
	unsigned n;
	struct crew_lane lane[SWEEP_SENDERS];
	bool threaded;
	bool paused, quit; /* under the lock */
	double pps;	   /* of all lanes together; 0 = no limit */
	pthread_mutex_t lock;
	pthread_cond_t news;
};

/* Prepares n lanes without anything to do; threads begin at once. 0 or -errno. */
int crew_start(
	struct crew *c, struct sender *s, unsigned n, bool threaded, struct err *e) MUST_CHECK;
/* Which indices of PLAIN spans are marked as SAMPLED; before the first span. */
void crew_sample(struct crew *c, uint64_t mask, uint64_t at);
/* Splits the span among the lanes, behind what they have. 0 or -ENOMEM. */
int crew_push(struct crew *c, const struct sweep_span *span);
/* Packets a second of all lanes together, 0 = no limit. */
void crew_rate(struct crew *c, double pps);
/* Holds the lanes, or lets them go on. */
void crew_pause(struct crew *c, bool paused);
/* Nothing is left to send, or nobody to send it. */
bool crew_idle(struct crew *c);
/* All that is left: what lanes are at, then their queues; returns how many spans there are, of
 * which at most `max` are written. */
size_t crew_todo(struct crew *c, struct sweep_span *v, size_t max);
/* Without threads: one batch of each lane. Returns when to come again, UINT64_MAX: nothing is left.
 */
uint64_t crew_step(struct crew *c);
/* Fills in what the lanes did. */
void crew_tick(struct crew *c, struct sweep_tick *t);
/* The first lane that is dead: its code, `e` filled; 0: none is. */
int crew_failed(struct crew *c, struct err *e);
/* Ends the threads; what was not sent stays unsent and can still be asked for. */
void crew_stop(struct crew *c);
/* Stops and frees; a crew of zeros is fine. */
void crew_free(struct crew *c);
