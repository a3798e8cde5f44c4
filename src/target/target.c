/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The iterator over all targets.
 *
 * Targets come in batches: the command line is one batch, each word of an -iL list is one (a
 * portion of the list when the order is to be shuffled), and -iR is one batch of a single block,
 * all of IPv4 without its reserved ranges. A batch holds blocks (spec.h) and segments: what is left
 * of each block, as intervals of its member indices, after the excluded ranges were cut out.
 * Segments follow each other in one index space 0 .. total-1; walking it is the order of the
 * specifications, walking it through a keyed permutation is the shuffled order, and -iR is that
 * walk stopped after N. Memory is that of the specifications and exclusions.
 *
 * --unique: a block of at most SMALL_MAX members enters its addresses in a hash set when it is cut,
 * and loses those that were there; a large one is cut by the large ones before it and then joins
 * them, and what earlier small ones had is left out as it is met.
 *
 * Exclusions with very many holes stay octet products and are asked per address.
 */
#include "target/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/exclude.h"
#include "target/perm.h"
#include "target/range.h"
#include "target/seen.h"
#include "target/spec.h"
#include "target/words.h"

#define SMALL_MAX     256   /* members of a block whose addresses --unique remembers one by one */
#define PORTION_MAX   65536 /* blocks of a list that are shuffled together */
#define OCTETS_WEIGHT 32    /* an octet product takes the memory of that many plain blocks */

enum stage { STAGE_LINE, STAGE_LIST, STAGE_RANDOM, STAGE_END };

/* Members at .. at+n-1 of a block; `before` members come earlier in the batch. */
struct segment {
	size_t block;
	u128 at;
	uint64_t n, before; /* saturated: 2^64 targets are more than anybody lives to see */
	size_t n_taken;	    /* octet products listed before this block (--unique) */
};

struct targets {
	struct spec_rules rules;
	bool unique, randomize;
	struct rng rng;
	struct addr_set excluded;
	struct range_set reserved; /* for -iR */

	/* --unique */
	struct addr_set taken;
	struct seen seen;

	/* the batch */
	enum stage stage;
	struct spec_set specs;
	struct segment *segments; /* owned */
	size_t n_segments, cap_segments;
	uint64_t total, next; /* indices of the batch: all, done */
	size_t at_segment;
	bool shuffled;
	struct perm perm;

	struct words *list;  /* owned; NULL without -iL */
	uint64_t list_total; /* members of list batches so far */
	uint64_t line_total;
	bool random_set;
	uint64_t random_wanted, random_left; /* UINT64_MAX: for ever */
	bool random_given;		     /* this round of the permutation gave a target */
	size_t failed;
};

/*
 * Not handed out to public hosts: IANA's IPv4 special-purpose registry (RFC 6890), multicast (RFC
 * 5771), class E (RFC 1112).
 */
static const struct {
	uint32_t net;
	uint8_t bits;
} reserved[] = {
	/* clang-format off */
	{ 0x00000000, 8 },  { 0x0a000000, 8 },  { 0x64400000, 10 }, { 0x7f000000, 8 },
	{ 0xa9fe0000, 16 }, { 0xac100000, 12 }, { 0xc0000000, 24 }, { 0xc0000200, 24 },
	{ 0xc0586300, 24 }, { 0xc0a80000, 16 }, { 0xc6120000, 15 }, { 0xc6336400, 24 },
	{ 0xcb007100, 24 }, { 0xe0000000, 3 },
	/* clang-format on */
};

static bool is_reserved(uint32_t a)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if ((a ^ reserved[i].net) >> (32 - reserved[i].bits) == 0)
			return true;
	return false;
}

struct addr target_random(struct rng *rng, unsigned family)
{
	/* one /12 a registry: 2400::, 2600::, 2800::, 2a00::, 2c00:: */
	uint8_t six[16] = {(uint8_t)(0x24 + 2 * rng_below(rng, 5)), (uint8_t)rng_below(rng, 16)};
	uint32_t four;

	for (size_t i = 2; i < sizeof(six); i++)
		six[i] = (uint8_t)rng_u64(rng);
	do
		four = (uint32_t)rng_u64(rng);
	while (is_reserved(four));
	return family == 6 ? addr_from_bytes(6, six) : addr_v4(four);
}

/* ---- a batch is cut -------------------------------------------------------------------------- */

