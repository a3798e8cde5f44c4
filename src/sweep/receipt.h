/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sweep sent, and what came back, in a form that can be checked: the coverage receipt. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bpfobj/sweep_abi.h"
#include "sweep/recheck.h"
#include "target/space.h"

/*
 * A receipt names the plan (whole enough to compute every probe again), the parts of the index that
 * were sent, and the digest: the sum of the hashes of all probes, taken by the senders over what
 * they wrote. Whoever has the receipt computes both anew (sweep/audit.h). A checkpoint is the
 * receipt of a run that goes on, without the ranges of addresses, and with what has to be sent
 * again.
 *
 * The keys of the proofs are in it: when the run is over they are of no use to a forger. A
 * checkpoint is for its owner only while they are. The checksum is against accidents; it is no
 * signature.
 */

/* Indices from, from + stride, ... below to, each sent `times` with this mark. */
struct receipt_piece {
	uint64_t from, to, stride;
	uint32_t mark; /* enum sweep_mark; PLAIN: those of the sample went with SAMPLED */
	uint32_t times;
};

struct receipt_pieces {
	struct receipt_piece *v; /* owned */
	size_t n, cap;
};

/* One process that worked on the run: one, unless it was resumed. */
struct receipt_session {
	uint64_t key0, key1; /* of its proofs */
	bool digest_known;   /* not when it was killed */
	uint64_t digest;
	uint64_t sent, skipped;			 /* probes; indices of hosts without link address */
	struct receipt_pieces sent_of, canaries; /* canaries: one index each */
	uint64_t start_wall_ns, end_wall_ns;
};

struct receipt_interval {
	uint64_t from, to;
};

#define RECEIPT_SHARDS	 4096
#define RECEIPT_SESSIONS 4096
#define RECEIPT_TEXT	 256

struct receipt {
	/* the plan; equal in all shards of a run */
	char words[RECEIPT_TEXT], technique[32];
	struct space space; /* owned or borrowed, see space_owned; empty in a checkpoint */
	bool space_owned;
	uint64_t hosts, space_digest; /* addresses, and the set's fingerprint */
	struct sweep_port *ports;     /* owned; tmpl is not kept */
	uint32_t n_ports;
	uint8_t family, kind, tcp_flags;
	uint64_t seed; /* the order of the probes hangs on it alone */
	uint32_t passes, n_shards;
	uint64_t sample_mask, sample_at;
	/* the part of it that this is about */
	uint32_t *shards; /* owned: numbers from 0 */
	uint32_t n_here;
	/* what was done */
	struct receipt_session *sessions; /* owned */
	size_t n_sessions;
	struct receipt_interval *skipped; /* owned: hosts (their indices) without link address */
	size_t n_skipped;
	/* what came back */
	struct sweep_counts counts;
	struct recheck_estimate missed;
	char sender[64], receiver[64], pace[RECEIPT_TEXT];
	double rate_asked, rate_reached;
	bool complete;
	/* a checkpoint: of what was sent, this is to be sent again; how much of the results file
	 * is covered */
	bool checkpoint;
	struct receipt_pieces again;
	uint64_t results;
};

/* Frees all lists, and the space if it is owned; leaves zeros. */
void receipt_free(struct receipt *r);
/* Adds to a list: pieces of one mark and stride are merged by times when `receipt_pieces_merge` is
 * called. 0 or -ENOMEM. */
int receipt_pieces_add(struct receipt_pieces *p, const struct receipt_piece *x) MUST_CHECK;
/* Adds all of another list. 0 or -ENOMEM. */
int receipt_pieces_append(struct receipt_pieces *p, const struct receipt_pieces *from) MUST_CHECK;
/* Sorts, and cuts the pieces so that those of one mark and stride are disjoint and maximal; pieces
 * with a negative `times` (as uint32_t) take away. 0 or -ENOMEM. */
int receipt_pieces_merge(struct receipt_pieces *p) MUST_CHECK;
/* Indices of all pieces, with their times. */
uint64_t receipt_pieces_count(const struct receipt_pieces *p);

#define RECEIPT_HASH_MAX 33
/* The plan's fingerprint, 32 hexadecimal digits: equal for all parts of a run. Returns buf. */
const char *receipt_plan_hash(const struct receipt *r, char buf[RECEIPT_HASH_MAX]);
/* Which member of the plan differs, in words, or NULL. */
const char *receipt_plan_differs(const struct receipt *a, const struct receipt *b);
/* What verify computes probes with: the job of session s of r; r->space must be there. */
void receipt_job(const struct receipt *r, const struct receipt_session *s, struct sweep_job *out);

/*
 * Writes the file: a new one beside it, synced, then renamed over it, so that at any moment there
 * is a whole one. Mode 0600 for checkpoints. -errno with `e`.
 */
int receipt_write(const struct receipt *r, const char *path, struct err *e) MUST_CHECK;
/* Reads it. ERR_USAGE when it is torn, edited, no receipt, or of a later version; -errno. *r is
 * owned: receipt_free. */
int receipt_read(struct receipt *r, const char *path, struct err *e) MUST_CHECK;
/* Whether the file begins like one. */
bool receipt_is(const char *path);
/* Adds counters. */
void receipt_counts_add(struct sweep_counts *to, const struct sweep_counts *from);
/* Adds `from`, a receipt of the same plan, to `r`: shards, sessions, counts. -ENOMEM. */
int receipt_add(struct receipt *r, const struct receipt *from, struct err *e) MUST_CHECK;
