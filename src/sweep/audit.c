/* SPDX-License-Identifier: BSD-2-Clause */
/* Receipts checked: are they one plan, is all of it sent, and was what was sent what they say. */
#include "sweep/audit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/probe.h"
#include "sweep/span.h"

#define CHUNK	    (UINT64_C(1) << 16) /* indices that a thread takes at a time */
#define THREADS_MAX 256

void audit_free(struct audit *a)
{
	free(a->holes.v);
	free(a->overlaps.v);
	free(a->missing);
	memset(a, 0, sizeof(*a));
}

int audit_same_plan(const struct receipt *v, const char *const *names, size_t n, struct err *e)
{
	for (size_t i = 1; i < n; i++) {
		const char *what = receipt_plan_differs(&v[0], &v[i]);

		if (what)
			return err_set(e, ERR_USAGE,
				"%s and %s are not of one run: they do not agree in %s; verify them one by one",
				names[0], names[i], what);
	}
	return 0;
}

/* ---- coverage ------------------------------------------------------------------------------- */

static int add_gap(struct audit_gaps *g, uint64_t from, uint64_t to, uint32_t pass)
{
	if (to <= from)
		return 0;
	g->probes += to - from;
	if (g->n && g->v[g->n - 1].to == from && g->v[g->n - 1].pass == pass) {
		g->v[g->n - 1].to = to;
		return 0;
	}
	if (g->n == g->cap) {
		size_t cap = g->cap ? 2 * g->cap : 16;
		struct audit_gap *v = reallocarray(g->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		g->v = v;
		g->cap = cap;
	}
	g->v[g->n++] = (struct audit_gap){from, to, pass};
	return 0;
}

/* What one receipt sent with a mark, all sessions together. */
static int collect(const struct receipt *r, uint32_t mark, struct receipt_pieces *out)
{
	int rc = 0;

	for (size_t s = 0; s < r->n_sessions; s++) {
		const struct receipt_pieces *p = &r->sessions[s].sent_of;

		for (size_t i = 0; i < p->n && rc == 0; i++)
			if (p->v[i].mark == mark)
				rc = receipt_pieces_add(out, &p->v[i]);
	}
	return rc < 0 ? rc : receipt_pieces_merge(out);
}

/* A receipt that covers an index once or more covers it; how often is its own matter. */
static int cover(const struct receipt *r, uint32_t mark, uint32_t times, struct receipt_pieces *all,
	uint64_t *again)
{
	struct receipt_pieces own = {0};
	int rc = collect(r, mark, &own);

	for (size_t i = 0; i < own.n && rc == 0; i++) {
		struct receipt_piece x = own.v[i];

		if (x.times > times) {
			*again += (x.to - x.from) * (x.times - times);
			x.times = times;
		}
		rc = receipt_pieces_add(all, &x);
	}
	free(own.v);
	return rc;
}

/* All passes with one mark: where `times` are wanted. */
static int audit_mark(
	const struct receipt *v, size_t n, uint32_t pass, uint32_t times, struct audit *out)
{
	uint64_t at = 0, total = v[0].hosts * v[0].n_ports;
	struct receipt_pieces all = {0};
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = cover(&v[i], span_pass(pass), times, &all, &out->again);
	if (rc == 0)
		rc = receipt_pieces_merge(&all);
	for (size_t i = 0; i < all.n && rc == 0; i++) {
		const struct receipt_piece *x = &all.v[i];

		rc = add_gap(&out->holes, at, x->from, pass);
		if (rc == 0 && x->times < times)
			rc = add_gap(&out->holes, x->from, x->to, pass);
		if (rc == 0 && x->times > times)
			rc = add_gap(&out->overlaps, x->from, x->to, pass);
		at = x->to;
	}
	if (rc == 0)
		rc = add_gap(&out->holes, at, total, pass);
	free(all.v);
	return rc;
}

static int find_missing(const struct receipt *v, size_t n, struct audit *out)
{
	uint32_t shards = v[0].n_shards;
	uint8_t *here = calloc(shards, 1);

	out->missing = calloc((size_t)shards + 1, sizeof(*out->missing));
	for (size_t i = 0; here && i < n; i++)
		for (uint32_t k = 0; k < v[i].n_here; k++)
			here[v[i].shards[k]] = 1;
	for (uint32_t i = 0; here && out->missing && i < shards; i++)
		if (!here[i])
			out->missing[out->n_missing++] = i;
	free(here);
	return here && out->missing ? 0 : -ENOMEM;
}

int audit_coverage(const struct receipt *v, size_t n, struct audit *out)
{
	uint32_t passes = v[0].passes;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = find_missing(v, n, out);
	/* passes 1, 5, 9 ... share a mark, and so the other three */
	for (uint32_t p = 0; p < passes && p < 5 && rc == 0; p++)
		rc = audit_mark(v, n, p, p == 0 ? 1 : (passes - p - 1) / 4 + 1, out);
	return rc;
}

/* ---- digests -------------------------------------------------------------------------------- */

struct work {
	const struct receipt *r;
	const struct receipt_pieces *p;
	struct sweep_job job;
	size_t at; /* piece, and what has been taken of it; under the lock */
	uint64_t taken;
	pthread_mutex_t lock;
	uint64_t digest; /* sums of the threads, when they end */
	uint64_t probes;
};

static bool skipped(const struct receipt *r, uint64_t host)
{
	size_t low = 0, high = r->n_skipped;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (r->skipped[mid].to <= host)
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->n_skipped && r->skipped[low].from <= host;
}

/* The next part of the work; false: all is taken. */
static bool take(struct work *w, struct receipt_piece *out)
{
	bool found = false;

	pthread_mutex_lock(&w->lock);
	while (w->at < w->p->n && !found) {
		const struct receipt_piece *x = &w->p->v[w->at];
		uint64_t n = (x->to - x->from - 1) / x->stride + 1;

		found = w->taken < n;
		if (!found) {
			w->at++;
			w->taken = 0;
			continue;
		}
		*out = *x;
		out->from = x->from + w->taken * x->stride;
		if (n - w->taken > CHUNK)
			out->to = out->from + CHUNK * x->stride;
		w->taken += n - w->taken > CHUNK ? CHUNK : n - w->taken;
	}
	pthread_mutex_unlock(&w->lock);
	return found;
}

static uint64_t sum_of(const struct work *w, const struct receipt_piece *x, uint64_t *probes)
{
	const struct receipt *r = w->r;
	uint64_t sum = 0;

	for (uint64_t i = x->from; i < x->to; i += x->stride) {
		uint32_t mark = x->mark;
		struct probe_target to = {0};

		if (mark == SWEEP_PLAIN && (i & r->sample_mask) == r->sample_at)
			mark = SWEEP_SAMPLED;
		if (!probe_index(&w->job, &r->space.rows, r->ports, i, &to) ||
			(r->n_skipped && skipped(r, to.host)))
			continue;
		sum += proof_hash(&w->job, to.hi, to.lo, to.port, mark) * x->times;
		*probes += x->times;
	}
	return sum;
}

static void *run(void *arg)
{
	struct work *w = arg;
	struct receipt_piece x;
	uint64_t sum = 0, probes = 0;

	while (take(w, &x))
		sum += sum_of(w, &x, &probes);
	pthread_mutex_lock(&w->lock);
	w->digest += sum;
	w->probes += probes;
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* The digest of a list, in several threads; fewer where no more are to be had. */
static void digest_of(struct work *w, const struct receipt_pieces *p, unsigned threads)
{
	pthread_t t[THREADS_MAX];
	unsigned n = 0;

	w->p = p;
	w->at = 0;
	w->taken = 0;
	while (n + 1 < threads && n < THREADS_MAX && pthread_create(&t[n], NULL, run, w) == 0)
		n++;
	run(w);
	while (n)
		pthread_join(t[--n], NULL);
}

int audit_digests(
	const struct receipt *r, unsigned threads, struct audit_digests *out, struct err *e)
{
	if (!r->space.view.n_rows)
		return err_set(e, ERR_USAGE,
			"this is the checkpoint of a run that is not over, without its addresses: only --quick can be done with it");
	for (size_t i = 0; i < r->n_sessions; i++) {
		const struct receipt_session *s = &r->sessions[i];
		struct work w = {.r = r};

		if (!s->digest_known) {
			out->unknown++;
			out->probes_unknown += receipt_pieces_count(&s->sent_of);
			continue;
		}
		pthread_mutex_init(&w.lock, NULL);
		receipt_job(r, s, &w.job);
		digest_of(&w, &s->sent_of, threads);
		digest_of(&w, &s->canaries, 1);
		pthread_mutex_destroy(&w.lock);
		out->probes += w.probes;
		out->agree += w.digest == s->digest;
		out->differ += w.digest != s->digest;
		out->miscounted += w.probes != s->sent;
	}
	return 0;
}

void audit_target(const struct receipt *r, uint64_t index, struct addr *a, uint16_t *port)
{
	struct receipt_session none = {0};
	struct probe_target to = {0};
	struct sweep_job job;

	receipt_job(r, &none, &job);
	(void)probe_index(&job, &r->space.rows, r->ports, index, &to);
	*a = space_at(&r->space, to.host);
	*port = to.port;
}
