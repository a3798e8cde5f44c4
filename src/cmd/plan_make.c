/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to a plan. */
#include "cmd/plan_make.h"

#include <string.h>

#include "base/authority.h"
#include "base/rng.h"
#include "cmd/caps.h"
#include "cmd/plan_ping.h"
#include "cmd/plan_wire.h"
#include "cmd/tcp_flags.h"
#include "io/chain.h"
#include "io/io.h"
#include "scan/tech.h"

/* ---- techniques and ports ------------------------------------------------------------------- */

/* In the order in which they are carried out. */
static const struct {
	unsigned bit;
	const struct scan_tech *tech;
} rows[] = {
	{TECH_SYN, &tech_syn},
	{TECH_CONNECT, &tech_connect},
	{TECH_NULL, &tech_null},
	{TECH_FIN, &tech_fin},
	{TECH_XMAS, &tech_xmas},
	{TECH_MAIMON, &tech_maimon},
	{TECH_ACK, &tech_ack},
	{TECH_WINDOW, &tech_window},
	{TECH_UDP, &tech_udp},
	{TECH_SCTP_INIT, &tech_sctp_init},
	{TECH_SCTP_COOKIE, &tech_sctp_cookie},
	{TECH_PROTO, &tech_proto},
	{TECH_IDLE, &tech_idle},
	{TECH_BOUNCE, &tech_bounce},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* The first of these techniques that needs raw packets, or NULL. */
static const struct scan_tech *raw_technique(unsigned tech)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if ((tech & rows[i].bit) && rows[i].tech->carrier != IO_TX_CONNECT)
			return rows[i].tech;
	return NULL;
}

/* The TECH_ bits to use: what was asked for, else by privilege. */
static unsigned techniques(const struct opts *o, const struct plan_world *w)
{
	if (o->list_only || o->no_ports)
		return 0;
	if (o->techniques)
		return o->techniques;
	return w->privileged ? TECH_SYN : TECH_CONNECT;
}

static bool backend_is(const struct opts *o, const struct io_ops *ops)
{
	return o->backend && strcmp(o->backend, ops->name) == 0;
}

static int check_privilege(
	const struct opts *o, const struct plan_world *w, unsigned tech, struct err *e)
{
	const struct scan_tech *raw = raw_technique(tech);
	struct buf remedy = {0};

	if (raw && backend_is(o, &io_connect_ops))
		return err_set(e, ERR_USAGE,
			"--backend connect carries -sT only; leave it or -s%c out", raw->letter);
	if ((tech == TECH_CONNECT || tech == TECH_BOUNCE) && o->backend &&
		!backend_is(o, &io_connect_ops))
		return err_set(e, ERR_USAGE, "--backend %s does not carry %s; leave it out",
			o->backend, tech == TECH_BOUNCE ? "-b" : "-sT");
	if (raw && !w->privileged) {
		caps_remedy(&remedy);
		err_set(e, ERR_USAGE,
			"-s%c needs permission for raw packets; run it as root, use -sT, or once: %s",
			raw->letter, buf_text(&remedy));
		buf_free(&remedy);
		return ERR_USAGE;
	}
	return 0;
}

/* Routers answer to a TTL, which only raw packets of our own can be given. */
static int check_traceroute(
	const struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	const char *without = o->list_only		       ? "-sL"
			      : p->zombie		       ? "-sI"
			      : backend_is(o, &io_connect_ops) ? "--backend connect"
			      : o->privilege == PRIVILEGE_NO   ? "--unprivileged"
							       : NULL;
	struct buf remedy = {0};

	if (!o->traceroute || (w->privileged && !without))
		return 0;
	if (without)
		return err_set(e, ERR_USAGE,
			"--traceroute sends raw packets to each host, %s does not; leave one out", without);
	caps_remedy(&remedy);
	err_set(e, ERR_USAGE,
		"--traceroute needs permission for raw packets; leave it out, run it as root, or once: %s",
		buf_text(&remedy));
	buf_free(&remedy);
	return ERR_USAGE;
}

