/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of the records, row by row, and the small functions that read them. */
#include "model/field.h"

/* --- values ----------------------------------------------------------------------------------- */

static struct field_value text(const char *s)
{
	return (struct field_value){.type = FIELD_TEXT, .present = s != NULL, .text = s};
}

static struct field_value number(uint64_t u)
{
	return (struct field_value){.type = FIELD_UINT, .present = true, .u = u};
}

/* For numbers where 0 says "none or unknown". */
static struct field_value number_or_none(uint64_t u)
{
	return (struct field_value){.type = FIELD_UINT, .present = u != 0, .u = u};
}

static struct field_value number_unless(bool unknown, uint64_t u)
{
	return (struct field_value){.type = FIELD_UINT, .present = !unknown, .u = u};
}

static struct field_value real(double d)
{
	return (struct field_value){.type = FIELD_REAL, .present = true, .real = d};
}

static struct field_value flag(bool b)
{
	return (struct field_value){.type = FIELD_BOOL, .present = true, .flag = b};
}

static struct field_value wall(uint64_t ns)
{
	return (struct field_value){.type = FIELD_TIME, .present = ns != 0, .u = ns};
}

/* A duration that was never measured is 0 in the records. */
static struct field_value duration(uint64_t ns)
{
	return (struct field_value){.type = FIELD_NS, .present = ns != 0, .u = ns};
}

/* A duration of which 0 is a value like others. */
static struct field_value span(uint64_t ns)
{
	return (struct field_value){.type = FIELD_NS, .present = true, .u = ns};
}

/* --- words ------------------------------------------------------------------------------------ */

static const char *state_word(unsigned i)
{
	return i < PORT_STATES ? port_state_name((enum port_state)i) : NULL;
}

static const char *reason_word(unsigned i)
{
	if (i >= REASONS)
		return NULL;
	return i == REASON_NONE ? "" : reason_name((enum reason)i);
}

static const char *source_word(unsigned i)
{
	if (i >= RTT_SOURCES)
		return NULL;
	return i == RTT_NONE ? "" : rtt_source_name((enum rtt_source)i);
}

static const char *proto_word(unsigned i)
{
	static const uint8_t protos[] = {
		PROTO_IP, PROTO_TCP, PROTO_UDP, PROTO_SCTP, PROTO_ICMP, PROTO_ICMP6};

	return i < sizeof(protos) ? proto_name(protos[i]) : NULL;
}

static const char *check_word(unsigned i)
{
	static const char *const words[] = {"", "speaks", "acked", "silent", "reset", "failed"};

	return i < sizeof(words) / sizeof(words[0]) ? words[i] : NULL;
}

static const char *host_state_word(unsigned i)
{
	return i <= HOST_SKIPPED ? host_state_name((enum host_state)i) : NULL;
}

static struct field_value source(uint8_t src)
{
	return text(src == RTT_NONE ? NULL : rtt_source_name((enum rtt_source)src));
}

/* --- host ------------------------------------------------------------------------------------- */

static struct field_value host_addr(const void *rec, const struct rec_host *host)
{
	const struct rec_host *h = rec;

	return (struct field_value){.type = FIELD_ADDR, .present = true, .addr = h->addr};
}

static struct field_value host_name(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_host *)rec)->user_name);
}

static struct field_value host_ptr(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_host *)rec)->ptr_name);
}

static struct field_value host_other_addrs(const void *rec, const struct rec_host *host)
{
	const struct rec_host *h = rec;

	return (struct field_value){
		.type = FIELD_ADDRS,
		.present = h->n_other_addrs != 0,
		.addrs = {h->other_addrs, h->n_other_addrs},
	};
}

static struct field_value host_mac(const void *rec, const struct rec_host *host)
{
	const struct rec_host *h = rec;

	return (struct field_value){.type = FIELD_MAC, .present = h->has_mac, .mac = h->mac};
}

static struct field_value host_vendor(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_host *)rec)->vendor);
}

