/* SPDX-License-Identifier: BSD-2-Clause */
/* From a plan and its way to the sweep's job: permutation, keys, ports, templates, shard, sample.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/rng.h"
#include "pkt/view.h"
#include "sweep/bytes.h"
#include "sweep/lane.h"
#include "sweep/run.h"
#include "sweep/span.h"
#include "sweep/sport.h"

#define LATE_MAX_NS   (4200 * NS_PER_MS) /* times are known modulo 4.295 s */
#define OPTIONS_MSS   4
#define OPTIONS_LINUX 20
#define ALL_ANSWERS   ((1u << SWEEP_ANSWERS) - 1)
#define AGAIN_MIN     (1u << 16)
#define PING_SWEPT    (PING_ECHO | PING_TSTAMP)

/* ---- techniques ------------------------------------------------------------------------------ */

const struct scan_tech *setup_tech(const struct plan *p)
{
	const struct scan_tech *t = NULL;

	if (p->ports_wanted && p->techniques[0])
		t = scan_tech_by_name(p->techniques[0]);
	if (p->ports_wanted)
		return t == &tech_connect ? &tech_syn : t;
	return p->ping & PING_TSTAMP ? &tech_tstamp : &tech_echo;
}

static int refuse(struct err *e, const char *what, const char *remedy)
{
	return err_set(e, ERR_UNSUPPORTED, "a sweep cannot do %s; %s", what, remedy);
}

/* What of the plan needs state, or packets of another making. */
static int check_wire(const struct plan *p, struct err *e)
{
	static const char one[] = "leave it out, or use --no-sweep";
	const struct plan_wire *w = &p->wire;

	if (w->n_decoys)
		return refuse(e, "decoys (-D)", one);
	if (w->mtu)
		return refuse(e, "fragments (-f, --mtu)", one);
	if (w->ip_options.len)
		return refuse(e, "IP options (--ip-options)", one);
	if (w->badsum || w->adler32)
		return refuse(e, "other checksums (--badsum, --adler32)", one);
	if (w->data_len)
		return refuse(
			e, "payloads of your own (--data, --data-string, --data-length)", one);
	if (p->stealth.batch)
		return refuse(e, "--stealth", "it is the other way to scan: --no-sweep");
	if (p->timing.scan_delay_ns && p->timing.template_no > 2)
		return refuse(e, "--scan-delay", "set a rate with --rate");
	if (p->timing.host_timeout_ns && p->timing.template_no < 5)
		return refuse(e, "--host-timeout", one);
	if (p->traceroute)
		return refuse(e, "--traceroute", one);
	if (p->proxies || p->bounce || p->zombie)
		return refuse(e, "scans by way of others (--proxies, -b, -sI)", one);
	if (p->list_only)
		return refuse(e, "-sL", one);
	return 0;
}

bool setup_checks(const struct plan *p)
{
	return p->ports_wanted && p->techniques[0] &&
	       strcmp(p->techniques[0], tech_connect.name) == 0;
}

int sweep_can(const struct plan *p, struct err *e)
{
	const struct scan_tech *t = setup_tech(p);
	int rc = check_wire(p, e);

	if (rc < 0)
		return rc;
	if (p->ports_wanted && p->techniques[0] && p->techniques[1])
		return refuse(e, "several techniques at once", "run one after the other");
	if (!p->ports_wanted &&
		((p->ping & ~(unsigned)(PING_ARP | PING_NONE)) & ~(unsigned)PING_SWEPT ||
			(p->ping & PING_SWEPT) == PING_SWEPT || !(p->ping & PING_SWEPT)))
		return refuse(e, "several kinds of discovery at once",
			"choose one of -PE and -PP beside -sn");
	if (!t || !sweep_tech_of(t))
		return refuse(e, t ? t->title : "this technique",
			"swept are -sS, -sT, -sN, -sF, -sX, -sM, -sA, -sW, -sU, -sY, and -sn with -PE or -PP");
	if (p->family == 6 && t == &tech_tstamp)
		return refuse(e, "-PP over IPv6", "use -PE");
	return 0;
}

/* ---- the job --------------------------------------------------------------------------------- */

static uint8_t options_of(const struct plan *p, const struct sweep_job *j)
{
	if (j->kind != SWEEP_TCP || !(j->tcp_flags & TCP_SYN))
		return 0;
	if (p->sweep.probe_options == PROBE_OPTIONS_LINUX)
		return OPTIONS_LINUX;
	return p->sweep.probe_options == PROBE_OPTIONS_MSS ? OPTIONS_MSS : 0;
}

/* The order of the shuffle is the seed's alone, so that shards of several machines fit; the keys of
 * the proofs are fresh in each run, so that knowing the seed is no help in forging. */
static void set_keys(struct sweep *s, uint64_t n)
{
	struct rng r;

	rng_seed(&r, s->plan->seed);
	perm_init(&s->job.perm, n, rng_u64(&r));
	s->job.key0 = rng_u64(&r);
	s->job.key1 = rng_u64(&r);
	if (s->env->sim)
		return;
	rng_entropy(&s->job.key0, sizeof(s->job.key0));
	rng_entropy(&s->job.key1, sizeof(s->job.key1));
}

