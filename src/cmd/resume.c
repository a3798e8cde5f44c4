/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checkpoints of a scan, and going on with one that was interrupted.
 *
 * From a checkpoint, all is known: the options as they were given, the settings of the
 * configuration files, the seed that orders targets and ports, every verdict. The output files are
 * written anew, the finished hosts first. From a report alone only the command line and the
 * finished hosts are known: what is left is scanned, and appended to the file.
 */
#include "cmd/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/authority.h"
#include "base/hash.h"
#include "base/str.h"
#include "cmd/books.h"
#include "cmd/cmdline.h"
#include "cmd/files.h"
#include "cmd/reported.h"

#define SUFFIX	  ".resume"
#define LISTS_MAX 2 /* -iL, --excludefile */

void resume_init(struct resume *r)
{
	memset(r, 0, sizeof(*r));
	journal_init(&r->journal);
}

void resume_free(struct resume *r)
{
	journal_close(&r->journal);
	past_free(r->past);
	for (size_t i = 0; i < r->n_words; i++)
		free(r->words[i]);
	free(r->words);
	free(r->args);
	free(r->path);
}

/* ---- files with targets --------------------------------------------------------------------- */

static unsigned lists(const struct opts *o, const char *names[LISTS_MAX])
{
	unsigned n = 0;

	if (o->input_list)
		names[n++] = o->input_list;
	if (o->exclude_file)
		names[n++] = o->exclude_file;
	return n;
}

/* What can be read only once cannot be resumed. */
static int check_readable(const struct opts *o, struct err *e)
{
	const char *names[LISTS_MAX];
	unsigned n = lists(o, names);
	struct stat st;

	for (unsigned i = 0; i < n; i++) {
		if (strcmp(names[i], "-") == 0)
			return err_set(e, ERR_USAGE,
				"targets that came from standard input cannot be read again, so this scan cannot be resumed; put them into a file");
		if (stat(names[i], &st) < 0 || !S_ISREG(st.st_mode))
			return err_set(e, ERR_USAGE,
				"%s is no regular file that can be read again, so this scan cannot be resumed",
				names[i]);
	}
	return 0;
}

/* A hash over the content of a file. 0 or -errno. */
static int file_hash(const char *path, uint64_t *out, struct err *e)
{
	struct hash_key key = {0};
	char block[65536];
	FILE *f = fopen(path, "re");
	size_t n;
	int rc;

	if (!f)
		return err_sys(e, "cannot read %s", path);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		key.k0 = hash_sip(&key, block, n);
	rc = ferror(f) ? err_sys(e, "cannot read %s", path) : 0;
	fclose(f);
	*out = key.k0;
	return rc;
}

/* ---- from a checkpoint ---------------------------------------------------------------------- */

static int check_inputs(const struct frame_list *inputs, struct err *e)
{
	uint64_t hash;
	int rc;

	for (size_t i = 0; i < inputs->n; i++) {
		rc = file_hash(inputs->v[i].text, &hash, e);
		if (rc < 0)
			return rc;
		if (hash != inputs->v[i].number)
			return err_set(e, ERR_USAGE,
				"%s has been changed since the scan began; put it back as it was, or scan again",
				inputs->v[i].text);
	}
	return 0;
}

/* With --append-output the run's own part of each file is taken off, to be written anew. */
static int cut_outputs(const struct frame_list *outputs, struct err *e)
{
	struct stat st;

	for (size_t i = 0; i < outputs->n; i++) {
		const struct frame_item *f = &outputs->v[i];

		if (stat(f->text, &st) == 0 && S_ISREG(st.st_mode) &&
			(uint64_t)st.st_size > f->number && truncate(f->text, (off_t)f->number) < 0)
			return err_sys(e, "cannot shorten %s", f->text);
	}
	return 0;
}

/* A file of bytes, not lines: its own writer knows where it is torn. */
static bool is_binary(FILE *f)
{
	char head[64];

	return memchr(head, '\0', fread(head, 1, sizeof(head), f)) != NULL;
}

