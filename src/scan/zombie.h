/* SPDX-License-Identifier: BSD-2-Clause */
/* The zombie of an idle scan: a host whose IP identification counts the packets it sends. Private
 * to src/scan. */
#pragma once

#include "scan/ipid.h"
#include "scan/wire.h"

/* Packets to be counted: put in one after the other, then `wait_ns` for what they bring about. */
struct count_job {
	const struct path *path;
	uint32_t n;
	uint64_t gap_ns; /* between two of them */
	uint64_t wait_ns;
	/* Makes number i into PROBE_MAX bytes; its length. */
	size_t (*make)(void *ctx, uint32_t i, uint8_t *buf);
	void *ctx;
};

struct zombie {
	struct engine *e;
	struct path path;
	uint16_t port;
	char text[80]; /* name, address and port for messages */
	bool tested;
	enum ipid_class class;
	struct rtt rtt;
	/* its own packets: so many seen in so long; both begin with what is assumed */
	double noise, noise_s;

	/* the test */
	uint16_t ids[32];
	unsigned n_ids, n_series, spoof_tries;
	uint64_t series_ns;
	bool spoofing;
	struct addr victim; /* whose address it borrows */

	/* the probe that is out, and the last answer */
	bool asked, answered;
	uint8_t tries;
	uint32_t seq, ack;
	uint64_t sent_ns, answer_ns;
	uint16_t id;

	/* the count in work */
	enum { COUNT_NONE, COUNT_BASE, COUNT_SEND, COUNT_WAIT, COUNT_END } counting;
	struct count_job job;
	uint32_t n_put;
	uint64_t next_ns; /* when it goes on, besides answers */
	uint64_t begun_ns;
	uint16_t base;
	/* its result: packets that the zombie sent and we did not ask for, and the time they took
	 */
	uint16_t count;
	double took_s;
};

/*
 * Reads plan.zombie, finds the address (names are looked up now) and the way to it. ERR_USAGE,
 * ERR_RESOLVE, ERR_NOROUTE with `err` when there is none.
 */
int zombie_open(struct zombie *z, struct engine *e, struct err *err);
/*
 * Judges the last count of the test and begins the next one, until z->tested, or the engine has
 * failed with the reason; `victim` is the first target, whose address is borrowed to see that the
 * counter is one for all. Nothing may be counted at the time.
 */
void zombie_test(struct zombie *z, const struct addr *victim);
/* Begins to count; nothing else may be counted at the time. */
void zombie_count(struct zombie *z, const struct count_job *job);
/* Goes on with it; true when the result is there. Counts that a lost probe made uncertain are
 * taken again. */
bool zombie_counted(struct zombie *z);
/* Gives the count in work up. */
void zombie_forget(struct zombie *z);
/* The zombie's answer to a probe, or an error about one. */
bool zombie_rx(struct zombie *z, const struct io_rx *rx, const struct pkt_view *v);
/* When it must be stepped again. */
uint64_t zombie_next_ns(const struct zombie *z);
/* Packets a second that it sends by itself. */
double zombie_noise_pps(const struct zombie *z);
/* How long a count waits at least. */
uint64_t zombie_wait_ns(const struct zombie *z);
