/* SPDX-License-Identifier: BSD-2-Clause */
/* The output files of a scan. */
#include "cmd/outputs.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"

static const char *const format_names[] = {
	[OUTPUT_NORMAL] = "normal",
	[OUTPUT_XML] = "xml",
	[OUTPUT_GREPABLE] = "grepable",
	[OUTPUT_JSON] = "json",
	[OUTPUT_NDJSON] = "ndjson",
	[OUTPUT_CSV] = "csv",
	[OUTPUT_KIDDIE] = "kiddie",
	[OUTPUT_HEX] = "hex",
	[OUTPUT_CAPTURE] = "pcapng",
};

struct opening {
	struct outputs *w;
	const struct out_conf *conf;
	struct bus *bus;
	struct err *e;
	uint64_t now_ns; /* wall clock */
};

static int put(void *ctx, const struct rec *r, struct err *e)
{
	struct output *o = ctx;

	return o->ops->put(o->out, r, e);
}

/* What one conversion stands for; false when it is none. */
static bool convert(struct buf *b, char c, const struct tm *tm)
{
	switch (c) {
	case 'H':
		buf_fmt(b, "%02d", tm->tm_hour);
		break;
	case 'M':
		buf_fmt(b, "%02d", tm->tm_min);
		break;
	case 'S':
		buf_fmt(b, "%02d", tm->tm_sec);
		break;
	case 'm':
		buf_fmt(b, "%02d", tm->tm_mon + 1);
		break;
	case 'd':
		buf_fmt(b, "%02d", tm->tm_mday);
		break;
	case 'y':
		buf_fmt(b, "%02d", tm->tm_year % 100);
		break;
	case 'Y':
		buf_fmt(b, "%d", tm->tm_year + 1900);
		break;
	case 'T':
		buf_fmt(b, "%02d%02d%02d", tm->tm_hour, tm->tm_min, tm->tm_sec);
		break;
	case 'R':
		buf_fmt(b, "%02d%02d", tm->tm_hour, tm->tm_min);
		break;
	case 'D':
		buf_fmt(b, "%02d%02d%02d", tm->tm_mon + 1, tm->tm_mday, tm->tm_year % 100);
		break;
	default:
		return false;
	}
	return true;
}

char *outputs_path(const char *name, uint64_t now_ns)
{
	time_t now = (time_t)(now_ns / NS_PER_S);
	struct buf b = {0};
	struct tm tm;

	localtime_r(&now, &tm);
	for (; *name; name++) {
		if (name[0] != '%' || !name[1])
			buf_char(&b, *name);
		else if (!convert(&b, *++name, &tm))
			buf_char(&b, *name);
	}
	return buf_take(&b);
}

char *outputs_file_url(const char *path)
{
	char *whole = realpath(path, NULL);
	struct buf b = {0};

	buf_str(&b, "file://");
	for (const char *c = whole ? whole : path; *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("/-._~", *c))
			buf_char(&b, *c);
		else
			buf_fmt(&b, "%%%02X", (unsigned char)*c);
	}
	free(whole);
	return buf_take(&b);
}

bool outputs_replay(const struct out_ops *ops)
{
	return (ops->want & BUS_WANT(REC_HOST)) != 0;
}

/* Two files of the same name would write over each other. */
static bool taken(const struct outputs *w, const char *path)
{
	for (unsigned i = 0; i < w->n; i++) {
		if (strcmp(w->v[i].path, path) == 0)
			return true;
	}
	return false;
}

/* Opens one and subscribes it; takes path, which may be NULL: out of memory. */
static int add(struct opening *g, const struct out_ops *ops, char *path, bool screen)
{
	struct output *o = &g->w->v[g->w->n];
	struct out_conf conf = *g->conf;
	int rc;

	conf.append |= conf.resumed && !outputs_replay(ops);
	conf.path = path;
	conf.screen = screen;
	if (!path)
		rc = err_set(g->e, -ENOMEM, "out of memory");
	else if (g->w->n == BUS_SUBSCRIBERS_MAX)
		rc = err_set(g->e, ERR_USAGE, "%s: more than %u output files", path, g->w->n);
	else if (taken(g->w, path))
		rc = err_set(g->e, ERR_USAGE,
			"%s: two outputs cannot share a file; give one of them another name", path);
	else
		rc = ops->open(&o->out, &conf, g->e);
	if (rc < 0) {
		free(path);
		return rc;
	}
	o->ops = ops;
	o->path = path;
	g->w->n++;
	rc = bus_subscribe(g->bus, put, o, ops->want);
	return rc < 0 ? err_set(g->e, rc, "%s: more than %u output files", path, g->w->n - 1) : 0;
}

/* BASE.nmap, BASE.xml, BASE.gnmap */
static int add_all(struct opening *g, const char *base)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && out_formats[i]; i++) {
		struct buf path = {0};

		if (!out_formats[i]->suffix)
			continue;
		buf_fmt(&path, "%s.%s", base, out_formats[i]->suffix);
		rc = add(g, out_formats[i], buf_take(&path), false);
	}
	return rc;
}

static int add_named(struct opening *g, int kind, const char *name)
{
	char *path = outputs_path(name, g->now_ns);
	int rc;

	if (!path)
		return err_set(g->e, -ENOMEM, "out of memory");
	g->w->on_stdout |= strcmp(path, "-") == 0;
	if (kind != OUTPUT_ALL)
		return add(g, out_format_by_name(format_names[kind]), path, false);
	rc = add_all(g, path);
	free(path);
	return rc;
}

int outputs_open(struct outputs *w, const struct opts *o, const struct out_conf *conf,
	struct bus *bus, uint64_t now_ns, struct err *e)
{
	struct opening g = {.w = w, .conf = conf, .bus = bus, .e = e, .now_ns = now_ns};
	int rc = 0;

	memset(w, 0, sizeof(*w));
	for (size_t i = 0; i < o->outputs.n && rc == 0; i++)
		rc = add_named(&g, o->outputs.v[i].row->value, o->outputs.v[i].text);
	if (rc == 0 && !w->on_stdout && o->verbose != OPT_LEVEL_ZERO)
		rc = add(&g, out_format_by_name("normal"), strdup("-"), true);
	if (rc < 0)
		outputs_close(w, NULL);
	return rc;
}

int outputs_close(struct outputs *w, struct err *e)
{
	int first = 0;

	for (unsigned i = 0; i < w->n; i++) {
		int rc = w->v[i].ops->close(w->v[i].out, first ? NULL : e);

		first = first ? first : rc;
		free(w->v[i].path);
	}
	w->n = 0;
	return first;
}
