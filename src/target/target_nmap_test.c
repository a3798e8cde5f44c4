/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random target specifications, good and broken ones, expanded by us and by the nmap of this
 * machine (-sL -n: it lists and sends nothing; in a network namespace of its own all the same).
 * More rounds: target_nmap_test ROUNDS SEED.
 */
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
#include "target/target.h"

#define BATCH	    20	/* specifications of one run of nmap */
#define TARGETS_MAX 600 /* larger ones are drawn again */

static unsigned rounds = 10;
static uint64_t seed = 20261120;

static unsigned below(struct rng *rng, unsigned n)
{
	return (unsigned)rng_below(rng, n);
}

/* ---- specifications -------------------------------------------------------------------------- */

static void put_number(struct rng *rng, struct buf *b)
{
	static const char *const odd[] = { "0", "255", "256", "007", "300", "", "0x10", "1e1",
		"99999999999" };

	if (below(rng, 12) == 0)
		buf_str(b, odd[below(rng, sizeof(odd) / sizeof(odd[0]))]);
	else
		buf_fmt(b, "%u", below(rng, 256));
}

static void put_octet(struct rng *rng, struct buf *b)
{
	unsigned kind = below(rng, 16);

	if (kind < 11) {
		put_number(rng, b);
	} else if (kind == 11) {
		buf_str(b, below(rng, 2) ? "*" : "-");
	} else if (kind == 12) {
		unsigned first = below(rng, 256);

		buf_fmt(b, "%u-%u", first, first + below(rng, 5));
	} else if (kind == 13) {
		buf_fmt(b, below(rng, 2) ? "%u-" : "-%u", below(rng, 2) ? 253 : 2);
	} else {
		put_number(rng, b);
		buf_char(b, ',');
		put_octet(rng, b);
	}
}

static void put_v4(struct rng *rng, struct buf *b)
{
	unsigned n = below(rng, 10) ? 4 : 1 + below(rng, 5);

	for (unsigned k = 0; k < n; k++) {
		if (k)
			buf_char(b, '.');
		put_octet(rng, b);
	}
	if (below(rng, 3) == 0)
		buf_fmt(b, "/%u", 22 + below(rng, 12));
}

static void put_v6(struct rng *rng, struct buf *b)
{
	static const char *const forms[] = { "fd00::%x", "fe80::%x%%lo", "2001:db8:0:1::%x",
		"::ffff:10.0.0.%u", "fd00:%x::", "%x::1::2", "::%x:g", "FD00::0%X",
		"fd00:0:0:0:0:0:0:%x", "1:2:3:4:5:6:7:8:%x" };

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buf_fmt(b, forms[below(rng, sizeof(forms) / sizeof(forms[0]))], below(rng, 0x200));
#pragma GCC diagnostic pop
	if (below(rng, 2))
		buf_fmt(b, "/%u", 120 + below(rng, 11));
}

/* A character put in, taken out or changed. */
static void damage(struct rng *rng, struct buf *b)
{
	static const char chars[] = "0123456789.,-*/:%axfF+[";
	size_t at = b->len ? below(rng, (unsigned)b->len) : 0;

	if (b->len == 0)
		return;
	if (below(rng, 2))
		b->data[at] = chars[below(rng, sizeof(chars) - 1)];
	else
		memmove(b->data + at, b->data + at + 1, b->len-- - at);
}

static void put_spec(struct rng *rng, unsigned family, struct buf *b)
{
	buf_clear(b);
	if (below(rng, 8) == 0 ? family == 4 : family == 6)
		put_v6(rng, b);
	else
		put_v4(rng, b);
	if (below(rng, 6) == 0)
		damage(rng, b);
}

/* ---- both answers ---------------------------------------------------------------------------- */

static void put_target(struct buf *out, const struct target *x)
{
	struct addr a = x->addr;
	char text[ADDR_TEXT_MAX];

	a.zone = 0; /* nmap does not show it */
	addr_text(&a, text);
	buf_fmt(out, x->name ? "%s (%s)\n" : "%s%s\n", x->name ? x->name : "", text);
}

/* False when there are too many to compare. */
static bool expand_ours(const char *const *specs, size_t n, unsigned family, struct buf *out)
{
	struct target_request rq = { .specs = specs, .n_specs = n, .family = family };
	struct targets *t;
	struct target x;
	struct err e;
	bool fits;

	if (targets_open(&t, &rq, &e) < 0)
		fail_msg("%s", e.text);
	fits = targets_count(t) <= TARGETS_MAX * n;
	while (fits && targets_next(t, &x, NULL) == 1)
		put_target(out, &x);
	targets_free(t);
	return fits;
}

static void expand_nmap(const char *const *specs, size_t n, unsigned family, struct buf *out)
{
	static const char head[] = "Nmap scan report for ";
	char path[] = "/tmp/target_nmap_test.XXXXXX", command[200], line[400];
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "we");

	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s\n", specs[i]);
	fclose(f);
	snprintf(command, sizeof(command), "unshare -n nmap -sL -n %s -iL %s 2>/dev/null",
		family == 6 ? "-6" : "", path);
	f = popen(command, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, head, strlen(head)) == 0)
			buf_str(out, line + strlen(head));
	}
	pclose(f);
	unlink(path);
}