/* Where the last whole line of the file ends. 0 or -errno. */
static int line_end(FILE *f, off_t *end)
{
	char block[4096];
	off_t at;
	size_t n;

	if (fseeko(f, 0, SEEK_END) < 0 || (at = ftello(f)) < 0)
		return -errno;
	while (at > 0) {
		off_t from = at > (off_t)sizeof(block) ? at - (off_t)sizeof(block) : 0;
		const char *newline;

		if (fseeko(f, from, SEEK_SET) < 0)
			return -errno;
		n = fread(block, 1, (size_t)(at - from), f);
		if (n != (size_t)(at - from)) /* what cannot be read must not be cut off */
			return -EIO;
		newline = memrchr(block, '\n', n);
		if (newline) {
			at = from + (newline - block) + 1;
			break;
		}
		at = from;
	}
	*end = at;
	return 0;
}

/*
 * Rows of a sweep's results are in their files and nowhere else, so these go on behind what is
 * there; what a kill tore off in the middle of a line is taken away. Formats that group are written
 * anew (cmd/spool.h).
 */
static int keep_outputs(const struct frame_list *outputs, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < outputs->n && rc == 0; i++) {
		FILE *f = fopen(outputs->v[i].text, "r+e");
		off_t end = 0;

		if (!f)
			continue;
		if (is_binary(f)) {
			fclose(f);
			continue;
		}
		rc = line_end(f, &end);
		if (rc == 0 && ftruncate(fileno(f), end) < 0)
			rc = -errno;
		fclose(f);
		if (rc < 0)
			err_set(e, rc, "cannot shorten %s: %s", outputs->v[i].text, strerror(-rc));
	}
	return rc;
}

/* The options of the run, as its start frame has them. */
static int repeat(struct opts *o, const struct frame_start *s, struct err *e)
{
	const char **words = malloc((s->args.n + 1) * sizeof(*words));
	struct opt_uses conf = {0};
	int rc = words ? 0 : err_set(e, -ENOMEM, "out of memory");

	for (size_t i = 0; rc == 0 && i < s->settings.n; i++)
		rc = opt_key(&scan_opts, s->settings.v[i].text, s->settings.v[i].value,
			"the configuration then", &conf, e);
	for (size_t i = 1; rc == 0 && i < s->args.n; i++)
		words[i - 1] = s->args.v[i].text;
	if (rc == 0)
		rc = opts_repeat(o, (int)s->args.n - 1, words, &conf, e);
	opt_uses_free(&conf);
	free(words);
	return rc;
}

static char *args_text(const struct frame_list *args, const struct opt_uses *uses)
{
	const char **words = malloc((args->n + 1) * sizeof(*words));
	char *text;

	for (size_t i = 0; words && i < args->n; i++)
		words[i] = args->v[i].text;
	text = words ? cmdline_text((int)args->n, words, uses) : NULL;
	free(words);
	return text;
}

static int load_checkpoint(struct resume *r, struct opts *o, struct err *e)
{
	int rc = journal_open(&r->journal, r->path, false, e);

	if (rc == 0)
		rc = past_read(r->past, &r->journal, e);
	if (rc < 0)
		return rc;
	r->start = past_start(r->past);
	if (past_complete(r->past) || r->start->args.n == 0)
		return err_set(
			e, ERR_USAGE, "%s: this run is complete; nothing to resume", r->path);
	if (chdir(r->start->directory) < 0)
		return err_sys(e, "cannot go to %s, where the scan ran", r->start->directory);
	rc = check_inputs(&r->start->inputs, e);
	if (rc == 0)
		rc = repeat(o, r->start, e);
	if (rc < 0)
		return rc;
	r->args = args_text(&r->start->args, &o->args);
	if (!r->start->privileged)
		o->privilege = PRIVILEGE_NO;
	r->sweep = books_there(r->path);
	if (r->sweep) {
		o->sweep.wish = SWEEP_YES;
		rc = keep_outputs(&r->start->outputs, e);
	} else if (o->append) {
		rc = cut_outputs(&r->start->outputs, e);
	}
	return rc < 0 ? rc : journal_continue(&r->journal, past_end(r->past), e);
}

/* ---- from a report -------------------------------------------------------------------------- */

/* Whether the file is one of the normal or grepable outputs that the options name. */
static bool writes(const struct opts *o, const char *file)
{
	static const struct {
		int kind;
		const char *suffix;
	} rows[] = {{OUTPUT_NORMAL, ""}, {OUTPUT_GREPABLE, ""}, {OUTPUT_ALL, ".nmap"},
		{OUTPUT_ALL, ".gnmap"}};
	struct stat it, st;
	bool found = false;

	if (stat(file, &it) < 0)
		return false;
	for (size_t i = 0; i < 4 * o->outputs.n && !found; i++) {
		struct buf path = {0};

		buf_fmt(&path, "%s%s", o->outputs.v[i / 4].text, rows[i % 4].suffix);
		found = o->outputs.v[i / 4].row->value == rows[i % 4].kind &&
			stat(buf_text(&path), &st) == 0 && st.st_ino == it.st_ino &&
			st.st_dev == it.st_dev;
		buf_free(&path);
	}
	return found;
}

