/* SPDX-License-Identifier: BSD-2-Clause */
/* The vocabulary of the records: states, reasons, protocols and sources of time, as nmap's users
 * know them. */
#include "model/word.h"

/* clang-format off */
static const char *const port_states[PORT_STATES] = {
	[PORT_UNKNOWN]         = "unknown",
	[PORT_OPEN]            = "open",
	[PORT_CLOSED]          = "closed",
	[PORT_FILTERED]        = "filtered",
	[PORT_UNFILTERED]      = "unfiltered",
	[PORT_OPEN_FILTERED]   = "open|filtered",
	[PORT_CLOSED_FILTERED] = "closed|filtered",
};

static const char *const host_states[] = {
	[HOST_UNKNOWN] = "unknown",
	[HOST_UP]      = "up",
	[HOST_DOWN]    = "down",
	[HOST_SKIPPED] = "skipped",
};

static const char *const rtt_sources[RTT_SOURCES] = {
	[RTT_NONE]   = "none",
	[RTT_USER]   = "user",
	[RTT_KERNEL] = "kernel",
	[RTT_XDP]    = "xdp",
	[RTT_HW]     = "hw",
	[RTT_SIM]    = "sim",
};

/* One and many, as nmap writes them; its "conn-refused" is its own plural. */
static const struct {
	const char *one, *many;
} reasons[REASONS] = {
	[REASON_NONE]             = { "unknown-response",   "unknown-responses" },
	[REASON_NO_RESPONSE]      = { "no-response",        "no-responses" },
	[REASON_SYN_ACK]          = { "syn-ack",            "syn-acks" },
	[REASON_RESET]            = { "reset",              "resets" },
	[REASON_CONN_REFUSED]     = { "conn-refused",       "conn-refused" },
	[REASON_CONN_ACCEPT]      = { "syn-ack",            "syn-acks" },
	[REASON_UDP_RESPONSE]     = { "udp-response",       "udp-responses" },
	[REASON_ECHO_REPLY]       = { "echo-reply",         "echo-replies" },
	[REASON_TIMESTAMP_REPLY]  = { "timestamp-reply",    "timestamp-replies" },
	[REASON_ADDRMASK_REPLY]   = { "addressmask-reply",  "addressmask-replies" },
	[REASON_ARP_RESPONSE]     = { "arp-response",       "arp-responses" },
	[REASON_ND_RESPONSE]      = { "nd-response",        "nd-responses" },
	[REASON_LOCALHOST]        = { "localhost-response", "localhost-responses" },
	[REASON_USER_SET]         = { "user-set",           "user-sets" },
	[REASON_NET_UNREACH]      = { "net-unreach",        "net-unreaches" },
	[REASON_HOST_UNREACH]     = { "host-unreach",       "host-unreaches" },
	[REASON_PROTO_UNREACH]    = { "proto-unreach",      "proto-unreaches" },
	[REASON_PORT_UNREACH]     = { "port-unreach",       "port-unreaches" },
	[REASON_NET_PROHIBITED]   = { "net-prohibited",     "net-prohibiteds" },
	[REASON_HOST_PROHIBITED]  = { "host-prohibited",    "host-prohibiteds" },
	[REASON_ADMIN_PROHIBITED] = { "admin-prohibited",   "admin-prohibiteds" },
	[REASON_BEYOND_SCOPE]     = { "beyond-scope",       "beyond-scopes" },
	[REASON_REJECT_ROUTE]     = { "reject-route",       "reject-routes" },
	[REASON_DEST_UNREACH]     = { "dest-unreach",       "dest-unreaches" },
	[REASON_TIME_EXCEEDED]    = { "time-exceeded",      "time-exceededs" },
	[REASON_PARAM_PROBLEM]    = { "param-problem",      "param-problems" },
	[REASON_INIT_ACK]         = { "init-ack",           "init-acks" },
	[REASON_ABORT]            = { "abort",              "aborts" },
	[REASON_PROTO_RESPONSE]   = { "proto-response",     "proto-responses" },
	[REASON_NO_ROUTE]         = { "no-route",           "no-routes" },
	[REASON_HOST_TIMEOUT]     = { "host-timeout",       "host-timeouts" },
	[REASON_IPID_CHANGE]      = { "ipid-change",        "ipid-changes" },
	[REASON_NO_IPID_CHANGE]   = { "no-ipid-change",     "no-ipid-changes" },
	[REASON_PROXY_REFUSED]    = { "proxy-refused",      "proxy-refuseds" },
};
/* clang-format on */

const char *port_state_name(enum port_state s)
{
	return (unsigned)s < PORT_STATES ? port_states[s] : port_states[PORT_UNKNOWN];
}

const char *host_state_name(enum host_state s)
{
	return (unsigned)s <= HOST_SKIPPED ? host_states[s] : host_states[HOST_UNKNOWN];
}

const char *reason_name(enum reason r)
{
	return (unsigned)r < REASONS ? reasons[r].one : reasons[REASON_NONE].one;
}

const char *reason_plural(enum reason r)
{
	return (unsigned)r < REASONS ? reasons[r].many : reasons[REASON_NONE].many;
}

const char *reason_summary(enum reason r)
{
	return reason_name(r);
}

const char *proto_name(unsigned proto)
{
	switch (proto) {
	case PROTO_TCP:
		return "tcp";
	case PROTO_UDP:
		return "udp";
	case PROTO_SCTP:
		return "sctp";
	case PROTO_ICMP:
		return "icmp";
	case PROTO_ICMP6:
		return "icmpv6";
	default:
		return "ip";
	}
}

const char *rtt_source_name(enum rtt_source s)
{
	return (unsigned)s < RTT_SOURCES ? rtt_sources[s] : rtt_sources[RTT_NONE];
}