static int add_segment(struct targets *t, size_t block, u128 at, u128 count)
{
	uint64_t n = count > UINT64_MAX ? UINT64_MAX : (uint64_t)count;

	if (t->n_segments == t->cap_segments) {
		size_t cap = t->cap_segments ? t->cap_segments * 2 : 16;
		struct segment *v = reallocarray(t->segments, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		t->segments = v;
		t->cap_segments = cap;
	}
	t->segments[t->n_segments++] = (struct segment){
		.block = block, .at = at, .n = n, .before = t->total, .n_taken = t->taken.n_octets};
	t->total = n > UINT64_MAX - t->total ? UINT64_MAX : t->total + n;
	return 0;
}

static bool is_small(const struct block *b)
{
	return b->count <= SMALL_MAX;
}

/* Those of the interval that have not been met yet, one by one. */
static int add_unseen(struct targets *t, size_t block, u128 at, u128 n)
{
	const struct block *b = &t->specs.v[block].block;
	int rc = 0;

	for (u128 i = at; i < at + n && rc >= 0; i++) {
		u128 v = block_at(b, i);
		struct addr a = block_addr(b->family, v, b->zone);

		if (addr_set_in_octets(&t->taken, t->taken.n_octets, b->family, v))
			continue;
		rc = seen_add(&t->seen, &a);
		if (rc == 1)
			rc = add_segment(t, block, i, 1);
	}
	return rc < 0 ? rc : 0;
}

static int add_interval(struct targets *t, size_t block, u128 at, u128 n)
{
	if (t->unique && is_small(&t->specs.v[block].block))
		return add_unseen(t, block, at, n);
	return add_segment(t, block, at, n);
}

/* The range to leave out that comes next at `number` or behind it, or NULL. */
static const struct range *next_cut(const struct targets *t, const struct block *b, u128 number)
{
	const struct range_set *sets[] = {
		addr_set_ranges(&t->excluded, b->family),
		t->unique && !b->zone ? addr_set_ranges(&t->taken, b->family) : NULL,
		t->stage == STAGE_RANDOM ? &t->reserved : NULL,
	};
	const struct range *best = NULL;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		const struct range *r = sets[i] ? range_set_from(sets[i], number) : NULL;

		if (r && (!best || r->first < best->first))
			best = r;
	}
	return best;
}

/* --unique: what a large block lists, later ones leave out. */
static int take_large(struct targets *t, const struct block *b)
{
	struct block copy = *b;
	int rc;

	if (b->octets) {
		copy.octets = malloc(sizeof(*copy.octets));
		if (!copy.octets)
			return -ENOMEM;
		*copy.octets = *b->octets;
	}
	rc = addr_set_take(&t->taken, &copy);
	addr_set_seal(&t->taken);
	return rc;
}

static int cut_block(struct targets *t, size_t block)
{
	const struct block *b = &t->specs.v[block].block;
	u128 at = 0;
	int rc = 0;

	while (at < b->count && rc == 0) {
		const struct range *cut = next_cut(t, b, block_at(b, at));
		u128 end = cut ? block_rank(b, cut->first) : b->count;

		if (end > at)
			rc = add_interval(t, block, at, end - at);
		at = cut && cut->last < b->last ? block_rank(b, cut->last + 1) : b->count;
	}
	if (rc == 0 && t->unique && !is_small(b) && !b->zone)
		rc = take_large(t, b);
	return rc;
}

static int cut_batch(struct targets *t, bool shuffled, struct err *e)
{
	int rc = 0;

	t->total = t->next = 0;
	t->n_segments = t->at_segment = 0;
	for (size_t i = 0; i < t->specs.n && rc == 0; i++)
		rc = cut_block(t, i);
	if (rc < 0)
		return err_set(e, rc, "no memory for the list of targets");
	t->shuffled = shuffled && t->total > 0;
	if (t->shuffled) {
		t->total = t->total > PERM_MAX ? PERM_MAX : t->total;
		perm_init(&t->perm, t->total, rng_u64(&t->rng));
	}
	return 0;
}

/* ---- batches come one after the other -------------------------------------------------------- */

static int add_spec(struct targets *t, const char *text, struct err *e)
{
	return spec_or_skip(&t->specs, text, &t->rules, &t->failed, e);
}

/*
 * Reads words until there is a block, or a portion of them when the order is shuffled. 1, 0 at the
 * end, negative.
 */