/* What is not waited for must be asked for. */
static int check_defeat(struct plan *p, const struct opts *o, unsigned tech, struct err *e)
{
	p->defeat_rst = o->defeat_rst;
	p->defeat_icmp = o->defeat_icmp;
	if (o->defeat_rst && !(tech & TECH_SYN))
		return err_set(e, ERR_USAGE,
			"--defeat-rst-ratelimit is about the resets that -sS gets; leave it out or use -sS");
	if (o->defeat_icmp && !(tech & TECH_UDP))
		return err_set(e, ERR_USAGE,
			"--defeat-icmp-ratelimit is about the ICMP errors that -sU gets; leave it out or use -sU");
	return 0;
}

/* A frame to a neighbour needs the hardware address that ARP tells. */
static int check_frames(const struct plan *p, const struct opts *o, struct err *e)
{
	if (!o->no_arp || !p->backend || strcmp(p->backend, io_packet_ops.name) != 0)
		return 0;
	return err_set(e, ERR_USAGE,
		"--backend packet-ring (--send-eth, --spoof-mac) needs the hardware addresses of neighbours, which "
		"--disable-arp-ping does not ask for; leave that out, or use --backend raw");
}

/* The packets of connect() are the kernel's: there are no bytes to be captured. */
static int check_capture(
	const struct opts *o, const struct plan_world *w, unsigned tech, struct err *e)
{
	if (!opts_output(o, OUTPUT_CAPTURE))
		return 0;
	if (!w->privileged)
		return err_set(e, ERR_USAGE,
			"--packet-capture needs raw packets, as those of connect() are made by the kernel; "
			"use -oH, which tells of connections in words, or see sonde doctor");
	if (tech & (TECH_CONNECT | TECH_BOUNCE))
		log_say(w->log, LOG_WARN,
			"connections of %s are made by the kernel and are not in the packet capture",
			tech & TECH_BOUNCE ? "-b" : "-sT");
	return 0;
}

static int make_scan_flags(
	struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	const struct scan_tech *t = raw_technique(techniques(o, w));

	if (!o->scan_flags || o->list_only)
		return 0;
	if (!t || t->proto != PROTO_TCP)
		return err_set(e, ERR_USAGE,
			"--scanflags changes raw TCP probes, and this scan sends none; leave it out or use -sS");
	p->wire.flags_set = true;
	return tcp_flags_parse(o->scan_flags, &p->wire.flags, e);
}

static int make_ports(
	struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	unsigned tech = techniques(o, w), n = 0;
	struct port_request rq = {
		.spec = o->ports,
		.exclude = o->exclude_ports,
		.fast = o->fast || o->servicedb,
		.top = o->top_ports == OPT_UNSET ? 0 : (uint32_t)o->top_ports,
		.ratio = o->port_ratio,
		.services = w->services,
		.log = w->log,
	};

	p->ports_wanted = tech != 0;
	p->list_only = o->list_only;
	p->sequential_ports = o->sequential;
	for (size_t i = 0; i < N_ROWS; i++) {
		if (!(tech & rows[i].bit))
			continue;
		p->techniques[n++] = rows[i].tech->name;
		rq.classes |= 1u << rows[i].tech->ports;
	}
	return tech ? port_set_build(&p->ports, &rq, e) : 0;
}

/* What -b names is used later; that it can be is seen now. */
static int check_bounce(const struct opts *o, struct err *e)
{
	struct authority server;

	if (!o->bounce)
		return 0;
	if (o->min_rate > 0)
		return err_set(e, ERR_USAGE,
			"--min-rate has no effect on -b, which goes at the FTP server's pace; leave it out");
	if (authority_parse(o->bounce, &server, e))
		return err_prefix(e, "-b");
	if (strpbrk(server.user, "\r\n") || strpbrk(server.password, "\r\n"))
		return err_set(e, ERR_USAGE, "-b: a line break cannot be sent to an FTP server");
	return 0;
}

