/* SPDX-License-Identifier: BSD-2-Clause */
/* From argv and configuration files to struct opts, and what options mean together. */
#include "cmd/opts.h"

#include <string.h>

#include "cmd/conf.h"
#include "scan/plan_sweep.h"

static void init(struct opts *o)
{
	memset(o, 0, sizeof(*o));
	o->random = o->top_ports = o->source_port = OPT_UNSET;
	o->min_rtt = o->max_rtt = o->initial_rtt = o->host_timeout = OPT_UNSET;
	o->scan_delay = o->max_scan_delay = o->stats_every = OPT_UNSET;
	o->max_retries = o->min_hostgroup = o->max_hostgroup = OPT_UNSET;
	o->min_parallelism = o->max_parallelism = OPT_UNSET;
	o->mtu = o->ttl = o->data_length = OPT_UNSET;
	o->capture_limit = OPT_UNSET;
	o->port_ratio = -1;
	o->sweep.probes = o->sweep.sender_threads = o->sweep.dedup = o->sweep.cooldown = OPT_UNSET;
	o->sweep.probe_options = PROBE_OPTIONS_LINUX;
	o->timing = 3;
	o->stealth = -1;
}

/* FILE of --config, looked up before the values of all options are stored. */
static const char *config_option(const struct opt_uses *args)
{
	const char *path = NULL;

	for (size_t i = 0; i < args->n; i++) {
		if (args->v[i].row->lands == offsetof(struct opts, config))
			path = args->v[i].value;
	}
	return path;
}

static int read_conf(struct opts *o, struct err *e)
{
	const char *only = config_option(&o->args);
	char user[CONF_PATH_MAX];
	int rc;

	if (only) {
		rc = conf_read(&scan_opts, only, &o->conf, e);
		return rc == 0 ? err_set(e, ERR_USAGE, "--config %s: there is no such file", only)
			       : rc;
	}
	rc = conf_read(&scan_opts, CONF_SYSTEM, &o->conf, e);
	if (rc >= 0 && *conf_user_path(user))
		rc = conf_read(&scan_opts, user, &o->conf, e);
	return rc;
}

/* Whether the row is of use only where ports are scanned. */
static bool is_for_ports(const struct opt_row *r)
{
	static const size_t members[] = {
		offsetof(struct opts, techniques),
		offsetof(struct opts, zombie),
		offsetof(struct opts, bounce),
		offsetof(struct opts, scan_flags),
		offsetof(struct opts, ports),
		offsetof(struct opts, exclude_ports),
		offsetof(struct opts, fast),
		offsetof(struct opts, sequential),
		offsetof(struct opts, top_ports),
		offsetof(struct opts, port_ratio),
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (r->lands == members[i])
			return true;
	}
	return false;
}

static const struct opt_use *find_use(
	const struct opt_uses *u, bool (*wanted)(const struct opt_row *r))
{
	for (size_t i = 0; i < u->n; i++) {
		if (wanted(u->v[i].row))
			return &u->v[i];
	}
	return NULL;
}

const struct opt_use *opts_find(const struct opts *o, bool (*wanted)(const struct opt_row *r))
{
	const struct opt_use *u = find_use(&o->args, wanted);

	return u ? u : find_use(&o->conf, wanted);
}

static bool is_no_scan(const struct opt_row *r)
{
	return r->lands == offsetof(struct opts, list_only) ||
	       r->lands == offsetof(struct opts, no_ports);
}

/* What a configuration file says of ports gives way to -sn and -sL of the command line. */
static int check_techniques(const struct opts *o, struct err *e)
{
	const char *no_scan = o->list_only ? "-sL" : "-sn";
	const struct opt_use *idle;

	if (!o->list_only && !o->no_ports)
		return 0;
	idle = find_use(&o->args, is_for_ports);
	if (!idle && !find_use(&o->args, is_no_scan))
		idle = find_use(&o->conf, is_for_ports);
	if (!idle)
		return 0;
	return err_set(e, ERR_USAGE, "%s scans no ports and so has no use for %s; leave out one",
		no_scan, idle->as);
}

/* Nothing may pass the proxies by. */
static int check_proxies(const struct opts *o, struct err *e)
{
	const struct opt_use *beyond;

	if (!o->proxies)
		return 0;
	beyond = opts_find(o, opts_beyond_proxies);
	if (!beyond)
		return 0;
	return err_set(e, ERR_USAGE,
		"%s cannot go through proxies, which carry TCP connections only; leave it or --proxies out",
		beyond->as);
}

static bool at_once(uint64_t n)
{
	return n != OPT_UNSET && n > 1;
}