static int load_list(struct targets *t, struct err *e)
{
	size_t weight = 0, wanted = t->randomize ? PORTION_MAX : 1;
	char word[WORD_MAX];
	int rc = 1;

	while (weight < wanted) {
		size_t n = t->specs.n;

		rc = spec_word(t->list, word, &t->rules, &t->failed, e);
		if (rc <= 0)
			break;
		t->rules.words = t->list;
		rc = add_spec(t, word, e);
		t->rules.words = NULL;
		if (rc < 0)
			break;
		for (; n < t->specs.n; n++)
			weight += t->specs.v[n].block.octets ? OCTETS_WEIGHT : 1;
	}
	if (rc < 0)
		return rc;
	rc = cut_batch(t, t->randomize, e);
	t->list_total += rc == 0 ? t->total : 0;
	return rc < 0 ? rc : t->specs.n > 0;
}

static int load_random(struct targets *t, struct err *e)
{
	int rc = add_spec(t, "0.0.0.0/0", e);

	return rc < 0 ? rc : cut_batch(t, true, e);
}

/* The next batch; 1, 0 when there is none, negative. */
static int load(struct targets *t, struct err *e)
{
	int rc = 0;

	spec_set_clear(&t->specs);
	if (t->stage == STAGE_LINE)
		t->stage = STAGE_LIST;
	if (t->stage == STAGE_LIST && t->list)
		rc = load_list(t, e);
	if (rc != 0)
		return rc;
	if (t->stage == STAGE_LIST && t->random_set) {
		t->stage = STAGE_RANDOM;
		rc = load_random(t, e);
		return rc < 0 ? rc : 1;
	}
	t->stage = STAGE_END;
	t->total = t->next = 0;
	return 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int open_random(struct targets *t, const struct target_request *rq, struct err *e)
{
	t->random_set = rq->random_set;
	t->random_wanted = t->random_left = rq->random ? rq->random : UINT64_MAX;
	if (rq->random_set && rq->family == 6)
		return err_set(e, ERR_USAGE, "-iR makes IPv4 addresses: leave out -6");
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		uint32_t size_less_one = UINT32_MAX >> reserved[i].bits;

		if (range_set_add(&t->reserved, reserved[i].net, reserved[i].net | size_less_one) <
			0)
			return err_set(e, -ENOMEM, "no memory for -iR");
	}
	range_set_seal(&t->reserved);
	return 0;
}

static int open_line(struct targets *t, const struct target_request *rq, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < rq->n_specs && rc == 0; i++)
		rc = add_spec(t, rq->specs[i], e);
	if (rc == 0)
		rc = cut_batch(t, t->randomize, e);
	t->line_total = rc == 0 ? t->total : 0;
	return rc;
}

int targets_open(struct targets **out, const struct target_request *rq, struct err *e)
{
	struct targets *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return err_set(e, -ENOMEM, "no memory for the list of targets");
	t->rules = spec_rules_of(rq);
	t->unique = rq->unique;
	t->randomize = rq->randomize;
	rng_entropy(&t->seen.key, sizeof(t->seen.key));
	rng_seed(&t->rng, rq->rng ? rng_u64(rq->rng) : t->seen.key.k0);
	rc = exclude_read(&t->excluded, rq, &t->rules, e);
	if (rc == 0)
		rc = open_random(t, rq, e);
	if (rc == 0 && rq->list_file)
		rc = words_open(&t->list, rq->list_file, target_keys, e);
	if (rc == 0)
		rc = open_line(t, rq, e);
	/*
	 * a file's first word at once, so that the count is an estimate from the start; standard
	 * input may have to be waited for
	 */
	if (rc == 0 && t->total == 0 && t->list && words_total_bytes(t->list))
		rc = load(t, e);
	if (rc < 0)
		targets_free(t);
	else
		*out = t;
	return rc < 0 ? rc : 0;
}

void targets_free(struct targets *t)
{
	if (!t)
		return;
	words_free(t->list);
	spec_set_free(&t->specs);
	addr_set_free(&t->excluded);
	addr_set_free(&t->taken);
	range_set_free(&t->reserved);
	seen_free(&t->seen);
	free(t->segments);
	free(t);
}

/* ---- walking --------------------------------------------------------------------------------- */

