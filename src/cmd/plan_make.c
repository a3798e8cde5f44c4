/* SPDX-License-Identifier: BSD-2-Clause */
/* From options to a plan. */
#include "cmd/plan_make.h"

#include <string.h>

#include "cmd/caps.h"
#include "base/rng.h"
#include "io/io.h"

#define DISCOVERY_MAX 256 /* discovery probes a host */

/* ---- techniques and ports ------------------------------------------------------------------- */

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
	unsigned raw = tech & (TECH_SYN | TECH_UDP);
	struct buf remedy = {0};

	if (raw && backend_is(o, &io_connect_ops))
		return err_set(e, ERR_USAGE,
			"--backend connect carries -sT only; leave it or -s%c out",
			raw & TECH_SYN ? 'S' : 'U');
	if (tech == TECH_CONNECT && o->backend && !backend_is(o, &io_connect_ops))
		return err_set(
			e, ERR_USAGE, "--backend %s does not carry -sT; leave it out", o->backend);
	if (raw && !w->privileged) {
		caps_remedy(&remedy);
		err_set(e, ERR_USAGE,
			"-s%c needs permission for raw packets; run it as root, use -sT, or once: %s",
			raw & TECH_SYN ? 'S' : 'U', buf_text(&remedy));
		buf_free(&remedy);
		return ERR_USAGE;
	}
	return 0;
}

/* connect() leaves the source port to the kernel: -g is taken only where a raw probe uses it. */
static int check_source_port(
	const struct opts *o, const struct plan_world *w, unsigned tech, struct err *e)
{
	struct buf remedy = {0};

	if (o->source_port == OPT_UNSET || o->list_only || (w->privileged && tech != TECH_CONNECT))
		return 0;
	if (o->techniques == TECH_CONNECT)
		return err_set(e, ERR_USAGE,
			"-g has no effect on -sT, where the kernel chooses the source port; leave it out or use -sS");
	if (backend_is(o, &io_connect_ops) || o->privilege == PRIVILEGE_NO)
		return err_set(e, ERR_USAGE,
			"-g has no effect with %s, where the kernel chooses the source port; leave one out",
			o->privilege == PRIVILEGE_NO ? "--unprivileged" : "--backend connect");
	caps_remedy(&remedy);
	err_set(e, ERR_USAGE,
		"-g needs permission for raw packets; leave it out, run it as root, or once: %s",
		buf_text(&remedy));
	buf_free(&remedy);
	return ERR_USAGE;
}

/* A frame to a neighbour needs the hardware address that ARP tells. */
static int check_frames(const struct opts *o, struct err *e)
{
	if (!o->no_arp || !backend_is(o, &io_packet_ops))
		return 0;
	return err_set(e, ERR_USAGE,
		"--backend packet-ring needs the hardware addresses of neighbours, which "
		"--disable-arp-ping does not ask for; leave that out, or use --backend raw");
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
		.classes = (tech & (TECH_SYN | TECH_CONNECT) ? 1u << PORTS_TCP : 0) |
			   (tech & TECH_UDP ? 1u << PORTS_UDP : 0),
		.services = w->services,
		.log = w->log,
	};

	p->ports_wanted = tech != 0;
	p->list_only = o->list_only;
	p->sequential_ports = o->sequential;
	if (tech & TECH_SYN)
		p->techniques[n++] = "syn";
	if (tech & TECH_CONNECT)
		p->techniques[n++] = "connect";
	if (tech & TECH_UDP)
		p->techniques[n++] = "udp";
	return tech ? port_set_build(&p->ports, &rq, e) : 0;
}

/* ---- discovery ------------------------------------------------------------------------------ */

static int ping_list(struct port_list *l, const char *spec, enum port_class c,
	const struct plan_world *w, struct err *e)
{
	return spec ? port_list_parse(l, spec, c, w->services, e) : 0;
}

/* Without privilege all there is is connect(): nmap's pair of ports, or the lists asked for. */
static int ping_by_connect(
	struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	unsigned lost = o->ping & (PING_ECHO | PING_TSTAMP | PING_ARP);
	int rc = 0;

	if ((lost || o->ping_udp) && !o->list_only)
		log_say(w->log, LOG_WARN,
			"%s needs permission for raw packets; discovering by TCP connect instead",
			lost & PING_ECHO     ? "-PE"
			: lost & PING_TSTAMP ? "-PP"
			: o->ping_udp	     ? "-PU"
					     : "-PR");
	p->ping |= PING_CONNECT;
	if (!o->ping_syn && !o->ping_ack)
		rc = port_list_parse(&p->ping_syn, "80,443", PORTS_TCP, w->services, e);
	return rc;
}

