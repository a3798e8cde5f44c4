/* SPDX-License-Identifier: BSD-2-Clause */
/* What the options say about a sweep. */
#include "cmd/sweep_plan.h"

#include <stddef.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "cmd/sweep_check.h"

#define RATE_MAX   1e9
#define SHARDS_MAX 1000000

/* A number with k, M or G behind it, decimal multiples; 0 or ERR_PARSE. */
static int read_number(const char *text, double *out)
{
	static const char units[] = "kMG";
	char digits[32] = "";
	size_t len = strlen(text);
	const char *unit = len ? strchr(units, text[len - 1] == 'K' ? 'k' : text[len - 1]) : NULL;

	len -= unit != NULL;
	if (len >= sizeof(digits))
		return ERR_PARSE;
	memcpy(digits, text, len);
	if (str_double(digits, out))
		return ERR_PARSE;
	for (const char *u = units; unit && u <= unit; u++)
		*out *= 1000;
	return 0;
}

static int read_rate(struct plan_sweep *s, const char *text, struct err *e)
{
	if (!text)
		return 0;
	s->rate_auto = strcmp(text, "auto") == 0;
	if (s->rate_auto)
		return 0;
	if (read_number(text, &s->rate_pps) || s->rate_pps <= 0 || s->rate_pps > RATE_MAX)
		return err_set(e, ERR_USAGE,
			"--rate %.40s: not a number of packets a second up to 1G, such as 0.5, 20k or 1.5M, nor auto",
			text);
	return 0;
}

static int read_bandwidth(struct plan_sweep *s, const char *text, struct err *e)
{
	double bits = 0;

	if (!text)
		return 0;
	if (read_number(text, &bits) || bits < 1 || bits > 1e15)
		return err_set(e, ERR_USAGE,
			"--bandwidth %.40s: not a number of bits a second, such as 500k, 100M or 1G",
			text);
	s->bandwidth_bps = (uint64_t)bits;
	return 0;
}

/* "2/4": the second of four. */
static int read_shard(struct plan_sweep *s, const struct opts_sweep *o, struct err *e)
{
	const char *slash = o->shard ? strchr(o->shard, '/') : NULL;
	char first[16] = "";
	uint64_t i, n;

	if (!o->shard)
		return 0;
	if (slash && (size_t)(slash - o->shard) < sizeof(first))
		memcpy(first, o->shard, (size_t)(slash - o->shard));
	if (!slash || str_u64(slash + 1, 1, SHARDS_MAX, &n) || str_u64(first, 1, n, &i))
		return err_set(e, ERR_USAGE,
			"--shard %.40s: not a part and a number of parts, such as 1/4; parts are 1/N to N/N",
			o->shard);
	if (!o->seed)
		return err_set(e, ERR_USAGE,
			"--shard %s: shards fit together only when all have the same seed; add --seed, the same for each",
			o->shard);
	s->shard = (uint32_t)i - 1;
	s->n_shards = (uint32_t)n;
	return 0;
}

/* A number stands for itself, any other text for its hash. */
static void read_seed(struct plan *p, const char *text)
{
	static const struct hash_key key = {0x736f6e64652d7365, 0x65642d7465787400};

	if (text && str_u64(text, 0, UINT64_MAX, &p->seed))
		p->seed = hash_sip(&key, text, strlen(text));
}

static int read_recheck(struct plan_sweep *s, const char *text, struct err *e)
{
	double percent = 0;
	char digits[32];
	size_t len = text ? strlen(text) : 0;

	if (!text)
		return 0;
	len -= len > 1 && text[len - 1] == '%';
	if (strcmp(text, "off") == 0) {
		s->recheck = 0;
		return 0;
	}
	memcpy(digits, text, len < sizeof(digits) ? len : 0);
	digits[len < sizeof(digits) ? len : 0] = '\0';
	if (str_double(digits, &percent) || percent < 0 || percent > 100)
		return err_set(e, ERR_USAGE,
			"--recheck %.40s: not a share from 0 to 100 percent, nor off", text);
	s->recheck = percent / 100;
	return 0;
}

static int read_contact(struct plan_sweep *s, const char *text, struct err *e)
{
	if (!text)
		return 0;
	if (strlen(text) > CONTACT_MAX)
		return err_set(e, ERR_USAGE, "--contact: the note is longer than %d characters",
			CONTACT_MAX);
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return err_set(e, ERR_USAGE,
				"--contact: the note may have printable ASCII characters only, as everybody can read these");
	memcpy(s->contact, text, strlen(text) + 1);
	return 0;
}

static int check_cdn(const struct opts_sweep *o, struct err *e)
{
	const char *idle = o->cdn_only	   ? "--cdn-only"
			   : o->cdn_except ? "--cdn-except"
			   : o->cdn_file   ? "--cdn-file"
					   : NULL;

	if (o->skip_cdn || !idle)
		return 0;
	return err_set(
		e, ERR_USAGE, "%s says what --skip-cdn skips; add that or leave it out", idle);
}

static unsigned given(uint64_t option, unsigned otherwise)
{
	return option == OPT_UNSET ? otherwise : (unsigned)option;
}

static int read_all(struct plan *p, const struct opts *o, struct err *e)
{
	const struct opts_sweep *os = &o->sweep;
	struct plan_sweep *s = &p->sweep;
	int rc = read_rate(s, os->rate, e);

	if (rc == 0)
		rc = read_bandwidth(s, os->bandwidth, e);
	if (rc == 0)
		rc = read_shard(s, os, e);
	if (rc == 0)
		rc = read_recheck(s, os->recheck, e);
	if (rc == 0)
		rc = read_contact(s, os->contact, e);
	if (rc == 0)
		rc = check_cdn(os, e);
	read_seed(p, os->seed);
	s->rate_limit_pps = o->max_rate;
	s->host_limit_pps = os->max_host_rate;
	s->net_limit_pps = os->max_net_rate;
	s->probe_options = (enum probe_options)os->probe_options;
	s->probe_time = !os->no_probe_time;
	s->passes = given(os->probes, s->passes);
	s->sender_threads = given(os->sender_threads, 0);
	s->dedup = given(os->dedup, s->dedup);
	if (os->cooldown != OPT_UNSET)
		s->cooldown_ns = os->cooldown;
	s->receipt = os->receipt;
	s->all_answers = os->all_answers;
	return rc;
}

int sweep_plan_stateful(const struct opts *o, struct err *e)
{
	const struct opt_use *u = opts_find(o, opts_sweep_only);

	if (!u || u->where) /* what a file says of it waits for a sweep */
		return 0;
	return err_set(e, ERR_USAGE,
		"%s is about sweeps, and this is a stateful scan; leave it out or add --sweep",
		u->as);
}

int sweep_plan(struct plan *p, const struct opts *o, struct err *e)
{
	int rc;

	p->sweep.on = o->sweep.wish == SWEEP_YES;
	if (p->sweep.on) {
		rc = sweep_check(p, o, e);
		return rc < 0 ? rc : read_all(p, o, e);
	}
	/* without a wish the size decides, which is not known yet */
	return o->sweep.wish == SWEEP_ASK ? 0 : sweep_plan_stateful(o, e);
}
