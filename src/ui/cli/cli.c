/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal beside a running scan. */
#include "ui/cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "ui/cli/tty.h"

#define LINE_AFTER_NS NS_PER_S /* shorter scans need no progress line */
#define LEVEL_MAX     10

struct cli {
	struct cli_conf conf;
	struct tty tty;
	bool drawn;		/* the progress line stands on the screen */
	uint64_t next_stats_ns; /* 0 = not begun */
};

/* Standard error, whole or not at all worth a word: there is nowhere to complain to. */
static void emit(const struct buf *b)
{
	const char *at = buf_text(b);
	size_t left = b->len;

	while (left) {
		ssize_t n = write(STDERR_FILENO, at, left);

		if (n < 0 && errno != EINTR)
			return;
		at += n > 0 ? n : 0;
		left -= n > 0 ? (size_t)n : 0;
	}
}

/* ---- the progress line ---------------------------------------------------------------------- */

static unsigned columns(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 80;
}

/* "1:02:03" or "2:03" */
static void span(struct buf *b, uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	if (s >= 3600)
		buf_fmt(b, "%" PRIu64 ":%02u:%02u", s / 3600, (unsigned)(s / 60 % 60),
			(unsigned)(s % 60));
	else
		buf_fmt(b, "%" PRIu64 ":%02u", s / 60, (unsigned)(s % 60));
}

void cli_progress_text(struct buf *b, const struct rec_progress *p, unsigned max)
{
	size_t start = b->len;

	buf_fmt(b, "%s %.1f%%  %.0f packets/s  ", p->phase, p->done * 100, p->rate_pps);
	if (p->sweep)
		buf_fmt(b, "%" PRIu64 "/%" PRIu64 " probes, %" PRIu64 " open", p->sweep->sent,
			p->sweep->planned, p->sweep->open);
	else
		buf_fmt(b, "%" PRIu64 " up, %" PRIu64 " done, %" PRIu64 " in work", p->hosts_up,
			p->hosts_done, p->hosts_active);
	if (p->eta_ns) {
		buf_str(b, "  ETA ");
		span(b, p->eta_ns);
	}
	if (!b->failed && b->len - start > max) {
		b->len = start + max;
		b->data[b->len] = '\0';
	}
}

static void erase(struct cli *c)
{
	static const char line[] = "\r\033[K";

	if (c->drawn && write(STDERR_FILENO, line, sizeof(line) - 1) > 0)
		c->drawn = false;
}

static void draw(struct cli *c, const struct rec_progress *p)
{
	struct buf b = {0};

	if (!c->conf.line || p->elapsed_ns < LINE_AFTER_NS)
		return;
	buf_str(&b, "\r\033[K");
	cli_progress_text(&b, p, columns() - 1);
	emit(&b);
	buf_free(&b);
	c->drawn = true;
}

/* ---- words ---------------------------------------------------------------------------------- */

static void print(struct cli *c, const char *word, const char *text)
{
	struct buf b = {0};

	erase(c);
	buf_fmt(&b, "sonde: %s", word);
	str_term(&b, text, strlen(text));
	buf_char(&b, '\n');
	emit(&b);
	buf_free(&b);
}

/* The most talkative notes that are shown. */
static enum log_level most(const struct levels *l)
{
	if (l->debug > 0)
		return LOG_DEBUG;
	return l->verbose > 0 ? LOG_INFO : LOG_WARN;
}

static void say(void *ctx, enum log_level level, const char *text)
{
	static const char *const words[] = {[LOG_ERROR] = "error: ", [LOG_WARN] = "warning: "};
	struct cli *c = ctx;

	if (level <= most(c->conf.levels))
		print(c, level <= LOG_WARN ? words[level] : "", text);
}

static void say_keys(struct cli *c)
{
	print(c, "",
		"keys: v/V more or less verbose, d/D debugging, p/P packet tracing on or off, "
		"? this line, ^C ends the scan and completes its files, any other shows progress");
}

/* One step up or down, within what the options -v and -d take. */
static void change(struct cli *c, const char *what, int *level, int step)
{
	struct buf text = {0};

	if (*level + step >= 0 && *level + step <= LEVEL_MAX)
		*level += step;
	buf_fmt(&text, "%s is now %d", what, *level);
	print(c, "", buf_text(&text));
	buf_free(&text);
}

static void trace(struct cli *c, bool on)
{
	c->conf.levels->trace = on;
	print(c, "", on ? "packet tracing is now on" : "packet tracing is now off");
}

/* nmap's keys. True: progress is asked for. */
static bool pressed(struct cli *c, char key)
{
	struct levels *l = c->conf.levels;

	switch (key) {
	case '?':
		say_keys(c);
		return false;
	case 'v':
	case 'V':
		change(c, "verbosity", &l->verbose, key == 'v' ? 1 : -1);
		return false;
	case 'd':
	case 'D':
		change(c, "debugging", &l->debug, key == 'd' ? 1 : -1);
		return false;
	case 'p':
	case 'P':
		trace(c, key == 'p');
		return false;
	default:
		return true;
	}
}

struct log cli_log(struct cli *c)
{
	return (struct log){.max = LOG_DEBUG, .write = say, .ctx = c};
}

/* ---- the engine's hooks and the bus --------------------------------------------------------- */

static int hook_fd(void *ctx)
{
	struct cli *c = ctx;

	return tty_fd(&c->tty);
}

static bool stats_due(struct cli *c, uint64_t now_ns)
{
	bool due;

	if (!c->conf.stats_every_ns)
		return false;
	due = c->next_stats_ns && now_ns >= c->next_stats_ns;
	if (due || !c->next_stats_ns)
		c->next_stats_ns = now_ns + c->conf.stats_every_ns;
	return due;
}

static bool hook_tick(void *ctx, uint64_t now_ns)
{
	struct cli *c = ctx;
	bool asked = stats_due(c, now_ns);
	char key;

	tty_tend(&c->tty);
	while ((key = tty_key(&c->tty)))
		asked |= pressed(c, key);
	return asked;
}

struct scan_hooks cli_hooks(struct cli *c)
{
	return (struct scan_hooks){.fd = hook_fd, .tick = hook_tick, .ctx = c};
}

int cli_put(void *ctx, const struct rec *r, struct err *e)
{
	struct cli *c = ctx;

	if (r->kind == REC_PROGRESS && !r->progress->asked)
		draw(c, r->progress);
	else if (r->kind == REC_NOTE)
		say(c, r->note->level, r->note->text);
	else
		erase(c);
	return 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

int cli_open(struct cli **out, const struct cli_conf *conf, struct err *e)
{
	struct cli *c = calloc(1, sizeof(*c));
	const char *term = getenv("TERM");

	if (!c)
		return err_set(e, -ENOMEM, "out of memory");
	c->conf = *conf;
	c->conf.line = conf->line && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) && term &&
		       strcmp(term, "dumb") != 0;
	c->tty.fd = c->tty.signals = -1;
	*out = c;
	return 0;
}

void cli_start(struct cli *c)
{
	if (c->conf.keys)
		tty_open(&c->tty);
}

void cli_close(struct cli *c)
{
	if (!c)
		return;
	erase(c);
	tty_close(&c->tty);
	free(c);
}
