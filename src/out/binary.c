/* SPDX-License-Identifier: BSD-2-Clause */
/* Binary (-oB): a file of results, 24 bytes each with IPv4; see results_code.h. */
#include "out/formats.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "out/out_base.h"
#include "out/results_file.h"

/*
 * Of a sweep it holds its results as they came; of any other scan one for each port with a verdict,
 * with the time at which the host was finished. What is no port (a host's name, hardware address,
 * trace) has no place in it. The block that is not full is the tail; the end of the run comes when
 * the run is complete, so that a file without it is one of a run that was cut.
 */

struct binary {
	struct out base;
	struct results_block block;
};

static void put_run(struct out *o, const struct rec_run *run)
{
	struct results_head head = {.run = *run};

	if (o->file.end == 0)
		results_put_head(&o->body, &head);
	o->new_tail = true;
}

static void put_results(struct out *o, const struct rec_results *r)
{
	struct binary *t = (struct binary *)o;

	for (size_t i = 0; i < r->n; i++) {
		if (!out_shows_port(&o->conf, &r->v[i].port))
			continue;
		results_block_add(&t->block, &r->v[i], &o->body);
		o->new_tail = true;
	}
}

static void put_host(struct out *o, const struct rec_host *h)
{
	struct rec_result r = {.addr = h->addr, .at_wall_ns = h->end_wall_ns};

	for (size_t i = 0; i < h->n_ports; i++) {
		r.port = h->ports[i];
		if (r.port.from && r.port.from <= h->n_from)
			r.from = h->from[r.port.from - 1];
		else
			r.port.from = 0;
		put_results(o, &(struct rec_results){.v = &r, .n = 1});
	}
}

static int render(struct out *o, const struct rec *r)
{
	struct binary *t = (struct binary *)o;

	if (r->kind == REC_RUN)
		put_run(o, r->run);
	else if (r->kind == REC_RESULTS)
		put_results(o, r->results);
	else if (r->kind == REC_HOST && !o->conf.results && out_shows_host(&o->conf, r->host))
		put_host(o, r->host);
	if (r->kind == REC_END) {
		results_block_seal(&t->block, &o->body);
		results_put_end(&o->body, r->end);
	}
	return 0;
}

static int tail(struct out *o)
{
	results_block_write(&((struct binary *)o)->block, &o->tail);
	return 0;
}

static void fini(struct out *o)
{
	results_block_free(&((struct binary *)o)->block);
}

static const struct out_form form = {
	.size = sizeof(struct binary),
	.render = render,
	.tail = tail,
	.fini = fini,
};

/* Appending: what is there must be of the same kind, and whole. */
static int trim(const struct out_conf *c, struct err *e)
{
	struct results_writer w;
	struct stat st;
	int rc;

	if (!c->append || strcmp(c->path, "-") == 0 || stat(c->path, &st) < 0 || st.st_size == 0 ||
		!S_ISREG(st.st_mode))
		return 0;
	rc = results_writer_append(&w, c->path, e);
	return rc < 0 ? rc : results_writer_close(&w, e);
}

static int binary_open(struct out **out, const struct out_conf *c, struct err *e)
{
	int rc = trim(c, e);

	return rc < 0 ? rc : out_base_open(out, &form, c, e);
}

const struct out_ops out_binary = {
	.name = "binary",
	.option = "-oB",
	.suffix = NULL,
	.rows = true,
	.want = BUS_WANT(REC_RUN) | BUS_WANT(REC_HOST) | BUS_WANT(REC_RESULTS) | BUS_WANT(REC_END),
	.open = binary_open,
	.put = out_base_put,
	.close = out_base_close,
};
