/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulated network behind io_sim: hosts, delay, loss, rate limits, firewalls, a virtual clock;
 * a function of its seed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/rec.h"

/* What a port of a simulated host does. */
enum sim_port {
	SIM_CLOSED,	 /* RST; ICMP port unreachable for UDP; SCTP ABORT; ICMP says that a
			    protocol is unknown */
	SIM_OPEN,	 /* SYN-ACK; a UDP answer to any payload; SCTP INIT ACK; a packet of the
			    same protocol */
	SIM_DROP,	 /* silence */
	SIM_REJECT_RST,	 /* a firewall's RST */
	SIM_REJECT_ICMP, /* a firewall's admin-prohibited */
	SIM_OPEN_MUTE,	 /* UDP, a protocol: open, never answers */
};

/* One host. Rules are looked up last to first; none matching = SIM_CLOSED. */
struct sim_rule {
	uint8_t proto; /* PROTO_TCP, PROTO_UDP, PROTO_SCTP; PROTO_IP: lo..hi are protocols that
			  are not one of these or ICMP */
	uint16_t lo, hi;
	enum sim_port what;
};

struct sim_host {
	struct addr addr;
	uint64_t rtt_ns;    /* base round trip */
	uint64_t jitter_ns; /* uniform extra, each packet */
	double loss;	    /* probability for each packet, each way */
	double rst_per_s; /* limit of RSTs a second (token bucket, burst = one tenth, at least 1), 0
			     = none */
	double icmp_per_s; /* limit of ICMP errors a second, burst 6 as Linux' ratelimit 1/s does, 0
			      = none */
	bool dead;	   /* answers nothing, no ARP either */
	bool no_ping;	   /* ICMP echo, timestamp and address mask are dropped */
	bool rst_window;   /* an old stack: RSTs of open ports carry their window */
	struct addr router; /* who sends SIM_REJECT_ICMP for it; family 0 = the host itself */
	const struct addr *path; /* routers on the way to it, the nearest first; borrowed; family 0:
				    one that tells nobody of packets whose TTL has run out */
	size_t n_path;
	uint8_t ttl; /* that its packets set out with, 0 = 64 */
	const struct sim_rule *rules; /* borrowed */
	size_t n_rules;
};

struct sim_conf {
	uint64_t seed;
	struct addr self4, self6;     /* the scanner's addresses */
	const struct sim_host *hosts; /* borrowed for the life of the network */
	size_t n_hosts;
	uint64_t bottleneck_pps; /* shared queue of the path, 0 = unlimited */
	uint32_t queue_packets;	 /* of that bottleneck; tail drop */
};

struct sim_net;

/* *out owned: sim_free. -ENOMEM, or ERR_USAGE for hosts that repeat an address. */
int sim_open(struct sim_net **out, const struct sim_conf *c, struct err *e) MUST_CHECK;
/* Frees; NULL is fine. Backends opened on it must be closed before. */
void sim_free(struct sim_net *s);
struct clock *sim_clock(struct sim_net *s); /* borrowed; give it to the engine */
/* Probes that reached the network's entrance, and packets lost on purpose. */
void sim_counts(const struct sim_net *s, uint64_t *probes, uint64_t *lost);
