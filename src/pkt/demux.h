/* SPDX-License-Identifier: BSD-2-Clause */
/* Which codec reads what: the tables by EtherType, IP protocol and port, and the walk through a
 * frame that follows them. */
#pragma once

#include "pkt/arp.h"
#include "pkt/dns.h"
#include "pkt/eth.h"
#include "pkt/icmp4.h"
#include "pkt/ipv4.h"
#include "pkt/ipv6.h"
#include "pkt/rd.h"
#include "pkt/sctp.h"
#include "pkt/tcp.h"
#include "pkt/udp.h"

#define DEMUX_LAYERS_MAX 8

/* By which table the bytes behind a header are looked up. */
enum demux_by { DEMUX_END, DEMUX_ETHERTYPE, DEMUX_IP_PROTO, DEMUX_UDP_PORT, DEMUX_TCP_PORT };

struct pkt_codec;

/* One header of a frame, taken apart. */
struct pkt_layer {
	const struct pkt_codec *codec;
	const uint8_t *at; /* where it begins; borrowed */
	size_t len;	   /* bytes of the header */
	enum demux_by by;  /* what comes next, and its numbers: EtherType, protocol, or both ports
			      (destination first) */
	uint16_t next[2];
	union {
		struct eth_hdr eth;
		struct arp_msg arp;
		struct ipv4_hdr ipv4;
		struct {
			struct ipv6_hdr hdr;
			struct ipv6_ext ext;
		} ipv6;
		struct icmp_hdr icmp; /* ICMP and ICMPv6 */
		struct tcp_hdr tcp;
		struct udp_hdr udp;
		struct sctp_hdr sctp;
		struct dns_hdr dns;
	} u;
};

/*
 * One row a protocol.
 *  name  The lower-case word for it in records and messages.
 *  read  Reads one header at r into l->u, leaves r at what follows (limited to the header's own
 * length field) and fills l->by and l->next. Pure: no memory, no state, never beyond r. False:
 * malformed or cut off; r and *l are then not to be used.
 */
struct pkt_codec {
	const char *name;
	bool (*read)(struct rd *r, struct pkt_layer *l);
};

/* The row of that name, EtherType (behind tags), IP protocol, or port (UDP and TCP); NULL where
 * Sonde has none. */
const struct pkt_codec *demux_name(const char *name);
const struct pkt_codec *demux_ethertype(uint16_t type);
const struct pkt_codec *demux_ip_proto(uint8_t proto);
const struct pkt_codec *demux_port(enum demux_by by, uint16_t port);
/* The n-th of all codecs, NULL behind the last: for tests and listings. */
const struct pkt_codec *demux_at(size_t n);
/*
 * Walks a frame from `first` as far as there are codecs. Returns the number of layers read into
 * `layers`; *rest is what the last one left, and rest->ok is false when it stopped at a malformed
 * header.
 */
size_t demux_walk(
	const struct pkt_codec *first, struct rd *rest, struct pkt_layer layers[DEMUX_LAYERS_MAX]);
