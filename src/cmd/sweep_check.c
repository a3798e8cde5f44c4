/* SPDX-License-Identifier: BSD-2-Clause */
/* What does not go with --sweep. */
#include "cmd/sweep_check.h"

#include <stddef.h>
#include <string.h>

#include "io/io.h"
#include "pkt/tcp.h"
#include "scan/tech.h"

/*
 * A sweep sends one kind of probe to each address and port, in an order that no host notices,
 * and remembers no host: what is about hosts, about retransmission, or about packets that pass
 * user space one by one has nothing to hold on to.
 */
#define ROW(member) offsetof(struct opts, member)
static const struct {
	size_t lands;
	const char *why, *instead;
} no[] = {
	/* clang-format off */
	{ROW(list_only), "-sL sends nothing", "leave out one"},
	{ROW(zombie), "it asks the zombie after each group of ports", "leave out one"},
	{ROW(bounce), "the FTP server makes the packets", "leave out one"},
	{ROW(proxies), "proxies carry TCP connections only", "leave out one"},
	{ROW(traceroute), "it follows up on each host", "leave it out"},
	{ROW(ping_mixed), "a sweep sends one kind of probe", "use -PS or -PA"},
	{ROW(ping_proto), "a sweep has no such probe", "use -PE"},
	{ROW(ignore_rst), "each answer is reported as what it is", "leave it out"},
	{ROW(no_arp), "neighbours' hardware addresses must be found", "leave it out"},
	{ROW(dns_all), "no names are looked up for so many addresses", "leave it out"},
	{ROW(sequential), "the order is a permutation of addresses and ports", "leave it out"},
	{ROW(timing), "it has a rate and no round trips to adapt to", "use --rate"},
	{ROW(stealth), "it has a rate and no targets to go through one by one", "use --rate"},
	{ROW(min_rate), "its rate is exact", "use --rate"},
	{ROW(min_rtt), "it does not wait for single answers", "use --cooldown"},
	{ROW(max_rtt), "it does not wait for single answers", "use --cooldown"},
	{ROW(initial_rtt), "it does not wait for single answers", "use --cooldown"},
	{ROW(max_retries), "it does not know which probes were lost", "use --probes"},
	{ROW(host_timeout), "it is not at work on one host", "leave it out"},
	{ROW(scan_delay), "it is not at work on one host", "use --rate"},
	{ROW(max_scan_delay), "it is not at work on one host", "use --rate"},
	{ROW(min_hostgroup), "all hosts are in work at once", "leave it out"},
	{ROW(max_hostgroup), "all hosts are in work at once", "leave it out"},
	{ROW(min_parallelism), "it does not count probes under way", "use --rate"},
	{ROW(max_parallelism), "it does not count probes under way", "use --rate"},
	{ROW(no_group_window), "it has no congestion window", "leave it out"},
	{ROW(defeat_rst), "it does not slow down for single hosts", "leave it out"},
	{ROW(defeat_icmp), "it does not slow down for single hosts", "leave it out"},
	{ROW(fragments), "its probes are patched from a template, whole", "leave it out"},
	{ROW(mtu), "its probes are patched from a template, whole", "leave it out"},
	{ROW(decoys), "each probe leaves once", "leave it out"},
	{ROW(spoof_mac), "answers must come back to the interface", "leave it out"},
	{ROW(ip_options), "its probes are patched from a template without options", "leave it out"},
	{ROW(data), "its probes carry their protocol's payload only", "leave it out"},
	{ROW(data_string), "its probes carry their protocol's payload only", "use --contact"},
	{ROW(data_length), "its probes carry their protocol's payload only", "leave it out"},
	{ROW(badsum), "its checksums are patched, not made", "leave it out"},
	{ROW(adler32), "its checksums are patched, not made", "leave it out"},
	{ROW(layer), "it chooses the way by what the link can do", "use --backend"},
	{ROW(packet_trace), "its packets do not pass user space", "use tcpdump"},
	/* clang-format on */
};

