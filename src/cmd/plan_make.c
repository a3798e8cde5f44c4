/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to a plan. */
#include "cmd/plan_make.h"

#include <string.h>

#include "base/rng.h"
#include "cmd/plan_check.h"
#include "cmd/plan_ping.h"
#include "cmd/plan_wire.h"
#include "cmd/sweep_plan.h"
#include "cmd/tcp_flags.h"
#include "io/io.h"
#include "scan/backend.h"
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

/* The TECH_ bits to use: what was asked for, else by privilege. */
static unsigned techniques(const struct opts *o, const struct plan_world *w)
{
	if (o->list_only || o->no_ports)
		return 0;
	if (o->techniques)
		return o->techniques;
	return w->privileged ? TECH_SYN : TECH_CONNECT;
}

static int make_scan_flags(struct plan *p, const struct opts *o, struct err *e)
{
	p->wire.flags_set = o->scan_flags && !o->list_only && !o->no_ports;
	return p->wire.flags_set ? tcp_flags_parse(o->scan_flags, &p->wire.flags, e) : 0;
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
	p->zombie = tech & TECH_IDLE ? o->zombie : NULL;
	p->bounce = tech & TECH_BOUNCE ? o->bounce : NULL;
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

/* --send-eth, --send-ip and --spoof-mac are wishes for a backend. */
static int make_backend(struct plan *p, const struct opts *o, struct err *e)
{
	static const char *const names[] = {[LAYER_LINK] = "--send-eth", [LAYER_IP] = "--send-ip"};
	const char *as = o->spoof_mac ? "--spoof-mac" : names[o->layer];
	const char *want = o->layer == LAYER_IP ? io_raw_ops.name : io_packet_ops.name;

	p->backend = o->backend;
	if (o->spoof_mac && o->layer == LAYER_IP)
		return err_set(e, ERR_USAGE,
			"--spoof-mac needs frames of our own, which --send-ip does without; leave out one");
	if (!as)
		return 0;
	if (want == io_packet_ops.name && scan_frames_by(p->backend))
		return 0; /* frames they are */
	if (p->backend && strcmp(p->backend, want) != 0)
		return err_set(e, ERR_USAGE, "%s means --backend %s, not %s; leave out one", as,
			want, p->backend);
	p->backend = want;
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
	p->traceroute = o->traceroute;
	p->packet_trace = levels.trace;
	p->capture = opts_output(o, OUTPUT_HEX) || opts_output(o, OUTPUT_CAPTURE);
	p->proxies = o->proxies;
	p->defeat_rst = o->defeat_rst;
	p->defeat_icmp = o->defeat_icmp;
	p->debug = levels.debug;
	p->verbose = levels.verbose;
	if (w->seed)
		p->seed = *w->seed;
	else
		rng_entropy(&p->seed, sizeof(p->seed));
	rc = make_backend(p, o, e);
	if (rc == 0)
		rc = make_interface(p, o, w, e);
	if (rc == 0)
		rc = make_timing(p, o, e);
	if (rc == 0)
		rc = make_scan_flags(p, o, e);
	if (rc == 0)
		rc = make_ports(p, o, w, e);
	if (rc >= 0)
		rc = sweep_plan(p, o, e);
	if (rc == 0)
		rc = plan_check(p, o, w, e);
	if (rc == 0)
		rc = plan_ping(p, o, w, e);
	return rc < 0 ? rc : plan_wire(p, o, w, e);
}
