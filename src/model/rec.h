/* SPDX-License-Identifier: BSD-2-Clause */
/* The records: typed facts that engines publish and outputs, screens and stores subscribe to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/log.h"
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
	bool listed;	/* -sL */
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
	const char *backend; /* "packet-ring", "raw", "connect", "sim" */
};

/* A port whose verdict has just been reached, live, before its host is finished (only open and
 * open|filtered-with-answer). */
struct rec_found {
	struct addr addr;
	const struct rec_port *port;
};

struct rec_scaninfo {
	const char *type; /* nmap's word: "syn" "connect" "udp" */
	uint8_t proto;
	uint32_t n_ports;
	const char *services; /* "22,80,100-200" */
};

/* The run as a whole, first record. */
struct rec_run {
	const char *program, *version; /* "sonde", "0.1.0" */
	const char *args;	       /* the command line, shell-quoted */
	uint64_t start_wall_ns;
	const struct rec_scaninfo *info;
	size_t n_info;
	int verbose, debug;
	bool privileged;
};

/* The last record. */
struct rec_end {
	uint64_t end_wall_ns, elapsed_ns;
	uint64_t hosts_up, hosts_down, hosts_total;
	uint64_t probes_sent, replies;
	bool interrupted;  /* SIGINT, SIGTERM or a failure: what is in the files is what was learnt
			      until then */
	const char *error; /* why the run ended early, or NULL */
};

struct rec_progress {
	const char *phase;	     /* "SYN scan", "ARP ping scan", ... */
	double done;		     /* 0..1 of this phase, best estimate */
	uint64_t elapsed_ns, eta_ns; /* eta 0 = unknown */
	uint64_t hosts_done, hosts_up, hosts_active;
	uint64_t probes_sent;
	double rate_pps; /* over the last second */
	bool asked;	 /* the user pressed a key or --stats-every fired: print it as a line */
};

/* A warning or error of the run, for every output that can show it. */
struct rec_note {
	enum log_level level;
	const char *text;
};

/* --packet-trace: one line a packet, made by the engine. */
struct rec_packet {
	bool sent;
	uint64_t at_ns; /* since the run began */
	const char *text;
};

enum rec_kind {
	REC_RUN,
	REC_HOST,
	REC_FOUND,
	REC_PROGRESS,
	REC_NOTE,
	REC_PACKET,
	REC_END,
	REC_KINDS
};

/* A record on the bus. Everything it points to is borrowed and valid during the call only. */
struct rec {
	enum rec_kind kind;
	union {
		const struct rec_run *run;
		const struct rec_host *host;
		const struct rec_found *found;
		const struct rec_progress *progress;
		const struct rec_note *note;
		const struct rec_packet *packet;
		const struct rec_end *end;
	};
};