static struct field_value host_state(const void *rec, const struct rec_host *host)
{
	return text(host_state_name((enum host_state)((const struct rec_host *)rec)->state));
}

static struct field_value host_reason(const void *rec, const struct rec_host *host)
{
	const struct rec_host *h = rec;

	return text(h->reason == REASON_NONE ? NULL : reason_name((enum reason)h->reason));
}

static struct field_value host_ttl(const void *rec, const struct rec_host *host)
{
	return number_or_none(((const struct rec_host *)rec)->ttl);
}

static struct field_value host_timed_out(const void *rec, const struct rec_host *host)
{
	return flag(((const struct rec_host *)rec)->timed_out);
}

static struct field_value host_listed(const void *rec, const struct rec_host *host)
{
	return flag(((const struct rec_host *)rec)->listed);
}

static struct field_value host_scanned(const void *rec, const struct rec_host *host)
{
	return flag(((const struct rec_host *)rec)->ports_scanned);
}

static struct field_value host_start(const void *rec, const struct rec_host *host)
{
	return wall(((const struct rec_host *)rec)->start_wall_ns);
}

static struct field_value host_end(const void *rec, const struct rec_host *host)
{
	return wall(((const struct rec_host *)rec)->end_wall_ns);
}

static struct field_value host_latency(const void *rec, const struct rec_host *host)
{
	return duration(((const struct rec_host *)rec)->latency_ns);
}

static struct field_value host_latency_source(const void *rec, const struct rec_host *host)
{
	const struct rec_host *h = rec;

	return source(h->latency_ns ? h->latency_src : RTT_NONE);
}

static struct field_value host_srtt(const void *rec, const struct rec_host *host)
{
	return duration(((const struct rec_host *)rec)->srtt_ns);
}

/* A variance of 0 is a measurement; it is unknown only together with the average. */
static struct field_value host_rttvar(const void *rec, const struct rec_host *host)
{
	const struct rec_host *h = rec;
	struct field_value v = span(h->rttvar_ns);

	v.present = h->srtt_ns != 0;
	return v;
}

static struct field_value host_rto(const void *rec, const struct rec_host *host)
{
	return duration(((const struct rec_host *)rec)->rto_ns);
}

static struct field_value host_probes(const void *rec, const struct rec_host *host)
{
	return number(((const struct rec_host *)rec)->probes_sent);
}

static struct field_value host_backend(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_host *)rec)->backend);
}

/* --- port ------------------------------------------------------------------------------------- */

static struct field_value port_proto(const void *rec, const struct rec_host *host)
{
	return text(proto_name(((const struct rec_port *)rec)->proto));
}

static struct field_value port_number(const void *rec, const struct rec_host *host)
{
	return number(((const struct rec_port *)rec)->number);
}

static struct field_value port_state(const void *rec, const struct rec_host *host)
{
	return text(port_state_name((enum port_state)((const struct rec_port *)rec)->state));
}

static struct field_value port_reason(const void *rec, const struct rec_host *host)
{
	const struct rec_port *p = rec;

	return text(p->reason == REASON_NONE ? NULL : reason_name((enum reason)p->reason));
}

static struct field_value port_ttl(const void *rec, const struct rec_host *host)
{
	return number_or_none(((const struct rec_port *)rec)->ttl);
}

static struct field_value port_from(const void *rec, const struct rec_host *host)
{
	const struct rec_port *p = rec;
	struct field_value v = {.type = FIELD_ADDR};

	if (host && p->from && p->from <= host->n_from) {
		v.present = true;
		v.addr = host->from[p->from - 1];
	}
	return v;
}

static struct field_value port_rtt(const void *rec, const struct rec_host *host)
{
	return duration(((const struct rec_port *)rec)->rtt_ns);
}

static struct field_value port_rtt_source(const void *rec, const struct rec_host *host)
{
	const struct rec_port *p = rec;

	return source(p->rtt_ns ? p->rtt_src : RTT_NONE);
}