/* What would show our address to a target, or has no effect. */
static int check_idle(const struct plan *p, const struct opts *o, struct err *e)
{
	const struct {
		bool given;
		const char *what, *why;
	} no[] = {
		{o->family == 6, "-6", "IPv6 does not number packets"},
		{o->techniques != TECH_IDLE, "another technique", "it would show our address to the targets"},
		{p->backend && strcmp(p->backend, io_packet_ops.name) != 0, "that backend",
			"the kernel would show our address to a neighbour by ARP"},
		{o->scan_flags, "--scanflags", "only SYN makes open ports answer the zombie"},
		{o->min_rate > 0, "--min-rate", "each group of ports waits for the zombie"},
	};
	struct authority zombie;

	if (!o->zombie)
		return 0;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (no[i].given)
			return err_set(e, ERR_USAGE, "-sI does not go together with %s: %s; leave one out",
				no[i].what, no[i].why);
	if (authority_parse(o->zombie, &zombie, e))
		return err_prefix(e, "-sI");
	if (zombie.has_user || zombie.addr.family == 6)
		return err_set(e, ERR_USAGE,
			"-sI %.60s: name the zombie by HOST or HOST:PORT, with an IPv4 address or a name",
			o->zombie);
	return 0;
}

static int check_chain(const struct opts *o, struct err *e)
{
	struct chain chain;
	char text[PROXY_TEXT_MAX];

	if (!o->proxies)
		return 0;
	if (chain_parse(o->proxies, &chain, e))
		return err_prefix(e, "--proxies");
	if (chain.v[chain.n - 1].kind == PROXY_SOCKS4 && o->family == 6)
		return err_set(e, ERR_USAGE,
			"--proxies: %s carries IPv4 only, and -6 asks for IPv6; use socks4a or socks5",
			proxy_text(&chain.v[chain.n - 1], text));
	return 0;
}

