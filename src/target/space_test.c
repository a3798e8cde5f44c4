/* SPDX-License-Identifier: BSD-2-Clause */
/* The address set of a sweep against a bitmap: what was asked for, less what is left out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/rng.h"
#include "target/space.h"

#define WINDOW	 65536 /* addresses that the bitmap knows */
#define SPEC_MAX 64
#define MANY	 40

/* A window of addresses and what is known of each. */
struct world {
	unsigned family;
	u128 base;
	uint8_t asked[WINDOW], excluded[WINDOW], cut[WINDOW];
	char texts[MANY][2 * ADDR_TEXT_MAX];
	const char *specs[MANY];
	size_t n_specs;
	struct buf exclude;
	struct addr_set set;
};

static const char *text_of(const struct world *w, size_t at, char out[ADDR_TEXT_MAX])
{
	struct addr a = block_addr(w->family, w->base + at, 0);

	return addr_text(&a, out);
}

/* A random network, address or span as text, its members marked in `bits`. */
static void random_spec(struct world *w, struct rng *rng, uint8_t *bits, char *out)
{
	char first[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX];
	size_t at = (size_t)rng_below(rng, WINDOW), n = 1;
	unsigned shift = (unsigned)rng_below(rng, 11);

	switch (rng_below(rng, 3)) {
	case 0:
		n = (size_t)1 << shift;
		at &= ~(n - 1);
		sprintf(out, "%s/%u", text_of(w, at, first), (w->family == 4 ? 32 : 128) - shift);
		break;
	case 1:
		strcpy(out, text_of(w, at, first));
		break;
	default:
		n += (size_t)rng_below(rng, 1500);
		n = n > WINDOW - at ? WINDOW - at : n;
		sprintf(out, "%s-%s", text_of(w, at, first), text_of(w, at + n - 1, last));
	}
	memset(bits + at, 1, n);
}

static void random_world(struct world *w, struct rng *rng, unsigned family, u128 base)
{
	char text[2 * ADDR_TEXT_MAX];
	size_t n_out = (size_t)rng_below(rng, MANY), n_cuts = (size_t)rng_below(rng, 6);

	*w = (struct world){.family = family, .base = base};
	w->n_specs = 1 + (size_t)rng_below(rng, MANY - 1);
	for (size_t i = 0; i < w->n_specs; i++) {
		random_spec(w, rng, w->asked, w->texts[i]);
		w->specs[i] = w->texts[i];
	}
	for (size_t i = 0; i < n_out; i++) {
		random_spec(w, rng, w->excluded, text);
		buf_fmt(&w->exclude, "%s%s", i ? "," : "", text);
	}
	for (size_t i = 0; i < n_cuts; i++) {
		size_t at = (size_t)rng_below(rng, WINDOW - 900), n = (size_t)rng_below(rng, 900);
		struct range_set *s = family == 4 ? &w->set.v4 : &w->set.v6;

		memset(w->cut + at, 1, n + 1);
		assert_int_equal(range_set_add(s, base + at, base + at + n), 0);
	}
	addr_set_seal(&w->set);
}

static void check_world(const struct world *w, const struct space *s)
{
	uint64_t index = 0;

	for (size_t i = 0; i < WINDOW; i++) {
		struct addr a = block_addr(w->family, w->base + i, 0), b;
		bool in = w->asked[i] && !w->excluded[i] && !w->cut[i];

		assert_int_equal(space_index_of(s, &a), in ? index : UINT64_MAX);
		if (!in)
			continue;
		b = space_at(s, index++);
		assert_true(addr_eq(&a, &b));
	}
	assert_int_equal(s->view.count, index);
}

static void check_counts(
	const struct world *w, const struct space_counts *counts, uint64_t left_out)
{
	uint64_t excluded = 0, cut = 0;

	for (size_t i = 0; i < WINDOW; i++) {
		excluded += w->asked[i] && w->excluded[i];
		cut += w->asked[i] && w->cut[i] && !w->excluded[i];
	}
	assert_int_equal(counts->excluded, excluded);
	assert_int_equal(left_out, cut);
}

