/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses of a sweep as this machine and the permissions allow them. */
#include "cmd/sweep_set.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "scan/tech.h"
#include "target/crowd.h"
#include "target/scope.h"
#include "target/special.h"

/* ---- what is near ---------------------------------------------------------------------------- */

static int add_network(struct addr_set *s, const char *addr, unsigned bits)
{
	struct block b;
	struct addr a;

	if (addr_parse(addr, &a))
		return -EINVAL;
	block_from_prefix(&b, &a, bits);
	return addr_set_take(s, &b);
}

/* Loopback, and the networks of this machine's addresses. */
static int find_near(struct addr_set *near, const struct net *net, struct err *e)
{
	size_t n = 0;
	const struct net_addr *v = net ? net_addrs(net, &n) : NULL;
	int rc = add_network(near, "127.0.0.0", 8);

	if (rc == 0)
		rc = add_network(near, "::1", 128);
	for (size_t i = 0; i < n && rc == 0; i++) {
		const struct net_link *link = net_link_by_index(net, v[i].ifindex);
		struct block b;

		if (!link || !link->up)
			continue;
		block_from_prefix(&b, &v[i].addr, v[i].prefix_len);
		rc = addr_set_take(near, &b);
	}
	addr_set_seal(near);
	return rc < 0 ? err_set(e, rc, "no memory for the networks of this machine") : 0;
}

/* ---- providers ------------------------------------------------------------------------------- */

/* Whether `name` stands in the list, whose words are separated by commas. */
static bool in_list(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL) {
		if (strcspn(list, ",") == len && strncasecmp(list, name, len) == 0)
			return true;
	}
	return false;
}

/* Each word of the list must be a provider. */
static int check_list(
	const struct net_groups *g, const char *option, const char *list, struct err *e)
{
	struct buf names = {0};
	char name[GROUP_NAME_MAX];

	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		size_t len = strcspn(at, ",");

		memcpy(name, at, len < sizeof(name) ? len : 0);
		name[len < sizeof(name) ? len : 0] = '\0';
		if (groups_find(g, name))
			continue;
		for (size_t i = 0; i < g->n; i++)
			buf_fmt(&names, "%s%s", i ? "," : "", g->v[i].name);
		err_set(e, ERR_USAGE, "%s: there is no provider \"%.*s\"; there are %s", option,
			(int)(len < 40 ? len : 40), at, buf_text(&names));
		buf_free(&names);
		return ERR_USAGE;
	}
	return 0;
}

static int open_providers(struct sweep_set *s, const struct opts_sweep *o, struct err *e)
{
	int rc;

	if (!o->skip_cdn)
		return 0;
	if (o->cdn_file)
		rc = groups_read(&s->cdn, o->cdn_file, e);
	else
		rc = groups_parse(&s->cdn, "data/cdn.txt", cdn_text, strlen(cdn_text), e);
	if (rc == 0 && !s->cdn.n)
		rc = err_set(e, ERR_USAGE,
			"--cdn-file %s: there is no provider in it; write lines as in: example 192.0.2.0/24",
			o->cdn_file ? o->cdn_file : "");
	if (rc == 0 && o->cdn_only)
		rc = check_list(&s->cdn, "--cdn-only", o->cdn_only, e);
	if (rc == 0 && o->cdn_except)
		rc = check_list(&s->cdn, "--cdn-except", o->cdn_except, e);
	return rc;
}

static bool is_skipped(const struct opts_sweep *o, const char *provider)
{
	if (o->cdn_only)
		return in_list(o->cdn_only, provider);
	return !o->cdn_except || !in_list(o->cdn_except, provider);
}

/* ---- the set --------------------------------------------------------------------------------- */

static int build(struct sweep_set *s, const struct opts *o, const struct sweep_world *w,
	const struct special *special, struct err *e)
{
	struct space_cut cuts[GROUPS_MAX + 1] = {{.set = &special->out, .named = &special->all}};
	size_t provider[GROUPS_MAX + 1];
	struct space_request rq = {.targets = w->targets, .cuts = cuts, .n_cuts = 1};
	int rc;

	for (size_t i = 0; i < s->cdn.n; i++) {
		if (!is_skipped(&o->sweep, s->cdn.v[i].name))
			continue;
		provider[rq.n_cuts] = i;
		cuts[rq.n_cuts++].set = &s->cdn.v[i].set;
	}
	rc = space_build(&s->space, &rq, &s->out, e);
	s->special = cuts[0].left_out;
	for (size_t i = 1; i < rq.n_cuts; i++)
		s->cdn_out[provider[i]] = cuts[i].left_out;
	return rc;
}

static void say_special(const struct sweep_set *s, const struct log *log)
{
	if (s->special)
		log_say(log, LOG_WARN,
			"%" PRIu64
			" addresses of ranges with a special use (RFC 6890) are left out; name such a range by itself to sweep it",
			s->special);
}

static void add_count(struct buf *out, const char *what, uint64_t n)
{
	if (n)
		buf_fmt(out, "%s%s %" PRIu64, out->len ? ", " : "", what, n);
}

void sweep_set_left_out(const struct sweep_set *s, struct buf *out)
{
	add_count(out, "excluded", s->out.excluded);
	add_count(out, "special use", s->special);
	for (size_t i = 0; i < s->cdn.n; i++)
		add_count(out, s->cdn.v[i].name, s->cdn_out[i]);
}

static void say_at_end(
	void *ctx, struct sweep *sweep, enum sweep_phase phase, const struct sweep_tick *t)
{
	const struct sweep_set *s = ctx;
	struct buf counts = {0}, text = {0};

	if (phase != SWEEP_DONE)
		return;
	sweep_set_left_out(s, &counts);
	if (counts.len) {
		buf_fmt(&text, "addresses that were asked for and left out: %s", buf_text(&counts));
		if (s->cdn.n)
			buf_fmt(&text, " (providers' networks of %s)",
				*s->cdn.date ? s->cdn.date : "no date");
		sweep_say(sweep, LOG_WARN, buf_text(&text));
	}
	buf_free(&counts);
	buf_free(&text);
}

