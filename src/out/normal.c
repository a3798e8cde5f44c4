/* SPDX-License-Identifier: BSD-2-Clause */
/* The normal report (-oN) and, with out_conf.screen, the same on the screen: what nmap's users and
 * their scripts read. */
#include "out/formats.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "out/discovered.h"
#include "out/kiddie.h"
#include "out/normal_host.h"
#include "out/out_base.h"
#include "out/out_text.h"

/*
 * Screen and file differ as in nmap: the file begins and ends with a line that starts with '#' and
 * has no progress. Notes go into the file here; on the screen the command line shows them on
 * standard error.
 */

struct normal {
	struct out base;
	uint8_t reason;				     /* of the last host: enum reason */
	char error[sizeof(((struct err *)0)->text)]; /* the last one that a note told */
	struct discovered discovered;		     /* of a sweep, on the screen */
};

static void put_run(struct out *o, const struct rec_run *run)
{
	struct buf *b = &o->body;

	if (!o->conf.screen) {
		out_first_line(b, run);
		return;
	}
	buf_str(b, "Starting Sonde ");
	out_term(b, run->version);
	buf_str(b, " at ");
	out_time_minute(b, run->start_wall_ns);
	buf_char(b, '\n');
}

static void put_found(struct out *o, const struct rec_found *f)
{
	char ip[ADDR_TEXT_MAX];

	if (o->conf.screen && o->conf.verbose > 0)
		buf_fmt(&o->body, "Discovered %s port %u/%s on %s\n",
			port_state_name((enum port_state)f->port->state), f->port->number,
			proto_name(f->port->proto), addr_text(&f->addr, ip));
}

/* A sweep's hosts go to files; the screen has shown what was open as it came. */
static void put_host(struct out *o, const struct rec_host *h)
{
	((struct normal *)o)->reason = h->reason;
	if (!o->conf.screen || !o->conf.results)
		normal_host(&o->body, h, &o->conf);
}

static void put_results(struct out *o, const struct rec_results *r)
{
	if (o->conf.screen)
		discovered_put(&((struct normal *)o)->discovered, &o->body, r);
}

static void put_progress(struct out *o, const struct rec_progress *p)
{
	struct buf *b = &o->body;

	if (!o->conf.screen || !p->asked)
		return;
	buf_str(b, "Stats: ");
	out_time_span(b, p->elapsed_ns);
	if (p->sweep) {
		buf_str(b, " elapsed; ");
		out_sent(b, p->sweep, p->rate_pps);
		buf_fmt(b, ", %" PRIu64 " open\n", p->sweep->open);
	} else {
		buf_fmt(b,
			" elapsed; %" PRIu64 " hosts completed (%" PRIu64 " up), %" PRIu64
			" undergoing %s\n",
			p->hosts_done, p->hosts_up, p->hosts_active, p->phase);
	}
	buf_fmt(b, "%s Timing: About %.2f%% done", p->phase, p->done * 100);
	if (p->eta_ns) {
		buf_str(b, "; ETC: ");
		out_time_clock(b, o->start_wall_ns + p->elapsed_ns + p->eta_ns);
		buf_str(b, " (");
		out_time_span(b, p->eta_ns);
		buf_str(b, " remaining)");
	}
	buf_char(b, '\n');
}

static void put_note(struct out *o, const struct rec_note *n)
{
	static const char *const words[] = {[LOG_ERROR] = "Error: ", [LOG_WARN] = "Warning: "};

	if (o->conf.screen || !out_shows_note(&o->conf, n))
		return;
	if (n->level == LOG_ERROR)
		snprintf(((struct normal *)o)->error, sizeof(((struct normal *)o)->error), "%s",
			n->text);
	buf_str(&o->body, n->level <= LOG_WARN ? words[n->level] : "");
	out_term(&o->body, n->text);
	buf_char(&o->body, '\n');
}

static void put_packet(struct out *o, const struct rec_packet *p)
{
	if (!o->conf.trace)
		return;
	buf_fmt(&o->body, "%s (%.4fs) ", p->sent ? "SENT" : "RCVD",
		(double)p->at_ns / (double)NS_PER_S);
	out_term(&o->body, p->text);
	buf_char(&o->body, '\n');
}

/* -Pn makes a difference where nothing came back, not where the way is known to end. */
static bool ping_matters(const struct normal *n)
{
	return !n->base.conf.list_only && !n->base.conf.no_ping && n->reason != REASON_NO_ROUTE &&
	       n->reason != REASON_HOST_UNREACH;
}