static void one_world(struct rng *rng, unsigned family, u128 base)
{
	static struct world w;
	struct space_counts counts;
	struct space s;
	struct err e;
	int rc;

	random_world(&w, rng, family, base);
	{
		struct target_request rq = {.specs = w.specs,
			.n_specs = w.n_specs,
			.exclude = w.exclude.len ? buf_text(&w.exclude) : NULL,
			.family = family};
		struct space_cut cut = {.set = &w.set};
		struct space_request sr = {.targets = &rq, .cuts = &cut, .n_cuts = 1};

		rc = space_build(&s, &sr, &counts, &e);
		if (rc == 0)
			check_world(&w, &s);
		else
			assert_non_null(strstr(e.text, "no address is left"));
		check_counts(&w, &counts, cut.left_out);
	}
	space_free(&s);
	addr_set_free(&w.set);
	buf_free(&w.exclude);
}

static void agrees_with_a_bitmap(void **state)
{
	struct rng rng;

	rng_seed(&rng, 4);
	for (int i = 0; i < 60; i++) {
		one_world(&rng, 4, 0);
		one_world(&rng, 4, 0xffff0000);
		one_world(&rng, 4, 0x09fff800);
	}
	/* the low 64 bits run over in the middle of it */
	for (int i = 0; i < 60; i++)
		one_world(&rng, 6,
			((u128)UINT64_C(0x20010db800000001) << 64) + UINT64_C(0xffffffffffff8000));
}

static int build(struct space *s, const char *const *specs, const char *exclude, struct err *e)
{
	struct target_request rq = {.exclude = exclude, .family = 4};
	struct space_request sr = {.targets = &rq};

	rq.specs = specs;
	while (specs[rq.n_specs])
		rq.n_specs++;
	return space_build(s, &sr, NULL, e);
}

/* As many ranges as there may be in a long list, of uneven sizes, so that hints are put to work. */
static void a_million_ranges(void **state)
{
	const char *path = "space_test.list";
	struct target_request rq = {.list_file = path, .family = 4};
	struct space_request sr = {.targets = &rq};
	size_t n = 1000000, bytes;
	FILE *f = fopen(path, "we");
	struct space s;
	struct err e;
	uint32_t at = 0x01000000;

	assert_non_null(f);
	for (size_t i = 0; i < n; i++, at += 2)
		fprintf(f, "%u.%u.%u.%u\n", at >> 24, at >> 16 & 255, at >> 8 & 255, at & 255);
	fprintf(f, "128.0.0.0/4\n");
	fclose(f);
	assert_int_equal(space_build(&s, &sr, NULL, &e), 0);
	unlink(path);
	assert_int_equal(s.view.count, n + (1u << 28));
	assert_int_equal(s.view.n_rows, n + 1);
	bytes = s.view.n_rows * sizeof(struct space_row4) +
		(s.view.n_buckets + 1) * sizeof(uint32_t);
	assert_true(bytes < 16u << 20);
	for (uint64_t i = 0; i < s.view.count; i += i < n ? 1 : 9973) {
		struct addr a = space_at(&s, i);
		uint64_t want = i < n ? 0x01000000 + 2 * i : UINT64_C(0x80000000) + (i - n);

		assert_int_equal(addr_to_v4(&a), want);
		assert_int_equal(space_index_of(&s, &a), i);
	}
	space_free(&s);
}

