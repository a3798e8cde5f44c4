/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of the sweep: the state of one run. Private to src/sweep. */
#pragma once

#include "scan/tech.h"
#include "sweep/crew.h"
#include "sweep/checker.h"
#include "sweep/met.h"
#include "sweep/sender.h"
#include "sweep/sweep.h"
#include "sweep/templates.h"
#include "sweep/verdict.h"
#include "sweep/way.h"

#define RESULTS_MAX 256 /* kept before they are published */

struct sweep {
	const struct plan *plan;
	const struct sweep_env *env;
	struct sweep_result *res;
	const struct sweep_tech *how;

	/* set up once */
	struct way way;
	struct sweep_job job;
	struct templates tmpls;
	struct sender_conf conf;
	struct sweep_bpf *bpf; /* owned; NULL: the kernel's half has no part */
	struct hold *hold;     /* owned: the source ports; NULL: not held */
	struct claim *claim; /* owned: keeps answers from the local stack; NULL: it is not needed */
	bool path_works;     /* frames that XDP sends arrive: it was tried */
	struct sender *sender;
	struct sender *aside; /* one lane of the main thread's own, for single probes; opened when
				 first needed */
	struct receiver *receiver;
	struct met again; /* answers to probes of different marks that are one fact */
	bool check;	  /* open ports are connected to (-sT) */
	struct checker checker;
	bool look_again;	  /* some targets are probed more than once */
	uint64_t first, behind;	  /* the shard */
	struct sweep_span sample; /* empty: none is probed again */
	uint64_t sample_mask, sample_at;
	struct sweep_facts facts;

	/* while it runs */
	struct crew crew;
	struct sweep_span *pushed; /* owned: all that was given to the crew */
	size_t n_pushed;
	enum sweep_phase phase;
	bool rechecked;
	uint64_t start_ns, start_wall_ns, now, next_tick_ns, progress_ns, quiet_ns;
	uint64_t wall_shift; /* CLOCK_REALTIME - CLOCK_MONOTONIC, modulo 2^64 */
	struct sweep_tick tick;
	uint64_t rate_at_ns, rate_sent; /* of the last measurement */
	double rate_pps;		/* over the last second */
	double asked_pps;
	uint64_t aside_sent, aside_digest;
	struct rec_result results[RESULTS_MAX];
	unsigned n_results;
	struct err dead; /* what ended the run, code 0 while it lives */
};

/* setup.c: the technique of a plan, or NULL. */
const struct scan_tech *setup_tech(const struct plan *p);
/* Whether what is found open is to be connected to: -sT, which sweeps by SYN. */
bool setup_checks(const struct plan *p);
/* From plan and way to job and templates. */
int setup_job(struct sweep *s, struct err *e) MUST_CHECK;
/* What one probe is, for rates by bandwidth: bytes of its frame. */
uint32_t setup_frame_len(const struct sweep *s);

/* choose.c: sender and receiver, opened; says which and why. */
int choose_rows(struct sweep *s, struct err *e) MUST_CHECK;

/* tell.c: records. */
void tell_run(struct sweep *s);
void tell_hits(struct sweep *s, const struct sweep_hit *v, unsigned n);
/* Open ports whose check is done; those that wait for one, as they are. */
void tell_checked(struct sweep *s);
void tell_unchecked(struct sweep *s);
void tell_flush(struct sweep *s);
void tell_progress(struct sweep *s, bool asked);
void tell_end(struct sweep *s, bool interrupted);
