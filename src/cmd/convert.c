/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde convert: a file of results (-oB, or the checkpoint of a sweep) into other formats. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/cmd.h"
#include "cmd/files.h"
#include "cmd/machine.h"
#include "cmd/opts.h"
#include "cmd/outputs.h"
#include "out/results_hosts.h"

#define BATCH 4096

struct convert {
	struct opts o;
	struct log log;
	struct machine machine;
	struct results_file *file;
	struct outputs outputs;
	struct bus bus;
	char *stylesheet;
	struct levels levels;
	uint64_t last_ns; /* arrival of the last result */
};

static void say(void *ctx, enum log_level level, const char *text)
{
	if (level <= LOG_WARN)
		fprintf(stderr, "sonde: %s%s\n", level == LOG_WARN ? "warning: " : "", text);
}

/* Whether the row says how to report, and not how to scan. */
static bool is_for_convert(const struct opt_row *r)
{
	static const size_t members[] = {
		offsetof(struct opts, outputs),
		offsetof(struct opts, append),
		offsetof(struct opts, open_only),
		offsetof(struct opts, reason),
		offsetof(struct opts, verbose),
		offsetof(struct opts, debug),
		offsetof(struct opts, stylesheet),
		offsetof(struct opts, xml_style),
		offsetof(struct opts, fields),
		offsetof(struct opts, where),
		offsetof(struct opts, config),
		offsetof(struct opts, datadir),
		offsetof(struct opts, servicedb),
		offsetof(struct opts, help),
		offsetof(struct opts, no_effect),
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (r->lands == members[i])
			return true;
	}
	return false;
}

/* A configuration file is written for scans: what it says of them does not matter here. */
static int check_use(struct opts *o, struct err *e)
{
	for (size_t i = 0; i < o->args.n; i++) {
		const struct opt_row *r = o->args.v[i].row;

		if (!is_for_convert(r))
			return err_set(e, ERR_USAGE,
				"convert makes no scan and so has no use for %s; leave it out",
				o->args.v[i].as);
	}
	for (size_t i = 0; i < o->outputs.n; i++) {
		int kind = o->outputs.v[i].row->value;

		if (kind == OUTPUT_HEX || kind == OUTPUT_CAPTURE)
			return err_set(e, ERR_USAGE,
				"%s holds packets, and a file of results has none; leave it out",
				o->outputs.v[i].row->names[0]);
	}
	if (o->args.n_words != 1)
		return err_set(e, ERR_USAGE,
			o->args.n_words ? "convert reads one file; convert %s by a call of its own"
					: "there is no file to convert%s; name one that -oB wrote",
			o->args.n_words ? o->args.words[1] : "");
	o->results = o->args.words[0];
	return 0;
}

/* Without a format: the normal report on standard output; else nothing but the formats. */
static int name_outputs(struct convert *c, struct err *e)
{
	struct outputs *w = &c->outputs;
	int verbose = c->o.verbose, rc;

	if (c->o.outputs.n)
		c->o.verbose = OPT_LEVEL_ZERO;
	else if (verbose == OPT_LEVEL_ZERO)
		c->o.verbose = 0;
	rc = outputs_name(w, &c->o, clock_wall(clock_real()), e);
	c->o.verbose = verbose;
	for (unsigned i = 0; i < w->n; i++)
		w->v[i].screen = false;
	if (rc == 0)
		rc = files_check(&c->o, w, NULL, e);
	return rc < 0 ? rc : outputs_select(w, &c->o, true, e);
}

static int open_outputs(struct convert *c, struct err *e)
{
	struct out_conf conf = {
		.append = c->o.append,
		.open_only = c->o.open_only,
		.reason = c->o.reason,
		.levels = &c->levels,
		.no_ping = true,
	};
	int rc = outputs_stylesheet(&c->stylesheet, &c->o, c->machine.xsl_path, e);

	conf.stylesheet = c->stylesheet;
	bus_init(&c->bus);
	if (rc == 0 && outputs_open(&c->outputs, &conf, &c->bus, e) < 0)
		rc = ERR_USAGE; /* the user named the file */
	return rc;
}

/* ---- the records ----------------------------------------------------------------------------- */

static bool wants(const struct convert *c, bool rows)
{
	for (unsigned i = 0; i < c->outputs.n; i++)
		if (c->outputs.v[i].ops->rows == rows)
			return true;
	return false;
}

static int publish_results(struct convert *c, struct err *e)
{
	struct rec_result *v = malloc(BATCH * sizeof(*v));
	struct rec_results batch = {.v = v};
	struct rec r = {.kind = REC_RESULTS, .results = &batch};
	int n = 0;

	if (!v)
		return err_set(e, -ENOMEM, "out of memory");
	results_rewind(c->file);
	while (bus_alive(&c->bus) && (n = results_next(c->file, v, BATCH, e)) > 0) {
		for (int i = 0; i < n; i++)
			if (v[i].at_wall_ns > c->last_ns)
				c->last_ns = v[i].at_wall_ns;
		batch.n = (size_t)n;
		bus_publish(&c->bus, &r);
	}
	free(v);
	return n < 0 ? n : 0;
}

