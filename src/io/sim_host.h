/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosts of a simulated network: found by address, their rules, their rate limits, and what they
 * answer to a packet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/rng.h"
#include "io/sim.h"
#include "io/sim_event.h"
#include "pkt/view.h"

/* A token bucket; filled when it is first asked. */
struct sim_bucket {
	double tokens;
	uint64_t at_ns;
	bool begun;
};

struct sim_host_state {
	struct sim_bucket rst, icmp;
};

struct sim_hosts {
	const struct sim_host *v; /* borrowed */
	size_t n;
	struct sim_host_state *state; /* owned: one a host */
	uint32_t *slots;	      /* owned: open addressing, SIM_NONE = empty */
	size_t mask;
	struct hash_key key;
};

/* 0; -ENOMEM; ERR_USAGE: an address without family, or twice. A failure leaves nothing to free. */
int sim_hosts_init(struct sim_hosts *h, const struct sim_conf *c, struct err *e) MUST_CHECK;
void sim_hosts_fini(struct sim_hosts *h);
/* Index of the host with this address (zones do not matter), or SIM_NONE. */
uint32_t sim_hosts_find(const struct sim_hosts *h, const struct addr *a);
/* Takes one token; `rate` a second, at most `burst` saved up; rate 0 = no limit. Time never goes
 * back by more than jitter. */
bool sim_bucket_take(struct sim_bucket *b, uint64_t now_ns, double rate, double burst);
/* The hardware address that a host of this address answers with: made from the address, locally
 * administered. */
struct mac sim_host_mac(const struct addr *a);

/* A packet in the hands of a host. */
struct sim_packet {
	uint32_t host;
	uint64_t at_ns;
	const uint8_t *data;
	size_t len;
	struct pkt_view view;
	bool synack; /* out: the answer opened a connection (SYN on an open port) */
};

#define SIM_ANSWER_MAX 1280 /* bytes of the longest answer */

/* A router on the way, when the packet's TTL does not reach the host: *len bytes of time exceeded
 * in `out` (SIM_ANSWER_MAX), 0 = it is silent. False: the packet gets through. */
bool sim_host_expired(
	const struct sim_hosts *h, const struct sim_packet *p, uint8_t *out, size_t *len);
/* What the host's answer looks like where it arrives: its TTL, less one for each router. */
void sim_host_way_back(const struct sim_host *host, uint8_t *answer, size_t len);

/*
 * What the host answers: bytes written to `out` (SIM_ANSWER_MAX), 0 = nothing. RFC 9293 3.10.7 for
 * TCP without a connection, RFC 1122 and RFC 4443 for ICMP. Half-open connections are not known
 * here.
 */
size_t sim_host_answer(struct sim_hosts *h, struct sim_packet *p, struct rng *rng, uint8_t *out);
