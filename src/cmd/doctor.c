/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde doctor: what this machine and this user can do, and how a scan of a target would be
 * carried. */
#include <net/if.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/str.h"
#include "bpfobj/claim.h"
#include "cmd/caps.h"
#include "cmd/cmd.h"
#include "cmd/conf.h"
#include "cmd/iflist.h"
#include "cmd/machine.h"
#include "io/io.h"
#include "scan/backend.h"
#include "sweep/sender.h"

static void line(struct buf *b, const char *name, const char *text)
{
	buf_fmt(b, "  %-14s ", name);
	str_term(b, text, strlen(text));
	buf_char(b, '\n');
}

/* By trying it, with no ports, where no other machine's packets come by. */
static void say_claim(struct buf *b)
{
	const struct addr self = addr_v4(0x7f000001);
	const uint32_t lo = if_nametoindex("lo");
	struct claim *c = NULL;
	struct err e = {0};
	int rc = claim_new(&c, 1, 0, &e);

	if (rc == 0) {
		claim_begin(c, lo, &self);
		rc = claim_wait(c, &e);
	}
	if (rc == 0)
		buf_fmt(b, "  %-14s claimed by %s: this machine's stack does not answer for us\n",
			"own answers", claim_how_name(claim_covers(c, lo, &self)));
	else
		buf_fmt(b, "  %-14s not claimed, because %s\n", "own answers", e.text);
	claim_free(c);
}

static void say_user(struct buf *b)
{
	struct buf text = {0};
	const struct passwd *user = getpwuid(geteuid());
	struct utsname kernel;

	buf_str(b, "User and kernel\n");
	buf_fmt(&text, "%s (uid %u)", user ? user->pw_name : "?", geteuid());
	line(b, "user", buf_text(&text));
	buf_clear(&text);
	caps_text(&text);
	line(b, "capabilities", buf_text(&text));
	buf_clear(&text);
	if (!caps_raw())
		caps_remedy(&text);
	buf_fmt(b, "  %-14s %s%s\n", "raw packets",
		caps_raw() ? "permitted: SYN and UDP scans, all kinds of discovery"
			   : "not permitted: TCP connect scans only; to change that: ",
		buf_text(&text));
	buf_clear(&text);
	if (uname(&kernel) == 0)
		buf_fmt(&text, "%s %s %s", kernel.sysname, kernel.release, kernel.machine);
	line(b, "kernel", buf_text(&text));
	line(b, "BTF",
		access("/sys/kernel/btf/vmlinux", R_OK) == 0 ? "present"
							     : "absent: no portable BPF programs");
	say_claim(b);
	buf_free(&text);
}

static void say_backends(struct buf *b)
{
	struct io_conf conf = {.clock = clock_real()};

	buf_str(b, "\nBackends\n");
	for (size_t i = 0; io_backends[i]; i++) {
		const struct io_ops *ops = io_backends[i];
		struct err e = {0};
		bool for_networks = ops != &io_pcap_ops && ops != &io_sim_ops;

		if (!for_networks)
			line(b, ops->name, ops->summary);
		else if (ops->probe && ops->probe(&conf, &e) < 0)
			buf_fmt(b, "  %-14s not usable: %s\n", ops->name, e.text);
		else
			buf_fmt(b, "  %-14s usable: %s\n", ops->name, ops->summary);
	}
}

static void say_senders(struct buf *b)
{
	buf_str(b, "\nSenders of sweeps, the fastest first\n");
	for (size_t i = 0; sweep_senders[i]; i++) {
		const struct sender_ops *row = sweep_senders[i];
		struct err e = {0};

		if (row == &sender_sim)
			continue;
		if (row->probe(NULL, &e) < 0)
			buf_fmt(b, "  %-14s not usable: %s\n", row->name, e.text);
		else
			buf_fmt(b, "  %-14s usable: %s; about %.1f million packets/s a core\n",
				row->name, row->summary, row->expect_pps / 1e6);
	}
}

