/* SPDX-License-Identifier: BSD-2-Clause */
/* Receipts: written, read back, added up, torn, edited; and what the audit makes of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "sweep/audit.h"
#include "sweep/probe.h"

#define HOSTS 1000
#define PORTS 3
#define TOTAL (HOSTS * PORTS)

static char path[64];

static int setup(void **state)
{
	snprintf(path, sizeof(path), "/tmp/sonde-receipt-%d", (int)getpid());
	return 0;
}

static int teardown(void **state)
{
	(void)!unlink(path);
	return 0;
}

/* ---- pieces --------------------------------------------------------------------------------- */

static void add(struct receipt_pieces *p, uint64_t from, uint64_t to, uint32_t times)
{
	assert_int_equal(receipt_pieces_add(p, &(struct receipt_piece){from, to, 1, 0, times}), 0);
}

/* Random pieces against an array that counts each index. */
static void test_merge(void **state)
{
	struct rng rng;

	rng_seed(&rng, 3);
	for (int run = 0; run < 300; run++) {
		struct receipt_pieces p = {0};
		uint32_t truth[2][128] = {{0}}, got[2][128] = {{0}};

		for (int i = 0; i < 12; i++) {
			uint64_t from = rng_below(&rng, 100), to = from + rng_below(&rng, 28);
			uint64_t stride = rng_below(&rng, 2) ? 4 : 1;
			uint32_t mark = stride == 4 ? 1 : 0,
				 times = 1 + (uint32_t)rng_below(&rng, 2);
			struct receipt_piece x = {from, to, stride, mark, times};

			assert_int_equal(receipt_pieces_add(&p, &x), 0);
			for (uint64_t k = from; k < to; k += stride)
				truth[mark][k] += times;
		}
		assert_int_equal(receipt_pieces_merge(&p), 0);
		for (size_t i = 0; i < p.n; i++)
			for (uint64_t k = p.v[i].from; k < p.v[i].to; k += p.v[i].stride) {
				assert_int_equal(got[p.v[i].mark][k], 0);
				got[p.v[i].mark][k] = p.v[i].times;
			}
		assert_memory_equal(truth, got, sizeof(truth));
		free(p.v);
	}
}

static void test_merge_joins(void **state)
{
	struct receipt_pieces p = {0};

	for (uint64_t i = 0; i < 1000; i++)
		add(&p, i * 10, i * 10 + 10, 1);
	add(&p, 500, 600, (uint32_t)-1);
	assert_int_equal(receipt_pieces_merge(&p), 0);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.v[0].to, 500);
	assert_int_equal(p.v[1].from, 600);
	assert_int_equal(receipt_pieces_count(&p), 9900);
	free(p.v);
}

/* ---- whole receipts ------------------------------------------------------------------------- */

static void sum(struct receipt *r, struct receipt_session *s)
{
	struct sweep_job job;

	receipt_job(r, s, &job);
	s->digest = 0;
	s->sent = 0;
	for (size_t i = 0; i < s->sent_of.n; i++) {
		const struct receipt_piece *x = &s->sent_of.v[i];

		for (uint64_t k = x->from; k < x->to; k += x->stride) {
			struct probe_target to = {0};
			uint32_t mark = x->mark;

			if (mark == SWEEP_PLAIN && (k & r->sample_mask) == r->sample_at)
				mark = SWEEP_SAMPLED;
			assert_true(probe_index(&job, &r->space.rows, r->ports, k, &to));
			if (to.host >= 7 && to.host < 9 && r->n_skipped)
				continue;
			s->digest += x->times * proof_hash(&job, to.hi, to.lo, to.port, mark);
			s->sent += x->times;
		}
	}
}

/* A receipt of shard i of n that sent [from, to). */
static void make(struct receipt *r, uint32_t i, uint32_t n, uint64_t from, uint64_t to)
{
	struct range_set set = {0};
	struct receipt_session *s;
	struct err e = {0};

	memset(r, 0, sizeof(*r));
	snprintf(r->words, sizeof(r->words), "a \"plan\"\n");
	snprintf(r->technique, sizeof(r->technique), "syn");
	assert_int_equal(range_set_add(&set, 0x0a000000, 0x0a000000 + HOSTS / 2 - 1), 0);
	assert_int_equal(range_set_add(&set, 0x0b000000, 0x0b000000 + HOSTS / 2 - 1), 0);
	range_set_seal(&set);
	assert_int_equal(space_of_ranges(&r->space, 4, &set, &e), 0);
	range_set_free(&set);
	r->space_owned = true;
	r->hosts = HOSTS;
	r->space_digest = space_digest(&r->space);
	r->ports = calloc(PORTS, sizeof(*r->ports));
	r->ports[0].port = 22;
	r->ports[1].port = 80;
	r->ports[2].port = 443;
	r->n_ports = PORTS;
	r->family = 4;
	r->kind = SWEEP_TCP;
	r->tcp_flags = 2;
	r->seed = UINT64_C(0xfedcba9876543210);
	r->passes = 1;
	r->n_shards = n;
	r->sample_mask = 15;
	r->sample_at = 3;
	r->shards = calloc(1, sizeof(*r->shards));
	r->shards[0] = i;
	r->n_here = 1;
	r->sessions = calloc(1, sizeof(*r->sessions));
	r->n_sessions = 1;
	s = &r->sessions[0];
	s->key0 = 1 + i;
	s->key1 = 2;
	s->digest_known = true;
	s->start_wall_ns = UINT64_C(1790000000000000000);
	s->end_wall_ns = UINT64_C(1790000001000000000);
	add(&s->sent_of, from, to, 1);
	sum(r, s);
	r->counts.answers[SWEEP_SYNACK] = 12;
	r->counts.rejects[SWEEP_BAD_COOKIE] = 2;
	r->missed = (struct recheck_estimate){
		.sampled = 60, .first = 20, .second = 20, .both = 19, .missed = 1, .spread = 1};
	recheck_interval(&r->missed);
	snprintf(r->sender, sizeof(r->sender), "xdp-live");
	snprintf(r->receiver, sizeof(r->receiver), "xdp");
	snprintf(r->pace, sizeof(r->pace), "1000/s");
	r->complete = true;
}