/* The segment of the batch's index-th member. */
static const struct segment *find_segment(const struct targets *t, uint64_t index)
{
	size_t low = 0, high = t->n_segments;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (t->segments[mid].before <= index)
			low = mid;
		else
			high = mid;
	}
	return &t->segments[low];
}

/* The segment and, in *offset, the place in it of the next index of the batch. */
static const struct segment *step(struct targets *t, uint64_t *offset)
{
	uint64_t index = t->next++;
	const struct segment *s;

	if (t->shuffled) {
		index = perm_at(&t->perm, index);
		s = find_segment(t, index);
	} else {
		s = &t->segments[t->at_segment];
		while (index - s->before >= s->n)
			s = &t->segments[++t->at_segment];
	}
	*offset = index - s->before;
	return s;
}

static bool is_left_out(
	const struct targets *t, const struct segment *s, const struct block *b, u128 number)
{
	struct addr a;

	if (addr_set_in_octets(&t->excluded, t->excluded.n_octets, b->family, number))
		return true;
	if (!t->unique || is_small(b))
		return false;
	a = block_addr(b->family, number, b->zone);
	return seen_has(&t->seen, &a) ||
	       addr_set_in_octets(&t->taken, s->n_taken, b->family, number);
}

static void fill(struct target *out, const struct spec_block *from, u128 number)
{
	const struct spec_name *name = from->name;

	*out = (struct target){.addr = block_addr(from->block.family, number, from->block.zone)};
	for (size_t i = 0; name && i < name->n_scanned; i++) {
		if (addr_eq(&name->addrs[i], &out->addr)) {
			out->name = name->text;
			out->others = name->addrs + name->n_scanned;
			out->n_others = name->n_addrs - name->n_scanned;
			return;
		}
	}
}

/* The next target of the batch; 1 or 0. */
static int next_of_batch(struct targets *t, struct target *out)
{
	while (t->next < t->total) {
		uint64_t offset;
		const struct segment *s = step(t, &offset);
		const struct spec_block *from = &t->specs.v[s->block];
		u128 number = block_at(&from->block, s->at + offset);

		if (!is_left_out(t, s, &from->block, number)) {
			fill(out, from, number);
			return 1;
		}
	}
	return 0;
}

/* -iR: at most so many, and when all of IPv4 was given, in a new order from the start. */
static int next_random(struct targets *t, struct target *out)
{
	if (t->random_left == 0)
		return 0;
	if (!next_of_batch(t, out)) {
		if (!t->random_given || t->random_left != UINT64_MAX)
			return 0;
		t->random_given = false;
		t->next = 0;
		perm_init(&t->perm, t->total, rng_u64(&t->rng));
		if (!next_of_batch(t, out))
			return 0;
	}
	t->random_given = true;
	t->random_left -= t->random_left != UINT64_MAX;
	return 1;
}

int targets_next(struct targets *t, struct target *out, struct err *e)
{
	int rc;

	for (;;) {
		if (t->stage == STAGE_RANDOM ? next_random(t, out) : next_of_batch(t, out))
			return 1;
		rc = load(t, e);
		if (rc <= 0)
			return rc;
	}
}

/* ---- counting -------------------------------------------------------------------------------- */

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
	return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

/* The list as if the rest of the file were like the part read so far. */
static uint64_t list_estimate(const struct targets *t)
{
	uint64_t done = t->list ? words_done_bytes(t->list) : 0;
	uint64_t total = t->list ? words_total_bytes(t->list) : 0;

	if (total <= done || done == 0 || t->stage > STAGE_LIST)
		return t->list_total;
	return (uint64_t)((double)t->list_total * ((double)total / (double)done) + 0.5);
}

static uint64_t random_count(const struct targets *t)
{
	uint64_t public_addrs = UINT64_C(1) << 32;

	if (!t->random_set)
		return 0;
	if (t->random_wanted == UINT64_MAX)
		return UINT64_MAX;
	for (size_t i = 0; i < t->reserved.n; i++)
		public_addrs -= (uint64_t)(t->reserved.v[i].last - t->reserved.v[i].first + 1);
	return t->random_wanted < public_addrs ? t->random_wanted : public_addrs;
}

uint64_t targets_count(const struct targets *t)
{
	return add_saturated(add_saturated(t->line_total, list_estimate(t)), random_count(t));
}

size_t targets_failed(const struct targets *t)
{
	return t->failed;
}
