/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON (-oJ): the whole run as one document. */
#include "out/formats.h"

#include <errno.h>

#include "out/json_rec.h"
#include "out/out_base.h"

/*
 *	{"scanner":"sonde","version":...,"args":...,"start":...,"scaninfo":[...],"hosts":[
 *	{"addr":...,"ports":[...]},		one host a line
 *	{...}
 *	],"notes":[...],"end":{...}}		the tail
 *
 * Notes come at any time and belong to no host: they are kept and written with the tail. The tail
 * is written anew with every record, so their number is bounded; "notes_omitted" counts the rest. A
 * run that was killed has "end":{...,"interrupted":true}.
 */

#define NOTES_MAX 200

struct json_out {
	struct out base;
	bool begun, any_host;
	unsigned n_notes, n_omitted;
	struct buf notes; /* objects separated by commas */
};

static int add_note(struct json_out *j, const struct rec_note *n)
{
	if (!out_shows_note(&j->base.conf, n))
		return 0;
	j->base.new_tail = j->begun;
	if (j->n_notes == NOTES_MAX) {
		j->n_omitted++;
		return 0;
	}
	if (j->n_notes++)
		buf_char(&j->notes, ',');
	return json_record(&j->notes, "note", n, false);
}

static int put_end(struct buf *b, const struct json_out *j, const struct rec_end *end)
{
	int rc;

	buf_fmt(b, "\n],\"notes\":[%s],", buf_text(&j->notes));
	if (j->n_omitted)
		buf_fmt(b, "\"notes_omitted\":%u,", j->n_omitted);
	buf_str(b, "\"end\":");
	rc = json_swept(b, "end", end, end->sweep, false);
	buf_str(b, "}\n");
	return rc;
}

static int put_run(struct json_out *j, const struct rec_run *run)
{
	struct buf *b = &j->base.body;
	int rc = json_run(b, run, false, true);

	j->begun = true;
	buf_str(b, ",\"hosts\":[");
	return rc;
}

static int put_host(struct json_out *j, const struct rec_host *h)
{
	if (!out_shows_host(&j->base.conf, h))
		return 0;
	buf_str(&j->base.body, j->any_host ? ",\n" : "\n");
	j->any_host = true;
	return json_host(&j->base.body, h, &j->base.conf, false);
}

static int render(struct out *o, const struct rec *r)
{
	struct json_out *j = (struct json_out *)o;

	switch (r->kind) {
	case REC_RUN:
		return put_run(j, r->run);
	case REC_HOST:
		return put_host(j, r->host);
	case REC_NOTE:
		return add_note(j, r->note);
	case REC_END:
		return put_end(&o->body, j, r->end);
	default:
		return 0;
	}
}

static int tail(struct out *o)
{
	struct rec_end killed = out_killed(o);

	return put_end(&o->tail, (struct json_out *)o, &killed);
}

static void fini(struct out *o)
{
	buf_free(&((struct json_out *)o)->notes);
}

static const struct out_form form = {
	.size = sizeof(struct json_out),
	.render = render,
	.tail = tail,
	.fini = fini,
};

static int json_open(struct out **out, const struct out_conf *c, struct err *e)
{
	return out_base_open(out, &form, c, e);
}

const struct out_ops out_json = {
	.name = "json",
	.option = "-oJ",
	.suffix = NULL,
	.want = BUS_WANT(REC_RUN) | BUS_WANT(REC_HOST) | BUS_WANT(REC_NOTE) | BUS_WANT(REC_END),
	.open = json_open,
	.put = out_base_put,
	.close = out_base_close,
};
