/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which sender and which receiver: the fastest that this machine has for the way, unless the sweep
 * is too small or too slow for it to matter. Every step down is said with its reason.
 *
 * Setting up the generator and taking it away costs 60 to 80 ms, in which packet-ring sends 50,000
 * probes; below some 300,000 packets a second a sender in user space paces as well as one in the
 * kernel, and sleeps in between.
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "bpfobj/claim.h"
#include "sweep/run.h"
#include "sweep/sport.h"

#define FEW_PROBES 50000
#define SLOW_PPS   300000.0

/* ---- the kernel's half ----------------------------------------------------------------------- */

static int open_bpf(struct sweep *s, bool live, struct err *e)
{
	struct sweep_bpf_conf c = {
		.job = &s->job,
		.ports = s->tmpls.ports,
		.tmpls = s->tmpls.v,
		.n_tmpls = s->tmpls.n,
		.rows = &s->env->space->rows,
		.neighbours = s->way.neighbours,
		.senders = live ? s->conf.lanes : 0,
		.dedup = s->plan->sweep.dedup,
	};

	return s->bpf ? 0 : sweep_bpf_open(&s->bpf, &c, e);
}

static void close_bpf(struct sweep *s)
{
	sweep_bpf_close(s->bpf);
	s->bpf = s->conf.bpf = NULL;
}

/* The receiver in XDP on the interface, whatever sends. */
static int attach(struct sweep *s, bool live, const char **how, struct err *e)
{
	int rc;

	if (s->plan->wire.has_mac || s->plan->wire.source.family)
		return err_set(e, ERR_UNSUPPORTED,
			"answers to an address that is not the interface's own may not pass there");
	rc = sweep_bpf_probe(live, e);
	if (rc == 0)
		rc = open_bpf(s, live, e);
	if (rc == 0)
		rc = sweep_bpf_attach(s->bpf, how, e);
	if (rc < 0)
		close_bpf(s);
	s->conf.bpf = s->bpf;
	return rc;
}

/* ---- senders --------------------------------------------------------------------------------- */

static bool try_sender(struct sweep *s, const struct sender_ops *row, struct err *e)
{
	return row->probe(s->conf.interface, e) == 0 && row->open(&s->sender, &s->conf, e) == 0;
}

/* Whether frames that XDP sends arrive. Nobody to ask is nobody to send to. */
static int try_path(struct sweep *s, struct err *e)
{
	int rc = s->way.witness.family ? sweep_bpf_path(s->bpf, &s->way.witness, e) : 0;

	s->path_works = rc == 0;
	return rc;
}

/* Why the generator is not used although it may be: it can fail in many ways. */
static int try_live(struct sweep *s, const char **how, struct err *e)
{
	int rc = attach(s, true, how, e);

	if (rc == 0)
		rc = try_path(s, e);
	if (rc == 0)
		rc = sender_xdp_live.open(&s->sender, &s->conf, e);
	return rc;
}

static void step_down(struct sweep *s, const char *name, const struct err *e)
{
	bus_note(s->env->bus, LOG_INFO, "%s not used: %s", name, e->text);
}

/* Frames on Ethernet, from the fastest down. */
static int choose_frames(struct sweep *s, bool fast, const char **how, struct err *e)
{
	struct err why = {0};

	if (fast) {
		if (try_live(s, how, &why) == 0)
			return 0;
		step_down(s, sender_xdp_live.name, &why);
		if (try_sender(s, &sender_afxdp, &why))
			return 0;
		step_down(s, sender_afxdp.name, &why);
	}
	return try_sender(s, &sender_packet, e) ? 0 : e->code;
}

/* --backend: that one or none. */
static int choose_named(struct sweep *s, const char *name, const char **how, struct err *e)
{
	const struct sender_ops *row = sender_by_name(name);
	bool frames = row == &sender_xdp_live || row == &sender_afxdp || row == &sender_packet;
	int rc;

	if (!row || row == &sender_sim)
		return err_set(e, ERR_UNSUPPORTED,
			"--backend %s: a sweep goes by xdp-live, af-xdp, packet-ring or raw", name);
	if (frames && s->job.l3 == 0)
		return err_set(e, ERR_UNSUPPORTED, "--backend %s: %s; use --backend raw", name,
			s->way.local
				? "the targets are this machine itself, which frames do not reach"
				: "the interface takes no Ethernet frames");
	rc = row == &sender_xdp_live ? try_live(s, how, e) : try_sender(s, row, e) ? 0 : e->code;
	return rc < 0 ? err_prefix(e, "--backend %s", name), rc : 0;
}

/* ---- both ------------------------------------------------------------------------------------ */

static double probes_of(const struct sweep *s)
{
	unsigned passes = s->plan->sweep.passes ? s->plan->sweep.passes : 1;

	return (double)(s->behind - s->first) * passes;
}

/* Why this sender, in a word or two. */
static const char *reason(const struct sweep *s, bool fast)
{
	if (s->env->sim)
		return "the network is simulated";
	if (s->plan->backend)
		return "as --backend says";
	if (s->way.local)
		return "the targets are this machine itself";
	if (s->job.l3 == 0)
		return "the link has no Ethernet headers";
	if (fast)
		return "the fastest that works here";
	if (probes_of(s) < FEW_PROBES)
		return "few probes: nothing that takes long to set up";
	return "the rate needs nothing faster";
}