static void test_round_trip(void **state)
{
	char before[RECEIPT_HASH_MAX], after[RECEIPT_HASH_MAX];
	struct receipt r, back;
	struct err e = {0};

	make(&r, 0, 1, 0, TOTAL);
	r.skipped = calloc(1, sizeof(*r.skipped));
	r.skipped[0] = (struct receipt_interval){7, 9};
	r.n_skipped = 1;
	sum(&r, &r.sessions[0]);
	assert_int_equal(receipt_write(&r, path, &e), 0);
	assert_true(receipt_is(path));
	assert_int_equal(receipt_read(&back, path, &e), 0);
	assert_string_equal(receipt_plan_hash(&r, before), receipt_plan_hash(&back, after));
	assert_null(receipt_plan_differs(&r, &back));
	assert_string_equal(back.words, r.words);
	assert_string_equal(back.sender, "xdp-live");
	assert_int_equal(back.space.view.n_rows, 2);
	assert_int_equal(back.n_sessions, 1);
	assert_true(back.sessions[0].digest == r.sessions[0].digest);
	assert_int_equal(back.sessions[0].sent, TOTAL - 2 * PORTS);
	assert_int_equal(back.counts.answers[SWEEP_SYNACK], 12);
	assert_int_equal(back.missed.missed, 1);
	assert_true(back.complete && !back.checkpoint);
	receipt_free(&back);
	receipt_free(&r);
}

/* A checkpoint has no ranges, but what is to be sent again. */
static void test_checkpoint(void **state)
{
	struct receipt r, back;
	struct audit_digests d = {0};
	struct err e = {0};

	make(&r, 0, 1, 0, 500);
	r.checkpoint = true;
	r.complete = false;
	r.sessions[0].digest_known = false;
	r.results = 4711;
	add(&r.again, 400, 500, 1);
	assert_int_equal(receipt_write(&r, path, &e), 0);
	assert_int_equal(receipt_read(&back, path, &e), 0);
	assert_true(back.checkpoint);
	assert_int_equal(back.results, 4711);
	assert_int_equal(back.again.n, 1);
	assert_false(back.sessions[0].digest_known);
	assert_null(receipt_plan_differs(&r, &back));
	assert_int_equal(audit_digests(&back, 1, &d, &e), ERR_USAGE);
	receipt_free(&back);
	receipt_free(&r);
}

static char *slurp(size_t *len)
{
	FILE *f = fopen(path, "r");
	char *s = calloc(1, 1 << 16);

	assert_non_null(f);
	*len = fread(s, 1, 1 << 16, f);
	fclose(f);
	return s;
}

static void spill(const char *s, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_int_equal(fwrite(s, 1, len, f), len);
	fclose(f);
}

/* Cut anywhere, or with any byte changed, it is refused. */
static void test_damage(void **state)
{
	struct receipt r, back;
	struct err e = {0};
	size_t len;
	char *s;

	make(&r, 0, 1, 0, TOTAL);
	assert_int_equal(receipt_write(&r, path, &e), 0);
	receipt_free(&r);
	s = slurp(&len);
	for (size_t cut = 0; cut < len; cut += 7) {
		spill(s, cut);
		assert_int_equal(receipt_read(&back, path, &e), ERR_USAGE);
	}
	for (size_t at = 0; at < len; at += 11) {
		s[at] ^= 1;
		spill(s, len);
		s[at] ^= 1;
		assert_int_equal(receipt_read(&back, path, &e), ERR_USAGE);
	}
	spill(s, len);
	assert_int_equal(receipt_read(&back, path, &e), 0);
	receipt_free(&back);
	free(s);
	(void)!unlink(path);
	assert_true(receipt_read(&back, path, &e) < 0);
}

/* ---- audits --------------------------------------------------------------------------------- */

