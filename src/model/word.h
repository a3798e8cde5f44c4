/* SPDX-License-Identifier: BSD-2-Clause */
/* The vocabulary of the records: states, reasons, protocols, sources of time, and the words nmap's
 * users know them by. */
#pragma once

/* IP protocol numbers as a port's protocol (IANA). */
enum {
	PROTO_IP = 0,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ICMP6 = 58,
	PROTO_SCTP = 132
};

enum port_state {
	PORT_UNKNOWN, /* never probed to a verdict: host timed out, run interrupted */
	PORT_OPEN,
	PORT_CLOSED,
	PORT_FILTERED,
	PORT_UNFILTERED,
	PORT_OPEN_FILTERED,
	PORT_CLOSED_FILTERED,
	PORT_STATES
};

enum host_state {
	HOST_UNKNOWN,
	HOST_UP,
	HOST_DOWN,
	HOST_SKIPPED /* listed only (-sL), or never reached */
};

/* Why a state was given. Names are nmap's: users grep for them. The table is in word.c. */
enum reason {
	REASON_NONE,
	REASON_NO_RESPONSE,
	REASON_SYN_ACK,
	REASON_RESET,
	REASON_CONN_REFUSED,
	REASON_CONN_ACCEPT, /* connect(): shown as "syn-ack", as nmap does */
	REASON_UDP_RESPONSE,
	REASON_ECHO_REPLY,
	REASON_TIMESTAMP_REPLY,
	REASON_ADDRMASK_REPLY,
	REASON_ARP_RESPONSE,
	REASON_ND_RESPONSE,
	REASON_LOCALHOST,
	REASON_USER_SET,
	REASON_NET_UNREACH,
	REASON_HOST_UNREACH,
	REASON_PROTO_UNREACH,
	REASON_PORT_UNREACH,
	REASON_NET_PROHIBITED,
	REASON_HOST_PROHIBITED,
	REASON_ADMIN_PROHIBITED,
	REASON_BEYOND_SCOPE,
	REASON_REJECT_ROUTE,
	REASON_DEST_UNREACH,
	REASON_TIME_EXCEEDED,
	REASON_PARAM_PROBLEM,
	REASON_INIT_ACK,
	REASON_ABORT,
	REASON_PROTO_RESPONSE,
	REASON_NO_ROUTE,
	REASON_HOST_TIMEOUT,
	REASON_IPID_CHANGE,
	REASON_NO_IPID_CHANGE,
	REASON_PROXY_REFUSED, /* a proxy or FTP server would not try, or not say why it failed */
	REASONS
};

const char *port_state_name(enum port_state s); /* "open|filtered" */
const char *host_state_name(enum host_state s); /* "up" "down" "unknown" "skipped" */
const char *reason_name(enum reason r);		/* "no-response" */
/* "no-responses", "conn-refused"; nmap 7.93 itself writes the singular in <extrareasons>. */
const char *reason_plural(enum reason r);
const char *reason_summary(enum reason r); /* words for "Not shown: 996 closed tcp ports (reset)" */
const char *proto_name(unsigned proto);	   /* "tcp" "udp" "sctp" "ip" */

/* How a round-trip time was taken: where the later of the two clocks was read. */
enum rtt_source { RTT_NONE, RTT_USER, RTT_KERNEL, RTT_XDP, RTT_HW, RTT_SIM, RTT_SOURCES };
const char *rtt_source_name(enum rtt_source s); /* "user" "kernel" "xdp" "hw" "sim" or "none" */
