/* SPDX-License-Identifier: BSD-2-Clause */
/* What options mean together. */
#include "cmd/plan_check.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/authority.h"
#include "cmd/caps.h"
#include "io/chain.h"
#include "io/io.h"
#include "scan/backend.h"
#include "scan/tech.h"

struct check {
	const struct plan *p;
	const struct opts *o;
	const struct plan_world *w;
	bool connect;		     /* some packets are made by the kernel or an FTP server */
	const struct scan_tech *raw; /* the first technique that needs raw packets, or NULL */
};

static bool is_backend(const char *name, const struct io_ops *ops)
{
	return name && strcmp(name, ops->name) == 0;
}

static int refuse_unprivileged(const char *what, const char *instead, struct err *e)
{
	struct buf remedy = {0};

	caps_remedy(&remedy);
	err_set(e, ERR_USAGE,
		"%s needs permission for raw packets; %s, run it as root, or once: %s", what,
		instead, buf_text(&remedy));
	buf_free(&remedy);
	return ERR_USAGE;
}

/* ---- techniques ----------------------------------------------------------------------------- */

static int check_privilege(const struct check *c, struct err *e)
{
	const char *backend = c->o->backend;
	char name[] = "-s?";

	if (c->connect && !c->raw && backend && !is_backend(backend, &io_connect_ops))
		return err_set(e, ERR_USAGE, "--backend %s does not carry %s; leave it out",
			backend, c->p->bounce ? "-b" : "-sT");
	if (!c->raw)
		return 0;
	name[2] = c->raw->letter;
	if (is_backend(backend, &io_connect_ops))
		return err_set(e, ERR_USAGE,
			"--backend connect carries -sT only; leave it or %s out", name);
	if (c->w->privileged)
		return 0;
	return refuse_unprivileged(
		name, c->raw->proto == PROTO_TCP ? "use -sT" : "leave it out", e);
}

/* Also where nothing else of the plan is raw, as with -sn. */
static int check_sweep(const struct check *c, struct err *e)
{
	return c->p->sweep.on && !c->w->privileged ? refuse_unprivileged("--sweep", "leave it out", e)
						   : 0;
}

