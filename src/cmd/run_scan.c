/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde scan: wires options, machine, targets, outputs and terminal to the engine. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "cmd/books.h"
#include "cmd/caps.h"
#include "cmd/cmd.h"
#include "cmd/cmdline.h"
#include "cmd/iflist.h"
#include "cmd/machine.h"
#include "cmd/opts.h"
#include "cmd/outputs.h"
#include "cmd/plan_make.h"
#include "cmd/resume.h"
#include "cmd/scheduler.h"
#include "cmd/spool.h"
#include "cmd/sweep_plan.h"
#include "cmd/sweep_set.h"
#include "scan/scan.h"
#include "sweep/sweep.h"
#include "sweep/verdict.h"
#include "ui/cli/cli.h"

#define DONE 1 /* of a step: there is nothing more to do */

/* The one mutable global: number of the signal that asks the scan to end. */
static volatile sig_atomic_t stop_signal;

struct session {
	struct opts o;
	struct log log;
	struct levels levels; /* of the options, then as keys change them */
	struct cli *cli;
	struct machine machine;
	struct plan plan;
	struct rng rng;
	struct targets *targets;    /* of a stateful scan */
	struct sweep_set sweep_set; /* of a sweep */
	struct books books;	    /* of a sweep */
	struct spool spool;	    /* of a sweep */
	struct buf why;		    /* this engine carries the scan out */
	struct bus bus;
	struct outputs outputs;
	struct resume resume;
	struct resume_run run;
	unsigned first_output; /* among the subscribers */
	char *args;	       /* the command line as reports show it */
	char *stylesheet;      /* what XML refers to, owned; or NULL */
	uint32_t said;	       /* which subscribers' failures have been said, a bit each */
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
	sigaction(SIGXFSZ, &ignore, NULL); /* and so is a file that may not grow (ulimit -f) */
}

/* ---- steps ---------------------------------------------------------------------------------- */

static int open_terminal(struct session *s, struct err *e)
{
	const struct opts *o = &s->o;
	bool targets_typed = o->input_list && strcmp(o->input_list, "-") == 0;
	struct cli_conf conf = {
		.keys = !o->noninteractive && !targets_typed,
		.line = true,
		.stats_every_ns = o->stats_every == OPT_UNSET ? 0 : o->stats_every,
		.levels = &s->levels,
	};
	int rc;

	s->levels = opts_levels(o);
	rc = cli_open(&s->cli, &conf, e);
	if (rc == 0)
		s->log = cli_log(s->cli);
	return rc;
}

static int open_machine(struct session *s, struct err *e)
{
	return machine_open(&s->machine, &s->o, &s->log, e);
}

static int look_up(void *ctx, const char *name, unsigned family, struct addr **list, struct err *e)
{
	struct resolver *r = ctx;

	return resolver_forward(r, name, family, list, e);
}

static bool has_target(const struct opts *o)
{
	return o->args.n_words || o->input_list || o->random != OPT_UNSET;
}

static int say_route(struct session *s, const char *name, struct buf *out, struct err *e)
{
	const struct net_link *forced =
		s->o.interface ? net_link_by_name(s->machine.net, s->o.interface) : NULL;
	struct addr *list = NULL;
	int n = look_up(s->machine.resolver, name, (unsigned)s->o.family, &list, e);

	if (n > 0)
		iflist_way(s->machine.net, &list[0], forced ? forced->index : 0, out);
	free(list);
	return n < 0 ? err_set(e, ERR_USAGE, "--route-dst %s: there is no such address", name) : 0;
}

/* --route-dst. DONE when that is all there is to do. */
static int say_routes(struct session *s, struct err *e)
{
	const struct opt_list *l = &s->o.route_dst;
	struct buf out = {0};
	int rc = 0;

	for (size_t i = 0; i < l->n && rc == 0; i++)
		rc = say_route(s, l->v[i].text, &out, e);
	if (rc < 0) {
		buf_free(&out);
		return rc;
	}
	if (l->n && cmd_print(&out) != EXIT_OK)
		return err_set(e, -EIO, "the route could not be printed");
	return has_target(&s->o) ? 0 : DONE;
}

/* What nmap takes without effect, or for a choice that Sonde does not have. */
static void say_ignored(struct session *s)
{
	if (s->o.ident)
		log_say(&s->log, LOG_WARN, "-I (ident scan) is ignored, as by nmap");
	if (s->o.nsock_engine)
		log_say(&s->log, LOG_INFO,
			"--nsock-engine %s: Sonde waits by epoll and ppoll, whatever is chosen",
			s->o.nsock_engine);
}

