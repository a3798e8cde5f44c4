/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan: an immutable description of one scan, made by the command line and carried out by the
 * engine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "pkt/ipopt.h"
#include "scan/plan_sweep.h"
#include "target/ports.h"

/* Discovery methods, bits of plan.ping. */
enum ping_kind {
	PING_NONE = 1u << 0, /* -Pn: taken as up (neighbours must still be found) */
	PING_SYN = 1u << 1,
	PING_ACK = 1u << 2,
	PING_UDP = 1u << 3,
	PING_SCTP = 1u << 4,
	PING_ECHO = 1u << 5,
	PING_TSTAMP = 1u << 6,
	PING_MASK = 1u << 7,
	PING_PROTO = 1u << 8,
	PING_ARP = 1u << 9,	 /* ARP or ND for on-link targets; on unless --disable-arp-ping */
	PING_CONNECT = 1u << 10, /* unprivileged: connect() to the SYN and ACK lists */
};

#define PINGS_MAX 256 /* discovery probes a host */
#define TECHS_MAX 4   /* techniques in one run */

struct plan_timing {
	int template_no; /* 0..5 */
	uint64_t min_rto_ns, max_rto_ns, initial_rto_ns;
	unsigned max_retries;
	bool max_retries_set;
	uint64_t host_timeout_ns; /* 0 = none */
	uint64_t scan_delay_ns;	  /* between probes to one host */
	uint64_t max_scan_delay_tcp_ns, max_scan_delay_udp_ns;
	unsigned min_parallelism, max_parallelism; /* 0 = not given */
	unsigned min_hostgroup, max_hostgroup;	   /* hosts in work at once */
	double min_rate, max_rate;		   /* packets a second; 0 = not given */
	bool no_group_window;			   /* --nogcc */
};

#define DECOYS_MAX 128

/* What the user wants all raw probes to look like, whatever the technique. All zero: as the
 * technique makes them. */
struct plan_wire {
	bool ttl_set;
	uint8_t ttl; /* --ttl */
	bool flags_set;
	uint8_t flags; /* --scanflags, TCP_ bits */
	uint8_t *data; /* --data, --data-string, --data-length; owned */
	size_t data_len;
	struct ipopt ip_options; /* --ip-options */
	bool badsum, adler32;
	uint16_t mtu; /* bytes of IP payload in a fragment, a multiple of 8; 0 = whole packets */
	struct addr source; /* -S; family 0 = the route's */
	bool has_mac;
	struct mac mac;			/* --spoof-mac */
	struct addr decoys[DECOYS_MAX]; /* -D; ours leaves before decoys[me] */
	unsigned n_decoys, me;
};

/* The --stealth profile in force; all zero: none. */
struct plan_stealth {
	unsigned batch;		  /* probes between two pauses */
	uint64_t delay_ns;	  /* between probes */
	double jitter;		  /* the delay is drawn from delay_ns * (1 +- jitter) */
	uint64_t batch_pause_ns;  /* after a batch */
	uint64_t target_pause_ns; /* between two targets */
};

struct plan {
	/* NULL-terminated names of rows, resolved by scan_tech_by_name */
	const char *techniques[TECHS_MAX + 1];
	struct plan_wire wire;
	struct plan_stealth stealth;
	struct plan_sweep sweep;
	const char *zombie, *bounce; /* -sI, -b: their arguments as given; borrowed */
	const char *proxies;	     /* --proxies as given; borrowed */
	bool traceroute;
	bool ignore_rst;	      /* --discovery-ignore-rst */
	bool defeat_rst, defeat_icmp; /* --defeat-rst-ratelimit, --defeat-icmp-ratelimit */
	bool capture;		      /* some output wants every packet's bytes (REC_PACKET) */
	bool keep_verdicts;	      /* a checkpoint is written: REC_VERDICTS are wanted */
	bool ports_wanted;	      /* false: -sn */
	bool list_only;		      /* -sL */
	struct port_set ports;	      /* owned */
	bool sequential_ports;	      /* -r */
	unsigned ping;		      /* PING_ bits */
	struct port_list ping_syn, ping_ack, ping_udp, ping_sctp, ping_proto; /* owned */
	struct plan_timing timing;
	bool reverse_dns, reverse_all; /* default: names of hosts that are up; -n none; -R also of
					  those down */
	unsigned family;	       /* 4 or 6 */
	uint32_t ifindex;	       /* -e; 0 = the route's */
	uint16_t source_port;	       /* 0 = chosen */
	const char *backend;	       /* forced backend's name or NULL; borrowed */
	/* These three as the run begins; scan_env.levels has them as they are. */
	bool packet_trace;
	int verbose, debug;
	uint64_t seed; /* of everything that chance decides in this run */
};

/* Fills in what nmap does without options: -T3, default pings left to the engine's privilege,
 * reverse DNS on. */
void plan_init(struct plan *p);
/* nmap's template n (0..5) over p->timing; explicit options are applied after it. */
void plan_template(struct plan *p, int n);
/* Profile n of --stealth (0 aggressive .. 3 paranoid); other numbers: none. */
void plan_stealth(struct plan *p, int n);
void plan_free(struct plan *p);
