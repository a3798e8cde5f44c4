/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The address set of a sweep.
 *
 * Every specification becomes ranges (spec.h), which are cut by what is to be left out before they
 * are collected: `kept` grows to the set, `gone` holds what each cut took. Sorted, merged and given
 * prefix sums, `kept` becomes the rows. A specification that was cut may overlap one that was
 * spared (0.0.0.0/0 and 10.1.2.3), so what counts as left out is what is not in the set at the end.
 */
#include "target/space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sip.h"
#include "target/exclude.h"
#include "target/spec.h"
#include "target/words.h"

#define CUTS_MAX 64 /* reasons, the exclusions among them */

struct build {
	const struct space_request *rq;
	struct spec_rules rules;
	unsigned family;
	struct addr_set excluded;
	const struct range_set *cuts[CUTS_MAX]; /* borrowed; the exclusions, then those of rq */
	struct range_set gone[CUTS_MAX];
	size_t n_cuts;
	struct range_set any; /* all cuts together */
	struct range_set kept;
	struct spec_set specs;
	size_t sealed_at; /* kept.n when it was last merged to bound memory */
	uint32_t zone;
	size_t failed;
};

/* ---- cutting --------------------------------------------------------------------------------- */

/* Many overlapping ranges are merged on the way; many separate ones are refused. */
static int keep(struct build *b, u128 first, u128 last, struct err *e)
{
	if (range_set_add(&b->kept, first, last) < 0)
		return err_set(e, -ENOMEM, "no memory for the targets of the sweep");
	if (b->kept.n < b->sealed_at + SPACE_ROWS_MAX)
		return 0;
	range_set_seal(&b->kept);
	b->sealed_at = b->kept.n;
	if (b->kept.n <= SPACE_ROWS_MAX)
		return 0;
	return err_set(e, ERR_USAGE,
		"the targets are more than %u separate ranges, which is more than a sweep keeps; name larger networks, or sweep in parts",
		SPACE_ROWS_MAX);
}

static u128 higher(u128 a, u128 b)
{
	return a > b ? a : b;
}

/* The cut that takes addresses from `first` on soonest, the leading one of several; NULL: none up
 * to `last`. *out is what it takes before a leading cut has its turn. */
static const struct range_set *next_cut(const struct build *b, uint64_t spared, u128 first,
	u128 last, struct range *out, size_t *which)
{
	const struct range_set *best = NULL;

	for (size_t i = 0; i < b->n_cuts; i++) {
		const struct range *r = range_set_from(b->cuts[i], first);

		if (!r || r->first > last || (spared >> i & 1))
			continue;
		if (best && higher(r->first, first) >= out->first)
			continue;
		best = b->cuts[i];
		*which = i;
		*out = (struct range){higher(r->first, first), r->last < last ? r->last : last};
	}
	for (size_t i = 0; best && i < *which; i++) {
		const struct range *r = range_set_from(b->cuts[i], out->first);

		if (r && !(spared >> i & 1) && r->first > out->first && r->first <= out->last)
			out->last = r->first - 1;
	}
	return best;
}

static int add_run(struct build *b, uint64_t spared, struct range run, struct err *e)
{
	const struct range *near = range_set_from(&b->any, run.first);
	struct range cut;
	size_t which = 0;
	int rc;

	if (!near || near->first > run.last)
		return keep(b, run.first, run.last, e);
	while (next_cut(b, spared, run.first, run.last, &cut, &which)) {
		rc = cut.first > run.first ? keep(b, run.first, cut.first - 1, e) : 0;
		if (rc < 0)
			return rc;
		if (range_set_add(&b->gone[which], cut.first, cut.last) < 0)
			return err_set(e, -ENOMEM, "no memory for what is left out of the sweep");
		if (cut.last == run.last)
			return 0;
		run.first = cut.last + 1;
	}
	return keep(b, run.first, run.last, e);
}

/* Which cuts spare the block, as bits: it was asked for by name. */
static uint64_t spared_by(const struct build *b, const struct block *x)
{
	uint64_t spared = 0;

	for (size_t i = 1; i < b->n_cuts; i++) {
		const struct addr_set *named = b->rq->cuts[i - 1].named;
		const struct range *r =
			named ? range_set_from(addr_set_ranges(named, b->family), x->first) : NULL;

		if (r && r->first <= x->first && x->last <= r->last)
			spared |= UINT64_C(1) << i;
	}
	return spared;
}

static int add_block(struct build *b, const struct block *x, struct err *e)
{
	uint64_t spared = spared_by(b, x);
	struct range run;
	u128 at = 0;
	int rc = 0;

	if (x->zone && b->zone && x->zone != b->zone)
		return err_set(e, ERR_USAGE,
			"the targets are link-local addresses of two interfaces; sweep one after the other");
	b->zone = x->zone ? x->zone : b->zone;
	while (rc == 0 && range_next_run(x, &at, &run))
		rc = add_run(b, spared, run, e);
	return rc;
}

