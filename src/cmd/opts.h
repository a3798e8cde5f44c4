/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a scan: the table, and what a command line and the configuration files say in its
 * terms. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"
#include "cmd/opts_sweep.h"
#include "model/levels.h"

/* Port scan techniques, bits of opts.techniques. */
enum {
	TECH_SYN = 1 << 0,
	TECH_CONNECT = 1 << 1,
	TECH_UDP = 1 << 2,
	TECH_NULL = 1 << 3,
	TECH_FIN = 1 << 4,
	TECH_XMAS = 1 << 5,
	TECH_MAIMON = 1 << 6,
	TECH_ACK = 1 << 7,
	TECH_WINDOW = 1 << 8,
	TECH_SCTP_INIT = 1 << 9,
	TECH_SCTP_COOKIE = 1 << 10,
	TECH_PROTO = 1 << 11,
	TECH_BOUNCE = 1 << 12,
	TECH_IDLE = 1 << 13,
};

/* Values of opts.privilege. */
enum { PRIVILEGE_ASK, PRIVILEGE_YES, PRIVILEGE_NO };

/* Which format an output row stands for: opt_row.value of the rows that land in opts.outputs. */
enum output_kind {
	OUTPUT_NORMAL,
	OUTPUT_XML,
	OUTPUT_GREPABLE,
	OUTPUT_JSON,
	OUTPUT_NDJSON,
	OUTPUT_CSV,
	OUTPUT_BINARY,
	OUTPUT_KIDDIE,
	OUTPUT_HEX,
	OUTPUT_CAPTURE,
	OUTPUT_ALL
};

/* Values of opts.layer. */
enum { LAYER_ANY, LAYER_LINK, LAYER_IP };

/* Where the rows land. Texts are borrowed from `conf` and `args`. */
struct opts {
	struct opt_uses conf, args;

	const char *input_list; /* -iL */
	uint64_t random;	/* -iR or OPT_UNSET */
	const char *exclude, *exclude_file;
	int family; /* 4 or 6; 0 = not said */
	bool resolve_all, unique, randomize;

	bool list_only, no_ports;		    /* -sL, -sn */
	unsigned ping;				    /* PING_ bits */
	/* port lists, NULL = not asked for; ping_mixed: -PB; ping_proto "": the default */
	const char *ping_syn, *ping_ack, *ping_mixed, *ping_udp, *ping_sctp, *ping_proto;
	bool ignore_rst;
	bool no_arp, traceroute;
	bool no_dns, dns_all, system_dns;
	const char *dns_servers;

	unsigned techniques; /* TECH_ bits, 0 = by privilege */
	const char *zombie;  /* -sI */
	const char *bounce;  /* -b: the server */
	const char *scan_flags; /* --scanflags */
	const char *ports, *exclude_ports;
	bool fast, sequential;
	uint64_t top_ports; /* or OPT_UNSET */
	double port_ratio;  /* or negative */
	const char *servicedb, *datadir;

	int timing;  /* 0..5 */
	int stealth; /* index of the profile, -1 = none */
	bool defeat_rst, defeat_icmp;
	uint64_t min_rtt, max_rtt, initial_rtt, host_timeout, scan_delay,
		max_scan_delay; /* ns or OPT_UNSET */
	uint64_t max_retries, min_hostgroup, max_hostgroup, min_parallelism,
		max_parallelism;   /* or OPT_UNSET */
	double min_rate, max_rate; /* 0 = not said */

	const char *interface, *backend;
	const char *proxies;
	uint64_t source_port; /* or OPT_UNSET */
	int privilege;

	int fragments;		    /* -f: how often */
	uint64_t mtu, ttl;	    /* or OPT_UNSET */
	const char *decoys, *source, *spoof_mac, *ip_options;
	const char *data, *data_string;
	uint64_t data_length; /* or OPT_UNSET */
	bool badsum, adler32;
	int layer; /* LAYER_ */

	struct opts_sweep sweep;

	const char *resume, *checkpoint; /* files, NULL = not said */
	bool no_checkpoint;
	struct opt_list outputs;
	const char *fields, *where;
	const char *results; /* the file that convert reads; no option lands here */
	bool append, open_only, reason, packet_trace, noninteractive, iflist;
	int verbose, debug; /* OPT_LEVEL */
	const char *stylesheet;
	int xml_style;		   /* XML_STYLE_ */
	uint64_t capture_limit;	   /* bytes or OPT_UNSET */
	struct opt_list route_dst; /* addresses */
	bool no_group_window;	   /* --nogcc */
	const char *nsock_engine;
	uint64_t stats_every; /* ns or OPT_UNSET */

	const char *config;
	bool help, version;
	bool thc, ident;
	bool no_effect; /* what nmap takes without effect, and Sonde for its sake */
};

/* Our own unless something else is asked for; with `stylesheet`, that. */
enum { XML_STYLE_OWN, XML_STYLE_WEB, XML_STYLE_NONE };

extern const struct opt_table scan_opts;

/* Whether an option is about more of the wire than connections, so that --proxies rules it out. */
bool opts_beyond_proxies(const struct opt_row *r);

/* Whether an option is about sweeps only, so that a stateful scan has no use for it. */
bool opts_sweep_only(const struct opt_row *r);

/*
 * Reads the command line (program and command names excluded), then the configuration files, and
 * stores both in *o. Checks what options mean together. ERR_USAGE or ERR_UNSUPPORTED with one line
 * in `e`. Always opts_free. argv is borrowed until then.
 */
int opts_read(struct opts *o, int argc, const char *const *argv, struct err *e) MUST_CHECK;
/* The same, with these settings instead of those of the configuration files; `conf` is taken. */
int opts_repeat(struct opts *o, int argc, const char *const *argv, struct opt_uses *conf,
	struct err *e) MUST_CHECK;
void opts_free(struct opts *o);
/* How much is to be told; each -d is a -v, too. */
struct levels opts_levels(const struct opts *o);
/* Whether an output of that kind (OUTPUT_) is asked for. */
bool opts_output(const struct opts *o, int kind);
/* The first use of a row that is `wanted`, on the command line, else in a file; NULL: none. */
const struct opt_use *opts_find(const struct opts *o, bool (*wanted)(const struct opt_row *r));