struct sweep_watch sweep_set_watch(const struct sweep_set *s)
{
	return (struct sweep_watch){.ctx = (void *)s, .phase = say_at_end};
}

/* ---- rate and permission --------------------------------------------------------------------- */

/* The most that the plan may send in a second; 0: it is not bounded. */
static double most_pps(const struct plan_sweep *s)
{
	double most = s->rate_auto ? 0 : s->rate_pps;

	if (s->bandwidth_bps)
		most = plan_sweep_pps(s->bandwidth_bps, 0);
	if (s->rate_limit_pps > 0 && (most <= 0 || s->rate_limit_pps < most))
		most = s->rate_limit_pps;
	return most;
}

static void choose_rate(struct plan_sweep *s, uint64_t n_far)
{
	if (s->rate_pps <= 0 && !s->rate_auto && !s->bandwidth_bps)
		s->rate_pps = n_far ? SWEEP_FAR_PPS : SWEEP_NEAR_PPS;
}

/* Ceilings for single hosts and networks bound the rate of the whole. */
static void keep_ceilings(const struct space *s, struct plan_sweep *p, const struct log *log)
{
	double most = most_pps(p);
	double ceiling = crowd_rate(s, p->host_limit_pps, p->net_limit_pps);

	if (ceiling <= 0 || (most > 0 && most <= ceiling))
		return;
	p->rate_limit_pps = ceiling;
	if (p->rate_pps > ceiling)
		p->rate_pps = ceiling;
	log_say(log, LOG_WARN,
		"the sweep sends %.6g packets a second at most, as --max-host-rate or --max-net-rate allows no more for targets this few or this close together",
		ceiling);
}

static int refuse_unpermitted(const struct sweep_set *s, const struct plan_sweep *p, struct err *e)
{
	if (s->n_far > SWEEP_FREE_ADDRS)
		return err_set(e, ERR_USAGE,
			"%" PRIu64
			" addresses that are not directly connected are more than 2^20: sweeping these needs permission; give it with --scope FILE, or say --i-have-permission",
			s->n_far);
	return err_set(e, ERR_USAGE,
		"%.0f packets a second towards addresses that are not directly connected are more than %d: this needs permission; give it with --scope FILE, say --i-have-permission, or use --rate %d",
		most_pps(p), SWEEP_FREE_PPS, SWEEP_FREE_PPS);
}

/* The ports that are probed; NULL: none are. */
static const struct port_list *ports_of(const struct plan *p)
{
	const struct scan_tech *t = p->techniques[0] ? scan_tech_by_name(p->techniques[0]) : NULL;

	return p->ports_wanted && t ? &p->ports.of[t->ports] : NULL;
}

static int check_scope(const struct sweep_set *s, struct plan *p, const char *path,
	const struct sweep_world *w, struct err *e)
{
	struct scope scope;
	int rc = scope_read(&scope, path, e);

	if (rc == 0 && p->sweep.rate_auto && scope.max_rate > 0 &&
		(p->sweep.rate_limit_pps <= 0 || p->sweep.rate_limit_pps > scope.max_rate))
		p->sweep.rate_limit_pps = scope.max_rate;
	if (rc == 0)
		rc = scope_check(&scope,
			&(struct scope_use){
				.space = &s->space,
				.spared = &s->near,
				.ports = ports_of(p),
				.rate_pps = s->n_far ? most_pps(&p->sweep) : 0,
				.now_wall_ns = w->now_wall_ns,
			},
			e);
	scope_free(&scope);
	return rc;
}

static int check_permission(const struct sweep_set *s, struct plan *p, const struct opts *o,
	const struct sweep_world *w, struct err *e)
{
	if (o->sweep.scope)
		return check_scope(s, p, o->sweep.scope, w, e);
	if (!s->n_far || o->sweep.permission)
		return 0;
	if (p->sweep.rate_auto && most_pps(&p->sweep) <= 0) {
		p->sweep.rate_limit_pps = SWEEP_FREE_PPS;
		log_say(w->log, LOG_WARN,
			"--rate auto climbs to %d packets a second at most; for more give --scope FILE or say --i-have-permission",
			SWEEP_FREE_PPS);
	}
	if (s->n_far <= SWEEP_FREE_ADDRS && most_pps(&p->sweep) <= SWEEP_FREE_PPS)
		return 0;
	return refuse_unpermitted(s, &p->sweep, e);
}

int sweep_set_make(struct sweep_set *s, struct plan *p, const struct opts *o,
	const struct sweep_world *w, struct err *e)
{
	struct special special = {0};
	int rc;

	*s = (struct sweep_set){0};
	rc = find_near(&s->near, w->net, e);
	if (rc == 0)
		rc = special_open(&special, &s->near, e);
	if (rc == 0)
		rc = open_providers(s, &o->sweep, e);
	if (rc == 0)
		rc = build(s, o, w, &special, e);
	special_free(&special);
	say_special(s, w->log);
	if (rc < 0)
		return rc;
	s->n_far = s->space.view.count - space_count_in(&s->space, &s->near);
	choose_rate(&p->sweep, s->n_far);
	keep_ceilings(&s->space, &p->sweep, w->log);
	return check_permission(s, p, o, w, e);
}

void sweep_set_free(struct sweep_set *s)
{
	space_free(&s->space);
	addr_set_free(&s->near);
	groups_free(&s->cdn);
	*s = (struct sweep_set){0};
}