/* ---- specifications -------------------------------------------------------------------------- */

static int add_spec(struct build *b, const char *text, struct err *e)
{
	int rc = spec_or_skip(&b->specs, text, &b->rules, &b->failed, e);

	for (size_t i = 0; i < b->specs.n && rc == 0; i++)
		rc = add_block(b, &b->specs.v[i].block, e);
	spec_set_clear(&b->specs);
	return rc;
}

static int add_list(struct build *b, const char *path, struct err *e)
{
	char word[WORD_MAX];
	struct words *w;
	int rc = words_open(&w, path, target_keys, e);

	if (rc < 0)
		return rc;
	b->rules.words = w;
	while ((rc = spec_word(w, word, &b->rules, &b->failed, e)) == 1) {
		rc = add_spec(b, word, e);
		if (rc < 0)
			break;
	}
	b->rules.words = NULL;
	words_free(w);
	return rc;
}

/* -iR: drawn as the stateful engine does, until there are enough that are not excluded or no more.
 */
static int add_random(struct build *b, const struct target_request *from, struct err *e)
{
	struct target_request rq = {
		.random = UINT64_C(1) << 32,
		.random_set = true,
		.family = from->family,
		.rng = from->rng,
	};
	uint64_t wanted = from->random;
	struct target one;
	struct targets *t = NULL;
	int rc;

	if (!from->random)
		return err_set(e, ERR_USAGE,
			"-iR 0 never ends, and a sweep goes through a set; name 0.0.0.0/0, which is every public address once");
	rc = targets_open(&t, &rq, e);
	while (rc >= 0 && wanted > 0 && (rc = targets_next(t, &one, e)) == 1) {
		u128 v = block_number(&one.addr);

		wanted -= !range_set_contains(b->cuts[0], v);
		rc = add_run(b, 0, (struct range){v, v}, e);
	}
	targets_free(t);
	return rc < 0 ? rc : 0;
}

static int collect(struct build *b, struct err *e)
{
	const struct target_request *rq = b->rq->targets;
	int rc = 0;

	for (size_t i = 0; i < rq->n_specs && rc == 0; i++)
		rc = add_spec(b, rq->specs[i], e);
	if (rc == 0 && rq->list_file)
		rc = add_list(b, rq->list_file, e);
	if (rc == 0 && rq->random_set)
		rc = add_random(b, rq, e);
	return rc;
}

/* ---- what is to be left out ------------------------------------------------------------------ */

static int add_ranges(struct range_set *to, const struct range_set *from)
{
	int rc = 0;

	for (size_t i = 0; i < from->n && rc == 0; i++)
		rc = range_set_add(to, from->v[i].first, from->v[i].last);
	return rc;
}

/* Exclusions that were kept as octet products become ranges. */
static int flatten(struct addr_set *s)
{
	struct range run;
	int rc = 0;

	for (size_t i = 0; i < s->n_octets; i++) {
		u128 at = 0;

		while (rc == 0 && range_next_run(&s->octets[i], &at, &run))
			rc = range_set_add(&s->v4, run.first, run.last);
	}
	addr_set_seal(s);
	return rc;
}