static struct field_value port_service(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_port *)rec)->service);
}

/* --- result ----------------------------------------------------------------------------------- */

static struct field_value result_addr(const void *rec, const struct rec_host *host)
{
	const struct rec_result *r = rec;

	return (struct field_value){.type = FIELD_ADDR, .present = true, .addr = r->addr};
}

static struct field_value result_proto(const void *rec, const struct rec_host *host)
{
	return text(proto_name(((const struct rec_result *)rec)->port.proto));
}

static struct field_value result_number(const void *rec, const struct rec_host *host)
{
	const struct rec_result *r = rec;

	if (r->port.proto == PROTO_ICMP || r->port.proto == PROTO_ICMP6)
		return number_or_none(r->port.number);
	return number(r->port.number);
}

static struct field_value result_state(const void *rec, const struct rec_host *host)
{
	return port_state(&((const struct rec_result *)rec)->port, NULL);
}

static struct field_value result_reason(const void *rec, const struct rec_host *host)
{
	return port_reason(&((const struct rec_result *)rec)->port, NULL);
}

static struct field_value result_ttl(const void *rec, const struct rec_host *host)
{
	return port_ttl(&((const struct rec_result *)rec)->port, NULL);
}

static struct field_value result_from(const void *rec, const struct rec_host *host)
{
	const struct rec_result *r = rec;

	return (struct field_value){
		.type = FIELD_ADDR, .present = r->port.from && r->from.family, .addr = r->from};
}

static struct field_value result_rtt(const void *rec, const struct rec_host *host)
{
	return port_rtt(&((const struct rec_result *)rec)->port, NULL);
}

static struct field_value result_rtt_source(const void *rec, const struct rec_host *host)
{
	return port_rtt_source(&((const struct rec_result *)rec)->port, NULL);
}

static struct field_value result_at(const void *rec, const struct rec_host *host)
{
	return wall(((const struct rec_result *)rec)->at_wall_ns);
}

/* A window of zero tells something, but only TCP has one. */
static struct field_value result_window(const void *rec, const struct rec_host *host)
{
	const struct rec_result *r = rec;
	struct field_value v = number(r->window);

	v.present = r->port.reason == REASON_SYN_ACK || r->port.reason == REASON_RESET;
	return v;
}

static struct field_value result_mss(const void *rec, const struct rec_host *host)
{
	return number_or_none(((const struct rec_result *)rec)->mss);
}

static struct field_value result_wscale(const void *rec, const struct rec_host *host)
{
	const struct rec_result *r = rec;
	struct field_value v = number(r->wscale);

	v.present = (r->options & RESULT_WSCALE) != 0;
	return v;
}

/* Options that are only there or not: of a SYN-ACK both are known. */
static struct field_value option_flag(const struct rec_result *r, unsigned bit)
{
	struct field_value v = flag((r->options & bit) != 0);

	v.present = r->port.reason == REASON_SYN_ACK;
	return v;
}

static struct field_value result_sack(const void *rec, const struct rec_host *host)
{
	return option_flag(rec, RESULT_SACK);
}

static struct field_value result_timestamps(const void *rec, const struct rec_host *host)
{
	return option_flag(rec, RESULT_TSTAMP);
}

static struct field_value result_check(const void *rec, const struct rec_host *host)
{
	const struct rec_result *r = rec;

	return text(r->check == CHECK_NONE ? NULL : check_word(r->check));
}

/* --- run and end ------------------------------------------------------------------------------ */

static struct field_value run_scanner(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_run *)rec)->program);
}

static struct field_value run_version(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_run *)rec)->version);
}

static struct field_value run_args(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_run *)rec)->args);
}

static struct field_value run_start(const void *rec, const struct rec_host *host)
{
	return wall(((const struct rec_run *)rec)->start_wall_ns);
}

static struct field_value run_verbose(const void *rec, const struct rec_host *host)
{
	int v = ((const struct rec_run *)rec)->verbose;