static int read_report(struct reported *rep, const char *path, struct err *e)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = 0;

	if (!f)
		return err_sys(e, "cannot read %s", path);
	while (rc == 0 && (n = getline(&line, &cap, f)) > 0)
		rc = reported_line(rep, line, (size_t)n);
	if (rc == 0)
		rc = reported_end(rep);
	if (rc < 0)
		err_set(e, rc, "%s: out of memory", path);
	else if (ferror(f))
		rc = err_sys(e, "cannot read %s", path);
	free(line);
	fclose(f);
	return rc;
}

static int check_report(const struct reported *rep, const char *path, struct err *e)
{
	if (!rep->command)
		return err_set(e, ERR_USAGE,
			"%s: this is no checkpoint, there is no %s" SUFFIX
			" beside it, and it is no -oN or -oG report",
			path, path);
	if (rep->complete)
		return err_set(e, ERR_USAGE, "%s: this run is complete; nothing to resume", path);
	return 0;
}

/* The checkpoint stands beside the first output, which may be another one than the user named. */
static int check_beside(const struct opts *o, const char *path, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < o->outputs.n && rc == 0; i++) {
		bool all = o->outputs.v[i].row->value == OUTPUT_ALL;
		struct buf name = {0};

		buf_fmt(&name, "%s%s" SUFFIX, o->outputs.v[i].text, all ? ".nmap" : "");
		if (access(buf_text(&name), F_OK) == 0)
			rc = err_set(e, ERR_USAGE, "%s: the run has a checkpoint; say --resume %s",
				path, buf_text(&name));
		buf_free(&name);
	}
	return rc;
}

static bool has_secret(const struct opt_row *r)
{
	return r->show != NULL;
}

/* A report shows no passwords. */
static int check_secrets(const struct opts *o, const char *path, struct err *e)
{
	const struct opt_use *u = opts_find(o, has_secret);

	if (!u || !strstr(u->value, ":" AUTHORITY_HIDDEN "@"))
		return 0;
	return err_set(e, ERR_USAGE,
		"%s: the password of %s is not in a report, only in a checkpoint, and there is none; scan again",
		path, u->as);
}

/* What the options of a run ask for that a report alone cannot bring back. */
static int check_options(const struct opts *o, const char *path, struct err *e)
{
	if (o->resume)
		return err_set(e, ERR_USAGE, "%s: its command line is a --resume itself; resume %s",
			path, o->resume);
	if (o->checkpoint)
		return err_set(e, ERR_USAGE, "%s: the run has a checkpoint; say --resume %s", path,
			o->checkpoint);
	if (o->random != OPT_UNSET)
		return err_set(e, ERR_USAGE,
			"%s: which hosts -iR chose is not in a report, only in a checkpoint, and there is none; scan again",
			path);
	if (!writes(o, path))
		return err_set(e, ERR_USAGE,
			"%s is none of the files that its command line names; go to the directory where the scan ran",
			path);
	if (check_beside(o, path, e) < 0 || check_secrets(o, path, e) < 0)
		return e->code;
	return check_readable(o, e);
}

static int load_report(struct resume *r, struct opts *o, struct err *e)
{
	struct reported rep;
	int rc = reported_init(&rep);

	rc = rc < 0 ? err_set(e, rc, "out of memory") : read_report(&rep, r->path, e);
	if (rc == 0)
		rc = check_report(&rep, r->path, e);
	if (rc == 0 && !(r->words = cmdline_words(rep.command, &r->n_words)))
		rc = err_set(
			e, ERR_USAGE, "%s: its command line is cut off: %s", r->path, rep.command);
	if (rc == 0 && r->n_words == 0)
		rc = err_set(e, ERR_USAGE, "%s: its command line is empty", r->path);
	if (rc == 0)
		rc = opts_read(o, (int)r->n_words - 1, (const char *const *)r->words + 1, e);
	if (rc == 0)
		rc = check_options(o, r->path, e);
	if (rc == 0 && truncate(r->path, (off_t)rep.keep) < 0)
		rc = err_sys(e, "cannot write to %s", r->path);
	o->append = true;
	if (rc == 0) {
		past_free(r->past);
		r->past = rep.past;
		rep.past = NULL;
		r->args = rep.command;
		rep.command = NULL;
	}
	reported_free(&rep);
	return rc;
}