static void all_of_ipv4(void **state)
{
	static const char *const all[] = {"0.0.0.0/0", NULL}, *const some[] = {"0.0.0.0/4", NULL};
	static const uint32_t probe[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
	struct space s;
	struct err e;

	assert_int_equal(build(&s, all, NULL, &e), 0);
	assert_int_equal(s.view.count, UINT64_C(1) << 32);
	for (size_t i = 0; i < sizeof(probe) / sizeof(probe[0]); i++) {
		struct addr a = space_at(&s, probe[i]);

		assert_int_equal(addr_to_v4(&a), probe[i]);
		assert_int_equal(space_index_of(&s, &a), probe[i]);
	}
	space_free(&s);
	assert_int_equal(build(&s, some, "0-15.*.*.0-254", &e), 0); /* 2^20 runs */
	assert_int_equal(s.view.count, 1u << 20);
	assert_int_equal(s.view.n_rows, 1u << 20);
	for (uint64_t i = 0; i < s.view.count; i += 65521) {
		struct addr a = space_at(&s, i);

		assert_int_equal(addr_to_v4(&a), i << 8 | 255);
	}
	space_free(&s);
}

/* The same set in other words is the same set. */
static void digests(void **state)
{
	static const char *const a[] = {"192.0.2.0/24", "198.51.100.1", NULL};
	static const char *const b[] = {
		"198.51.100.1-198.51.100.1", "192.0.2.128-255", "192.0.2.0-192.0.2.200", NULL};
	static const char *const c[] = {"192.0.2.0/24", "198.51.100.2", NULL};
	struct space sa, sb, sc;
	struct err e;

	assert_int_equal(
		build(&sa, a, NULL, &e) | build(&sb, b, NULL, &e) | build(&sc, c, NULL, &e), 0);
	assert_int_equal(space_digest(&sa), space_digest(&sb));
	assert_int_not_equal(space_digest(&sa), space_digest(&sc));
	space_free(&sa);
	space_free(&sb);
	space_free(&sc);
}

/* What lies in the cut as a whole was asked for by name; what merely holds a part of it was not. */
static void named_ranges_are_spared(void **state)
{
	static const char *const wide[] = {"8.0.0.0/6", NULL};
	static const char *const both[] = {"8.0.0.0/6", "10.1.0.0/16", "10.2.0-255.7", NULL};
	const char *const *specs[] = {wide, both};
	static const uint64_t left_out[] = {1u << 24, (1u << 24) - 65536 - 256};
	struct addr_set set = {0};
	struct err e;

	assert_int_equal(range_set_add(&set.v4, 0x0a000000, 0x0affffff), 0);
	addr_set_seal(&set);
	for (size_t i = 0; i < 2; i++) {
		struct target_request rq = {.specs = specs[i], .n_specs = i ? 3 : 1, .family = 4};
		struct space_cut cut = {.set = &set, .named = &set};
		struct space_request sr = {.targets = &rq, .cuts = &cut, .n_cuts = 1};
		struct space s;

		assert_int_equal(space_build(&s, &sr, NULL, &e), 0);
		assert_int_equal(cut.left_out, left_out[i]);
		assert_int_equal(s.view.count, (1u << 26) - left_out[i]);
		space_free(&s);
	}
	addr_set_free(&set);
}

static void random_hosts(void **state)
{
	struct target_request rq = {
		.random = 5000, .random_set = true, .family = 4, .exclude = "0.0.0.0/1"};
	struct space_request sr = {.targets = &rq};
	struct space s[2];
	struct err e;

	for (int i = 0; i < 2; i++) {
		struct rng rng;

		rng_seed(&rng, 7);
		rq.rng = &rng;
		assert_int_equal(space_build(&s[i], &sr, NULL, &e), 0);
		assert_int_equal(s[i].view.count, 5000);
		assert_true(s[i].rows.v4[0].first_addr >= 0x80000000);
	}
	assert_int_equal(space_digest(&s[0]), space_digest(&s[1]));
	space_free(&s[0]);
	space_free(&s[1]);
	rq.random = 0;
	assert_int_equal(space_build(&s[0], &sr, NULL, &e), ERR_USAGE);
	assert_non_null(strstr(e.text, "0.0.0.0/0"));
}

/* zmap's and masscan's files, and ours, in one. */
static void lists_of_others(void **state)
{
	static const char text[] = "10.0.0.0/30 # zmap\n#all of it\nrange = 10.0.1.0-10.0.1.3\n"
				   "range=10.0.2.1,10.0.2.4/30\r\nexclude = 10.0.3.1\n10.0.3.7";
	static const char *const all[] = {"10.0.0.0-10.0.3.255", NULL};
	struct target_request rq = {
		.specs = all, .n_specs = 1, .exclude_file = "space_test.excl", .family = 4};
	struct space_request sr = {.targets = &rq};
	struct space_counts counts;
	struct space s;
	struct err e;
	FILE *f = fopen(rq.exclude_file, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(space_build(&s, &sr, &counts, &e), 0);
	assert_int_equal(counts.excluded, 4 + 4 + 5 + 1 + 1);
	assert_int_equal(s.view.count, 1024 - counts.excluded);
	space_free(&s);
	unlink(rq.exclude_file);
}

static void errors_name_the_line(void **state)
{
	static const struct {
		const char *text, *say;
	} bad[] = {
		{"10.0.0.1\nrate = 1000\n", "space_test.excl:2: \"rate = ...\""},
		{"10.0.0.1\n\n10.0.0.9-10.0.0.1\n", "space_test.excl:3: "},
		{"# x\n10.0.0.0-10.0.0.3/8\n", "space_test.excl:2: "},
		{"range = 10.0.0.300\n", "space_test.excl:1: "},
		{"= 10.0.0.1\n", "space_test.excl:1: "},
	};
	static const char *const all[] = {"10.0.0.0/8", NULL};
	struct target_request rq = {
		.specs = all, .n_specs = 1, .exclude_file = "space_test.excl", .family = 4};
	struct space_request sr = {.targets = &rq};
	struct space s;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		FILE *f = fopen(rq.exclude_file, "we");

		assert_non_null(f);
		fputs(bad[i].text, f);
		fclose(f);
		assert_int_equal(space_build(&s, &sr, NULL, &e), ERR_USAGE);
		if (!strstr(e.text, bad[i].say))
			fail_msg("%s", e.text);
	}
	unlink(rq.exclude_file);
}

static void count(void *ctx, enum log_level level, const char *text)
{
	++*(int *)ctx;
}

/* A list of targets goes on behind what is none. */
static void lists_skip_what_is_no_target(void **state)
{
	static const char text[] =
		"10.0.0.1 # one\nrate = 1000\nrange = 10.0.0.2-10.0.0.3, 10.0.0.5\n"
		"10.0.0.300\nexclude = 10.0.0.1\n10.0.0.7";
	const char *path = "space_test.list";
	int said = 0;
	struct log log = {.max = LOG_WARN, .write = count, .ctx = &said};
	struct target_request rq = {.list_file = path, .family = 4, .log = &log};
	struct space_request sr = {.targets = &rq};
	struct space_counts counts;
	FILE *f = fopen(path, "we");
	struct space s;
	struct err e;

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(space_build(&s, &sr, &counts, &e), 0);
	assert_int_equal(s.view.count, 5);
	assert_int_equal(counts.failed, 3);
	assert_int_equal(said, 3);
	space_free(&s);
	unlink(path);
}

static void too_much(void **state)
{
	static const char *const specs[] = {"2001:db8::/79", NULL}, *const most[] = {
									    "2001:db8::/80"};
	static const char *const one_more[] = {"2001:db8::/80", "2001:db9::1"};
	struct target_request rq = {.specs = specs, .n_specs = 1, .family = 6};
	struct space_request sr = {.targets = &rq};
	struct space s;
	struct addr a;
	struct err e;

	assert_int_equal(space_build(&s, &sr, NULL, &e), ERR_USAGE);
	assert_non_null(strstr(e.text, "2^48"));
	rq.specs = most;
	assert_int_equal(space_build(&s, &sr, NULL, &e), 0);
	assert_int_equal(s.view.count, SPACE_COUNT_MAX);
	a = space_at(&s, SPACE_COUNT_MAX - 1);
	assert_int_equal(space_index_of(&s, &a), SPACE_COUNT_MAX - 1);
	space_free(&s);
	rq.specs = one_more;
	rq.n_specs = 2;
	assert_int_equal(space_build(&s, &sr, NULL, &e), ERR_USAGE);
}

static void inside_and_outside(void **state)
{
	static const char *const specs[] = {"10.0.0.0/24", "10.0.2.0/24", "10.0.4.1", NULL};
	struct addr_set a = {0}, b = {0};
	struct addr out;
	struct space s;
	struct err e;

	assert_int_equal(build(&s, specs, NULL, &e), 0);
	assert_int_equal(range_set_add(&a.v4, 0x0a000000, 0x0a00027f), 0); /* 10.0.0.0-10.0.2.127 */
	addr_set_seal(&a);
	assert_int_equal(space_count_in(&s, &a), 256 + 128);
	assert_true(space_first_outside(&s, &a, NULL, &out));
	assert_int_equal(addr_to_v4(&out), 0x0a000280);
	assert_int_equal(range_set_add(&b.v4, 0x0a000280, 0x0a0002ff), 0);
	addr_set_seal(&b);
	assert_true(space_first_outside(&s, &a, &b, &out));
	assert_int_equal(addr_to_v4(&out), 0x0a000401);
	assert_int_equal(range_set_add(&b.v4, 0x0a000400, 0xffffffff), 0);
	addr_set_seal(&b);
	assert_false(space_first_outside(&s, &a, &b, &out));
	space_free(&s);
	addr_set_free(&a);
	addr_set_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_a_bitmap),
		cmocka_unit_test(a_million_ranges),
		cmocka_unit_test(all_of_ipv4),
		cmocka_unit_test(digests),
		cmocka_unit_test(named_ranges_are_spared),
		cmocka_unit_test(random_hosts),
		cmocka_unit_test(lists_of_others),
		cmocka_unit_test(errors_name_the_line),
		cmocka_unit_test(lists_skip_what_is_no_target),
		cmocka_unit_test(too_much),
		cmocka_unit_test(inside_and_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
