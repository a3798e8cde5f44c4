/* SPDX-License-Identifier: BSD-2-Clause */
/* Probe techniques: how a probe is made, how its answer is told from everything else, and what it
 * means. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "io/io.h"
#include "model/rec.h"
#include "pkt/view.h"
#include "target/ports.h"

/* tries that a probe's fields can tell apart; later ones share the last mark */
#define TECH_TRIES_MAX 16

#define PROBE_MAX    1500 /* bytes of the longest probe */
#define TRACE_TTLS   30	  /* highest TTL of route tracing; each has a source port of its own */
#define SPORT_WINDOW (TECH_TRIES_MAX + TRACE_TTLS + 1)

/* What is secret and constant in one run. */
struct tech_run {
	struct hash_key key; /* of the cookies */
	uint16_t sport_base; /* first of TECH_TRIES_MAX source ports, one a try; host order */
	bool sport_fixed;    /* -g: every probe leaves from sport_base */
	uint16_t icmp_id;
	uint8_t ttl;
	uint32_t ts_ms; /* value of TCP timestamps: the engine's clock in ms plus a secret */
	const struct plan_wire *wire; /* what the user wants probes to look like; borrowed */
	struct rng *rng;	      /* for IP identifications; borrowed */
};

struct scan_tech;

/* One probe: to whom, from whom, what for, and which try it is. */
struct probe {
	const struct tech_run *run;
	const struct scan_tech *tech; /* whose functions are called */
	struct addr src, dst;
	struct mac src_mac; /* of our interface; ARP and ND only */
	uint16_t port;	    /* destination port, host order; 0 where the technique has none */
	uint8_t variant;    /* which of several payloads of the port */
	uint8_t try;	    /* 0 = the first */
};

/* A template: the first probe of a host and technique, patched for each further one. */
struct tmpl {
	uint16_t len;
	uint8_t data[124];
};

struct verdict {
	uint8_t state;	/* enum port_state */
	uint8_t reason; /* enum reason */
};

/* What of a received packet a technique is asked about. */
struct answer {
	const struct scan_tech *tech; /* that technique */
	const struct pkt_view *view;
	const struct pkt_l4 *l4; /* of the reply, or what an ICMP error quotes of our probe */
	bool quoted;		 /* l4 is a quotation */
};

struct scan_driver;

/* One row a technique. All functions are pure but for the run's generator of random numbers. */
struct scan_tech {
	const char *name;      /* "syn" */
	const char *title;     /* "SYN scan": progress and messages */
	const char *scaninfo;  /* nmap's word in XML; NULL for discovery probes */
	char letter;	       /* of -sX; 0 for discovery probes */
	uint8_t flags;	       /* TCP: of the probe, unless --scanflags says others */
	uint8_t proto;	       /* protocol of the port records, and of replies (ICMP probes: 0) */
	enum port_class ports; /* which list of the plan's ports it scans */
	enum io_tx_kind carrier;
	uint16_t ethertype; /* IO_TX_LINK */
	uint8_t silence;    /* enum port_state after all tries went unanswered */
	/* Writes a whole probe to buf (cap >= PROBE_MAX) and returns its length; 0 if it cannot be
	 * made for this address family. */
	size_t (*make)(const struct probe *p, uint8_t *buf, size_t cap);
	/* Optional: turns the template, made with another port and try for the same host, into the
	 * probe; cheaper than make. */
	size_t (*patch)(const struct tmpl *t, const struct probe *p, uint8_t *buf);
	/* Whether the answer belongs to a probe of ours to this host: cookie, ports, identifiers.
	 * Gives port and try; try UINT8_MAX when it cannot be told. */
	bool (*owns)(const struct tech_run *run, const struct addr *host, const struct answer *a,
		uint16_t *port, uint8_t *try);
	/* What a direct answer (not an ICMP error) means; false: it says nothing (a stray). */
	bool (*classify)(const struct answer *a, struct verdict *v);
	/* Optional: what an ICMP error means to this technique, instead of tech_icmp_verdict. */
	bool (*icmp)(const struct pkt_view *v, bool from_target, struct verdict *out);
	/* Optional: verdicts that do not come from one probe a port (idle scan, FTP bounce); the
	 * functions above are NULL then. See scan/driver.h. */
	const struct scan_driver *driver;
};

/* Port scans. */
extern const struct scan_tech tech_syn, tech_connect, tech_null, tech_fin, tech_xmas, tech_maimon,
	tech_ack, tech_window, tech_udp, tech_sctp_init, tech_sctp_cookie, tech_proto,
	tech_idle, tech_bounce;
/* Discovery; of the port scans tech_connect, tech_udp, tech_sctp_init and tech_proto serve as
 * well. */
extern const struct scan_tech tech_syn_ping, tech_ack_ping, tech_echo, tech_tstamp, tech_mask,
	tech_arp, tech_nd;

/* Rows that scan ports (NULL-terminated), and the row of that name or NULL. */
extern const struct scan_tech *const scan_techs[];
const struct scan_tech *scan_tech_by_name(const char *name);

/*
 * What an ICMP or ICMPv6 error about a probe means (RFC 792, RFC 1122 3.2.2.1, RFC 4443 3): UDP
 * port unreachable from the target itself is closed, everything else filtered; the reason is the
 * error's name. False when the type is no destination-unreachable kind.
 */
bool tech_icmp_verdict(
	const struct scan_tech *t, const struct pkt_view *v, bool from_target, struct verdict *out);
/* The same for the outcome of connect(): errno as io_rx gives it. False: nothing learnt
 * (ETIMEDOUT). */
bool tech_connect_verdict(int error, struct verdict *out);
/* Whether closed ports are told by ICMP errors, of which hosts send only so many (UDP, IP
 * protocols). */
bool tech_refused_by_icmp(const struct scan_tech *t);

struct build_ip;

/* The IP header of a probe: addresses, TTL, identification and options as the run wants them.
 * Options are borrowed from the run. */
void tech_ip(const struct probe *p, struct build_ip *ip);

/* What a UDP probe to this port carries: the user's data, or the port's payload number `variant`
 * (modulo their number); NULL and 0 for none. */
const uint8_t *tech_udp_payload(
	const struct tech_run *run, uint16_t port, unsigned variant, size_t *len);
/* Source port of a try, and the try a source port stands for (false: not ours). */
uint16_t tech_sport(const struct tech_run *run, uint8_t try);
bool tech_sport_try(const struct tech_run *run, uint16_t sport, uint8_t *try);
/*
 * The number that proves an answer ours: a keyed hash over address, port and try. A forged answer
 * passes with probability 2^-32 a try; the source port must fit as well.
 */
uint32_t tech_cookie(
	const struct tech_run *run, const struct addr *host, uint16_t port, uint8_t try);