static void say_conf_file(struct buf *b, const char *path)
{
	if (*path)
		line(b, access(path, R_OK) == 0 ? "config file" : "no config file", path);
}

static void say_data(struct buf *b, struct machine *m, const struct opts *o)
{
	struct buf text = {0};
	char path[CONF_PATH_MAX];
	const struct oui *oui = machine_oui(m);

	buf_str(b, "\nData\n");
	line(b, "port names", services_source(m->services));
	if (oui && oui_count(oui))
		buf_fmt(&text, "%s (%zu blocks)", oui_source(oui), oui_count(oui));
	else
		buf_str(&text, "none found; install udev or ieee-data, or use --datadir");
	line(b, "MAC vendors", buf_text(&text));
	buf_free(&text);
	line(b, "stylesheet", m->xsl_path[0] ? m->xsl_path : "none installed: -oX refers to none");
	if (o->config) {
		say_conf_file(b, o->config);
		return;
	}
	say_conf_file(b, CONF_SYSTEM);
	say_conf_file(b, conf_user_path(path));
}

/* How a backend asked for by name would send on this link, if that is not in its name: opened, as
 * nothing else tells. */
static void say_sending(struct buf *b, const char *backend, const struct net_link *link)
{
	const struct io_ops *ops = io_backend_by_name(backend);
	struct io_conf conf = {
		.clock = clock_real(), .port_lo = 1, .port_hi = 1, .interface = link->name};
	struct err e = {0};
	struct io *io = NULL;

	if (!ops || !ops->describe)
		return;
	if (ops->open(&io, &conf, &e) < 0) {
		line(b, "", e.text);
		return;
	}
	buf_fmt(b, "  %-14s ", "");
	io_describe(io, b);
	buf_char(b, '\n');
	io_close(io);
}

/* Which backend, and the reason that the engine has for it. */
static void say_carrier(
	struct buf *b, const struct machine *m, const struct opts *o, const struct net_route *r)
{
	const char *name = scan_backend_for(r);

	if (o->backend)
		buf_fmt(b, "  %-14s %s, because --backend says so\n", "backend", o->backend);
	else if (!m->privileged)
		buf_fmt(b, "  %-14s connect, because raw packets are not permitted\n", "backend");
	else if (r->local)
		buf_fmt(b, "  %-14s %s, because the target is this machine\n", "backend", name);
	else
		buf_fmt(b, "  %-14s %s, because the link %s Ethernet headers\n", "backend", name,
			r->kind == LINK_ETHERNET ? "has" : "has no");
}

static void say_way(struct buf *b, struct machine *m, const struct opts *o, const struct addr *dst)
{
	const struct net_link *forced =
		o->interface ? net_link_by_name(m->net, o->interface) : NULL;
	const struct net_link *link;
	char to[ADDR_TEXT_MAX], src[ADDR_TEXT_MAX], hop[ADDR_TEXT_MAX];
	struct net_route r;
	struct err e = {0};

	if (net_route_get(m->net, dst, forced ? forced->index : 0, &r, &e) < 0) {
		buf_fmt(b, "  %-14s no way: %s\n", addr_text(dst, to), e.text);
		return;
	}
	link = net_link_by_index(m->net, r.ifindex);
	buf_fmt(b, "  %-14s by %s from %s, %s%s\n", addr_text(dst, to), link ? link->name : "?",
		addr_text(&r.src, src),
		r.local	    ? "this machine itself"
		: r.on_link ? "a neighbour"
			    : "next hop ",
		r.local || r.on_link ? "" : addr_text(&r.next_hop, hop));
	say_carrier(b, m, o, &r);
	if (o->backend && link)
		say_sending(b, o->backend, link);
}