/* ---- timing --------------------------------------------------------------------------------- */

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t higher(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Each bound that is given pushes the others, as with nmap. */
static int make_rto(struct plan_timing *t, const struct opts *o, struct err *e)
{
	if (o->min_rtt != OPT_UNSET && o->max_rtt != OPT_UNSET && o->min_rtt > o->max_rtt)
		return err_set(e, ERR_USAGE,
			"--min-rtt-timeout is more than --max-rtt-timeout; lower one or raise the other");
	if (o->max_rtt != OPT_UNSET) {
		t->max_rto_ns = o->max_rtt;
		t->min_rto_ns = lower(t->min_rto_ns, o->max_rtt);
		t->initial_rto_ns = lower(t->initial_rto_ns, o->max_rtt);
	}
	if (o->min_rtt != OPT_UNSET) {
		t->min_rto_ns = o->min_rtt;
		t->max_rto_ns = higher(t->max_rto_ns, o->min_rtt);
		t->initial_rto_ns = higher(t->initial_rto_ns, o->min_rtt);
	}
	if (o->initial_rtt != OPT_UNSET) {
		t->initial_rto_ns = o->initial_rtt;
		t->max_rto_ns = higher(t->max_rto_ns, o->initial_rtt);
		t->min_rto_ns = lower(t->min_rto_ns, o->initial_rtt);
	}
	return 0;
}

static void make_delays(struct plan_timing *t, const struct opts *o)
{
	if (o->max_scan_delay != OPT_UNSET)
		t->max_scan_delay_tcp_ns = t->max_scan_delay_udp_ns = o->max_scan_delay;
	if (o->scan_delay == OPT_UNSET)
		return;
	t->scan_delay_ns = o->scan_delay;
	t->max_scan_delay_tcp_ns = higher(t->max_scan_delay_tcp_ns, o->scan_delay);
	t->max_scan_delay_udp_ns = higher(t->max_scan_delay_udp_ns, o->scan_delay);
}

static void set_unsigned(unsigned *to, uint64_t v)
{
	if (v != OPT_UNSET)
		*to = (unsigned)v;
}

/* The slow templates go one probe at a time, unless something else is asked for. */
static void make_parallelism(struct plan_timing *t, const struct opts *o)
{
	set_unsigned(&t->min_parallelism, o->min_parallelism);
	if (o->max_parallelism != OPT_UNSET)
		t->max_parallelism = (unsigned)o->max_parallelism;
	else if (t->min_parallelism > t->max_parallelism)
		t->max_parallelism = 0;
}

static int make_timing(struct plan *p, const struct opts *o, struct err *e)
{
	struct plan_timing *t = &p->timing;

	plan_template(p, o->timing);
	make_delays(t, o);
	set_unsigned(&t->max_retries, o->max_retries);
	t->max_retries_set = o->max_retries != OPT_UNSET;
	make_parallelism(t, o);
	set_unsigned(&t->min_hostgroup, o->min_hostgroup);
	set_unsigned(&t->max_hostgroup, o->max_hostgroup);
	if (o->host_timeout != OPT_UNSET)
		t->host_timeout_ns = o->host_timeout;
	t->min_rate = o->min_rate;
	t->max_rate = o->max_rate;
	t->no_group_window = o->no_group_window;
	plan_stealth(p, o->stealth);
	return make_rto(t, o, e);
}

/* ---- the rest ------------------------------------------------------------------------------- */

static int make_interface(
	struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	const struct net_link *link;

	if (!o->interface)
		return 0;
	link = w->net ? net_link_by_name(w->net, o->interface) : NULL;
	if (!link)
		return err_set(e, ERR_USAGE,
			"-e %.40s: there is no such interface; see sonde --iflist", o->interface);
	p->ifindex = link->index;
	return 0;
}

int plan_make(struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	struct levels levels = opts_levels(o);
	int rc;

	plan_init(p);
	p->reverse_dns = !o->no_dns && !o->proxies;
	p->reverse_all = o->dns_all && !o->no_dns;
	p->family = o->family ? (unsigned)o->family : 4;
	p->source_port = o->source_port == OPT_UNSET ? 0 : (uint16_t)o->source_port;
	p->backend = o->backend;
	p->zombie = o->zombie;
	p->bounce = o->bounce;
	p->traceroute = o->traceroute;
	p->packet_trace = levels.trace;
	p->capture = opts_output(o, OUTPUT_HEX) || opts_output(o, OUTPUT_CAPTURE);
	p->proxies = o->proxies;
	p->open_only = o->open_only;
	p->debug = levels.debug;
	p->verbose = levels.verbose;
	if (w->seed)
		p->seed = *w->seed;
	else
		rng_entropy(&p->seed, sizeof(p->seed));
	rc = check_privilege(o, w, techniques(o, w), e);
	if (rc == 0)
		rc = check_capture(o, w, techniques(o, w), e);
	if (rc == 0)
		rc = check_traceroute(p, o, w, e);
	if (rc == 0)
		rc = check_bounce(o, e);
	if (rc == 0)
		rc = check_chain(o, e);
	if (rc == 0)
		rc = check_defeat(p, o, techniques(o, w), e);
	if (rc == 0)
		rc = make_interface(p, o, w, e);
	if (rc == 0)
		rc = make_timing(p, o, e);
	if (rc == 0)
		rc = make_scan_flags(p, o, w, e);
	if (rc == 0)
		rc = make_ports(p, o, w, e);
	if (rc >= 0)
		rc = plan_ping(p, o, w, e);
	if (rc == 0)
		rc = plan_wire(p, o, w, e);
	if (rc == 0)
		rc = check_idle(p, o, e);
	return rc < 0 ? rc : check_frames(p, o, e);
}