	return number(v > 0 ? (uint64_t)v : 0);
}

static struct field_value run_debug(const void *rec, const struct rec_host *host)
{
	int v = ((const struct rec_run *)rec)->debug;

	return number(v > 0 ? (uint64_t)v : 0);
}

static struct field_value run_privileged(const void *rec, const struct rec_host *host)
{
	return flag(((const struct rec_run *)rec)->privileged);
}

static struct field_value end_time(const void *rec, const struct rec_host *host)
{
	return wall(((const struct rec_end *)rec)->end_wall_ns);
}

static struct field_value end_elapsed(const void *rec, const struct rec_host *host)
{
	return span(((const struct rec_end *)rec)->elapsed_ns);
}

static struct field_value end_up(const void *rec, const struct rec_host *host)
{
	const struct rec_end *e = rec;

	return number_unless(e->hosts_unknown, e->hosts_up);
}

static struct field_value end_down(const void *rec, const struct rec_host *host)
{
	const struct rec_end *e = rec;

	return number_unless(e->hosts_unknown, e->hosts_down);
}

static struct field_value end_total(const void *rec, const struct rec_host *host)
{
	return number(((const struct rec_end *)rec)->hosts_total);
}

static struct field_value end_probes(const void *rec, const struct rec_host *host)
{
	return number(((const struct rec_end *)rec)->probes_sent);
}

static struct field_value end_replies(const void *rec, const struct rec_host *host)
{
	return number(((const struct rec_end *)rec)->replies);
}

static struct field_value end_interrupted(const void *rec, const struct rec_host *host)
{
	return flag(((const struct rec_end *)rec)->interrupted);
}

static struct field_value end_error(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_end *)rec)->error);
}

/* --- coverage --------------------------------------------------------------------------------- */

#define COVERAGE_NUMBER(member)                                                                    \
	static struct field_value covered_##member(const void *rec, const struct rec_host *host)   \
	{                                                                                          \
		return number(((const struct rec_coverage *)rec)->member);                         \
	}

COVERAGE_NUMBER(planned)
COVERAGE_NUMBER(sent)
COVERAGE_NUMBER(total)
COVERAGE_NUMBER(first)
COVERAGE_NUMBER(behind)
COVERAGE_NUMBER(skipped)
COVERAGE_NUMBER(unsent)
COVERAGE_NUMBER(answers)
COVERAGE_NUMBER(unlisted)
COVERAGE_NUMBER(duplicates)
COVERAGE_NUMBER(forged)
COVERAGE_NUMBER(late)
COVERAGE_NUMBER(no_room)
COVERAGE_NUMBER(resets)
COVERAGE_NUMBER(open)
COVERAGE_NUMBER(closed)
COVERAGE_NUMBER(other)

static struct field_value covered_rate(const void *rec, const struct rec_host *host)
{
	return real(((const struct rec_coverage *)rec)->rate_pps);
}

static struct field_value covered_hits(const void *rec, const struct rec_host *host)
{
	return real(rec_hit_rate(rec));
}

static struct field_value covered_sender(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_coverage *)rec)->sender);
}

static struct field_value covered_receiver(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_coverage *)rec)->receiver);
}

/* --- note and progress ------------------------------------------------------------------------ */

static struct field_value note_level(const void *rec, const struct rec_host *host)
{
	static const char *const names[] = {"error", "warning", "info", "debug", "trace"};
	unsigned level = (unsigned)((const struct rec_note *)rec)->level;

	return text(level < sizeof(names) / sizeof(names[0]) ? names[level] : NULL);
}

static struct field_value note_text(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_note *)rec)->text);
}

static struct field_value progress_phase(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_progress *)rec)->phase);
}

static struct field_value progress_done(const void *rec, const struct rec_host *host)
{
	return real(((const struct rec_progress *)rec)->done);
}

