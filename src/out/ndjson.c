/* SPDX-License-Identifier: BSD-2-Clause */
/* NDJSON (-oD): one record a line as it happens, "type" first; for pipes and log shippers. */
#include "out/formats.h"

#include "out/json_rec.h"
#include "out/out_base.h"
#include "out/row.h"

/*
 * Types: run, host (with its ports) or, of a sweep, result, note, progress (when it was asked for),
 * end. A stream without an "end" line was cut; there is no tail, as every line is complete by
 * itself.
 */

struct ndjson {
	struct out base;
	struct columns columns;
	struct row_form rows;
};

static void put_results(struct out *o, const struct rec_results *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (out_shows_port(&o->conf, &r->v[i].port))
			row_add(&((struct ndjson *)o)->rows, &o->body, &r->v[i]);
}

static int render(struct out *o, const struct rec *r)
{
	struct buf *b = &o->body;
	int rc = 0;

	if (r->kind == REC_RESULTS) {
		put_results(o, r->results);
		return 0;
	}
	if (r->kind == REC_RUN)
		rc = json_run(b, r->run, true, false);
	else if (r->kind == REC_HOST && !o->conf.results && out_shows_host(&o->conf, r->host))
		rc = json_host(b, r->host, &o->conf, true);
	else if (r->kind == REC_NOTE && out_shows_note(&o->conf, r->note))
		rc = json_record(b, "note", r->note, true);
	else if (r->kind == REC_PROGRESS && r->progress->asked)
		rc = json_swept(b, "progress", r->progress, r->progress->sweep, true);
	else if (r->kind == REC_END)
		rc = json_swept(b, "end", r->end, r->end->sweep, true);
	if (b->len)
		buf_char(b, '\n');
	return rc;
}

static const struct out_form form = {
	.size = sizeof(struct ndjson),
	.render = render,
};

static int ndjson_open(struct out **out, const struct out_conf *c, struct err *e)
{
	int rc = out_base_open(out, &form, c, e);

	if (rc == 0 && c->results) {
		struct ndjson *n = (struct ndjson *)*out;

		out_columns(&n->columns, c, COLUMN_RESULTS);
		row_init(&n->rows, ROW_JSON, &n->columns);
	}
	return rc;
}

const struct out_ops out_ndjson = {
	.name = "ndjson",
	.option = "-oD",
	.suffix = NULL,
	.rows = true,
	.want = BUS_WANT(REC_RUN) | BUS_WANT(REC_HOST) | BUS_WANT(REC_PROGRESS) |
		BUS_WANT(REC_NOTE) | BUS_WANT(REC_RESULTS) | BUS_WANT(REC_END),
	.open = ndjson_open,
	.put = out_base_put,
	.close = out_base_close,
};
