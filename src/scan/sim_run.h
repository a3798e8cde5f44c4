/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests only: one scan over a simulated network, seen from both ends - the records published,
 * and each packet put in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/io.h"
#include "io/sim.h"
#include "scan/scan.h"

#define SIM_SELF4 "10.255.0.1"
#define SIM_SELF6 "fd00:ffff::1"

/* A probe as the network took it. */
struct sim_sent {
	uint64_t at_ns;
	struct addr dst;
	uint8_t kind, proto, flags, type, ttl; /* type: ICMP */
	uint16_t sport, dport;
	uint32_t seq;
};

struct sim_run {
	/* set before sim_run() */
	struct sim_conf conf;
	struct plan plan;
	const char *targets[4];
	const struct scan_past *past;
	unsigned take; /* the queue takes no more than this of a batch, 0 = all */
	void (*on)(
		struct sim_run *r, const struct rec *rec); /* sees every record; may set `stop` */
	/* A packet made up by the test for a probe that was just put in; its length, 0 = none. */
	size_t (*forge)(struct sim_run *r, const struct io_tx *tx, uint8_t *buf, size_t cap);
	volatile sig_atomic_t stop;
	/* filled by it */
	struct io io;
	struct io *sim;
	struct clock *clock;
	struct sim_sent *sent;
	size_t n_sent, cap_sent;
	struct rec_host *hosts; /* ports and from are copies; other texts are gone */
	uint64_t *reported_ns;	/* when each was published */
	size_t n_hosts, cap_hosts;
	struct rec_end end;
	uint64_t digest;		     /* of all records, in order */
	size_t outstanding, max_outstanding; /* sent and not yet received */
	uint8_t forged[64][256];
	uint32_t forged_len[64];
	unsigned n_forged;
	struct scan_result result;
	int code;
};

/* An address from its text. */
struct addr sim_addr(const char *text);
/* Puts lo..hi into a list of the plan. */
void sim_ports(struct port_list *l, unsigned lo, unsigned hi);
/* T3, no reverse DNS, no ARP, no discovery (-Pn), one technique or NULL for -sn; the hosts are
 * borrowed. */
void sim_run_init(struct sim_run *r, const struct sim_host *hosts, size_t n, const char *technique);
/* Runs; fails the test when it does not end well. Afterwards sim_run_free(). */
void sim_run(struct sim_run *r);
void sim_run_free(struct sim_run *r);
/* The record of an address, which must be there. */
const struct rec_host *sim_host_of(const struct sim_run *r, const char *addr);
/* Probes of a kind of transport that were sent to an address; proto 0 = all. */
size_t sim_sent_to(const struct sim_run *r, const struct addr *a, unsigned proto);
/* What a port does: the last rule that matches. */
enum sim_port sim_what(const struct sim_host *h, unsigned proto, uint16_t port);
/* What the port of a simulated host must be found to be by SYN, connect and UDP scans, by the
 * definition of its rules (nmap's words for it). */
enum port_state sim_truth(const struct sim_host *h, unsigned proto, uint16_t port);
/* Every port of the host's record is what it is, none is missing; `proto` and lo..hi as given to
 * sim_ports(). */
void sim_check_ports(const struct sim_run *r, const struct sim_host *h, unsigned proto, unsigned lo,
	unsigned hi);