/* ---- which of them -------------------------------------------------------------------------- */

static bool is_checkpoint(const char *path)
{
	char magic[sizeof(FRAME_MAGIC)] = "";
	FILE *f = fopen(path, "re");
	bool is = f && fgets(magic, sizeof(magic), f) && strcmp(magic, FRAME_MAGIC) == 0;

	if (f)
		fclose(f);
	return is;
}

/* Absolute, for the run may be in another directory. Sets r->path; true: to the checkpoint. */
static int find(struct resume *r, const char *given, bool *checkpoint, struct err *e)
{
	struct buf beside = {0};
	struct stat st;

	r->path = realpath(given, NULL);
	if (!r->path || stat(r->path, &st) < 0)
		return err_sys(e, "--resume %s", given);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_USAGE,
			"--resume %s: this is no regular file; name the checkpoint or the report of a run",
			given);
	buf_fmt(&beside, "%s" SUFFIX, r->path);
	if (receipt_is(r->path) && strlen(r->path) > strlen(BOOKS_SUFFIX) &&
		strcmp(r->path + strlen(r->path) - strlen(BOOKS_SUFFIX), BOOKS_SUFFIX) == 0)
		r->path[strlen(r->path) - strlen(BOOKS_SUFFIX)] = '\0';
	*checkpoint = is_checkpoint(r->path);
	if (!*checkpoint && access(buf_text(&beside), F_OK) == 0) {
		*checkpoint = true;
		free(r->path);
		r->path = buf_take(&beside);
	}
	buf_free(&beside);
	return r->path ? 0 : err_set(e, -ENOMEM, "out of memory");
}

int resume_load(struct resume *r, struct opts *o, struct err *e)
{
	bool noninteractive = o->noninteractive, checkpoint = false;
	int rc = find(r, o->resume, &checkpoint, e);

	r->past = past_new();
	if (rc == 0 && !r->past)
		rc = err_set(e, -ENOMEM, "out of memory");
	if (rc == 0) {
		opts_free(o);
		rc = checkpoint ? load_checkpoint(r, o, e) : load_report(r, o, e);
	}
	if (rc == 0 && !r->args)
		rc = err_set(e, -ENOMEM, "out of memory");
	if (rc < 0)
		return e->code = rc == -ENOMEM ? rc : ERR_USAGE; /* the user named the file */
	o->noninteractive |= noninteractive;
	r->contract = (struct scan_past){past_replay, past_finished, past_host, past_port, r->past,
		r->start ? r->start->start_wall_ns : 0};
	return 0;
}

/* ---- a fresh run ---------------------------------------------------------------------------- */

/* Name of the checkpoint, were one to be kept; NULL = no file is written. Owned. */
static char *choose(const struct opts *o, const struct outputs *w)
{
	struct buf b = {0};
	struct stat st;

	if (o->checkpoint)
		return strdup(o->checkpoint);
	for (unsigned i = 0; i < w->n; i++) {
		if (!outputs_replay(w->v[i].ops) || strcmp(w->v[i].path, "-") == 0 ||
			(stat(w->v[i].path, &st) == 0 && !S_ISREG(st.st_mode)))
			continue;
		buf_fmt(&b, "%s" SUFFIX, w->v[i].path);
		return buf_take(&b);
	}
	return NULL;
}