static bool same(const char *const *specs, size_t n, unsigned family, bool say)
{
	struct buf ours, theirs;
	bool equal;

	buf_init(&ours);
	buf_init(&theirs);
	expand_ours(specs, n, family, &ours);
	expand_nmap(specs, n, family, &theirs);
	equal = strcmp(buf_text(&ours), buf_text(&theirs)) == 0;
	if (!equal && say)
		print_error("-%u \"%s\"\nours: %.200s\nnmap: %.200s\n", family, specs[0],
			buf_text(&ours), buf_text(&theirs));
	buf_free(&ours);
	buf_free(&theirs);
	return equal;
}

/* ---- the test -------------------------------------------------------------------------------- */

/* Draws a specification that is neither empty, nor a comment, nor too large. */
static char *draw(struct rng *rng, unsigned family)
{
	struct buf b, all;
	const char *text;

	buf_init(&b);
	buf_init(&all);
	do {
		put_spec(rng, family, &b);
		text = buf_text(&b);
		buf_clear(&all);
	} while (!*text || *text == '-' || !expand_ours(&text, 1, family, &all));
	buf_free(&all);
	return buf_take(&b);
}

static unsigned compare_batch(struct rng *rng, unsigned family)
{
	char *specs[BATCH];
	unsigned differ = 0;

	for (size_t i = 0; i < BATCH; i++)
		specs[i] = draw(rng, family);
	if (!same((const char *const *)specs, BATCH, family, false)) {
		for (size_t i = 0; i < BATCH; i++)
			differ += !same((const char *const *)specs + i, 1, family, true);
		assert_true(differ > 0);
	}
	for (size_t i = 0; i < BATCH; i++)
		free(specs[i]);
	return differ;
}

static void skip_without_nmap(void)
{
	if (system("unshare -n nmap --version 2>/dev/null | grep -q 'version 7\\.93'") != 0) {
		print_message("no nmap 7.93 here, or no right to make a namespace: skipped\n");
		skip();
	}
}

static void test_against_nmap(void **state)
{
	unsigned differ = 0;
	struct rng rng;

	skip_without_nmap();
	rng_seed(&rng, seed);
	for (unsigned i = 0; i < rounds; i++)
		differ += compare_batch(&rng, i % 4 == 3 ? 6 : 4);
	assert_int_equal(differ, 0);
}

/* ---- exclusions ------------------------------------------------------------------------------ */

/* Something around 10.0.0.0/23. */
static void put_exclusion(struct rng *rng, struct buf *b)
{
	static const char *const fixed[] = { "10", "0", "0-1", "" };

	buf_clear(b);
	for (unsigned k = 0; k < 4; k++) {
		if (k)
			buf_char(b, '.');
		if (k == 3 || below(rng, 12) == 0)
			put_octet(rng, b);
		else
			buf_str(b, fixed[k == 2 ? 1 + below(rng, 2) : k]);
	}
	if (below(rng, 3) == 0)
		buf_fmt(b, "/%u", 23 + below(rng, 11));
	if (below(rng, 10) == 0)
		damage(rng, b);
}

/* nmap 7.93 eats all memory when an address is excluded twice ("48,48"): no truth to be had. */
static bool repeats(const char *text)
{
	char *copy = strdup(text), *rest = copy;
	bool found = false;

	assert_non_null(copy);
	for (char *piece; !found && (piece = strsep(&rest, ","));) {
		char *again = rest ? strdup(rest) : NULL, *next = again;

		for (char *other; !found && next && (other = strsep(&next, ","));)
			found = atoi(piece) == atoi(other);
		free(again);
	}
	free(copy);
	return found;
}

static void exclude_nmap(const char *exclusion, struct buf *out)
{
	char command[300], line[400];
	FILE *f;

	snprintf(command, sizeof(command),
		"ulimit -v 2000000; unshare -n nmap -sL -n --exclude '%s' 10.0.0.0/23 2>/dev/null |"
		" sed -n 's/.*report for //p'",
		exclusion);
	f = popen(command, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		buf_str(out, line);
	pclose(f);
}

static void exclude_ours(const char *exclusion, struct buf *out)
{
	const char *spec = "10.0.0.0/23";
	struct target_request rq = {
		.specs = &spec, .n_specs = 1, .family = 4, .exclude = exclusion
	};
	struct targets *t;
	struct target x;

	if (targets_open(&t, &rq, NULL) < 0)
		return;
	while (targets_next(t, &x, NULL) == 1)
		put_target(out, &x);
	targets_free(t);
}

static void test_exclusions_against_nmap(void **state)
{
	unsigned differ = 0;
	struct rng rng;
	struct buf b;

	skip_without_nmap();
	rng_seed(&rng, seed);
	buf_init(&b);
	for (unsigned i = 0; i < rounds * 6; i++) {
		struct buf ours, theirs;

		do
			put_exclusion(&rng, &b);
		while (repeats(buf_text(&b)));
		buf_init(&ours);
		buf_init(&theirs);
		exclude_ours(buf_text(&b), &ours);
		exclude_nmap(buf_text(&b), &theirs);
		if (strcmp(buf_text(&ours), buf_text(&theirs)) != 0) {
			print_error("--exclude %s: ours %zu, nmap %zu bytes\n", buf_text(&b),
				ours.len, theirs.len);
			differ++;
		}
		buf_free(&ours);
		buf_free(&theirs);
	}
	buf_free(&b);
	assert_int_equal(differ, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_nmap),
		cmocka_unit_test(test_exclusions_against_nmap),
	};

	if (argc == 3) {
		rounds = (unsigned)atoi(argv[1]);
		seed = (uint64_t)atoll(argv[2]);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
