/* SPDX-License-Identifier: BSD-2-Clause */
/* One host in work: its stage, its job, its timing state. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "net/net.h"
#include "scan/job.h"
#include "scan/plan.h"
#include "scan/tech.h"
#include "target/target.h"
#include "timing/cwnd.h"
#include "timing/loss.h"
#include "timing/rtt.h"

#define TRIES_TOLD 16 /* tries whose outcomes are counted apart; later ones share the last */
#define CANARY_TRY (TECH_TRIES_MAX - 1) /* the mark of canaries; tries use the marks below */

enum host_stage {
	STAGE_HOP, /* waits for the next hop's hardware address */
	STAGE_PING,
	STAGE_QUEUE, /* is up, waits for room for its ports */
	STAGE_PORTS,
	STAGE_TRACE, /* its route is traced */
	STAGE_NAME,  /* waits for reverse DNS */
	STAGE_DONE,
};

struct hop;

struct host {
	uint64_t seq; /* order of the targets */
	struct addr addr;
	char *name; /* owned; as the user typed it, or NULL */
	struct addr *others;
	size_t n_others;
	struct net_route route;
	struct hop *hop; /* next hop, NULL for a neighbour or where the kernel routes */
	struct io *io;	 /* carries its raw probes */
	struct mac mac;	 /* of the host itself when on-link, else zero */
	bool has_mac;
	bool neighbour; /* found by ARP or ND, which is its discovery as well */
	uint8_t stage;
	uint8_t state; /* enum host_state */
	uint8_t reason, ttl;
	uint8_t unreach; /* reason of an ICMP error that says the host is not there, REASON_NONE */
	bool timed_out, name_asked, name_pending;
	bool partial;  /* as rec_host.partial */
	bool replayed; /* was reported by the run that is resumed */
	char *ptr; /* owned; reverse DNS */
	struct ping found_by; /* the discovery probe that it answered; tech NULL = none */

	struct job job;
	uint8_t task;			/* index of the task in work */
	struct slot *result[TECHS_MAX]; /* owned; slots of finished tasks */

	struct rtt rtt;
	uint8_t rtt_src;
	struct cwnd cw;
	struct loss loss;
	uint32_t outstanding;
	uint32_t canary_after;	/* so many probes from now a canary is due */
	uint32_t canaries_lost; /* in a row */
	int lost_error;		/* -errno of a link that has gone */
	uint32_t answered_at[TRIES_TOLD], silent_at[TRIES_TOLD]; /* by try, 1 = the first */
	uint64_t pause_ns;		 /* when it was given time for an ICMP error, 0 = not yet */
	bool limits;			 /* it has been seen to limit its answers in this stage */
	uint64_t hold_at_ns;		 /* when the first of those left that made the host hold */
	uint64_t judged_ns;		 /* when the delay was last made longer */
	uint64_t refused_ns; /* when the last probe left that an ICMP error answered, 0 = none */
	uint64_t slow_ns;    /* so far apart it sends ICMP errors, 0 = it is not that slow */
	uint64_t canary_ok_ns;		 /* when the last answered one left, 0 = none */
	uint64_t canary_sent_ns;	 /* of the canary on its way, 0 = none */
	uint32_t window_ok, window_lost; /* evidence since the last judgement of the delay */
	uint64_t delay_ns;		 /* between probes, because answers are rate-limited */
	uint64_t next_send_ns;
	uint64_t start_ns, start_wall_ns, end_wall_ns;
	uint64_t probes_sent;
	struct rec_trace *trace; /* owned, with its hops and their names; NULL = none */
	struct addr *from;	 /* owned; responders other than the host */
	uint8_t n_from;

	uint64_t timer_ns; /* key in the heap */
	int32_t heap_at;   /* index in the heap, -1 = not in it */
	bool ready;
	struct host *next, *prev; /* ready list */
	struct host *hash_next, *seq_next;
	struct host *order_next; /* all hosts not yet reported, in order */
	struct host *wait_next;	 /* behind the same hop, or in a driver's queue */
};

/* New host with one reference to nothing; the target's texts are copied. NULL when memory ran out.
 */
struct host *host_new(const struct target *t);
void host_free(struct host *h);
/* Index of a responder in h->from plus one; 0 when it is the host itself or the table is full. */
uint8_t host_from(struct host *h, const struct addr *responder);