/* The lists of a start frame, in memory of their own: args, settings, inputs, outputs. */
static int make_lists(struct frame_start *s, struct frame_item *v, const struct opts *o,
	const struct outputs *w, const struct resume_run *run, struct err *e)
{
	const char *names[LISTS_MAX];
	unsigned n = lists(o, names);
	struct stat st;
	int rc = 0;

	s->args = (struct frame_list){v, (size_t)run->argc};
	for (int i = 0; i < run->argc; i++)
		*v++ = (struct frame_item){.text = run->argv[i]};
	s->settings = (struct frame_list){v, o->conf.n};
	for (size_t i = 0; i < o->conf.n; i++) {
		const struct opt_use *u = &o->conf.v[i];

		*v++ = (struct frame_item){
			u->as + strspn(u->as, "-"), u->value ? u->value : "yes", 0};
	}
	s->inputs = (struct frame_list){v, n};
	for (unsigned i = 0; i < n && rc == 0; i++, v++) {
		v->text = names[i];
		rc = file_hash(names[i], &v->number, e);
	}
	s->outputs = (struct frame_list){v, 0};
	for (unsigned i = 0; i < w->n; i++) {
		bool there = stat(w->v[i].path, &st) == 0;

		if (!outputs_replay(w->v[i].ops))
			continue;
		v[s->outputs.n++] =
			(struct frame_item){w->v[i].path, NULL, there ? (uint64_t)st.st_size : 0};
	}
	return rc;
}

/* The run keeps no checkpoint; *e, of code `rc`, says why. */
static int go_without(struct resume *r, const struct opts *o, int rc, const struct err *e)
{
	journal_close(&r->journal);
	free(r->path);
	r->path = NULL;
	r->why = *e;
	r->why.code = rc;
	return o->checkpoint ? ERR_USAGE : 0;
}

/* Another run with the same name, even if only one of them keeps a checkpoint, is found out. */
static int claim(struct resume *r, const struct opts *o, struct err *e)
{
	int unreadable = o->no_checkpoint ? 0 : check_readable(o, &r->why);
	bool keep = !o->no_checkpoint && !unreadable;
	int rc = journal_open(&r->journal, r->path, keep, e);

	if (rc == ERR_USAGE)
		return err_set(e, rc,
			"another scan is writing %.*s; wait for its end, or choose another name",
			(int)(strlen(r->path) - (o->checkpoint ? 0 : strlen(SUFFIX))), r->path);
	if (unreadable && o->checkpoint)
		*e = r->why;
	if (!keep)
		return go_without(r, o, unreadable, &r->why);
	return rc < 0 ? go_without(r, o, rc, e) : 0;
}

int resume_claim(struct resume *r, const struct opts *o, const struct outputs *w, struct err *e)
{
	int rc;

	if (r->past)
		return files_check(o, w, r->start ? r->path : NULL, e);
	r->path = choose(o, w);
	rc = files_check(o, w, r->path, e);
	return rc < 0 || !r->path ? rc : claim(r, o, e);
}

static int begin(struct resume *r, const struct opts *o, const struct outputs *w,
	const struct resume_run *run, struct err *e)
{
	struct frame_start s = {.version = SONDE_VERSION,
		.seed = run->seed,
		.start_wall_ns = run->start_wall_ns,
		.privileged = run->privileged};
	struct frame_item *v =
		calloc((size_t)run->argc + o->conf.n + LISTS_MAX + w->n + 1, sizeof(*v));
	char *here = getcwd(NULL, 0);
	int rc = 0;

	s.directory = here;
	if (!v || !here)
		rc = err_sys(e, "cannot keep a checkpoint");
	if (rc == 0)
		rc = make_lists(&s, v, o, w, run, e);
	if (rc == 0)
		rc = journal_begin(&r->journal, &s, e);
	free(here);
	free(v);
	return rc;
}

int resume_begin(struct resume *r, const struct opts *o, const struct outputs *w,
	const struct resume_run *run, const struct log *log, struct err *e)
{
	int rc = 0;

	if (r->past)
		return 0;
	if (r->journal.fd >= 0 && (rc = begin(r, o, w, run, e)) < 0)
		rc = go_without(r, o, rc, e);
	if (rc == 0 && r->why.code)
		log_say(log, r->why.code == ERR_USAGE ? LOG_INFO : LOG_WARN,
			"no checkpoint is kept, and the scan cannot be resumed: %s", r->why.text);
	return rc;
}

int resume_end(struct resume *r, const struct opts *o, bool complete, struct err *e)
{
	const char *const words[] = {"sonde", "--resume", r->path};
	struct buf line = {0};
	char *command;

	if (complete && !r->journal.partial)
		return journal_finish(&r->journal, !o->checkpoint, e);
	command = r->path ? cmdline_text(3, words, NULL) : NULL;
	if (command) {
		str_term(&line, command, strlen(command));
		fprintf(stderr, "resume with: %s\n", buf_text(&line));
	}
	buf_free(&line);
	free(command);
	return 0;
}