/* Says once that connect() takes the place of raw packets, and how to change that. */
static void say_unprivileged(struct session *s)
{
	const struct opts *o = &s->o;
	struct buf remedy = {0};

	if (s->machine.privileged || o->privilege != PRIVILEGE_ASK || o->backend || o->proxies ||
		o->list_only || o->techniques)
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
		.lookup = {look_up, s->machine.resolver},
		.oui = machine_oui,
		.oui_ctx = &s->machine,
		.log = &s->log,
		.seed = s->resume.start ? &s->resume.start->seed : NULL,
	};
	int rc = plan_make(&s->plan, &s->o, &world, e);

	if (rc < 0)
		return rc;
	say_ignored(s);
	say_unprivileged(s);
	if (s->resume.start && s->resume.start->privileged && !s->machine.privileged)
		return err_set(e, ERR_USAGE,
			"the scan had permission for raw packets and now has none; resume it as the user who began it");
	s->run.seed = s->plan.seed;
	s->run.privileged = s->machine.privileged;
	return 0;
}

/* With --proxies: a question to a name server would pass them by. */
static int refuse_name(
	void *ctx, const char *name, unsigned family, struct addr **list, struct err *e)
{
	return err_set(e, ERR_RESOLVE,
		"\"%.60s\" is a name, which would be looked up outside the chain of proxies; give its address",
		name);
}

static struct target_request request_of(struct session *s)
{
	const struct opts *o = &s->o;

	return (struct target_request){
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
		.lookup = {o->proxies ? refuse_name : look_up, s->machine.resolver},
		.rng = &s->rng,
		.log = &s->log,
	};
}

static int open_sweep(struct session *s, struct err *e)
{
	struct target_request rq = request_of(s);
	struct sweep_world world = {.net = s->machine.net,
		.targets = &rq,
		.log = &s->log,
		.now_wall_ns = clock_wall(clock_real())};

	rng_seed(&s->rng, s->plan.seed);
	return sweep_set_make(&s->sweep_set, &s->plan, &s->o, &world, e);
}

/* A large scan becomes a sweep, and its plan is made again. A list from standard input can be read
 * only once. */
static int reconsider(struct session *s, struct err *e)
{
	bool read_once = s->o.input_list && strcmp(s->o.input_list, "-") == 0;
	int rc;

	if (read_once || !scheduler_prefers_sweep(&s->plan, &s->o, targets_count(s->targets),
				 s->machine.privileged, &s->why))
		return 0;
	targets_free(s->targets);
	s->targets = NULL;
	plan_free(&s->plan);
	s->o.sweep.wish = SWEEP_YES;
	rc = make_plan(s, e);
	if (rc == 0)
		rc = open_sweep(s, e);
	if (rc < 0)
		err_prefix(e, "a scan as large as this is a sweep (--no-sweep makes it stateful)");
	return rc;
}

static int open_targets(struct session *s, struct err *e)
{
	struct target_request rq = request_of(s);
	int rc;

	if (s->plan.sweep.on) {
		scheduler_asked(&s->plan, &s->o, &s->why);
		return open_sweep(s, e);
	}
	rng_seed(&s->rng, s->plan.seed);
	rc = targets_open(&s->targets, &rq, e);
	if (rc == 0)
		rc = reconsider(s, e);
	if (rc == 0 && !s->plan.sweep.on)
		rc = scheduler_check_stateful(&s->plan, e);
	if (rc == 0 && !s->plan.sweep.on)
		rc = sweep_plan_stateful(&s->o, e);
	return rc;
}

static int choose_stylesheet(struct session *s, struct err *e)
{
	return outputs_stylesheet(&s->stylesheet, &s->o, s->machine.xsl_path, e);
}

/* Each failed subscriber once. */
static void say_failures(struct session *s)
{
	for (unsigned i = 0; i < s->bus.n; i++) {
		if (s->bus.sub[i].error.code && !(s->said >> i & 1))
			cmd_fail(&s->bus.sub[i].error);
		s->said |= (uint32_t)(s->bus.sub[i].error.code != 0) << i;
	}
}

/* Last on the bus: a failed output is said at once, and with the last of them the scan ends. An
 * error that the terminal has shown is kept, so as not to be said again at the end. */
static int watch_outputs(void *ctx, const struct rec *r, struct err *e)
{
	struct session *s = ctx;
	unsigned alive = 0;

	if (r->kind == REC_NOTE && r->note->level == LOG_ERROR)
		snprintf(s->error_said, sizeof(s->error_said), "%s", r->note->text);
	if (!bus_failed(&s->bus))
		return 0;
	say_failures(s);
	for (unsigned i = s->first_output; i + 1 < s->bus.n; i++) /* the last is this */
		alive += !s->bus.sub[i].error.code;
	if (alive == 0 && !stop_signal)
		stop_signal = SIGPIPE;
	return 0;
}