/* Nobody else of this machine gets the ports. Without descriptors for that it goes on. */
static int hold_source(struct sweep *s, struct err *e)
{
	struct sweep_job *j = &s->job;
	unsigned taken = 0;
	int rc;

	if (s->env->sim) {
		j->sport_base = j->sport_fixed ? s->plan->source_port : SPORT_FIRST;
		return 0;
	}
	rc = j->sport_fixed ? sport_hold_one(&s->hold, j->sport_base, e)
			    : sport_hold(&s->hold, &j->sport_base, &taken, e);
	if (rc == -EADDRINUSE)
		return rc;
	if (rc < 0)
		bus_note(s->env->bus, LOG_INFO,
			"other programs of this machine may take source ports of this sweep: %s",
			e->text);
	*e = (struct err){0};
	if (taken)
		bus_note(s->env->bus, LOG_WARN,
			"other programs have ports between %u and %u, where this sweep's answers go: it may take packets for its own that are theirs, and the other way round",
			j->sport_base, j->sport_base + SPORT_SPAN - 1);
	return 0;
}

static int set_source(struct sweep *s, struct err *e)
{
	const struct addr *a = &s->way.src;

	if (a->family == 6) {
		s->job.src_hi = bytes_get64(a->b);
		s->job.src_lo = bytes_get64(a->b + 8);
	} else {
		s->job.src_lo = addr_to_v4(a);
	}
	s->job.sport_fixed = s->plan->source_port != 0;
	s->job.sport_base = s->plan->source_port;
	if (s->how->kind == SWEEP_ECHO || s->how->kind == SWEEP_TSTAMP)
		return 0;
	return hold_source(s, e);
}

static void set_wanted(struct sweep *s)
{
	const struct plan_sweep *p = &s->plan->sweep;

	s->job.wanted = p->all_answers ? ALL_ANSWERS : s->how->telling;
	s->job.late_ns = (uint32_t)LATE_MAX_NS;
}

static int fill_job(struct sweep *s, uint32_t n_ports, struct err *e)
{
	struct sweep_job *j = &s->job;
	uint64_t hosts = s->env->space->view.count;
	const struct plan *p = s->plan;

	if (hosts > PERM_MAX / n_ports)
		return err_set(e, ERR_USAGE,
			"%" PRIu64 " addresses with %" PRIu32
			" ports each are more than a sweep can count; name fewer",
			hosts, n_ports);
	j->space = s->env->space->view;
	j->n_ports = n_ports;
	j->family = (uint8_t)s->env->space->view.family;
	j->kind = s->how->kind;
	j->tcp_flags = p->wire.flags_set ? p->wire.flags : s->how->tech->flags;
	j->timed = p->sweep.probe_time;
	j->tcp_options = options_of(p, j);
	j->reset = j->kind == SWEEP_TCP && j->tcp_flags & TCP_SYN;
	j->per_host_mac = s->way.neighbours != NULL;
	j->l3 = s->way.kind == LINK_ETHERNET && !s->way.local ? 14 : 0;
	j->ifindex = s->way.link ? s->way.link->index : 0;
	set_keys(s, hosts * n_ports);
	set_wanted(s);
	return set_source(s, e);
}

/* ---- the part of it that is ours --------------------------------------------------------------
 */

static void set_shard(struct sweep *s)
{
	const struct plan_sweep *p = &s->plan->sweep;
	uint32_t n = p->n_shards ? p->n_shards : 1;
	struct rng r;

	s->first = shard_first(s->job.perm.n, p->shard, n);
	s->behind = shard_first(s->job.perm.n, p->shard + 1, n);
	s->sample_at = 1; /* with mask 0: never */
	if (p->recheck <= 0)
		return;
	rng_seed(&r, s->plan->seed ^ UINT64_C(0x5a3c96e1)); /* another stream than the keys' */
	s->sample_mask = span_mask(p->recheck);
	s->sample_at = rng_u64(&r) & s->sample_mask;
	s->sample = span_sample(s->first, s->behind, s->sample_mask, s->sample_at);
}

static int set_again(struct sweep *s, struct err *e)
{
	const struct plan_sweep *p = &s->plan->sweep;
	size_t room = p->dedup > AGAIN_MIN ? p->dedup : AGAIN_MIN;

	s->look_again = p->passes > 1 || span_count(&s->sample) || s->env->watches;
	return s->look_again ? met_init(&s->again, room, e) : 0;
}

uint32_t setup_frame_len(const struct sweep *s)
{
	uint32_t most = 0;

	for (unsigned i = 0; i < s->tmpls.n; i++)
		if (s->tmpls.v[i].len > most)
			most = s->tmpls.v[i].len;
	return most + (s->job.l3 ? 0 : 14);
}

int setup_job(struct sweep *s, struct err *e)
{
	static const uint16_t no_port[] = {0};
	const struct plan *p = s->plan;
	const struct port_list *l = p->ports_wanted ? &p->ports.of[s->how->tech->ports] : NULL;
	struct template_conf conf = {
		.src_mac = s->way.src_mac,
		.dst_mac = s->way.hop_mac,
		.ttl = p->wire.ttl_set ? p->wire.ttl : 64,
		.mtu = (uint16_t)(s->way.link && s->way.link->mtu < 1500 ? s->way.link->mtu : 1500),
		.contact = p->sweep.contact,
	};
	int rc;

	if (l && l->n == 0)
		return err_set(e, ERR_USAGE, "%s: there is no port to probe; give some with -p",
			s->how->tech->title);
	rc = fill_job(s, l ? l->n : 1, e);
	if (rc == 0)
		rc = templates_make(&s->tmpls, &s->job, l ? l->ports : no_port, &conf, e);
	if (rc < 0)
		return rc;
	set_shard(s);
	return set_again(s, e);
}
