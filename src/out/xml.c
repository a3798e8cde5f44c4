/* SPDX-License-Identifier: BSD-2-Clause */
/* XML (-oX), valid against nmap's DTD: element by element and line by line what programs that read
 * nmap's XML expect. */
#include "out/formats.h"

#include <stdlib.h>
#include <string.h>

#include "out/out_base.h"
#include "out/xml_host.h"
#include "out/xml_task.h"
#include "out/xml_writer.h"

/*
 * - The DTD fixes scanner="nmap"; who really wrote the file is said by the comment on top, by
 * `version` and by `args`.
 * - Each record is a fragment of its own; nmaprun is opened by the first and closed by the tail, so
 * that the tail (runstats with exit="error" errormsg="interrupted") can be taken back when more
 * comes.
 * - libnmap reads a running scan's output line by line and parses each line alone, so an element
 * that it looks for (nmaprun, taskbegin, taskprogress, taskend, finished) stands on one line.
 * - Facts that the DTD has no place for are left out: the round-trip time of a port, and notes. A
 * <script> element could carry the time, but every reader would show it as a script's result on
 * every port. The JSON, NDJSON and CSV formats have it. What a sweep covered stands in the summary.
 */

#define XML_OUTPUT_VERSION "1.05" /* of nmap's format, as nmap 7.93 writes it */

struct xml_out {
	struct out base;
	struct xml_task task;
};

static void put_prologue(struct xml_writer *w, const struct xml_out *x, const struct rec_run *run)
{
	xml_raw(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE nmaprun>\n");
	if (x->base.conf.stylesheet) {
		xml_raw(w, "<?xml-stylesheet href=\"");
		xml_escaped(w, x->base.conf.stylesheet);
		xml_raw(w, "\" type=\"text/xsl\"?>\n");
	}
	xml_raw(w, "<!-- Sonde ");
	xml_comment_text(w, run->version);
	xml_raw(w, " scan initiated ");
	xml_time_c(w, NULL, run->start_wall_ns);
	xml_raw(w, " as: ");
	xml_comment_text(w, run->args);
	xml_raw(w, " -->\n");
}

/* The DTD enumerates the types. */
static bool is_scan_type(const char *type)
{
	static const char *const types[] = {"syn", "ack", "bounce", "connect", "null", "xmas",
		"window", "maimon", "fin", "udp", "sctpinit", "sctpcookieecho", "ipproto"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(type, types[i]) == 0)
			return true;
	}
	return false;
}

static void put_scaninfo(struct xml_writer *w, const struct rec_scaninfo *info)
{
	if (!is_scan_type(info->type))
		return;
	xml_begin(w, "scaninfo");
	xml_attr(w, "type", info->type);
	xml_attr(w, "protocol", proto_name(info->proto));
	xml_attr_u64(w, "numservices", info->n_ports);
	xml_attr(w, "services", info->services);
	xml_end(w);
	xml_raw(w, "\n");
}

static void put_level(struct xml_writer *w, const char *element, int level)
{
	xml_begin(w, element);
	xml_attr_u64(w, "level", level > 0 ? (uint64_t)level : 0);
	xml_end(w);
	xml_raw(w, "\n");
}

/* nmaprun stays open in the document and is closed by the tail; in this writer it is dropped with
 * the writer. */
static void put_run(struct xml_writer *w, const struct xml_out *x, const struct rec_run *run)
{
	put_prologue(w, x, run);
	xml_begin(w, "nmaprun");
	xml_attr(w, "scanner", "nmap");
	xml_attr(w, "args", run->args);
	xml_attr_u64(w, "start", run->start_wall_ns / NS_PER_S);
	xml_time_c(w, "startstr", run->start_wall_ns);
	xml_attr(w, "version", run->version);
	xml_attr(w, "xmloutputversion", XML_OUTPUT_VERSION);
	xml_raw(w, "\n");
	for (size_t i = 0; i < run->n_info; i++)
		put_scaninfo(w, &run->info[i]);
	put_level(w, "verbose", run->verbose);
	put_level(w, "debugging", run->debug);
}

static void put_summary(struct xml_writer *w, const struct rec_end *end)
{
	struct buf s, t;

	buf_init(&s);
	buf_init(&t);
	out_time_c(&t, end->end_wall_ns);
	buf_fmt(&s, "Sonde %s at %s; ", out_end_word(end), buf_text(&t));
	out_summary(&s, end);
	if (end->sweep) {
		buf_str(&s, "; ");
		out_coverage(&s, end->sweep, "; ");
	}
	xml_attr(w, "summary", buf_text(&s));
	w->failed |= s.failed || t.failed;
	buf_free(&s);
	buf_free(&t);
}

static void put_end(struct xml_writer *w, const struct rec_end *end)
{
	bool bad = end->interrupted || end->error;

	xml_begin(w, "runstats");
	xml_begin(w, "finished");
	xml_attr_u64(w, "time", end->end_wall_ns / NS_PER_S);
	xml_time_c(w, "timestr", end->end_wall_ns);
	put_summary(w, end);
	xml_attr_fmt(w, "elapsed", "%.2f", (double)end->elapsed_ns / (double)NS_PER_S);
	xml_attr(w, "exit", bad ? "error" : "success");
	if (bad)
		xml_attr(w, "errormsg", end->error ? end->error : "interrupted");
	xml_end(w);
	xml_begin(w, "hosts");
	xml_attr_u64(w, "up", end->hosts_up);
	xml_attr_u64(w, "down", end->hosts_down);
	xml_attr_u64(w, "total", end->hosts_total);
	xml_end(w);
	xml_raw(w, "\n");
	xml_end(w);
	xml_raw(w, "\n</nmaprun>\n");
}

static int put_record(struct xml_writer *w, struct xml_out *x, const struct rec *r)
{
	switch (r->kind) {
	case REC_RUN:
		put_run(w, x, r->run);
		return 0;
	case REC_HOST:
		xml_host(w, r->host, &x->base.conf);
		return 0;
	case REC_PROGRESS:
		return xml_task_progress(w, &x->task, r->progress, x->base.start_wall_ns);
	default:
		xml_task_end(w, &x->task, r->end->end_wall_ns);
		put_end(w, r->end);
		return 0;
	}
}

static int render(struct out *o, const struct rec *r)
{
	struct xml_writer w;

	if (r->kind == REC_HOST && !out_shows_host(&o->conf, r->host))
		return 0;
	if (r->kind == REC_PROGRESS && !r->progress->asked)
		return 0;
	xml_writer_init(&w);
	if (put_record(&w, (struct xml_out *)o, r) < 0)
		w.failed = true;
	return xml_writer_fini(&w, &o->body);
}

static int tail(struct out *o)
{
	struct rec_end killed = out_killed(o);
	struct xml_writer w;

	xml_writer_init(&w);
	put_end(&w, &killed);
	return xml_writer_fini(&w, &o->tail);
}

static void fini(struct out *o)
{
	free(((struct xml_out *)o)->task.name);
}

static const struct out_form form = {
	.size = sizeof(struct xml_out),
	.render = render,
	.tail = tail,
	.fini = fini,
};

static int xml_open(struct out **out, const struct out_conf *c, struct err *e)
{
	return out_base_open(out, &form, c, e);
}

const struct out_ops out_xml = {
	.name = "xml",
	.option = "-oX",
	.suffix = "xml",
	.want = BUS_WANT(REC_RUN) | BUS_WANT(REC_HOST) | BUS_WANT(REC_PROGRESS) | BUS_WANT(REC_END),
	.open = xml_open,
	.put = out_base_put,
	.close = out_base_close,
};
