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
#include "cmd/cmd.h"

#define WEB_STYLESHEET "https://svn.nmap.org/nmap/docs/nmap.xsl"

static const char *const format_names[] = {
	[OUTPUT_NORMAL] = "normal",
	[OUTPUT_XML] = "xml",
	[OUTPUT_GREPABLE] = "grepable",
	[OUTPUT_JSON] = "json",
	[OUTPUT_NDJSON] = "ndjson",
	[OUTPUT_CSV] = "csv",
	[OUTPUT_BINARY] = "binary",
	[OUTPUT_KIDDIE] = "kiddie",
	[OUTPUT_HEX] = "hex",
	[OUTPUT_CAPTURE] = "pcapng",
};

static int put(void *ctx, const struct rec *r, struct err *e)
{
	struct output *o = ctx;
	struct rec passed;
	int rc = sieve_put(o->sieve, r, &passed, e);

	return rc <= 0 ? rc : o->ops->put(o->out, &passed, e);
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

/* Takes path, which may be NULL: out of memory. */
static int add(struct outputs *w, const struct out_ops *ops, char *path, bool screen, struct err *e)
{
	if (!path)
		return err_set(e, -ENOMEM, "out of memory");
	if (w->n == BUS_SUBSCRIBERS_MAX) {
		err_set(e, ERR_USAGE, "%s: more than %u output files", path, w->n);
		free(path);
		return ERR_USAGE;
	}
	w->v[w->n++] =
		(struct output){.sieve = &w->sieve, .ops = ops, .path = path, .screen = screen};
	return 0;
}

/* BASE.nmap, BASE.xml, BASE.gnmap */
static int add_all(struct outputs *w, const char *base, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && out_formats[i]; i++) {
		struct buf path = {0};

		if (!out_formats[i]->suffix)
			continue;
		buf_fmt(&path, "%s.%s", base, out_formats[i]->suffix);
		rc = add(w, out_formats[i], buf_take(&path), false, e);
	}
	return rc;
}

static int add_named(struct outputs *w, int kind, char *path, struct err *e)
{
	int rc;

	if (!path)
		return err_set(e, -ENOMEM, "out of memory");
	w->on_stdout |= strcmp(path, "-") == 0;
	if (kind != OUTPUT_ALL)
		return add(w, out_format_by_name(format_names[kind]), path, false, e);
	rc = add_all(w, path, e);
	free(path);
	return rc;
}

int outputs_name(struct outputs *w, const struct opts *o, uint64_t now_ns, struct err *e)
{
	int rc = 0;

	memset(w, 0, sizeof(*w));
	for (size_t i = 0; i < o->outputs.n && rc == 0; i++)
		rc = add_named(w, o->outputs.v[i].row->value,
			outputs_path(o->outputs.v[i].text, now_ns), e);
	if (rc == 0 && !w->on_stdout && o->verbose != OPT_LEVEL_ZERO)
		rc = add(w, out_format_by_name("normal"), strdup("-"), true, e);
	return rc;
}

/* -oJ of a sweep has hosts, which are no rows of results. */
static int check_fields(const struct opts *o, struct err *e)
{
	if (opts_output(o, OUTPUT_CSV) || opts_output(o, OUTPUT_NDJSON))
		return 0;
	return err_set(e, ERR_USAGE,
		"--fields chooses fields of a sweep's results in -oC and -oD; add one of them or leave it out");
}

int outputs_select(struct outputs *w, const struct opts *o, bool results, struct err *e)
{
	enum column_rows rows = results ? COLUMN_RESULTS : COLUMN_PORTS;
	int rc = 0;

	w->results = results;
	if (o->fields) {
		w->columns = malloc(sizeof(*w->columns));
		rc = w->columns ? columns_parse(w->columns, rows, o->fields, e)
				: err_set(e, -ENOMEM, "out of memory");
		if (rc < 0)
			return err_prefix(e, "--fields");
		rc = results ? check_fields(o, e) : 0;
	}
	if (rc == 0 && o->where && where_parse(&w->where, rows, o->where, e) < 0)
		rc = err_prefix(e, "--where");
	w->sieve.where = w->where;
	w->sieve.hosts = !results;
	return rc;
}

int outputs_stylesheet(char **out, const struct opts *o, const char *own, struct err *e)
{
	*out = NULL;
	if (o->xml_style == XML_STYLE_NONE)
		return 0;
	if (o->xml_style == XML_STYLE_OWN && !o->stylesheet && !*own)
		return 0;
	if (o->xml_style == XML_STYLE_WEB)
		*out = strdup(WEB_STYLESHEET);
	else
		*out = o->stylesheet ? strdup(o->stylesheet) : outputs_file_url(own);
	return *out ? 0 : err_set(e, -ENOMEM, "out of memory");
}

int outputs_open(struct outputs *w, const struct out_conf *conf, struct bus *bus, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; i < w->n && rc == 0; i++) {
		struct output *o = &w->v[i];
		struct out_conf c = *conf;

		c.append |= c.resumed && (!outputs_replay(o->ops) || (w->results && o->ops->rows));
		c.path = o->path;
		c.screen = o->screen;
		c.results = w->results;
		c.columns = w->columns;
		rc = o->ops->open(&o->out, &c, e);
		if (rc == 0 && bus_subscribe(bus, put, o, o->ops->want) < 0)
			rc = err_set(e, ERR_USAGE, "%s: more than %u output files", o->path, i);
	}
	return rc;
}

int outputs_close(struct outputs *w)
{
	int first = 0;

	for (unsigned i = 0; i < w->n; i++) {
		struct err e = {0};
		int rc = w->v[i].out ? w->v[i].ops->close(w->v[i].out, &e) : 0;

		if (rc < 0)
			cmd_fail(&e);
		first = first ? first : rc;
		free(w->v[i].path);
	}
	w->n = 0;
	sieve_free(&w->sieve);
	where_free(w->where);
	free(w->columns);
	w->where = NULL;
	w->columns = NULL;
	return first;
}