/* Techniques that look for RSTs find closed ports by them. */
static bool sweep_tells(const struct plan *p, const char *state)
{
	const struct scan_tech *t = p->techniques[0] ? scan_tech_by_name(p->techniques[0]) : NULL;
	const struct sweep_tech *how = t ? sweep_tech_of(t) : NULL;

	return how && how->telling & 1u << SWEEP_RST && strcmp(state, "closed") == 0;
}

/* A filter for what a sweep does not record would give an empty report. */
static void say_unrecorded(struct session *s)
{
	static const char *const states[] = {"closed", "filtered"};
	const struct where *w = s->outputs.where;
	const struct plan *p = &s->plan;

	if (!p->sweep.on || p->sweep.all_answers || !w)
		return;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (where_asks(w, "state", states[i]) && !sweep_tells(p, states[i]))
			log_say(&s->log, LOG_WARN,
				"--where asks for %s, which a sweep records only with --all-answers",
				states[i]);
}

/* What the user named and cannot be written is a mistake in the command line. */
static int name_outputs(struct session *s, struct err *e)
{
	int rc;

	s->run.start_wall_ns =
		s->resume.start ? s->resume.start->start_wall_ns : clock_wall(clock_real());
	rc = outputs_name(&s->outputs, &s->o, s->run.start_wall_ns, e);
	if (rc == 0)
		rc = outputs_select(&s->outputs, &s->o, s->plan.sweep.on, e);
	if (rc == 0)
		say_unrecorded(s);
	if (rc == 0)
		rc = resume_claim(&s->resume, &s->o, &s->outputs, e);
	return rc < 0 ? ERR_USAGE : 0;
}

static int open_outputs(struct session *s, struct err *e)
{
	const struct opts *o = &s->o;
	struct out_conf conf = {
		.append = o->append,
		.resumed = s->resume.start != NULL,
		.open_only = o->open_only,
		.reason = o->reason,
		.levels = &s->levels,
		.limit = o->capture_limit == OPT_UNSET ? 0 : o->capture_limit,
		.stylesheet = s->stylesheet,
		.list_only = o->list_only,
		.ping_only = o->no_ports,
		.no_ping = (s->plan.ping & PING_NONE) != 0,
	};
	struct spool_conf spool = {.checkpoint = s->resume.path,
		.resume = s->resume.sweep,
		.outputs = &s->outputs,
		.services = s->machine.services};
	int rc;

	catch_signals();
	bus_init(&s->bus);
	rc = bus_subscribe(&s->bus, cli_put, s->cli, BUS_WANT_ALL);
	if (rc == 0) /* before the outputs: what they tell must not be lost */
		rc = bus_subscribe(&s->bus, journal_put, &s->resume.journal, JOURNAL_WANT);
	if (rc == 0 && s->plan.sweep.on)
		rc = spool_open(&s->spool, &spool, &s->bus, e);
	s->first_output = s->bus.n;
	if (rc == 0)
		rc = outputs_open(&s->outputs, &conf, &s->bus, e);
	if (rc < 0)
		return ERR_USAGE;
	rc = bus_subscribe(&s->bus, watch_outputs, s, BUS_WANT_ALL);
	return rc < 0 ? err_set(e, rc, "too many output files; leave one out") : 0;
}

static int open_checkpoint(struct session *s, struct err *e)
{
	int rc;

	rc = resume_begin(&s->resume, &s->o, &s->outputs, &s->run, &s->log, e);
	s->plan.keep_verdicts = s->resume.journal.fd >= 0 && !s->plan.sweep.on;
	return rc;
}

/* ---- the scan -------------------------------------------------------------------------------- */

