/* SPDX-License-Identifier: BSD-2-Clause */
/* The records: typed facts that engines publish and outputs, screens and stores subscribe to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/log.h"
#include "model/rec_host.h"
#include "model/rec_sweep.h"

/* A verdict as soon as it is final, open or not: what a checkpoint keeps. */
struct rec_verdict {
	struct addr addr;
	const char *tech; /* technique's name; NULL: of the host itself, whose enum host_state,
			     reason and TTL are those of `port` */
	struct rec_port port;
	struct addr from; /* who answered when it was not the target; else family 0 */
	struct mac mac;	  /* of a neighbour that was found up; else all zero */
};

/* Those of one turn of the engine. */
struct rec_verdicts {
	const struct rec_verdict *v;
	size_t n;
};

/* A port whose verdict has just been reached, live, before its host is finished (only open and
 * open|filtered-with-answer). */
struct rec_found {
	struct addr addr;
	const struct rec_port *port;
};

/* Options of a SYN-ACK, bits of rec_result.options (RFC 9293 3.2, RFC 7323, RFC 2018). */
enum { RESULT_MSS = 1, RESULT_WSCALE = 2, RESULT_SACK = 4, RESULT_TSTAMP = 8 };

/* What acknowledging data showed of an open port (--sweep -sT). */
enum result_check {
	CHECK_NONE,   /* not made */
	CHECK_SPEAKS, /* it sent data */
	CHECK_ACKED,  /* it acknowledged ours */
	CHECK_SILENT, /* connected, and then nothing: a SYN-ACK is not a service */
	CHECK_RESET,  /* connected, and then reset */
	CHECK_FAILED, /* could not be connected to again */
};

/* One validated answer of a sweep, as it came; 10^7 of them are no reason to keep any. */
struct rec_result {
	struct addr addr;
	struct rec_port port; /* `from` 1: `from` below answered; else the target itself */
	struct addr from;
	uint64_t at_wall_ns;	 /* arrival */
	uint16_t window, mss;	 /* of a SYN-ACK or RST; mss 0 = none */
	uint8_t wscale, options; /* RESULT_ bits */
	uint8_t check;		 /* enum result_check */
};

struct rec_results {
	const struct rec_result *v;
	size_t n;
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
	bool interrupted;   /* SIGINT, SIGTERM or a failure: what is in the files is what was learnt
			       until then */
	const char *error;  /* why the run ended early, or NULL */
	bool hosts_unknown; /* a sweep's: up and down were not counted, and are 0 */
	const struct rec_coverage *sweep; /* NULL: it was none, or that is not known any more */
};

struct rec_progress {
	const char *phase;	     /* "SYN scan", "ARP ping scan", ... */
	double done;		     /* 0..1 of this phase, best estimate */
	uint64_t elapsed_ns, eta_ns; /* eta 0 = unknown */
	uint64_t hosts_done, hosts_up, hosts_active;
	uint64_t probes_sent;
	double rate_pps;		  /* over the last second */
	const struct rec_coverage *sweep; /* NULL: it is none; then hosts are not counted */
	bool asked; /* the user pressed a key or --stats-every fired: print it as a line */
};

/* A warning or error of the run, for every output that can show it. */
struct rec_note {
	enum log_level level;
	const char *text;
};

/* A packet that was sent or received: a line of --packet-trace, and its bytes for captures. */
struct rec_packet {
	bool sent;
	uint64_t at_ns;		/* since the run began */
	uint64_t wall_ns;	/* since 1970 */
	const char *text;	/* in words */
	const uint8_t *data;	/* from the network header on; NULL: connect() and its outcome */
	uint32_t len, wire_len; /* bytes here, and of the packet (more when it was cut) */
	uint16_t ethertype;	/* host order */
	struct mac src_mac, dst_mac; /* all zero where the link has none */
	const char *interface;	     /* name, or NULL when unknown */
	const char *verdict; /* what it decided, "80/tcp open (syn-ack)", or NULL; received ones */
};

enum rec_kind {
	REC_RUN,
	REC_HOST,
	REC_FOUND,
	REC_PROGRESS,
	REC_NOTE,
	REC_PACKET,
	REC_VERDICTS,
	REC_RESULTS,
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
		const struct rec_verdicts *verdicts;
		const struct rec_results *results;
		const struct rec_end *end;
	};
};