static const char *why_not(const struct opt_row *r, const char **instead)
{
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (r->lands != no[i].lands)
			continue;
		*instead = no[i].instead;
		return no[i].why;
	}
	if (r->lands == ROW(outputs) && (r->value == OUTPUT_HEX || r->value == OUTPUT_CAPTURE)) {
		*instead = "use tcpdump";
		return "its packets do not pass user space";
	}
	return NULL;
}

/* One kind of probe a run, of those that can be made from a template. */
static int check_techniques(const struct plan *p, const struct opts *o, struct err *e)
{
	const unsigned none = TECH_PROTO | TECH_SCTP_COOKIE;

	if (o->techniques & none)
		return err_set(e, ERR_USAGE,
			"%s does not go with --sweep, which has no such probe; leave out one",
			o->techniques & TECH_PROTO ? "-sO" : "-sZ");
	if (p->techniques[0] && p->techniques[1])
		return err_set(e, ERR_USAGE,
			"--sweep sends one kind of probe in a run; sweep once for each technique");
	if (o->privilege == PRIVILEGE_NO)
		return err_set(e, ERR_USAGE,
			"--sweep needs raw packets, which --unprivileged gives up; leave out one");
	if (o->backend && strcmp(o->backend, io_connect_ops.name) == 0)
		return err_set(e, ERR_USAGE,
			"--sweep sends packets of its own, which --backend connect does not; leave out one");
	return 0;
}

/* Hosts are not found first: what a sweep sends is its discovery. */
static int check_discovery(const struct opts *o, struct err *e)
{
	bool asked = o->ping_syn || o->ping_ack || o->ping_udp || o->ping_sctp ||
		     (o->ping & ~(unsigned)PING_NONE);

	if (o->ping & PING_MASK)
		return err_set(e, ERR_USAGE,
			"-PM does not go with --sweep, which has no such probe; use -PE or -PP");
	if (!asked || o->no_ports)
		return 0;
	return err_set(e, ERR_USAGE,
		"--sweep probes every address and looks for no hosts first; leave out the discovery options, or add -sn to do only that");
}

static bool has_syn(const struct plan *p)
{
	const struct scan_tech *t = p->techniques[0] ? scan_tech_by_name(p->techniques[0]) : NULL;
	uint8_t flags = t == &tech_connect  ? TCP_SYN
			: !t		    ? 0
			: p->wire.flags_set ? p->wire.flags
					    : t->flags;

	return t && t->proto == PROTO_TCP && flags & TCP_SYN;
}

/* TCP SYNs, SCTP INITs and ICMP timestamps have no room for a note. */
static bool has_room(const struct plan *p, const struct opts *o)
{
	const struct scan_tech *t = p->techniques[0] ? scan_tech_by_name(p->techniques[0]) : NULL;

	if (o->no_ports)
		return !(o->ping & PING_TSTAMP);
	return t && t->proto == PROTO_UDP;
}

/* What is about one kind of probe only, and the sweep sends another. */
static int check_kind(
	const struct plan *p, const struct opts *o, const struct opt_use *u, struct err *e)
{
	if (u->row->lands == ROW(sweep.contact) && !has_room(p, o))
		return err_set(e, ERR_USAGE,
			"%s: only ICMP echo requests (-sn -PE) and UDP probes (-sU) have room for a note; leave it out",
			u->as);
	if (u->row->lands == ROW(sweep.probe_options) && !has_syn(p))
		return err_set(e, ERR_USAGE,
			"%s is about TCP SYN probes, and this sweep sends none; leave it out",
			u->as);
	return 0;
}

int sweep_check(const struct plan *p, const struct opts *o, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < o->args.n && rc == 0; i++) {
		const struct opt_use *u = &o->args.v[i];
		const char *instead, *why = why_not(u->row, &instead);

		if (why)
			return err_set(e, ERR_USAGE, "%s does not go with --sweep: %s; %s", u->as,
				why, instead);
		rc = check_kind(p, o, u, e);
	}
	rc = rc < 0 ? rc : check_techniques(p, o, e);
	return rc < 0 ? rc : check_discovery(o, e);
}
