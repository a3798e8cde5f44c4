/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde scan: wires options, machine, targets, outputs and terminal to the engine. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "cmd/caps.h"
#include "cmd/cmd.h"
#include "cmd/cmdline.h"
#include "cmd/machine.h"
#include "cmd/opts.h"
#include "cmd/outputs.h"
#include "cmd/plan_make.h"
#include "scan/scan.h"
#include "ui/cli/cli.h"

#define WEB_STYLESHEET "https://svn.nmap.org/nmap/docs/nmap.xsl"

/* The one mutable global: number of the signal that asks the scan to end. */
static volatile sig_atomic_t stop_signal;

struct session {
	struct opts o;
	struct log log;
	struct cli *cli;
	struct machine machine;
	struct plan plan;
	struct rng rng;
	struct targets *targets;
	struct bus bus;
	struct outputs outputs;
	char *args;	  /* the command line as text */
	bool output_said; /* that an output failed */
	char error_said[sizeof(((struct err *)0)->text)]; /* the last error the terminal showed */
};

static void on_signal(int number)
{
	stop_signal = number;
}

/* The first SIGINT, SIGTERM or SIGHUP ends the scan in order, the second one at once. */
static void catch_signals(void)
{
	struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	struct sigaction ignore = {.sa_handler = SIG_IGN}, hup;

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	if (sigaction(SIGHUP, NULL, &hup) == 0 && hup.sa_handler != SIG_IGN) /* nohup */
		sigaction(SIGHUP, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL); /* a closed pipe is an error of the output */
}

/* ---- steps ---------------------------------------------------------------------------------- */

static enum log_level talkative(const struct opts *o)
{
	if (o->debug > 0)
		return LOG_DEBUG;
	return o->verbose > 0 ? LOG_INFO : LOG_WARN;
}

static int open_terminal(struct session *s, struct err *e)
{
	const struct opts *o = &s->o;
	struct cli_conf conf = {
		.keys = !o->noninteractive,
		.line = true,
		.stats_every_ns = o->stats_every == OPT_UNSET ? 0 : o->stats_every,
		.max = talkative(o),
	};
	int rc = cli_open(&s->cli, &conf, e);

	if (rc == 0)
		s->log = cli_log(s->cli);
	return rc;
}

static int open_machine(struct session *s, struct err *e)
{
	return machine_open(&s->machine, &s->o, &s->log, e);
}

/* Says once that connect() takes the place of raw packets, and how to change that. */
static void say_unprivileged(struct session *s)
{
	const struct opts *o = &s->o;
	struct buf remedy = {0};

	if (s->machine.privileged || o->privilege != PRIVILEGE_ASK || o->backend || o->list_only ||
		o->techniques)
		return;
	caps_remedy(&remedy);
	log_say(&s->log, LOG_WARN,
		"no permission for raw packets, so this is a TCP connect %s; for more, run it as root or once: %s",
		o->no_ports ? "discovery" : "scan", buf_text(&remedy));
	buf_free(&remedy);
}

static int make_plan(struct session *s, struct err *e)
{
	struct plan_world world = {
		.privileged = s->machine.privileged,
		.net = s->machine.net,
		.services = s->machine.services,
		.log = &s->log,
	};
	int rc = plan_make(&s->plan, &s->o, &world, e);

	if (rc == 0)
		say_unprivileged(s);
	return rc;
}

static int look_up(void *ctx, const char *name, unsigned family, struct addr **list, struct err *e)
{
	struct resolver *r = ctx;

	return resolver_forward(r, name, family, list, e);
}

static int open_targets(struct session *s, struct err *e)
{
	const struct opts *o = &s->o;
	struct target_request rq = {
		.specs = o->args.words,
		.n_specs = o->args.n_words,
		.list_file = o->input_list,
		.random = o->random == OPT_UNSET ? 0 : o->random,
		.random_set = o->random != OPT_UNSET,
		.exclude = o->exclude,
		.exclude_file = o->exclude_file,
		.family = s->plan.family,
		.resolve_all = o->resolve_all,
		.unique = o->unique,
		.randomize = o->randomize,
		.lookup = {look_up, s->machine.resolver},
		.rng = &s->rng,
		.log = &s->log,
	};

	rng_seed(&s->rng, s->plan.seed);
	return targets_open(&s->targets, &rq, e);
}

static const char *stylesheet(const struct opts *o)
{
	static const char *const fixed[] = {
		[XML_STYLE_WEB] = WEB_STYLESHEET, [XML_STYLE_NONE] = NULL};

	return o->xml_style == XML_STYLE_GIVEN ? o->stylesheet : fixed[o->xml_style];
}

/* Last on the bus: a failed output is said at once, and with the last of them the scan ends. An
 * error that the terminal has shown is kept, so as not to be said again at the end. */
static int watch_outputs(void *ctx, const struct rec *r, struct err *e)
{
	struct session *s = ctx;
	unsigned alive = 0;

	if (r->kind == REC_NOTE && r->note->level == LOG_ERROR)
		snprintf(s->error_said, sizeof(s->error_said), "%s", r->note->text);
	if (s->bus.first_error.code == 0)
		return 0;
	if (!s->output_said)
		cmd_fail(&s->bus.first_error);
	s->output_said = true;
	for (unsigned i = 1; i + 1 < s->bus.n; i++) /* the first is the terminal's, the last this */
		alive += !s->bus.sub[i].dead;
	if (alive == 0 && !stop_signal)
		stop_signal = SIGPIPE;
	return 0;
}

