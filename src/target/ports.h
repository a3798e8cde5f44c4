/* SPDX-License-Identifier: BSD-2-Clause */
/* Port specifications in nmap's grammar, and the services table they refer to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"

/* Protocol classes of a port specification; bit i of a mask is 1 << class. */
enum port_class { PORTS_TCP, PORTS_UDP, PORTS_SCTP, PORTS_IP, PORT_CLASSES };

/* ---- services table
 * -------------------------------------------------------------------------------------------- */

struct services;

/*
 * The compiled-in table of data/services.tsv (name by port, aliases, rank), or `file` in
 * nmap-services' format (name<tab>port/proto<tab> frequency) when not NULL: --servicedb, or
 * DIR/nmap-services of --datadir. The compiled-in table costs nothing to open. *out is owned.
 */
int services_open(struct services **out, const char *file, struct err *e) MUST_CHECK;
void services_free(struct services *s);
/* Name of a port, borrowed, NULL when it has none. IP protocols by their IANA keyword. */
const char *services_name(const struct services *s, enum port_class c, uint16_t port);
/* Where the table came from, for doctor and reports: "built in" or the file. */
const char *services_source(const struct services *s);

/* ---- sets
 * ------------------------------------------------------------------------------------------------------
 */

/* Ports of one protocol: ascending, no duplicates. */
struct port_list {
	uint16_t *ports; /* owned by the set */
	uint32_t n;
};

struct port_set {
	struct port_list of[PORT_CLASSES];
};

/* Frees the lists, leaves an empty set. */
void port_set_free(struct port_set *s);

/* What the user asked for; every member may be absent. */
struct port_request {
	const char *spec;    /* -p, or NULL */
	const char *exclude; /* --exclude-ports, or NULL */
	bool fast;	     /* -F, or implied by --servicedb/--datadir's use */
	uint32_t top;	     /* --top-ports, 0 = not given */
	double ratio;	     /* --port-ratio, negative = not given */
	unsigned classes;    /* mask of protocols that a requested technique scans */
	const struct services *services;
	const struct log
		*log; /* nmap's warnings (ports of a protocol that is not scanned); may be NULL */
};

/*
 * nmap's rules, exactly: ranges, open ends, "T:" "U:" "S:" "P:" until the next prefix, names and
 * wildcards, "[...]" filters (only ports in the services table), "-p-" = 1-65535, trailing comma
 * legal, none of -p/-F/--top-ports/--port-ratio: the 1,000 most frequent per protocol (all 256 for
 * IP). A protocol that is scanned but left without ports is a warning (nmap skips that technique),
 * a specification without any port an error. Errors are ERR_USAGE and show the offending part.
 */
int port_set_build(struct port_set *out, const struct port_request *rq, struct err *e) MUST_CHECK;
/* A glued list of a discovery option ("22,80-81" of -PS22,80-81), same grammar, one class. */
int port_list_parse(struct port_list *out, const char *spec, enum port_class c,
	const struct services *s, struct err *e) MUST_CHECK;
void port_list_free(struct port_list *l);
/* "22,80,100-200": owned text (free()); "" for an empty list, NULL when memory ran out. */
char *port_list_text(const struct port_list *l);
/* The list in order of frequency, most frequent first, ties and unknown ones by number: owned array
 * of l->n ports, NULL when memory ran out. */
uint16_t *port_list_by_rank(const struct port_list *l, enum port_class c, const struct services *s);