static struct field_value progress_elapsed(const void *rec, const struct rec_host *host)
{
	return span(((const struct rec_progress *)rec)->elapsed_ns);
}

static struct field_value progress_eta(const void *rec, const struct rec_host *host)
{
	return duration(((const struct rec_progress *)rec)->eta_ns);
}

static struct field_value progress_hosts_done(const void *rec, const struct rec_host *host)
{
	const struct rec_progress *p = rec;

	return number_unless(p->sweep, p->hosts_done);
}

static struct field_value progress_hosts_up(const void *rec, const struct rec_host *host)
{
	const struct rec_progress *p = rec;

	return number_unless(p->sweep, p->hosts_up);
}

static struct field_value progress_hosts_active(const void *rec, const struct rec_host *host)
{
	const struct rec_progress *p = rec;

	return number_unless(p->sweep, p->hosts_active);
}

static struct field_value progress_probes(const void *rec, const struct rec_host *host)
{
	return number(((const struct rec_progress *)rec)->probes_sent);
}

static struct field_value progress_rate(const void *rec, const struct rec_host *host)
{
	return real(((const struct rec_progress *)rec)->rate_pps);
}

/* --- trace and hop ---------------------------------------------------------------------------- */

static struct field_value trace_proto(const void *rec, const struct rec_host *host)
{
	const struct rec_trace *t = rec;

	return text(t->proto == PROTO_IP ? NULL : proto_name(t->proto));
}

static struct field_value trace_port(const void *rec, const struct rec_host *host)
{
	return number_or_none(((const struct rec_trace *)rec)->port);
}

static struct field_value trace_complete(const void *rec, const struct rec_host *host)
{
	return flag(((const struct rec_trace *)rec)->complete);
}

static struct field_value hop_ttl(const void *rec, const struct rec_host *host)
{
	return number(((const struct rec_hop *)rec)->ttl);
}

static struct field_value hop_addr(const void *rec, const struct rec_host *host)
{
	const struct rec_hop *h = rec;

	return (struct field_value){
		.type = FIELD_ADDR, .present = h->addr.family != 0, .addr = h->addr};
}

static struct field_value hop_name(const void *rec, const struct rec_host *host)
{
	return text(((const struct rec_hop *)rec)->name);
}

static struct field_value hop_rtt(const void *rec, const struct rec_host *host)
{
	return duration(((const struct rec_hop *)rec)->rtt_ns);
}

static struct field_value hop_rtt_source(const void *rec, const struct rec_host *host)
{
	return source(((const struct rec_hop *)rec)->rtt_src);
}

static struct field_value hop_shared(const void *rec, const struct rec_host *host)
{
	return flag(((const struct rec_hop *)rec)->shared);
}

/* --- the table -------------------------------------------------------------------------------- */