static void test_whole(void **state)
{
	struct receipt v[4];
	struct audit a;
	struct err e = {0};

	for (uint32_t i = 0; i < 4; i++)
		make(&v[i], i, 4, TOTAL * i / 4, TOTAL * (i + 1) / 4);
	assert_int_equal(audit_coverage(v, 4, &a), 0);
	assert_int_equal(a.holes.n, 0);
	assert_int_equal(a.overlaps.n, 0);
	assert_int_equal(a.n_missing, 0);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(audit_digests(&v[i], 1 + i, &a.digests, &e), 0);
	assert_int_equal(a.digests.agree, 4);
	assert_int_equal(a.digests.probes, TOTAL);
	audit_free(&a);
	/* as one, they say the same */
	for (uint32_t i = 1; i < 4; i++)
		assert_int_equal(receipt_add(&v[0], &v[i], &e), 0);
	assert_int_equal(receipt_write(&v[0], path, &e), 0);
	receipt_free(&v[0]);
	assert_int_equal(receipt_read(&v[0], path, &e), 0);
	assert_int_equal(audit_coverage(v, 1, &a), 0);
	assert_int_equal(a.holes.n + a.overlaps.n + a.n_missing, 0);
	assert_int_equal(audit_digests(&v[0], 2, &a.digests, &e), 0);
	assert_int_equal(a.digests.agree, 4);
	assert_int_equal(v[0].counts.answers[SWEEP_SYNACK], 48);
	assert_int_equal(v[0].missed.second, 80);
	audit_free(&a);
	for (uint32_t i = 0; i < 4; i++)
		receipt_free(&v[i]);
}

static void test_holes(void **state)
{
	struct receipt v[2];
	struct audit a;

	make(&v[0], 0, 3, 0, 1000);
	make(&v[1], 1, 3, 900, 1900);
	add(&v[1].sessions[0].sent_of, 1950, 2000, 1);
	add(&v[1].sessions[0].sent_of, 1850, 1900, 1);
	assert_int_equal(audit_coverage(v, 2, &a), 0);
	assert_int_equal(a.n_missing, 1);
	assert_int_equal(a.missing[0], 2);
	assert_int_equal(a.holes.n, 2);
	assert_int_equal(a.holes.v[0].from, 1900);
	assert_int_equal(a.holes.v[0].to, 1950);
	assert_int_equal(a.holes.v[1].from, 2000);
	assert_int_equal(a.holes.v[1].to, TOTAL);
	assert_int_equal(a.overlaps.n, 1);
	assert_int_equal(a.overlaps.v[0].from, 900);
	assert_int_equal(a.overlaps.probes, 100);
	assert_int_equal(a.again, 50);
	audit_free(&a);
	receipt_free(&v[0]);
	receipt_free(&v[1]);
}

/* Six passes: the second and the sixth have one mark. */
static void test_passes(void **state)
{
	struct receipt r;
	struct audit a;
	struct receipt_pieces *p;

	make(&r, 0, 1, 0, TOTAL);
	r.passes = 6;
	p = &r.sessions[0].sent_of;
	for (uint32_t pass = 1; pass < 6; pass++)
		assert_int_equal(
			receipt_pieces_add(p, &(struct receipt_piece){0, pass == 5 ? 2000 : TOTAL,
						      1, SWEEP_PASS + (pass - 1) % 4, 1}),
			0);
	assert_int_equal(audit_coverage(&r, 1, &a), 0);
	assert_int_equal(a.holes.n, 1);
	assert_int_equal(a.holes.v[0].from, 2000);
	assert_int_equal(a.holes.v[0].pass, 1);
	assert_int_equal(a.again, 0);
	audit_free(&a);
	receipt_free(&r);
}

/* One probe sent twice, one not at all, one of another target: the digest tells. */
static void test_lies(void **state)
{
	struct receipt r;
	struct audit_digests d = {0};
	struct err e = {0};

	make(&r, 0, 1, 0, TOTAL);
	r.sessions[0].digest += 1;
	assert_int_equal(audit_digests(&r, 2, &d, &e), 0);
	assert_int_equal(d.differ, 1);
	r.sessions[0].digest -= 1;
	r.sessions[0].sent_of.v[0].to--;
	memset(&d, 0, sizeof(d));
	assert_int_equal(audit_digests(&r, 2, &d, &e), 0);
	assert_int_equal(d.differ, 1);
	assert_int_equal(d.miscounted, 1);
	receipt_free(&r);
}

static void test_other_plan(void **state)
{
	static const char *const names[] = {"a", "b"};
	struct receipt v[2];
	struct err e = {0};

	make(&v[0], 0, 2, 0, 10);
	make(&v[1], 1, 2, 10, 20);
	assert_int_equal(audit_same_plan(v, names, 2, &e), 0);
	v[1].seed++;
	assert_int_equal(audit_same_plan(v, names, 2, &e), ERR_USAGE);
	assert_non_null(strstr(e.text, "the seed"));
	v[1].seed--;
	v[1].ports[1].port = 81;
	assert_int_equal(audit_same_plan(v, names, 2, &e), ERR_USAGE);
	assert_non_null(strstr(e.text, "the ports"));
	receipt_free(&v[0]);
	receipt_free(&v[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merge_joins),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_checkpoint),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_other_plan),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