static void note(struct convert *c, const char *text)
{
	log_say(&c->log, LOG_WARN, "%s: %s", c->o.results, text);
	bus_note(&c->bus, LOG_WARN, "%s: %s", c->o.results, text);
}

/* What is wrong with the file. */
static void say_found(struct convert *c)
{
	const struct results_found *f = results_found(c->file);
	char text[160];

	if (f->torn_bytes || f->n_rescued) {
		snprintf(text, sizeof(text),
			"the file was cut while it was written; %" PRIu64
			" bytes at its end could not be read",
			f->torn_bytes);
		note(c, text);
	}
	if (f->n_damaged) {
		snprintf(text, sizeof(text),
			"%" PRIu64 " results are left out, as their checksums are wrong",
			f->n_damaged);
		note(c, text);
	}
}

/* The run's own end; of a run that has none (it goes on, or was killed) what is known. */
static void publish_end(struct convert *c, const struct results_hosts *hosts, bool grouped)
{
	const struct results_found *f = results_found(c->file);
	uint64_t start = results_head(c->file)->run.start_wall_ns;
	struct rec_end end = f->end;
	struct rec r = {.kind = REC_END, .end = &end};

	if (!f->ended)
		end = (struct rec_end){.hosts_unknown = true,
			.end_wall_ns = c->last_ns > start ? c->last_ns : start,
			.replies = f->n_results,
			.interrupted = true};
	if (!f->ended)
		end.elapsed_ns = end.end_wall_ns - start;
	if (grouped) {
		end.hosts_unknown = false;
		end.hosts_up = hosts->n_hosts;
		if (end.hosts_total < end.hosts_up)
			end.hosts_total = end.hosts_up;
		end.hosts_down = end.hosts_total - end.hosts_up;
	}
	bus_publish(&c->bus, &r);
}

static int publish(struct convert *c, struct err *e)
{
	struct rec_run run = results_head(c->file)->run;
	struct rec r = {.kind = REC_RUN, .run = &run};
	struct results_hosts hosts = {.services = c->machine.services, .where = c->outputs.where};
	bool grouped = wants(c, false);
	int rc;

	run.verbose = c->levels.verbose;
	run.debug = c->levels.debug;
	bus_publish(&c->bus, &r);
	rc = publish_results(c, e); /* groups need the time of the last one, too */
	if (rc == 0 && grouped)
		rc = results_publish_hosts(c->file, &hosts, &c->bus, e);
	if (rc < 0)
		return rc;
	say_found(c);
	publish_end(c, &hosts, grouped);
	return 0;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int run(struct convert *c, struct err *e)
{
	int rc = check_use(&c->o, e);

	if (rc == 0)
		rc = machine_open_data(&c->machine, &c->o, &c->log, e);
	if (rc == 0 && results_open(&c->file, c->o.results, e) < 0)
		rc = ERR_USAGE; /* the user named the file */
	if (rc == 0)
		rc = name_outputs(c, e);
	if (rc == 0)
		rc = open_outputs(c, e);
	return rc < 0 ? rc : publish(c, e);
}

static int conclude(struct convert *c)
{
	const struct results_found *f = c->file ? results_found(c->file) : NULL;
	bool failed = bus_failed(&c->bus) || (f && f->n_damaged);

	for (unsigned i = 0; i < c->bus.n; i++)
		if (c->bus.sub[i].error.code)
			cmd_fail(&c->bus.sub[i].error);
	return outputs_close(&c->outputs) < 0 || failed ? EXIT_FAILED : EXIT_OK;
}

int cmd_convert(int argc, char **argv)
{
	struct convert *c = calloc(1, sizeof(*c));
	struct err e = {0};
	int rc, code;

	if (!c) {
		err_set(&e, -ENOMEM, "out of memory");
		return cmd_fail(&e);
	}
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the output */
	signal(SIGXFSZ, SIG_IGN);
	c->log = (struct log){.max = LOG_WARN, .write = say, .ctx = c};
	rc = opts_read(&c->o, argc - 1, (const char *const *)argv + 1, &e);
	if (rc == 0 && c->o.help) {
		code = cmd_help(argc, argv);
	} else {
		c->levels = opts_levels(&c->o);
		rc = rc < 0 ? rc : run(c, &e);
		e.code = rc;
		code = conclude(c);
		code = rc < 0 ? cmd_fail(&e) : code;
	}
	machine_close(&c->machine);
	results_close(c->file);
	opts_free(&c->o);
	free(c->stylesheet);
	free(c);
	return code;
}