/* clang-format off */
const struct rec_field rec_fields[] = {
	{ "host", "addr",           FIELD_ADDR,  "",    "Address that was scanned.", host_addr },
	{ "host", "name",           FIELD_TEXT,  "",    "Name as the user typed it, when the target was a name.", host_name },
	{ "host", "ptr",            FIELD_TEXT,  "",    "Name from reverse DNS.", host_ptr },
	{ "host", "other_addrs",    FIELD_ADDRS, "",    "Further addresses of the name that were not scanned.", host_other_addrs },
	{ "host", "mac",            FIELD_MAC,   "",    "Ethernet address, for hosts on the same link.", host_mac },
	{ "host", "vendor",         FIELD_TEXT,  "",    "Vendor to whom the Ethernet address is registered.", host_vendor },
	{ "host", "state",          FIELD_TEXT,  "",    "up, down, unknown, or skipped (listed only, or never reached).", host_state, host_state_word },
	{ "host", "reason",         FIELD_TEXT,  "",    "What showed the state, in nmap's words.", host_reason, reason_word },
	{ "host", "reason_ttl",     FIELD_UINT,  "",    "TTL or hop limit of the packet that showed the state.", host_ttl },
	{ "host", "timed_out",      FIELD_BOOL,  "",    "The host timeout was hit; only what was learnt until then is here.", host_timed_out },
	{ "host", "listed",         FIELD_BOOL,  "",    "The host was only listed (-sL), no packet was sent to it.", host_listed },
	{ "host", "ports_scanned",  FIELD_BOOL,  "",    "A port scan of this host was made.", host_scanned },
	{ "host", "start",          FIELD_TIME,  "",    "When work on the host began.", host_start },
	{ "host", "end",            FIELD_TIME,  "",    "When work on the host ended.", host_end },
	{ "host", "latency_ns",     FIELD_NS,    "ns",  "Latency of the host.", host_latency },
	{ "host", "latency_source", FIELD_TEXT,  "",    "Clock that took the latency: user, kernel, xdp, hw or sim.", host_latency_source, source_word },
	{ "host", "srtt_ns",        FIELD_NS,    "ns",  "Smoothed round-trip time (RFC 6298).", host_srtt },
	{ "host", "rttvar_ns",      FIELD_NS,    "ns",  "Variation of the round-trip time (RFC 6298).", host_rttvar },
	{ "host", "rto_ns",         FIELD_NS,    "ns",  "Retransmission timeout that was in force at the end.", host_rto },
	{ "host", "probes_sent",    FIELD_UINT,  "",    "Probes sent to the host, retransmissions included.", host_probes },
	{ "host", "backend",        FIELD_TEXT,  "",    "Backend that carried the probes.", host_backend },

	{ "port", "proto",          FIELD_TEXT,  "",    "tcp, udp, sctp or ip.", port_proto, proto_word },
	{ "port", "port",           FIELD_UINT,  "",    "Port number (protocol number where proto is ip).", port_number },
	{ "port", "state",          FIELD_TEXT,  "",    "open, closed, filtered, unfiltered, open|filtered or closed|filtered.", port_state, state_word },
	{ "port", "reason",         FIELD_TEXT,  "",    "What showed the state, in nmap's words.", port_reason, reason_word },
	{ "port", "reason_ttl",     FIELD_UINT,  "",    "TTL or hop limit of the deciding reply.", port_ttl },
	{ "port", "reason_ip",      FIELD_ADDR,  "",    "Who sent the deciding reply, when it was not the host itself.", port_from },
	{ "port", "rtt_ns",         FIELD_NS,    "ns",  "Round-trip time of the deciding probe.", port_rtt },
	{ "port", "rtt_source",     FIELD_TEXT,  "",    "Clock that took the round-trip time: user, kernel, xdp, hw or sim.", port_rtt_source, source_word },
	{ "port", "service",        FIELD_TEXT,  "",    "Name of the port in the services table.", port_service },

	{ "result", "addr",         FIELD_ADDR,  "",    "Address that was probed.", result_addr },
	{ "result", "proto",        FIELD_TEXT,  "",    "tcp, udp, sctp, ip, icmp or icmpv6.", result_proto, proto_word },
	{ "result", "port",         FIELD_UINT,  "",    "Port number (protocol number where proto is ip).", result_number },
	{ "result", "state",        FIELD_TEXT,  "",    "open, closed, filtered, unfiltered, open|filtered or closed|filtered.", result_state, state_word },
	{ "result", "reason",       FIELD_TEXT,  "",    "What showed the state, in nmap's words.", result_reason, reason_word },
	{ "result", "reason_ttl",   FIELD_UINT,  "",    "TTL or hop limit of the answer.", result_ttl },
	{ "result", "reason_ip",    FIELD_ADDR,  "",    "Who answered, when it was not the address itself.", result_from },
	{ "result", "rtt_ns",       FIELD_NS,    "ns",  "Round-trip time.", result_rtt },
	{ "result", "rtt_source",   FIELD_TEXT,  "",    "Clock that took the round-trip time: user, kernel, xdp, hw or sim.", result_rtt_source, source_word },
	{ "result", "at",           FIELD_TIME,  "",    "When the answer came.", result_at },
	{ "result", "window",       FIELD_UINT,  "",    "TCP window of a SYN-ACK or RST, unscaled.", result_window },
	{ "result", "mss",          FIELD_UINT,  "",    "Maximum segment size that a SYN-ACK offered.", result_mss },
	{ "result", "wscale",       FIELD_UINT,  "",    "Window scale that a SYN-ACK offered (RFC 7323).", result_wscale },
	{ "result", "sack",         FIELD_BOOL,  "",    "A SYN-ACK permitted selective acknowledgements (RFC 2018).", result_sack },
	{ "result", "timestamps",   FIELD_BOOL,  "",    "A SYN-ACK had the timestamps option (RFC 7323).", result_timestamps },
	{ "result", "check",        FIELD_TEXT,  "",    "What acknowledging data showed: speaks, acked, silent, reset or failed.", result_check, check_word },

	{ "trace", "proto",         FIELD_TEXT,  "",    "Protocol of the probes; absent for a neighbour, which needs none.", trace_proto },
	{ "trace", "port",          FIELD_UINT,  "",    "Port that they were sent to.", trace_port },
	{ "trace", "complete",      FIELD_BOOL,  "",    "The host itself answered: the last hop is the host.", trace_complete },

	{ "hop", "ttl",             FIELD_UINT,  "",    "Distance, 1 = the first router.", hop_ttl },
	{ "hop", "addr",            FIELD_ADDR,  "",    "Address of the router; absent when it was silent.", hop_addr },
	{ "hop", "name",            FIELD_TEXT,  "",    "Its name from reverse DNS.", hop_name },
	{ "hop", "rtt_ns",          FIELD_NS,    "ns",  "Round-trip time.", hop_rtt },
	{ "hop", "rtt_source",      FIELD_TEXT,  "",    "Clock that took the round-trip time: user, kernel, xdp, hw or sim.", hop_rtt_source },
	{ "hop", "shared",          FIELD_BOOL,  "",    "Known from the trace to another host, with its round-trip time.", hop_shared },

	{ "run", "scanner",         FIELD_TEXT,  "",    "Name of the program.", run_scanner },
	{ "run", "version",         FIELD_TEXT,  "",    "Version of the program.", run_version },
	{ "run", "args",            FIELD_TEXT,  "",    "The command line, quoted for a shell.", run_args },
	{ "run", "start",           FIELD_TIME,  "",    "When the run began.", run_start },
	{ "run", "verbose",         FIELD_UINT,  "",    "Level of -v.", run_verbose },
	{ "run", "debug",           FIELD_UINT,  "",    "Level of -d.", run_debug },
	{ "run", "privileged",      FIELD_BOOL,  "",    "Raw packets were permitted.", run_privileged },

	{ "end", "end",             FIELD_TIME,  "",    "When the run ended.", end_time },
	{ "end", "elapsed_ns",      FIELD_NS,    "ns",  "Duration of the run.", end_elapsed },
	{ "end", "hosts_up",        FIELD_UINT,  "",    "Hosts that were up; absent when they were not counted, as in a sweep.", end_up },
	{ "end", "hosts_down",      FIELD_UINT,  "",    "Hosts that were down or not reached; absent when they were not counted.", end_down },
	{ "end", "hosts_total",     FIELD_UINT,  "",    "All targets of the run.", end_total },
	{ "end", "probes_sent",     FIELD_UINT,  "",    "Probes sent, retransmissions included.", end_probes },
	{ "end", "replies",         FIELD_UINT,  "",    "Replies received that belonged to probes.", end_replies },
	{ "end", "interrupted",     FIELD_BOOL,  "",    "The run ended early; what is here was learnt until then.", end_interrupted },
	{ "end", "error",           FIELD_TEXT,  "",    "Why the run ended early.", end_error },

	{ "coverage", "sender",      FIELD_TEXT,  "",    "What sent the probes.", covered_sender },
	{ "coverage", "receiver",    FIELD_TEXT,  "",    "What took and checked the answers.", covered_receiver },
	{ "coverage", "total",       FIELD_UINT,  "",    "Probes of all shards in one pass.", covered_total },
	{ "coverage", "first",       FIELD_UINT,  "",    "First index of the shard.", covered_first },
	{ "coverage", "behind",      FIELD_UINT,  "",    "Index behind the last one of the shard.", covered_behind },
	{ "coverage", "planned",     FIELD_UINT,  "",    "Probes that were to be sent: all passes and the sample, or what a resumed run had left.", covered_planned },
	{ "coverage", "sent",        FIELD_UINT,  "",    "Probes sent, since the run was last resumed.", covered_sent },
	{ "coverage", "skipped",     FIELD_UINT,  "",    "Probes not sent, as their targets are known not to be there.", covered_skipped },
	{ "coverage", "unsent",      FIELD_UINT,  "",    "Probes that could not leave, or were lost on this machine.", covered_unsent },
	{ "coverage", "rate_pps",    FIELD_REAL,  "1/s", "Probes a second while probes were sent.", covered_rate },
	{ "coverage", "answers",     FIELD_UINT,  "",    "Answers that proved themselves, without duplicates.", covered_answers },
	{ "coverage", "hit_rate",    FIELD_REAL,  "",    "Answers per probe sent, 0 to 1.", covered_hits },
	{ "coverage", "open",        FIELD_UINT,  "",    "Results that are open.", covered_open },
	{ "coverage", "closed",      FIELD_UINT,  "",    "Results that are closed.", covered_closed },
	{ "coverage", "other",       FIELD_UINT,  "",    "Results in other states.", covered_other },
	{ "coverage", "unlisted",    FIELD_UINT,  "",    "Answers of kinds that are only counted, such as those of closed ports in a SYN scan.", covered_unlisted },
	{ "coverage", "duplicates",  FIELD_UINT,  "",    "Answers that had come before.", covered_duplicates },
	{ "coverage", "forged",      FIELD_UINT,  "",    "Answers refused as they did not prove themselves, had wrong flags, or were cut.", covered_forged },
	{ "coverage", "late",        FIELD_UINT,  "",    "Answers refused as they came too late.", covered_late },
	{ "coverage", "no_room",     FIELD_UINT,  "",    "Answers lost on this machine before they were looked at.", covered_no_room },
	{ "coverage", "resets",      FIELD_UINT,  "",    "RSTs sent to end half-open connections.", covered_resets },

	{ "note", "level",          FIELD_TEXT,  "",    "error, warning, info, debug or trace.", note_level },
	{ "note", "text",           FIELD_TEXT,  "",    "The message.", note_text },

	{ "progress", "phase",        FIELD_TEXT, "",    "What is being done.", progress_phase },
	{ "progress", "done",         FIELD_REAL, "",    "Share of the phase that is done, 0 to 1.", progress_done },
	{ "progress", "elapsed_ns",   FIELD_NS,   "ns",  "Time since the run began.", progress_elapsed },
	{ "progress", "eta_ns",       FIELD_NS,   "ns",  "Estimated time until the phase is done.", progress_eta },
	{ "progress", "hosts_done",   FIELD_UINT, "",    "Hosts that are finished.", progress_hosts_done },
	{ "progress", "hosts_up",     FIELD_UINT, "",    "Hosts found up so far.", progress_hosts_up },
	{ "progress", "hosts_active", FIELD_UINT, "",    "Hosts in work.", progress_hosts_active },
	{ "progress", "probes_sent",  FIELD_UINT, "",    "Probes sent so far.", progress_probes },
	{ "progress", "rate_pps",     FIELD_REAL, "1/s", "Probes a second, over the last second.", progress_rate },
};
/* clang-format on */

const size_t n_rec_fields = sizeof(rec_fields) / sizeof(rec_fields[0]);
