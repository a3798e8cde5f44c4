/* SPDX-License-Identifier: BSD-2-Clause */
/* What all formats share: the open file, the two halves of its document, and who is shown. */
#include "out/out_base.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void base_free(struct out *o)
{
	if (o->form->fini)
		o->form->fini(o);
	buf_free(&o->body);
	buf_free(&o->tail);
	free((char *)o->conf.path);
	free((char *)o->conf.stylesheet);
	free(o);
}

int out_base_open(
	struct out **out, const struct out_form *form, const struct out_conf *c, struct err *e)
{
	struct out *o = calloc(1, form->size);
	int rc;

	if (!o)
		return err_set(e, -ENOMEM, "%s: out of memory", c->path);
	o->form = form;
	o->conf = *c;
	o->conf.path = strdup(c->path);
	o->conf.stylesheet = c->stylesheet ? strdup(c->stylesheet) : NULL;
	buf_init(&o->body);
	buf_init(&o->tail);
	if (!o->conf.path || (c->stylesheet && !o->conf.stylesheet))
		rc = err_set(e, -ENOMEM, "%s: out of memory", c->path);
	else
		rc = out_file_open(&o->file, c->path, c->append, e);
	if (rc < 0) {
		base_free(o);
		return rc;
	}
	*out = o;
	return 0;
}

static void count(struct out *o, const struct rec *r)
{
	if (r->kind == REC_RUN)
		o->start_wall_ns = o->last_wall_ns = r->run->start_wall_ns;
	if (r->kind != REC_HOST)
		return;
	if (r->host->state == HOST_UP)
		o->hosts_up++;
	else
		o->hosts_down++;
	if (r->host->end_wall_ns > o->last_wall_ns)
		o->last_wall_ns = r->host->end_wall_ns;
}

static void follow(struct out_conf *c, const struct levels *now)
{
	c->verbose = now->verbose;
	c->debug = now->debug;
	c->trace = now->trace;
}

/* A sweep does not count hosts, but where its results were grouped they have just come. */
static struct rec_end with_hosts(const struct out *o, const struct rec_end *end)
{
	struct rec_end known = *end;

	if (!end->hosts_unknown || o->hosts_up == 0)
		return known;
	known.hosts_unknown = false;
	known.hosts_up = o->hosts_up;
	if (known.hosts_total > known.hosts_up)
		known.hosts_down = known.hosts_total - known.hosts_up;
	return known;
}

static int render(struct out *o, const struct rec *r)
{
	struct rec_end end;

	if (r->kind != REC_END)
		return o->form->render(o, r);
	end = with_hosts(o, r->end);
	return o->form->render(o, &(struct rec){.kind = REC_END, .end = &end});
}

int out_base_put(struct out *o, const struct rec *r, struct err *e)
{
	if (o->conf.levels)
		follow(&o->conf, o->conf.levels);
	buf_clear(&o->body);
	buf_clear(&o->tail);
	o->new_tail = false;
	count(o, r);
	if (render(o, r) < 0)
		o->body.failed = true;
	/* A sweep of millions of hosts that are down must not rewrite the tail for each. */
	if (o->body.len == 0 && !o->new_tail && !o->body.failed)
		return 0;
	if (o->form->tail && r->kind != REC_END && o->form->tail(o) < 0)
		o->body.failed = true;
	return out_file_put(&o->file, &o->body, &o->tail, e);
}

int out_base_close(struct out *o, struct err *e)
{
	int rc = out_file_close(&o->file, e);

	base_free(o);
	return rc;
}

static bool maybe_open(uint8_t state)
{
	return state == PORT_OPEN || state == PORT_OPEN_FILTERED || state == PORT_UNFILTERED;
}

static bool has_open(const struct rec_host *h)
{
	for (size_t i = 0; i < h->n_ports; i++) {
		if (maybe_open(h->ports[i].state))
			return true;
	}
	return false;
}

bool out_shows_host(const struct out_conf *c, const struct rec_host *h)
{
	if (h->listed)
		return true;
	if (h->state != HOST_UP)
		return c->verbose > 0 && !c->open_only;
	return !c->open_only || !h->ports_scanned || has_open(h);
}

bool out_shows_port(const struct out_conf *c, const struct rec_port *p)
{
	return p->state != PORT_UNKNOWN && (!c->open_only || maybe_open(p->state));
}

bool out_shows_note(const struct out_conf *c, const struct rec_note *n)
{
	return n->level <= LOG_WARN || (n->level == LOG_INFO && c->verbose > 0) ||
	       (n->level == LOG_DEBUG && c->debug > 0);
}

void out_columns(struct columns *c, const struct out_conf *conf, enum column_rows rows)
{
	if (conf->columns && conf->columns->rows == rows)
		*c = *conf->columns;
	else
		columns_all(c, rows);
}

struct rec_end out_killed(const struct out *o)
{
	return (struct rec_end){
		.end_wall_ns = o->last_wall_ns,
		.elapsed_ns = o->last_wall_ns - o->start_wall_ns,
		.hosts_up = o->hosts_up,
		.hosts_down = o->hosts_down,
		.hosts_total = o->hosts_up + o->hosts_down,
		.hosts_unknown = o->conf.results && o->hosts_up == 0,
		.interrupted = true,
	};
}
