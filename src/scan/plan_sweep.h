/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of a plan that only a sweep looks at. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CONTACT_MAX 64 /* characters of --contact */

/* --sweep, --no-sweep, or neither: size and options decide. */
enum sweep_wish { SWEEP_ASK, SWEEP_YES, SWEEP_NO };

/* TCP options of the probes; in the order of --probe-options' choices. */
enum probe_options { PROBE_OPTIONS_NONE, PROBE_OPTIONS_MSS, PROBE_OPTIONS_LINUX };

struct plan_sweep {
	bool on;			  /* this plan is carried out by the sweep */
	double rate_pps;		  /* --rate, or the default; 0: --rate auto or -B only */
	bool rate_auto;			  /* find the fastest rate at which nothing is lost */
	double rate_limit_pps;		  /* --max-rate, the scope's or that of the two
					     below: never above; 0 = none */
	double host_limit_pps;		  /* --max-host-rate: to each host; 0 = none */
	double net_limit_pps;		  /* --max-net-rate: to each /24 or /48; 0 = none */
	uint64_t bandwidth_bps;		  /* --bandwidth, bits a second on the wire; 0 = not given;
					     see plan_sweep_pps */
	uint32_t shard, n_shards;	  /* shard 0 .. n_shards-1; 0 of 1 without --shard */
	enum probe_options probe_options; /* SYN only */
	bool probe_time;		  /* send times travel in the probes: RTTs */
	unsigned passes;		  /* --probes: over the whole space, one after another */
	unsigned sender_threads;	  /* 0 = the engine's choice */
	uint64_t cooldown_ns;		  /* to wait for answers after the last probe */
	const char *receipt;		  /* file, or NULL; borrowed */
	double recheck;		       /* share of the probes that is sent again, 0 = none .. 1 */
	uint32_t dedup;		       /* answers remembered to drop duplicates; 0 = none */
	bool all_answers;	       /* closed and unreachable ports are recorded, too */
	char contact[CONTACT_MAX + 1]; /* printable ASCII, "" = none: ICMP echo data, and the
					  payload of UDP probes to ports that have none */
};

/* The defaults: no rate chosen, 1 of 1 shards, linux, RTTs, one pass, 4 s, 0.5 %. */
void plan_sweep_init(struct plan_sweep *s);
/*
 * Packets a second that fill `bits_per_s` of an Ethernet link. frame_bytes: from the destination
 * address to the end of the packet, without FCS; padded to 60. A frame takes 24 bytes more of the
 * wire: preamble and start delimiter 8, FCS 4, gap 12 (IEEE 802.3 clauses 3.1.1 and 4.4.2).
 */
double plan_sweep_pps(uint64_t bits_per_s, uint32_t frame_bytes);