/* What -b names is used later; that it can be is seen now. */
static int check_bounce(const struct check *c, struct err *e)
{
	const struct opts *o = c->o;
	struct authority server;

	if (!c->p->bounce)
		return 0;
	if (o->techniques != TECH_BOUNCE)
		return err_set(e, ERR_USAGE,
			"-b does not go together with another technique: it would show our address to the targets; leave one out");
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
static int check_idle(const struct check *c, struct err *e)
{
	const struct opts *o = c->o;
	bool by_kernel = c->p->backend && !scan_frames_by(c->p->backend);
	const struct {
		bool given;
		const char *what, *why;
	} no[] = {
		{o->family == 6, "-6", "IPv6 does not number packets"},
		{o->techniques != TECH_IDLE, "another technique",
			"it would show our address to the targets"},
		{by_kernel, "that backend",
			"the kernel would show our address to a neighbour by ARP"},
		{o->scan_flags, "--scanflags", "only SYN makes open ports answer the zombie"},
		{o->min_rate > 0, "--min-rate", "each group of ports waits for the zombie"},
		{o->decoys, "-D", "what decoys draw from the zombie would be counted"},
	};
	struct authority zombie;

	if (!c->p->zombie)
		return 0;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (no[i].given)
			return err_set(e, ERR_USAGE,
				"-sI does not go together with %s: %s; leave one out", no[i].what,
				no[i].why);
	if (authority_parse(o->zombie, &zombie, e))
		return err_prefix(e, "-sI");
	if (zombie.has_user || zombie.addr.family == 6)
		return err_set(e, ERR_USAGE,
			"-sI %.60s: name the zombie by HOST or HOST:PORT, with an IPv4 address or a name",
			o->zombie);
	return 0;
}

static int check_scan_flags(const struct check *c, struct err *e)
{
	if (!c->p->wire.flags_set || (c->raw && c->raw->proto == PROTO_TCP))
		return 0;
	return err_set(e, ERR_USAGE,
		"--scanflags changes raw TCP probes, and this scan sends none; leave it out or use -sS");
}

/* Frequencies are known of ports only. */
static int check_protocols(const struct check *c, struct err *e)
{
	bool top = c->o->top_ports != OPT_UNSET;

	if (c->raw != &tech_proto || (!top && c->o->port_ratio < 0))
		return 0;
	return err_set(e, ERR_USAGE,
		"%s chooses among ports, and -sO scans IP protocols; use -p or -F",
		top ? "--top-ports" : "--port-ratio");
}

/* What is not waited for must be asked for. */
static int check_defeat(const struct check *c, struct err *e)
{
	const struct port_list *udp = &c->p->ports.of[PORTS_UDP];

	if (c->o->defeat_rst && c->raw != &tech_syn)
		return err_set(e, ERR_USAGE,
			"--defeat-rst-ratelimit is about the resets that -sS gets; leave it out or use -sS");
	if (c->o->defeat_icmp && !udp->n)
		return err_set(e, ERR_USAGE,
			"--defeat-icmp-ratelimit is about the ICMP errors that -sU gets; leave it out or use -sU");
	return 0;
}

/* ---- the way of packets --------------------------------------------------------------------- */

/* Routers answer to a TTL, which only raw packets of our own can be given. */
static int check_traceroute(const struct check *c, struct err *e)
{
	const struct opts *o = c->o;
	bool unheard = c->p->bounce && (o->ping & PING_NONE);
	const char *without = o->list_only				? "-sL"
			      : unheard					? "-b with -Pn"
			      : c->p->zombie				? "-sI"
			      : is_backend(o->backend, &io_connect_ops) ? "--backend connect"
			      : o->privilege == PRIVILEGE_NO		? "--unprivileged"
									: NULL;

	if (!o->traceroute || (c->w->privileged && !without))
		return 0;
	if (!without)
		return refuse_unprivileged("--traceroute", "leave it out", e);
	return err_set(e, ERR_USAGE,
		"--traceroute sends raw packets to each host, %s does not; leave one out", without);
}

static int check_chain(const struct check *c, struct err *e)
{
	struct chain chain;
	char text[PROXY_TEXT_MAX];

	if (!c->o->proxies)
		return 0;
	if (chain_parse(c->o->proxies, &chain, e))
		return err_prefix(e, "--proxies");
	if (chain.v[chain.n - 1].kind == PROXY_SOCKS4 && c->o->family == 6)
		return err_set(e, ERR_USAGE,
			"--proxies: %s carries IPv4 only, and -6 asks for IPv6; use socks4a or socks5",
			proxy_text(&chain.v[chain.n - 1], text));
	return 0;
}

/* A frame to a neighbour needs the hardware address that ARP tells. */
static int check_frames(const struct check *c, struct err *e)
{
	if (!c->o->no_arp || !scan_frames_by(c->p->backend))
		return 0;
	return err_set(e, ERR_USAGE,
		"--backend %s (--send-eth, --spoof-mac) needs the hardware addresses of neighbours, "
		"which --disable-arp-ping does not ask for; leave that out, or use --backend raw",
		c->p->backend);
}

/* The packets of connect() are the kernel's: there are no bytes to be captured. */
static int check_capture(const struct check *c, struct err *e)
{
	if (!opts_output(c->o, OUTPUT_CAPTURE))
		return 0;
	if (!c->w->privileged)
		return err_set(e, ERR_USAGE,
			"--packet-capture needs raw packets, as those of connect() are made by the kernel; "
			"use -oH, which tells of connections in words, or see sonde doctor");
	if (c->connect)
		log_say(c->w->log, LOG_WARN,
			"connections of %s are made by the kernel and are not in the packet capture",
			c->p->bounce ? "-b" : "-sT");
	return 0;
}

/* ---- the looks of packets ------------------------------------------------------------------- */

static bool is_source_port(const struct opt_row *r)
{
	return r->lands == offsetof(struct opts, source_port);
}

/* Whether the row changes what raw probes look like, and so is lost on connect(). */
static bool is_looks(const struct opt_row *r)
{
	static const size_t members[] = {
		offsetof(struct opts, fragments),
		offsetof(struct opts, mtu),
		offsetof(struct opts, decoys),
		offsetof(struct opts, source),
		offsetof(struct opts, data),
		offsetof(struct opts, data_string),
		offsetof(struct opts, data_length),
		offsetof(struct opts, ip_options),
		offsetof(struct opts, ttl),
		offsetof(struct opts, spoof_mac),
		offsetof(struct opts, badsum),
		offsetof(struct opts, adler32),
		offsetof(struct opts, layer),
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (r->lands == members[i])
			return true;
	return false;
}

/* Why nothing, or only a part, of the scan would use the option. */
static int refuse_looks(const struct check *c, const char *as, struct err *e)
{
	const struct opts *o = c->o;
	bool by_backend = is_backend(c->p->backend, &io_connect_ops);

	if (o->list_only)
		return err_set(e, ERR_USAGE,
			"-sL sends nothing and so has no use for %s; leave out one", as);
	if (c->connect && (o->techniques & TECH_CONNECT))
		return err_set(e, ERR_USAGE,
			"%s has no effect on -sT, whose packets the kernel makes; leave it out or use -sS",
			as);
	if (c->p->bounce)
		return err_set(e, ERR_USAGE,
			"%s has no effect on -b, where the FTP server makes the packets; leave it out",
			as);
	if (by_backend || o->privilege == PRIVILEGE_NO)
		return err_set(e, ERR_USAGE,
			"%s has no effect with %s, where the kernel makes the packets; leave one out",
			as, by_backend ? "--backend connect" : "--unprivileged");
	return refuse_unprivileged(as, "leave it out", e);
}

/* A source port is no disguise: where several techniques run, those that can take it. */
static int check_looks(const struct check *c, struct err *e)
{
	bool raw = c->w->privileged && !c->o->list_only;
	const struct opt_use *u = NULL;

	if (!raw || c->connect)
		u = opts_find(c->o, is_looks);
	if (!u && (!raw || (c->connect && !c->raw)))
		u = opts_find(c->o, is_source_port);
	return u ? refuse_looks(c, u->as, e) : 0;
}

/* --------------------------------------------------------------------------------------------- */

int plan_check(
	const struct plan *p, const struct opts *o, const struct plan_world *w, struct err *e)
{
	static int (*const checks[])(const struct check *, struct err *) = {check_sweep, check_privilege,
		check_bounce, check_idle, check_scan_flags, check_protocols, check_defeat,
		check_traceroute, check_chain, check_frames, check_looks, check_capture};
	struct check c = {.p = p, .o = o, .w = w};
	int rc = 0;

	for (size_t i = 0; p->techniques[i]; i++) {
		const struct scan_tech *t = scan_tech_by_name(p->techniques[i]);

		if (t->carrier == IO_TX_CONNECT)
			c.connect = true;
		else if (!c.raw)
			c.raw = t;
	}
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && rc == 0; i++)
		rc = checks[i](&c, e);
	return rc;
}