static void put_advice(struct out *o, const struct rec_end *end)
{
	const struct normal *n = (const struct normal *)o;

	/* on the screen the command line says it, on standard error */
	if (end->error && !o->conf.screen && strcmp(end->error, n->error) != 0) {
		buf_str(&o->body, "Error: ");
		out_term(&o->body, end->error);
		buf_char(&o->body, '\n');
	}
	if (end->hosts_total == 0 && !o->conf.results)
		buf_str(&o->body, "Warning: there was no target, so nothing was scanned.\n");
	else if (end->hosts_total == 1 && end->hosts_up == 0 && !end->sweep && !end->interrupted &&
		 !end->error && ping_matters(n))
		buf_str(&o->body,
			"Note: Host seems down. If it is up but does not answer our probes, try -Pn\n");
}

static void put_end(struct out *o, const struct rec_end *end)
{
	struct buf *b = &o->body;

	discovered_rest(&((struct normal *)o)->discovered, b);
	put_advice(o, end);
	if (end->sweep) {
		buf_str(b, "Sweep: ");
		out_coverage(b, end->sweep, "\n       ");
		buf_char(b, '\n');
	}
	if (!o->conf.screen) {
		out_last_line(b, end, false);
		return;
	}
	buf_fmt(b, "Sonde %s: ", out_end_word(end));
	out_summary(b, end);
	buf_char(b, '\n');
	if (o->conf.verbose > 0 && end->probes_sent && !end->sweep)
		buf_fmt(b, "           Probes sent: %" PRIu64 " | Replies: %" PRIu64 "\n",
			end->probes_sent, end->replies);
}

static int render(struct out *o, const struct rec *r)
{
	switch (r->kind) {
	case REC_RUN:
		put_run(o, r->run);
		break;
	case REC_HOST:
		put_host(o, r->host);
		break;
	case REC_RESULTS:
		put_results(o, r->results);
		break;
	case REC_FOUND:
		put_found(o, r->found);
		break;
	case REC_PROGRESS:
		put_progress(o, r->progress);
		break;
	case REC_NOTE:
		put_note(o, r->note);
		break;
	case REC_PACKET:
		put_packet(o, r->packet);
		break;
	default:
		put_end(o, r->end);
	}
	return 0;
}

/* The screen is told by the shell that a run was killed. */
static int tail(struct out *o)
{
	struct rec_end killed = out_killed(o);

	if (!o->conf.screen)
		out_last_line(&o->tail, &killed, false);
	return 0;
}

static const struct out_form form = {
	.size = sizeof(struct normal),
	.render = render,
	.tail = tail,
};

static int normal_open(struct out **out, const struct out_conf *c, struct err *e)
{
	int rc = out_base_open(out, &form, c, e);

	/* A pipe takes all lines, a person few. */
	if (rc == 0)
		((struct normal *)*out)->discovered.limited = isatty((*out)->file.fd) == 1;
	return rc;
}

/* ---- the same by script kiddies (-oS) ---------------------------------------------------- */

/* A constant, so that a report is spelled the same whenever it is written. */
#define KIDDIE_SEED 31337

static int kiddie_render(struct out *o, const struct rec *r)
{
	int rc = render(o, r);

	kiddie_spell(o->body.data, o->body.len, KIDDIE_SEED);
	return rc;
}

static int kiddie_tail(struct out *o)
{
	int rc = tail(o);

	kiddie_spell(o->tail.data, o->tail.len, KIDDIE_SEED);
	return rc;
}

static const struct out_form kiddie_form = {
	.size = sizeof(struct normal),
	.render = kiddie_render,
	.tail = kiddie_tail,
};

static int kiddie_open(struct out **out, const struct out_conf *c, struct err *e)
{
	return out_base_open(out, &kiddie_form, c, e);
}

const struct out_ops out_normal = {
	.name = "normal",
	.option = "-oN",
	.suffix = "nmap",
	.want = BUS_WANT_ALL & ~BUS_WANT(REC_VERDICTS),
	.open = normal_open,
	.put = out_base_put,
	.close = out_base_close,
};

const struct out_ops out_kiddie = {
	.name = "kiddie",
	.option = "-oS",
	.want = BUS_WANT_ALL & ~(BUS_WANT(REC_VERDICTS) | BUS_WANT(REC_RESULTS)),
	.open = kiddie_open,
	.put = out_base_put,
	.close = out_base_close,
};