static int check_bounds(const struct opts *o, struct err *e)
{
	if (o->min_rate > 0 && o->max_rate > 0 && o->min_rate > o->max_rate)
		return err_set(e, ERR_USAGE, "--min-rate %g is more than --max-rate %g",
			o->min_rate, o->max_rate);
	if (o->min_rate > 0 && o->scan_delay != OPT_UNSET && o->scan_delay > 0)
		return err_set(e, ERR_USAGE,
			"--min-rate sends on where --scan-delay would pause; leave out one");
	if (o->stealth >= 0 &&
		(o->min_rate > 0 || at_once(o->min_hostgroup) || at_once(o->min_parallelism)))
		return err_set(e, ERR_USAGE,
			"--stealth sends one packet after another, target by target, where %s asks for more at once; leave out one",
			o->min_rate > 0              ? "--min-rate"
			: at_once(o->min_hostgroup) ? "--min-hostgroup"
						     : "--min-parallelism");
	if (o->min_hostgroup != OPT_UNSET && o->min_hostgroup > o->max_hostgroup)
		return err_set(e, ERR_USAGE,
			"--min-hostgroup is more than --max-hostgroup; lower one or raise the other");
	if (o->min_parallelism != OPT_UNSET && o->min_parallelism > o->max_parallelism)
		return err_set(e, ERR_USAGE,
			"--min-parallelism is more than --max-parallelism; lower one or raise the other");
	return 0;
}

static int check_capture(const struct opts *o, struct err *e)
{
	bool wanted = opts_output(o, OUTPUT_CAPTURE);

	if (!wanted && o->capture_limit != OPT_UNSET)
		return err_set(e, ERR_USAGE,
			"--packet-capture-limit is of use only with --packet-capture; leave it out");
	if (o->list_only && (wanted || opts_output(o, OUTPUT_HEX)))
		return err_set(e, ERR_USAGE,
			"-sL sends no packets and so has no use for %s; leave out one",
			wanted ? "--packet-capture" : "-oH");
	return 0;
}

static bool is_style(const struct opt_row *r)
{
	return r->lands == offsetof(struct opts, stylesheet) ||
	       r->lands == offsetof(struct opts, xml_style);
}

/* What a configuration file says of it waits for a run that writes XML. */
static int check_style(const struct opts *o, struct err *e)
{
	const struct opt_use *u = find_use(&o->args, is_style);

	if (!u || opts_output(o, OUTPUT_XML) || opts_output(o, OUTPUT_ALL))
		return 0;
	return err_set(e, ERR_USAGE,
		"%s is about XML output, and none is asked for; leave it out or add -oX", u->as);
}

static bool is_fields(const struct opt_row *r)
{
	return r->lands == offsetof(struct opts, fields);
}

static bool is_where(const struct opt_row *r)
{
	return r->lands == offsetof(struct opts, where);
}

/* In a configuration file both wait for a run that has use for them. */
static int check_rows(const struct opts *o, struct err *e)
{
	if (find_use(&o->args, is_fields) && !opts_output(o, OUTPUT_CSV) &&
		!opts_output(o, OUTPUT_NDJSON) && !opts_output(o, OUTPUT_JSON))
		return err_set(e, ERR_USAGE,
			"--fields is about -oC, -oD and -oJ, and none is asked for; leave it out or add one");
	if (find_use(&o->args, is_where) && (o->list_only || o->no_ports) &&
		o->sweep.wish != SWEEP_YES)
		return err_set(e, ERR_USAGE,
			"%s scans no ports and so has no use for --where; leave out one",
			o->list_only ? "-sL" : "-sn");
	return 0;
}

static int check_outputs(const struct opts *o, struct err *e)
{
	const char *on_stdout = o->route_dst.n ? "--route-dst" : NULL;

	for (size_t i = 0; i < o->outputs.n; i++) {
		if (strcmp(o->outputs.v[i].text, "-") != 0)
			continue;
		if (on_stdout)
			return err_set(e, ERR_USAGE,
				"%s and %s - cannot share standard output; give one of them a file",
				on_stdout, o->outputs.v[i].row->names[0]);
		on_stdout = o->outputs.v[i].row->names[0];
	}
	return 0;
}

/* The options come from the file, so none may stand beside it but what is about the keyboard. */
static int check_resume(const struct opts *o, struct err *e)
{
	for (size_t i = 0; i < o->args.n; i++) {
		size_t lands = o->args.v[i].row->lands;

		if (lands != offsetof(struct opts, resume) &&
			lands != offsetof(struct opts, noninteractive))
			return err_set(e, ERR_USAGE,
				"--resume takes all options from the scan that it resumes; leave out %s",
				o->args.v[i].as);
	}
	if (o->args.n_words)
		return err_set(e, ERR_USAGE,
			"--resume takes the targets from the scan that it resumes; leave out %s",
			o->args.words[0]);
	return 0;
}

