/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sweep sent, and what came back: lists of indices, the plan's fingerprint, sums. */
#include "sweep/receipt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/rng.h"

static void pieces_free(struct receipt_pieces *p)
{
	free(p->v);
	memset(p, 0, sizeof(*p));
}

void receipt_free(struct receipt *r)
{
	for (size_t i = 0; i < r->n_sessions; i++) {
		pieces_free(&r->sessions[i].sent_of);
		pieces_free(&r->sessions[i].canaries);
	}
	free(r->sessions);
	free(r->ports);
	free(r->shards);
	free(r->skipped);
	pieces_free(&r->again);
	if (r->space_owned)
		space_free(&r->space);
	memset(r, 0, sizeof(*r));
}

/* ---- pieces --------------------------------------------------------------------------------- */

int receipt_pieces_add(struct receipt_pieces *p, const struct receipt_piece *x)
{
	if (x->to <= x->from || !x->times)
		return 0;
	if (p->n == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 16;
		struct receipt_piece *v = reallocarray(p->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = *x;
	return 0;
}

int receipt_pieces_append(struct receipt_pieces *p, const struct receipt_pieces *from)
{
	int rc = 0;

	for (size_t i = 0; i < from->n && rc == 0; i++)
		rc = receipt_pieces_add(p, &from->v[i]);
	return rc;
}

static uint64_t piece_count(const struct receipt_piece *x)
{
	return (x->to - x->from - 1) / x->stride + 1;
}

uint64_t receipt_pieces_count(const struct receipt_pieces *p)
{
	uint64_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += piece_count(&p->v[i]) * p->v[i].times;
	return n;
}

/* A place where the times change, of the indices of one mark and one residue of one stride. */
struct edge {
	uint64_t stride, residue, at;
	uint32_t mark;
	int32_t by;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static bool same_group(const struct edge *a, const struct edge *b)
{
	return a->mark == b->mark && a->stride == b->stride && a->residue == b->residue;
}

static int compare_edges(const void *x, const void *y)
{
	const struct edge *a = x, *b = y;

	if (a->mark != b->mark)
		return compare_numbers(a->mark, b->mark);
	if (a->stride != b->stride)
		return compare_numbers(a->stride, b->stride);
	if (a->residue != b->residue)
		return compare_numbers(a->residue, b->residue);
	return compare_numbers(a->at, b->at);
}

/* Edges in order into pieces. */
static int join(struct receipt_pieces *p, const struct edge *v, size_t n)
{
	int64_t times = 0;
	uint64_t from = 0;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		int64_t now = times;
		size_t k = i;

		for (; k < n && same_group(&v[k], &v[i]) && v[k].at == v[i].at; k++)
			now += v[k].by;
		if (now != times && times > 0)
			rc = receipt_pieces_add(
				p, &(struct receipt_piece){from, v[i].at - v[i].stride + 1,
					   v[i].stride, v[i].mark, (uint32_t)times});
		if (now != times)
			from = v[i].at;
		times = k < n && same_group(&v[k], &v[i]) ? now : 0;
		i = k - 1;
	}
	return rc;
}

int receipt_pieces_merge(struct receipt_pieces *p)
{
	struct edge *v = malloc((2 * p->n + 1) * sizeof(*v));
	size_t n = 0;
	int rc;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++) {
		const struct receipt_piece *x = &p->v[i];
		struct edge e = {
			x->stride, x->from % x->stride, x->from, x->mark, (int32_t)x->times};

		v[n++] = e;
		e.at = x->from + piece_count(x) * x->stride;
		e.by = -e.by;
		v[n++] = e;
	}
	qsort(v, n, sizeof(*v), compare_edges);
	p->n = 0;
	rc = join(p, v, n);
	free(v);
	return rc;
}

/* ---- the plan ------------------------------------------------------------------------------- */

/* All that decides which probe an index is, in one text that is the same everywhere. */
static void plan_text(const struct receipt *r, struct buf *b)
{
	buf_fmt(b, "sonde sweep 1 family %u kind %u flags %u", r->family, r->kind, r->tcp_flags);
	buf_fmt(b, " hosts %" PRIu64 " set %016" PRIx64 " seed %" PRIu64, r->hosts, r->space_digest,
		r->seed);
	buf_fmt(b, " passes %u shards %u sample %" PRIu64 " %" PRIu64 " ports", r->passes,
		r->n_shards, r->sample_mask, r->sample_at);
	for (uint32_t i = 0; i < r->n_ports; i++)
		buf_fmt(b, " %u", r->ports[i].port);
}

const char *receipt_plan_hash(const struct receipt *r, char out[RECEIPT_HASH_MAX])
{
	static const struct hash_key keys[2] = {
		{UINT64_C(0x736f6e6465207377), UINT64_C(0x65657020706c616e)},
		{UINT64_C(0x706c616e20737765), UINT64_C(0x657020736f6e6465)}};
	struct buf b = {0};

	plan_text(r, &b);
	snprintf(out, RECEIPT_HASH_MAX, "%016" PRIx64 "%016" PRIx64,
		hash_sip(&keys[0], buf_text(&b), b.len), hash_sip(&keys[1], buf_text(&b), b.len));
	buf_free(&b);
	return out;
}

static bool ports_differ(const struct receipt *a, const struct receipt *b)
{
	if (a->n_ports != b->n_ports)
		return true;
	for (uint32_t i = 0; i < a->n_ports; i++)
		if (a->ports[i].port != b->ports[i].port)
			return true;
	return false;
}

const char *receipt_plan_differs(const struct receipt *a, const struct receipt *b)
{
	if (a->family != b->family || a->hosts != b->hosts || a->space_digest != b->space_digest)
		return "the addresses";
	if (ports_differ(a, b))
		return "the ports";
	if (a->kind != b->kind || a->tcp_flags != b->tcp_flags)
		return "the technique";
	if (a->seed != b->seed)
		return "the seed";
	if (a->n_shards != b->n_shards)
		return "the number of shards";
	if (a->passes != b->passes)
		return "the number of passes";
	if (a->sample_mask != b->sample_mask || a->sample_at != b->sample_at)
		return "the sample of the recheck";
	return NULL;
}

void receipt_job(const struct receipt *r, const struct receipt_session *s, struct sweep_job *out)
{
	struct rng rng;

	memset(out, 0, sizeof(*out));
	rng_seed(&rng, r->seed);
	perm_init(&out->perm, r->hosts * r->n_ports, rng_u64(&rng));
	out->space = r->space.view;
	out->n_ports = r->n_ports;
	out->family = r->family;
	out->kind = r->kind;
	out->tcp_flags = r->tcp_flags;
	out->key0 = s->key0;
	out->key1 = s->key1;
}

/* ---- sums ----------------------------------------------------------------------------------- */

void receipt_counts_add(struct sweep_counts *to, const struct sweep_counts *from)
{
	to->frames += from->frames;
	for (unsigned i = 0; i < SWEEP_ANSWERS; i++)
		to->answers[i] += from->answers[i];
	for (unsigned i = 0; i < SWEEP_REJECTS; i++)
		to->rejects[i] += from->rejects[i];
	to->resets += from->resets;
	to->tx_sent += from->tx_sent;
	to->tx_dropped += from->tx_dropped;
}

/* Estimates of shards are one of all, as if their samples had been drawn together. */
static void add_missed(struct recheck_estimate *to, const struct recheck_estimate *from)
{
	to->sampled += from->sampled;
	to->first += from->first;
	to->second += from->second;
	to->both += from->both;
	to->missed += from->missed;
	to->spread = to->spread > from->spread ? to->spread : from->spread;
	recheck_interval(to);
}

static int add_sessions(struct receipt *r, const struct receipt *from)
{
	struct receipt_session *v =
		reallocarray(r->sessions, r->n_sessions + from->n_sessions + 1, sizeof(*v));
	int rc = v ? 0 : -ENOMEM;

	if (v)
		r->sessions = v;
	for (size_t i = 0; i < from->n_sessions && rc == 0; i++) {
		struct receipt_session *s = &r->sessions[r->n_sessions++];

		*s = from->sessions[i];
		s->sent_of = s->canaries = (struct receipt_pieces){0};
		rc = receipt_pieces_append(&s->sent_of, &from->sessions[i].sent_of);
		if (rc == 0)
			rc = receipt_pieces_append(&s->canaries, &from->sessions[i].canaries);
	}
	return rc;
}

static int add_shards(struct receipt *r, const struct receipt *from)
{
	uint32_t *shards =
		reallocarray(r->shards, (size_t)r->n_here + from->n_here + 1, sizeof(*shards));

	if (!shards)
		return -ENOMEM;
	r->shards = shards;
	memcpy(shards + r->n_here, from->shards, from->n_here * sizeof(*shards));
	r->n_here += from->n_here;
	return 0;
}

static bool same_skipped(const struct receipt *a, const struct receipt *b)
{
	return a->n_skipped == b->n_skipped &&
	       (a->n_skipped == 0 ||
		       memcmp(a->skipped, b->skipped, a->n_skipped * sizeof(*a->skipped)) == 0);
}

int receipt_add(struct receipt *r, const struct receipt *from, struct err *e)
{
	int rc;

	if (!same_skipped(r, from))
		return err_set(e, ERR_USAGE,
			"the receipts name different hosts without link address, so they cannot be one; verify them without --merge");
	rc = add_shards(r, from);
	if (rc == 0)
		rc = add_sessions(r, from);
	if (rc < 0)
		return err_set(e, rc, "out of memory");
	receipt_counts_add(&r->counts, &from->counts);
	add_missed(&r->missed, &from->missed);
	if (strcmp(r->sender, from->sender) != 0)
		snprintf(r->sender, sizeof(r->sender), "several");
	if (strcmp(r->receiver, from->receiver) != 0)
		snprintf(r->receiver, sizeof(r->receiver), "several");
	if (strcmp(r->pace, from->pace) != 0)
		snprintf(r->pace, sizeof(r->pace), "as each shard had it");
	r->rate_asked += from->rate_asked;
	r->rate_reached += from->rate_reached;
	r->complete = r->complete && from->complete;
	return 0;
}