/* nmap's default: echo, SYN to 443, ACK to 80, timestamp. */
static int ping_by_default(struct plan *p, const struct plan_world *w, struct err *e)
{
	int rc = port_list_parse(&p->ping_syn, "443", PORTS_TCP, w->services, e);

	p->ping |= PING_ECHO | PING_SYN | PING_ACK | PING_TSTAMP;
	return rc < 0 ? rc : port_list_parse(&p->ping_ack, "80", PORTS_TCP, w->services, e);
}

/* The engine has room for so many discovery probes a host (scan/engine.h). */
static int check_n_pings(const struct plan *p, struct err *e)
{
	uint64_t n = (uint64_t)p->ping_syn.n + p->ping_ack.n + p->ping_udp.n +
		     ((p->ping & PING_ECHO) != 0) + ((p->ping & PING_TSTAMP) != 0);

	if ((p->ping & PING_NONE) || n <= DISCOVERY_MAX)
		return 0;
	return err_set(e, ERR_USAGE,
		"%llu probes to discover a host are more than the %d there may be; "
		"name fewer ports with -PS, -PA and -PU, or scan those ports by -Pn -p",
		(unsigned long long)n, DISCOVERY_MAX);
}

static int choose_ping(
	struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	bool chosen = (o->ping & ~(unsigned)PING_ARP) || o->ping_syn || o->ping_ack || o->ping_udp;
	int rc;

	rc = ping_list(&p->ping_syn, o->ping_syn, PORTS_TCP, w, e);
	if (rc == 0)
		rc = ping_list(&p->ping_ack, o->ping_ack, PORTS_TCP, w, e);
	if (rc == 0)
		rc = ping_list(&p->ping_udp, o->ping_udp, PORTS_UDP, w, e);
	if (rc < 0)
		return err_prefix(e, "ports to discover by");
	if (o->family == 6 && (o->ping & PING_TSTAMP))
		return err_set(e, ERR_USAGE,
			"-PP asks for an ICMP timestamp, which IPv6 does not have; with -6 use -PE, -PS or -PA");
	p->ping = o->ping | (o->no_arp ? 0 : PING_ARP);
	if (o->ping & PING_NONE) {
		p->ping = PING_NONE | (o->no_arp ? 0 : PING_ARP);
		return 0;
	}
	if (!w->privileged)
		return ping_by_connect(p, o, w, e);
	p->ping |= (o->ping_syn ? PING_SYN : 0) | (o->ping_ack ? PING_ACK : 0) |
		   (o->ping_udp ? PING_UDP : 0);
	return chosen ? 0 : ping_by_default(p, w, e);
}

static int make_ping(
	struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	int rc = choose_ping(p, o, w, e);

	return rc < 0 ? rc : check_n_pings(p, e);
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

static int level(int given)
{
	return given < 0 ? 0 : given;
}

int plan_make(struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	int rc;

	plan_init(p);
	p->reverse_dns = !o->no_dns;
	p->reverse_all = o->dns_all && !o->no_dns;
	p->family = o->family ? (unsigned)o->family : 4;
	p->source_port = o->source_port == OPT_UNSET ? 0 : (uint16_t)o->source_port;
	p->backend = o->backend;
	p->packet_trace = o->packet_trace;
	p->open_only = o->open_only;
	p->debug = level(o->debug);
	p->verbose = level(o->verbose) + p->debug; /* each -d is a -v, too */
	rng_entropy(&p->seed, sizeof(p->seed));
	rc = check_privilege(o, w, techniques(o, w), e);
	if (rc == 0)
		rc = check_source_port(o, w, techniques(o, w), e);
	if (rc == 0)
		rc = check_frames(o, e);
	if (rc == 0)
		rc = make_interface(p, o, w, e);
	if (rc == 0)
		rc = make_timing(p, o, e);
	if (rc == 0)
		rc = make_ports(p, o, w, e);
	return rc < 0 ? rc : make_ping(p, o, w, e);
}