/* -S may name another machine's address. */
static bool is_own(const struct sweep *s)
{
	const struct net_addr *v;
	size_t n;

	if (!s->plan->wire.source.family)
		return true;
	v = net_addrs(s->env->net, &n);
	for (size_t i = 0; i < n; i++)
		if (addr_eq(&v[i].addr, &s->way.src))
			return true;
	return addr_is_loopback(&s->way.src);
}

/* Packets to this machine itself come in by loopback, whatever interface their route names. */
static uint32_t comes_by(const struct sweep *s)
{
	const struct net_link *v;
	size_t n;

	v = net_links(s->env->net, &n);
	for (size_t i = 0; s->way.local && i < n; i++)
		if (v[i].kind == LINK_LOOPBACK)
			return v[i].index;
	return s->job.ifindex;
}

/*
 * The local stack would answer each SYN-ACK with RST and each datagram with port unreachable:
 * where the receiver is not in XDP, a program behind its ring keeps answers from it.
 */
static void claim_answers(struct sweep *s)
{
	bool ports = s->how->kind != SWEEP_ECHO && s->how->kind != SWEEP_TSTAMP;
	uint16_t lo = s->job.sport_base;
	struct err why = {0};
	int rc;

	if (!ports || s->env->sim || s->conf.bpf || !is_own(s))
		return;
	rc = claim_new(
		&s->claim, lo, (uint16_t)(lo + (s->job.sport_fixed ? 1 : SPORT_SPAN) - 1), &why);
	if (rc == 0 && claim_begin(s->claim, comes_by(s), &s->way.src))
		rc = claim_wait(s->claim, &why);
	claim_renew(s->claim, clock_now(s->env->clock));
	s->conf.claimed = rc == 0 && claim_covers(s->claim, comes_by(s), &s->way.src) != CLAIM_NOT;
	if (!s->conf.claimed)
		bus_note(s->env->bus, LOG_INFO,
			"this machine's own stack sees the answers to our probes as well, and may reset connections or refuse datagrams: %s",
			why.text);
}

static int choose_receiver(struct sweep *s, const char **how, struct err *e)
{
	struct err why = {0};

	if (s->env->sim)
		return receiver_sim.open(&s->receiver, &s->conf, e);
	if (!s->conf.bpf && s->job.l3 && attach(s, false, how, &why) < 0)
		step_down(s, "receiver in XDP", &why);
	if (s->conf.bpf && s->job.reset && !s->path_works && try_path(s, &why) < 0) {
		step_down(s, "RSTs of our own", &why);
		sweep_bpf_pass_synacks(s->bpf);
	}
	if (s->conf.bpf)
		return receiver_xdp.open(&s->receiver, &s->conf, e);
	claim_answers(s);
	return receiver_ring.open(&s->receiver, &s->conf, e);
}

static void say_choice(struct sweep *s, bool fast, const char *how)
{
	const struct sender_ops *row = s->sender->ops;
	char expect[80] = "";

	if (row->expect_pps > 0)
		snprintf(expect, sizeof(expect), "; about %.1f million packets/s a core were seen",
			row->expect_pps / 1e6);
	bus_note(s->env->bus, LOG_INFO, "sender %s (%s%s), receiver %s%s%s", row->name,
		reason(s, fast), expect, s->receiver->ops->name, how ? ", XDP " : "",
		how ? how : "");
}

static unsigned lanes_of(const struct sweep *s)
{
	unsigned n = s->plan->sweep.sender_threads;

	if (s->env->sim || n == 0)
		n = 1;
	return n < SWEEP_SENDERS ? n : SWEEP_SENDERS;
}

static void set_conf(struct sweep *s)
{
	s->conf = (struct sender_conf){
		.job = &s->job,
		.ports = s->tmpls.ports,
		.tmpls = s->tmpls.v,
		.n_tmpls = s->tmpls.n,
		.space = s->env->space,
		.neighbours = s->way.neighbours,
		.hop_mac = s->way.hop_mac,
		.interface = s->way.link ? s->way.link->name : NULL,
		.mac = s->plan->wire.has_mac ? &s->plan->wire.mac : NULL,
		.clock = s->env->clock,
		.log = s->env->log,
		.sim = s->env->sim,
		.lanes = lanes_of(s),
		.dedup = s->plan->sweep.dedup,
	};
}

int choose_rows(struct sweep *s, struct err *e)
{
	bool fast = probes_of(s) >= FEW_PROBES && (s->asked_pps <= 0 || s->asked_pps >= SLOW_PPS);
	const char *how = NULL;
	int rc;

	set_conf(s);
	if (s->env->sim)
		rc = sender_sim.open(&s->sender, &s->conf, e);
	else if (s->plan->backend)
		rc = choose_named(s, s->plan->backend, &how, e);
	else if (s->job.l3 == 0)
		rc = try_sender(s, &sender_raw, e) ? 0 : e->code;
	else
		rc = choose_frames(s, fast, &how, e);
	if (rc == 0)
		rc = choose_receiver(s, &how, e);
	if (rc < 0)
		return rc;
	s->res->sender = s->sender->ops->name;
	s->res->receiver = s->receiver->ops->name;
	say_choice(s, fast, how);
	return 0;
}