static int open_cuts(struct build *b, struct err *e)
{
	int rc = exclude_read(&b->excluded, b->rq->targets, &b->rules, e);

	if (rc < 0)
		return rc;
	if (b->rq->n_cuts + 1 > CUTS_MAX)
		return err_set(
			e, -EINVAL, "more than %d reasons to leave addresses out", CUTS_MAX - 1);
	rc = flatten(&b->excluded);
	b->cuts[b->n_cuts++] = addr_set_ranges(&b->excluded, b->family);
	for (size_t i = 0; i < b->rq->n_cuts; i++)
		b->cuts[b->n_cuts++] = addr_set_ranges(b->rq->cuts[i].set, b->family);
	for (size_t i = 0; i < b->n_cuts && rc == 0; i++)
		rc = add_ranges(&b->any, b->cuts[i]);
	range_set_seal(&b->any);
	return rc < 0 ? err_set(e, rc, "no memory for what is left out of the sweep") : 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int check_size(const struct range_set *kept, uint64_t *count, struct err *e)
{
	*count = 0;
	for (size_t i = 0; i < kept->n; i++) {
		u128 less_one = kept->v[i].last - kept->v[i].first;

		if (less_one >= SPACE_COUNT_MAX - *count)
			return err_set(e, ERR_USAGE,
				"the targets are more than 2^48 addresses, and a sweep goes through no more; name smaller networks");
		*count += (uint64_t)less_one + 1;
	}
	if (*count == 0)
		return err_set(e, ERR_USAGE,
			"no address is left to sweep: the targets give none, or all of them are left out");
	return kept->n <= SPACE_ROWS_MAX
		       ? 0
		       : err_set(e, ERR_USAGE,
				 "the targets are more than %u separate ranges; sweep in parts",
				 SPACE_ROWS_MAX);
}

static uint64_t row_index(const struct space *s, uint32_t i)
{
	return s->view.family == 4 ? s->rows.v4[i].first_index : s->rows.v6[i].first_index;
}

/* Buckets are as many as ranges at most, so that the hint costs no more than half the rows. */
static int make_hint(struct space *s)
{
	struct space_view *v = &s->view;
	uint32_t *hint, row = 0;

	while ((v->count - 1) >> v->shift >= v->n_rows)
		v->shift++;
	v->n_buckets = (uint32_t)((v->count - 1) >> v->shift) + 1;
	hint = malloc(((size_t)v->n_buckets + 1) * sizeof(*hint));
	if (!hint)
		return -ENOMEM;
	s->rows.hint = hint;
	for (uint32_t b = 0; b < v->n_buckets; b++) {
		while (row + 1 < v->n_rows && row_index(s, row + 1) <= (uint64_t)b << v->shift)
			row++;
		hint[b] = row;
	}
	hint[v->n_buckets] = v->n_rows - 1;
	return 0;
}

static int make_rows(struct space *s, const struct range_set *kept)
{
	struct space_row4 *v4 = NULL;
	struct space_row6 *v6 = NULL;
	uint64_t index = 0;

	s->view.n_rows = (uint32_t)kept->n;
	if (s->view.family == 4)
		s->rows.v4 = v4 = malloc(kept->n * sizeof(*v4));
	else
		s->rows.v6 = v6 = malloc(kept->n * sizeof(*v6));
	if (!v4 && !v6)
		return -ENOMEM;
	for (size_t i = 0; i < kept->n; i++) {
		u128 first = kept->v[i].first;

		if (v4)
			v4[i] = (struct space_row4){(uint32_t)index, (uint32_t)first};
		else
			v6[i] = (struct space_row6){
				index, (uint64_t)(first >> 64), (uint64_t)first};
		index += (uint64_t)(kept->v[i].last - first) + 1;
	}
	return make_hint(s);
}

/* Addresses of the sealed set `from` that are not in the sealed set `b`. */
static uint64_t count_outside(const struct range_set *from, const struct range_set *b)
{
	u128 n = 0;

	for (size_t i = 0; i < from->n; i++) {
		struct range r = from->v[i];
		const struct range *x = range_set_from(b, r.first);

		n += r.last - r.first + 1;
		for (; x && x < b->v + b->n && x->first <= r.last; x++)
			n -= (x->last < r.last ? x->last : r.last) - higher(x->first, r.first) + 1;
	}
	return n > UINT64_MAX ? UINT64_MAX : (uint64_t)n;
}

static void count_gone(struct build *b, struct space_counts *counts)
{
	for (size_t i = 0; i < b->n_cuts; i++) {
		uint64_t n;

		range_set_seal(&b->gone[i]);
		n = count_outside(&b->gone[i], &b->kept);
		if (i > 0)
			b->rq->cuts[i - 1].left_out = n;
		else if (counts)
			counts->excluded = n;
	}
	if (counts)
		counts->failed = b->failed;
}

static int fill(struct space *s, unsigned family, const struct range_set *kept, struct err *e)
{
	int rc = check_size(kept, &s->view.count, e);

	s->view.family = family;
	if (rc == 0 && make_rows(s, kept) < 0)
		rc = err_set(e, -ENOMEM, "no memory for the targets of the sweep");
	return rc;
}

int space_of_ranges(
	struct space *out, unsigned family, const struct range_set *ranges, struct err *e)
{
	int rc;

	*out = (struct space){0};
	rc = fill(out, family, ranges, e);
	if (rc < 0)
		space_free(out);
	return rc;
}

static int finish(struct build *b, struct space *s, struct space_counts *counts, struct err *e)
{
	range_set_seal(&b->kept);
	count_gone(b, counts);
	s->zone = b->zone;
	return fill(s, b->family, &b->kept, e);
}

int space_build(struct space *out, const struct space_request *rq, struct space_counts *counts,
	struct err *e)
{
	struct build b = {.rq = rq, .family = rq->targets->family};
	int rc;

	*out = (struct space){0};
	b.rules = spec_rules_of(rq->targets);
	rc = open_cuts(&b, e);
	if (rc == 0)
		rc = collect(&b, e);
	if (rc == 0)
		rc = finish(&b, out, counts, e);
	if (rc < 0)
		space_free(out);
	for (size_t i = 0; i < b.n_cuts; i++)
		range_set_free(&b.gone[i]);
	addr_set_free(&b.excluded);
	range_set_free(&b.any);
	range_set_free(&b.kept);
	spec_set_free(&b.specs);
	return rc;
}

void space_free(struct space *s)
{
	free((void *)s->rows.v4);
	free((void *)s->rows.v6);
	free((void *)s->rows.hint);
	*s = (struct space){0};
}

/* ---- reading --------------------------------------------------------------------------------- */

struct addr space_at(const struct space *s, uint64_t index)
{
	uint64_t hi = 0, lo = 0;
	uint32_t v4 = 0;
	struct addr a;

	if (s->view.family == 4) {
		(void)space_find4(&s->view, &s->rows, index, &v4);
		return addr_v4(v4);
	}
	(void)space_find6(&s->view, &s->rows, index, &hi, &lo);
	a = block_addr(6, (u128)hi << 64 | lo, 0);
	if (addr_is_linklocal(&a))
		a.zone = s->zone;
	return a;
}

static u128 row_first(const struct space *s, uint32_t i)
{
	if (s->view.family == 4)
		return s->rows.v4[i].first_addr;
	return (u128)s->rows.v6[i].hi << 64 | s->rows.v6[i].lo;
}

static struct range row_range(const struct space *s, uint32_t i)
{
	uint64_t end = i + 1 < s->view.n_rows ? row_index(s, i + 1) : s->view.count;

	return (struct range){row_first(s, i), row_first(s, i) + (end - row_index(s, i)) - 1};
}

void space_range(const struct space *s, uint32_t i, struct addr *first, struct addr *last)
{
	uint64_t end = i + 1 < s->view.n_rows ? row_index(s, i + 1) : s->view.count;

	*first = space_at(s, row_index(s, i));
	*last = space_at(s, end - 1);
}

/* The row that holds the number or, when none does, the one before or the first. */
static uint32_t row_of(const struct space *s, u128 number)
{
	uint32_t low = 0, high = s->view.n_rows - 1;

	while (low < high) {
		uint32_t mid = high - (high - low) / 2;

		if (row_first(s, mid) <= number)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

uint64_t space_index_of(const struct space *s, const struct addr *a)
{
	u128 v = block_number(a);
	struct range r;
	uint32_t row;

	if (a->family != s->view.family || !s->view.n_rows)
		return UINT64_MAX;
	row = row_of(s, v);
	r = row_range(s, row);
	return v < r.first || v > r.last ? UINT64_MAX : row_index(s, row) + (uint64_t)(v - r.first);
}

uint64_t space_count_in(const struct space *s, const struct addr_set *set)
{
	const struct range_set *in = addr_set_ranges(set, s->view.family);
	uint64_t n = 0;

	for (size_t i = 0; i < in->n && s->view.n_rows; i++) {
		for (uint32_t k = row_of(s, in->v[i].first); k < s->view.n_rows; k++) {
			struct range r = row_range(s, k);

			if (r.first > in->v[i].last)
				break;
			if (r.last < in->v[i].first)
				continue;
			n += (uint64_t)((r.last < in->v[i].last ? r.last : in->v[i].last) -
					higher(r.first, in->v[i].first)) +
			     1;
		}
	}
	return n;
}

/* The first number from `at` on that is not in the set, counting on from one range into the next.
 */
static u128 skip_inside(const struct addr_set *set, unsigned family, u128 at)
{
	const struct range *r = set ? range_set_from(addr_set_ranges(set, family), at) : NULL;

	return r && r->first <= at ? r->last + 1 : at;
}

bool space_first_outside(
	const struct space *s, const struct addr_set *a, const struct addr_set *b, struct addr *out)
{
	unsigned family = s->view.family;

	for (uint32_t i = 0; i < s->view.n_rows; i++) {
		struct range r = row_range(s, i);
		u128 at = r.first, before;

		do {
			before = at;
			at = skip_inside(b, family, skip_inside(a, family, at));
		} while (at > before && at <= r.last);
		if (at == before) {
			*out = block_addr(family, at, 0);
			return true;
		}
	}
	return false;
}

uint64_t space_digest(const struct space *s)
{
	struct sip h = sip_begin(s->view.family, s->view.count);

	for (uint32_t i = 0; i < s->view.n_rows; i++) {
		u128 first = row_first(s, i);

		sip_word(&h, row_index(s, i));
		sip_word(&h, (uint64_t)(first >> 64));
		sip_word(&h, (uint64_t)first);
	}
	return sip_end(&h, s->view.n_rows, 0);
}