static int open_outputs(struct session *s, struct err *e)
{
	const struct opts *o = &s->o;
	struct out_conf conf = {
		.append = o->append,
		.open_only = o->open_only,
		.reason = o->reason,
		.trace = o->packet_trace,
		.verbose = s->plan.verbose,
		.debug = s->plan.debug,
		.stylesheet = stylesheet(o),
		.list_only = o->list_only,
		.ping_only = o->no_ports,
		.no_ping = (s->plan.ping & PING_NONE) != 0,
	};
	int rc;

	catch_signals();
	bus_init(&s->bus);
	rc = bus_subscribe(&s->bus, cli_put, s->cli, BUS_WANT_ALL);
	if (rc == 0)
		rc = outputs_open(&s->outputs, o, &conf, &s->bus, e);
	/* what the user named and cannot be written is a mistake in the command line */
	if (rc < 0)
		return ERR_USAGE;
	rc = bus_subscribe(&s->bus, watch_outputs, s, BUS_WANT_ALL);
	return rc < 0 ? err_set(e, rc, "too many output files; leave one out") : 0;
}

/* ---- the scan -------------------------------------------------------------------------------- */

static int run_engine(struct session *s, struct scan_result *res, struct err *e)
{
	struct scan_env env = {
		.clock = clock_real(),
		.bus = &s->bus,
		.log = &s->log,
		.net = s->machine.net,
		.resolver = s->machine.resolver,
		.oui = machine_oui,
		.oui_ctx = &s->machine,
		.services = s->machine.services,
		.targets = s->targets,
		.stop = &stop_signal,
		.hooks = cli_hooks(s->cli),
		.args = s->args,
		.version = SONDE_VERSION,
		.privileged = s->machine.privileged,
	};

	cli_start(s->cli);
	return scan_run(&s->plan, &env, res, e);
}

/* Whether anything was wrong with the targets or the files, once the engine is done; returns the
 * exit code. */
static int conclude(struct session *s, const struct scan_result *res, int rc, struct err *e)
{
	struct err close_error = {0};
	int close_rc = outputs_close(&s->outputs, &close_error);

	cli_close(s->cli);
	s->cli = NULL;
	if (s->bus.first_error.code && !s->output_said)
		cmd_fail(&s->bus.first_error);
	else if (close_rc < 0 && !s->output_said)
		cmd_fail(&close_error);
	if (rc < 0)
		rc = strcmp(e->text, s->error_said) == 0 ? cmd_code(e) : cmd_fail(e);
	if (stop_signal && stop_signal != SIGPIPE)
		return 128 + (int)stop_signal;
	if (s->bus.first_error.code || close_rc < 0)
		return EXIT_FAILED;
	if (rc == EXIT_OK && targets_failed(s->targets) > 0 && res->hosts_total == 0)
		return EXIT_USAGE; /* said when it was found out: there was no target to scan */
	return rc;
}

static int session_run(struct session *s)
{
	static int (*const steps[])(struct session *, struct err *) = {
		open_terminal,
		open_machine,
		make_plan,
		open_targets,
		open_outputs,
	};
	struct scan_result res = {0};
	struct err e = {0};
	int rc;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		rc = steps[i](s, &e);
		if (rc < 0) {
			e.code = rc; /* the step knows better than the cause: a name to exclude that
					does not exist is misuse */
			return cmd_fail(&e);
		}
	}
	rc = run_engine(s, &res, &e);
	return conclude(s, &res, rc, &e);
}

static void session_free(struct session *s)
{
	if (s->targets)
		targets_free(s->targets);
	plan_free(&s->plan);
	machine_close(&s->machine);
	cli_close(s->cli);
	opts_free(&s->o);
	free(s->args);
	free(s);
}

static bool has_target(const struct opts *o)
{
	return o->args.n_words || o->input_list || o->random != OPT_UNSET;
}

/* What the options ask for instead of a scan, or the scan. */
static int dispatch(struct session *s, int argc, char **argv)
{
	struct err e = {0};

	if (s->o.help)
		return cmd_help(argc, argv);
	if (s->o.version)
		return cmd_version(argc, argv);
	if (s->o.iflist)
		return cmd_iflist();
	if (!has_target(&s->o)) {
		err_set(&e, ERR_USAGE,
			"there is nothing to scan; give a target, as in: sonde 192.0.2.0/24 (or see sonde --help)");
		return cmd_fail(&e);
	}
	return session_run(s);
}

int cmd_scan(int argc, char **argv)
{
	struct session *s = calloc(1, sizeof(*s));
	struct err e = {0};
	int code;

	if (!s || !(s->args = cmdline_text(argc, (const char *const *)argv))) {
		err_set(&e, -ENOMEM, "out of memory");
		free(s);
		return cmd_fail(&e);
	}
	if (opts_read(&s->o, argc - 1, (const char *const *)argv + 1, &e) < 0)
		code = cmd_fail(&e);
	else
		code = dispatch(s, argc, argv);
	session_free(s);
	return code;
}