static int say_target(struct buf *b, struct machine *m, const struct opts *o, struct err *e)
{
	unsigned family = o->family ? (unsigned)o->family : 4;
	const char *name = o->args.words[0];
	struct addr *list = NULL, literal;
	int n = 1;

	if (addr_parse(name, &literal) < 0)
		n = resolver_forward(m->resolver, name, family, &list, e);
	if (n == ERR_RESOLVE || n == ERR_PARSE)
		e->code = ERR_USAGE; /* the only target, as with a scan */
	if (n < 0)
		return n;
	buf_str(b, "\nThe way to ");
	str_term(b, name, strlen(name));
	buf_char(b, '\n');
	for (int i = 0; i < n; i++)
		say_way(b, m, o, list ? &list[i] : &literal);
	free(list);
	return 0;
}

static void say_built_in(struct buf *b)
{
	struct buf text = {0};

	buf_str(b, "\nBuilt in\n");
	line(b, "scans", "TCP SYN (-sS), TCP connect (-sT), UDP (-sU) and more; sweeps (--sweep)");
	cmd_libraries(&text);
	line(b, "libraries", buf_text(&text));
	buf_free(&text);
	line(b, "not yet", "service and OS detection, scripts");
}

/* Whether the row says something about the machine or the way to a target, not about a scan. */
static bool is_for_doctor(const struct opt_row *r)
{
	static const size_t members[] = {
		offsetof(struct opts, family),
		offsetof(struct opts, interface),
		offsetof(struct opts, backend),
		offsetof(struct opts, privilege),
		offsetof(struct opts, config),
		offsetof(struct opts, datadir),
		offsetof(struct opts, servicedb),
		offsetof(struct opts, dns_servers),
		offsetof(struct opts, system_dns),
		offsetof(struct opts, no_dns),
		offsetof(struct opts, verbose),
		offsetof(struct opts, debug),
		offsetof(struct opts, help),
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (r->lands == members[i])
			return true;
	}
	return false;
}

/* A configuration file is written for scans: what it says of them does not matter here. */
static int check_use(const struct opts *o, struct err *e)
{
	for (size_t i = 0; i < o->args.n; i++) {
		if (!is_for_doctor(o->args.v[i].row))
			return err_set(e, ERR_USAGE,
				"doctor makes no scan and so has no use for %s; leave it out",
				o->args.v[i].as);
	}
	if (o->args.n_words > 1)
		return err_set(e, ERR_USAGE, "doctor takes one target: an address or a name");
	if (o->args.n_words && strchr(o->args.words[0], '/'))
		return err_set(e, ERR_USAGE, "doctor takes one address or name, not a block: %s",
			o->args.words[0]);
	return 0;
}

static int check_interface(const struct opts *o, const struct machine *m, struct err *e)
{
	if (o->interface && !net_link_by_name(m->net, o->interface))
		return err_set(e, ERR_USAGE,
			"-e %.40s: there is no such interface; see sonde --iflist", o->interface);
	return 0;
}

static int examine(const struct opts *o, struct buf *b, struct err *e)
{
	struct machine m;
	int rc = machine_open(&m, o, NULL, e);

	if (rc == 0)
		rc = check_interface(o, &m, e);
	if (rc == 0) {
		buf_str(b, "Sonde " SONDE_VERSION "\n\n");
		say_user(b);
		say_backends(b);
		say_senders(b);
		say_data(b, &m, o);
		say_built_in(b);
		buf_str(b, "\nNetwork\n");
		iflist_links(m.net, b);
		buf_char(b, '\n');
		iflist_routes(b);
	}
	if (rc == 0 && o->args.n_words)
		rc = say_target(b, &m, o, e);
	machine_close(&m);
	return rc < 0 ? rc : 0;
}

int cmd_doctor(int argc, char **argv)
{
	struct buf b = {0};
	struct err e = {0};
	struct opts o;
	int rc;

	rc = opts_read(&o, argc - 1, (const char *const *)argv + 1, &e);
	o.list_only = false; /* everything is to be looked at */
	if (rc == 0 && o.help) {
		opts_free(&o);
		return cmd_help(argc, argv);
	}
	if (rc == 0)
		rc = check_use(&o, &e);
	if (rc == 0)
		rc = examine(&o, &b, &e);
	opts_free(&o);
	if (rc == 0)
		return cmd_print(&b);
	buf_free(&b);
	return cmd_fail(&e);
}