static bool is_raw_technique(const struct opt_row *r)
{
	return (r->lands == offsetof(struct opts, techniques) && r->value != TECH_CONNECT) ||
	       r->lands == offsetof(struct opts, zombie);
}

static bool is_port_technique(const struct opt_row *r)
{
	return (r->lands == offsetof(struct opts, techniques) && r->value != TECH_PROTO) ||
	       r->lands == offsetof(struct opts, zombie) ||
	       r->lands == offsetof(struct opts, bounce);
}

/* How one of these techniques was asked for, on the command line or in a file. */
static const char *technique_used(const struct opts *o, bool (*wanted)(const struct opt_row *r))
{
	const struct opt_use *u = opts_find(o, wanted);

	return u ? u->as : "the technique";
}

static int check(const struct opts *o, struct err *e)
{
	const unsigned without_raw = TECH_CONNECT | TECH_BOUNCE;
	int rc = o->resume ? check_resume(o, e) : check_techniques(o, e);

	if (rc == 0 && o->servicedb && o->ports)
		rc = err_set(e, ERR_USAGE,
			"--servicedb scans the ports of its file; leave out -p, or use --datadir");
	if (rc == 0 && o->privilege == PRIVILEGE_NO && (o->techniques & ~without_raw))
		rc = err_set(e, ERR_USAGE,
			"%s needs raw packets, which --unprivileged gives up; leave out one",
			technique_used(o, is_raw_technique));
	if (rc == 0 && (o->techniques & TECH_PROTO) && o->techniques != TECH_PROTO)
		rc = err_set(e, ERR_USAGE,
			"-sO scans IP protocols and no ports, so it goes alone; leave out it or %s",
			technique_used(o, is_port_technique));
	if (rc == 0)
		rc = check_bounds(o, e);
	if (rc == 0)
		rc = check_capture(o, e);
	if (rc == 0)
		rc = check_style(o, e);
	if (rc == 0)
		rc = check_rows(o, e);
	if (rc == 0)
		rc = check_proxies(o, e);
	return rc < 0 ? rc : check_outputs(o, e);
}

/* A word that asks for an output format that does not exist, or NULL. */
static const char *unknown_format(int argc, const char *const *argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		char name[4] = {'-', 'o', '\0', '\0'};

		if (strncmp(argv[i], "-o", 2) != 0 || !argv[i][2])
			continue;
		name[2] = argv[i][2];
		if (!opt_find(&scan_opts, name) && strncmp(argv[i], "-open", 5) != 0)
			return argv[i];
	}
	return NULL;
}

/* "-oZ" is refused like any option that there is not; this says what there is. */
static int explain_format(int rc, int argc, const char *const *argv, struct err *e)
{
	const char *word = rc == ERR_USAGE ? unknown_format(argc, argv) : NULL;

	if (!word)
		return rc;
	return err_set(e, ERR_USAGE,
		"unknown output format %.40s; there are -oN -oX -oG -oA -oJ -oD -oC -oB -oS -oH", word);
}

static int parse(struct opts *o, int argc, const char *const *argv, struct err *e)
{
	init(o);
	return explain_format(opt_parse(&scan_opts, argc, argv, &o->args, e), argc, argv, e);
}

static int settle(struct opts *o, struct err *e)
{
	int rc = opt_apply(&o->conf, &o->args, o, e);

	if (o->bounce)
		o->techniques |= TECH_BOUNCE;
	if (o->zombie)
		o->techniques |= TECH_IDLE;
	return rc < 0 ? rc : check(o, e);
}

int opts_read(struct opts *o, int argc, const char *const *argv, struct err *e)
{
	int rc = parse(o, argc, argv, e);

	if (rc == 0)
		rc = read_conf(o, e);
	return rc < 0 ? rc : settle(o, e);
}

int opts_repeat(struct opts *o, int argc, const char *const *argv, struct opt_uses *conf,
	struct err *e)
{
	int rc = parse(o, argc, argv, e);

	o->conf = *conf;
	*conf = (struct opt_uses){0};
	return rc < 0 ? rc : settle(o, e);
}

void opts_free(struct opts *o)
{
	opt_uses_free(&o->conf);
	opt_uses_free(&o->args);
}

static int level(int given)
{
	return given < 0 ? 0 : given;
}

struct levels opts_levels(const struct opts *o)
{
	return (struct levels){
		.verbose = level(o->verbose) + level(o->debug),
		.debug = level(o->debug),
		.trace = o->packet_trace,
	};
}

bool opts_output(const struct opts *o, int kind)
{
	for (size_t i = 0; i < o->outputs.n; i++) {
		if (o->outputs.v[i].row->value == kind)
			return true;
	}
	return false;
}
