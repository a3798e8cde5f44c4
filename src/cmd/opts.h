/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a scan: the table, and what a command line and the configuration files say in its
 * terms. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"

/* Port scan techniques, bits of opts.techniques. */
enum { TECH_SYN = 1, TECH_CONNECT = 2, TECH_UDP = 4 };

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
	OUTPUT_ALL
};

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
	const char *ping_syn, *ping_ack, *ping_udp; /* port lists, NULL = not asked for */
	bool no_arp;
	bool no_dns, dns_all, system_dns;
	const char *dns_servers;

	unsigned techniques; /* TECH_ bits, 0 = by privilege */
	const char *ports, *exclude_ports;
	bool fast, sequential;
	uint64_t top_ports; /* or OPT_UNSET */
	double port_ratio;  /* or negative */
	const char *servicedb, *datadir;

	int timing; /* 0..5 */
	uint64_t min_rtt, max_rtt, initial_rtt, host_timeout, scan_delay,
		max_scan_delay; /* ns or OPT_UNSET */
	uint64_t max_retries, min_hostgroup, max_hostgroup, min_parallelism,
		max_parallelism;   /* or OPT_UNSET */
	double min_rate, max_rate; /* 0 = not said */

	const char *interface, *backend;
	uint64_t source_port; /* or OPT_UNSET */
	int privilege;

	struct opt_list outputs;
	bool append, open_only, reason, packet_trace, noninteractive, iflist;
	int verbose, debug; /* OPT_LEVEL */
	const char *stylesheet;
	int xml_style;	      /* XML_STYLE_ */
	uint64_t stats_every; /* ns or OPT_UNSET */

	const char *config;
	bool help, version, release_memory;
};

enum { XML_STYLE_GIVEN, XML_STYLE_WEB, XML_STYLE_NONE };

extern const struct opt_table scan_opts;

/*
 * Reads the command line (program and command names excluded), then the configuration files, and
 * stores both in *o. Checks what options mean together. ERR_USAGE or ERR_UNSUPPORTED with one line
 * in `e`. Always opts_free. argv is borrowed until then.
 */
int opts_read(struct opts *o, int argc, const char *const *argv, struct err *e) MUST_CHECK;
void opts_free(struct opts *o);