static int run_sweep(struct session *s, struct scan_result *res, struct err *e)
{
	struct sweep_watch left_out = sweep_set_watch(&s->sweep_set);
	const struct sweep_watch *watches[] = {
		&left_out, &s->books.watch[0], &s->books.watch[1], NULL};
	struct books_conf conf = {.checkpoint = s->resume.journal.fd >= 0 ? s->resume.path : NULL,
		.resume = s->resume.sweep,
		.outputs = &s->outputs,
		.spool = &s->spool};
	struct err kept = {0};
	int rc;
	struct sweep_result swept = {0};
	struct sweep_env env = {
		.clock = clock_real(),
		.bus = &s->bus,
		.log = &s->log,
		.net = s->machine.net,
		.space = &s->sweep_set.space,
		.services = s->machine.services,
		.stop = &stop_signal,
		.hooks = cli_hooks(s->cli),
		.levels = &s->levels,
		.args = s->resume.args ? s->resume.args : s->args,
		.version = SONDE_VERSION,
		.privileged = s->machine.privileged,
		.why = buf_text(&s->why),
		.watches = watches,
	};

	rc = books_open(&s->books, &env, &s->plan, &conf, e);
	if (rc < 0)
		return rc;
	res->hosts_total = s->sweep_set.space.view.count;
	rc = sweep_run(&s->plan, &env, &swept, e);
	swept.interrupted = swept.interrupted || rc < 0;
	if (books_close(&s->books, &s->plan, &swept, &kept) < 0 && rc == 0) {
		*e = kept;
		rc = kept.code;
	}
	return rc;
}

static int run_engine(struct session *s, struct scan_result *res, struct err *e)
{
	struct scan_env env = {
		.past = s->resume.past ? &s->resume.contract : NULL,
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
		.levels = &s->levels,
		.args = s->resume.args ? s->resume.args : s->args,
		.version = SONDE_VERSION,
		.privileged = s->machine.privileged,
	};

	cli_start(s->cli);
	if (s->plan.sweep.on)
		return run_sweep(s, res, e);
	if (s->why.len)
		log_say(&s->log, LOG_INFO, "%s", buf_text(&s->why));
	return scan_run(&s->plan, &env, res, e);
}

static size_t failed_targets(const struct session *s)
{
	return s->plan.sweep.on ? s->sweep_set.out.failed : targets_failed(s->targets);
}

/* Whether anything was wrong with the targets or the files, once the engine is done; returns the
 * exit code. */
static int conclude(struct session *s, const struct scan_result *res, int rc, struct err *e)
{
	struct err end_error = {0};
	bool complete, failed;

	cli_close(s->cli);
	s->cli = NULL;
	say_failures(s);
	failed = outputs_close(&s->outputs) < 0 || bus_failed(&s->bus);
	complete = rc == 0 && !stop_signal && !failed;
	spool_close(&s->spool, complete);
	if (resume_end(&s->resume, &s->o, complete, &end_error) < 0) {
		cmd_fail(&end_error);
		failed = true;
	}
	if (rc < 0)
		rc = strcmp(e->text, s->error_said) == 0 ? cmd_code(e) : cmd_fail(e);
	if (stop_signal && stop_signal != SIGPIPE)
		return 128 + (int)stop_signal;
	if (failed)
		return EXIT_FAILED;
	if (rc == EXIT_OK && failed_targets(s) > 0 && res->hosts_total == 0)
		return EXIT_USAGE; /* said when it was found out: there was no target to scan */
	return rc;
}

static int session_run(struct session *s)
{
	static int (*const steps[])(struct session *, struct err *) = {
		open_terminal,
		open_machine,
		say_routes,
		make_plan,
		open_targets,
		choose_stylesheet,
		name_outputs,
		open_outputs,
		open_checkpoint,
	};
	struct scan_result res = {0};
	struct err e = {0};
	int rc;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		rc = steps[i](s, &e);
		if (rc == DONE)
			return EXIT_OK;
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
	outputs_close(&s->outputs);
	if (s->targets)
		targets_free(s->targets);
	sweep_set_free(&s->sweep_set);
	books_free(&s->books);
	spool_close(&s->spool, false);
	buf_free(&s->why);
	plan_free(&s->plan);
	machine_close(&s->machine);
	cli_close(s->cli);
	opts_free(&s->o);
	resume_free(&s->resume);
	free(s->args);
	free(s->stylesheet);
	free(s);
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
	if (s->o.thc) {
		puts("Knock, knock. - Who is there? - SYN. - SYN who? - RST.");
		return EXIT_OK;
	}
	if (!has_target(&s->o) && !s->o.route_dst.n) {
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
	int code, rc;

	if (!s) {
		err_set(&e, -ENOMEM, "out of memory");
		return cmd_fail(&e);
	}
	s->run.argc = argc;
	s->run.argv = (const char *const *)argv;
	resume_init(&s->resume);
	rc = opts_read(&s->o, argc - 1, s->run.argv + 1, &e);
	if (rc == 0 && !(s->args = cmdline_text(argc, s->run.argv, &s->o.args)))
		rc = err_set(&e, -ENOMEM, "out of memory");
	if (rc == 0 && s->o.resume)
		rc = resume_load(&s->resume, &s->o, &e);
	code = rc < 0 ? cmd_fail(&e) : dispatch(s, argc, argv);
	session_free(s);
	return code;
}
