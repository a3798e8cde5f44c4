/* SPDX-License-Identifier: BSD-2-Clause */
/* What a host has to find out in one stage: slots, the probes on their way, those to be repeated.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "scan/tech.h"

/*
 * A slot is one thing to find out: a port, or whether a host answers one kind of discovery probe.
 * `t` is the time of the last try while nothing is known, the round trip once there is an answer.
 */
struct slot {
	uint64_t t;
	uint32_t gap16; /* between the last two tries, in units of 16 ns: dates an answer to the one
			   before */
	uint8_t tries;
	uint8_t state; /* enum port_state; PORT_UNKNOWN = undecided */
	uint8_t reason;
	uint8_t ttl;
	uint8_t from;	      /* as rec_port.from */
	uint8_t answered_try; /* which payload it answered */
	uint8_t voids;	      /* tries that do not count */
	uint8_t rtt_src;
	bool in_flight; /* the last try has neither been answered nor timed out */
	bool answered;	/* decided by an answer, not by silence */
};

/* A try on its way, oldest first: time-outs are taken from the head. */
struct flight {
	uint64_t sent_ns;
	uint32_t slot;
	uint8_t try;
	bool canary;
};

struct flights {
	struct flight *v;
	uint32_t head, n, cap; /* cap is a power of two */
};

struct slot_queue {
	uint32_t *v;
	uint32_t head, n, cap; /* cap is a power of two */
};

/* What one technique has to do on every host: shared, immutable. */
struct task {
	const struct scan_tech *tech;
	uint16_t *ports; /* in probing order; owned by the engine */
	uint32_t n;
	int32_t *slot_of; /* port -> slot, -1 none; 65,536 entries */
};

/* A discovery probe. */
struct ping {
	const struct scan_tech *tech;
	uint16_t port;
};

/* A stage of a host: discovery (task == NULL, rows from pings) or one task. */
struct job {
	const struct task *task;
	const struct ping *pings;
	struct slot *slots; /* owned */
	uint32_t n_slots, next_fresh, undecided;
	struct flights flights;
	struct slot_queue retry;
	struct tmpl tmpl;
	int32_t canary; /* a slot that answers, -1 while none is known */
};

/* FIFOs that grow; false when memory ran out. */
bool flights_push(struct flights *f, struct flight v);
struct flight *flights_head(struct flights *f); /* NULL when empty */
void flights_pop(struct flights *f);
bool slot_queue_push(struct slot_queue *q, uint32_t slot);
bool slot_queue_pop(struct slot_queue *q, uint32_t *slot);

/* Starts a stage with n slots; the old job must have been ended. 0 or -ENOMEM. */
int job_start(struct job *j, const struct task *t, const struct ping *pings, uint32_t n);
/* Frees everything but the slots, which are given to the caller (free()). */
struct slot *job_end(struct job *j);
const struct scan_tech *job_tech(const struct job *j, uint32_t slot);
uint16_t job_port(const struct job *j, uint32_t slot);
/* The slot of a port under this technique, -1 when the stage has none. */
int32_t job_find(const struct job *j, const struct scan_tech *t, uint16_t port);
