/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of one host: its ports, the way to it, all that was learnt. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "model/word.h"

struct rec_port {
	uint16_t number;
	uint8_t proto;	 /* PROTO_TCP, PROTO_UDP, PROTO_SCTP, PROTO_IP */
	uint8_t state;	 /* enum port_state */
	uint8_t reason;	 /* enum reason */
	uint8_t ttl;	 /* TTL or hop limit of the deciding reply; 0 = none or unknown */
	uint8_t rtt_src; /* enum rtt_source */
	uint8_t from;	 /* 0: the target itself answered; n: rec_host.from[n - 1] did (ICMP of a
			    router or firewall) */
	uint64_t rtt_ns; /* 0 = no answer that could be timed */
	const char *service; /* name of the port in the services table, borrowed, or NULL */
};

#define REC_FROM_MAX 32

/* One router on the way, by --traceroute. */
struct rec_hop {
	uint8_t ttl;	  /* 1 = the first */
	struct addr addr; /* family 0: it did not answer */
	uint64_t rtt_ns;  /* 0 = unknown */
	uint8_t rtt_src;  /* enum rtt_source */
	bool shared;	  /* learnt from another target's trace, and so is rtt_ns */
	const char *name; /* reverse DNS, or NULL; borrowed */
};

/* The way to a host, its own hop the last when it answered. */
struct rec_trace {
	uint8_t proto; /* of the probes: PROTO_TCP, PROTO_UDP, PROTO_SCTP, PROTO_ICMP, PROTO_ICMP6;
			  PROTO_IP = none was needed, it is a neighbour */
	uint16_t port; /* they went to; 0 where the protocol has none */
	bool complete; /* the host itself answered */
	const struct rec_hop *hops; /* ascending TTL, no gaps; borrowed */
	size_t n_hops;
};

/* One finished host. Ports are sorted by protocol (tcp, udp, sctp, ip), then number. All pointers
 * borrowed. */
struct rec_host {
	struct addr addr;
	const char *user_name;		/* as the user typed it, when that was a name; or NULL */
	const char *ptr_name;		/* reverse DNS, or NULL */
	const struct addr *other_addrs; /* further addresses of user_name that were not scanned */
	size_t n_other_addrs;
	bool has_mac;
	struct mac mac;
	const char *vendor; /* of the MAC address, or NULL */
	uint8_t state;	    /* enum host_state */
	uint8_t reason;	    /* enum reason */
	uint8_t ttl;
	bool timed_out; /* --host-timeout hit: what was learnt is here, the rest is PORT_UNKNOWN and
			   left out */
	bool partial; /* the run ends before the host is finished: there would be more to learn */
	bool listed;  /* -sL */
	bool ports_scanned; /* a port scan was made: the table (even if empty) means something */
	uint64_t start_wall_ns, end_wall_ns;
	uint64_t srtt_ns, rttvar_ns, rto_ns; /* srtt 0 = never measured */
	uint64_t latency_ns; /* what "Host is up (0.00031s latency)" shows; 0 = unknown */
	uint8_t latency_src; /* enum rtt_source */
	const struct rec_port *ports;
	size_t n_ports;
	const struct addr *from; /* responders other than the target, see rec_port.from */
	size_t n_from;
	uint64_t probes_sent;
	const char *backend;	       /* "packet-ring", "raw", "connect", "sim" */
	const struct rec_trace *trace; /* NULL: none was made */
};
