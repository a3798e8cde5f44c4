/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The iterator over targets: exact sets, exact counts, small memory, orders that shuffle and do not
 * lose.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "target/target.h"

/* multi: 10.0.0.6, 10.0.0.7, fd00::6; only6: fd00::9 */
static int look_up(void *ctx, const char *name, unsigned family, struct addr **list, struct err *e)
{
	static const char *const multi[] = { "10.0.0.6", "fd00::6", "10.0.0.7" };
	size_t n = strcmp(name, "multi") == 0 ? 3 : strcmp(name, "only6") == 0 ? 1 : 0;

	if (ctx)
		++*(unsigned *)ctx;
	if (n == 0)
		return err_set(e, ERR_RESOLVE, "\"%s\" has no address", name);
	*list = calloc(n, sizeof(**list));
	assert_non_null(*list);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(addr_parse(n == 3 ? multi[i] : "fd00::9", &(*list)[i]), 0);
	return (int)n;
}

static void collect(void *ctx, enum log_level level, const char *text)
{
	buf_fmt(ctx, "%s\n", text);
}

static struct target_request request(const char *const *specs, size_t n)
{
	return (struct target_request){
		.specs = specs, .n_specs = n, .family = 4, .lookup = { .forward = look_up }
	};
}

static struct targets *open_ok(const struct target_request *rq)
{
	struct err e = { 0 };
	struct targets *t;

	if (targets_open(&t, rq, &e) < 0)
		fail_msg("%s", e.text);
	return t;
}

/* "a b name(c)" of everything. */
static void list_all(const struct target_request *rq, struct buf *out)
{
	struct targets *t = open_ok(rq);
	char text[ADDR_TEXT_MAX];
	struct target x;
	int rc;

	buf_init(out);
	while ((rc = targets_next(t, &x, NULL)) == 1) {
		buf_fmt(out, x.name ? "%s%s(%s)" : "%s%s%s", out->len ? " " : "",
			x.name ? x.name : "", addr_text(&x.addr, text));
		if (x.n_others)
			buf_fmt(out, "+%zu", x.n_others);
	}
	assert_int_equal(rc, 0);
	targets_free(t);
}

static void check_list(const struct target_request *rq, const char *expected)
{
	struct buf got;

	list_all(rq, &got);
	assert_string_equal(buf_text(&got), expected);
	buf_free(&got);
}

static void check_one(const char *spec, unsigned family, bool resolve_all, const char *expected)
{
	struct target_request rq = request(&spec, 1);

	rq.family = family;
	rq.resolve_all = resolve_all;
	check_list(&rq, expected);
}

/* ---- names and families ---------------------------------------------------------------------- */

static void test_names(void **state)
{
	check_one("multi", 4, false, "multi(10.0.0.6)+2");
	check_one("multi", 4, true, "multi(10.0.0.6)+1 multi(10.0.0.7)+1");
	check_one("multi", 6, false, "multi(fd00::6)+2");
	check_one("multi", 0, true, "multi(10.0.0.6) multi(fd00::6) multi(10.0.0.7)");
	check_one("multi/31", 4, false, "multi(10.0.0.6)+2 10.0.0.7");
	check_one("only6", 4, false, "");
	check_one("only6/127", 6, false, "fd00::8 only6(fd00::9)");
	check_one("127.1", 4, false, "127.1(127.0.0.1)");
	check_one("fd00::1/126", 0, false, "fd00:: fd00::1 fd00::2 fd00::3");
	check_one("10.0.0.1-2", 0, false, "10.0.0.1 10.0.0.2");
	check_one("fe80::1%lo/127", 6, false, "fe80::%lo fe80::1%lo");
}

/* What is skipped is said, with the specification and a way out. */
static void test_skipped(void **state)
{
	static const char *const specs[] = { "fd00::1", "10.0.0.300", "nosuch", "only6",
		"10.0.0.1/x", "a b", "10.0.0.1" };
	struct target_request rq = request(specs, 7);
	unsigned asked = 0;
	struct buf said;
	struct log log = { LOG_WARN, collect, &said };
	struct targets *t;
	struct target x;

	buf_init(&said);
	rq.log = &log;
	rq.lookup.ctx = &asked;
	t = open_ok(&rq);
	assert_int_equal(targets_failed(t), 6);
	assert_int_equal(targets_next(t, &x, NULL), 1);
	assert_int_equal(targets_next(t, &x, NULL), 0);
	assert_int_equal(targets_next(t, &x, NULL), 0);
	for (size_t i = 0; i < 6; i++)
		assert_non_null(strstr(buf_text(&said), specs[i]));
	assert_non_null(strstr(buf_text(&said), "use -6"));
	/* "10.0.0.300" and "a b" can be no names: no name server hears of them */
	assert_int_equal(asked, 2);
	targets_free(t);
	buf_free(&said);
}

static void check_refused(const struct target_request *rq, const char *part)
{
	struct targets *t = NULL;
	struct err e = { 0 };

	assert_int_equal(targets_open(&t, rq, &e), ERR_USAGE);
	assert_null(t);
	assert_non_null(strstr(e.text, part));
}

static void test_refused(void **state)
{
	static const char *const bad[] = { "10.0.0.300", "10.0.0.1,,10.0.0.2", ",", "10.0.0.1/33",
		"fd00::/129", "10.0.0.1/", "nosuch", "only6" };
	const char *spec = "10.0.0.0/24";
	struct target_request rq = request(&spec, 1);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rq.exclude = bad[i];
		check_refused(&rq, "exclude");
	}
	rq.exclude = NULL;
	rq.exclude_file = "/nonexistent/file";
	check_refused(&rq, "/nonexistent/file");
	rq.exclude_file = NULL;
	rq.list_file = "/";
	check_refused(&rq, "directory");
	rq.list_file = "/nonexistent/list";
	check_refused(&rq, "/nonexistent/list");
	rq.list_file = NULL;
	rq.random_set = true;
	rq.family = 6;
	check_refused(&rq, "-iR");
}

/* ---- sets ------------------------------------------------------------------------------------ */

static void test_unique(void **state)
{
	static const char *const specs[] = { "10.0.0.9", "10.0.0.8/30", "10.0.0.8-10",
		"10.0.0.0/28", "10.0.0.0/23", "10.0.0-1.254-255", "10.0.0-3.255" };
	struct target_request rq = request(specs, 3);
	struct targets *t;
	struct target x;
	unsigned n = 0;

	rq.unique = true;
	check_list(&rq, "10.0.0.9 10.0.0.8 10.0.0.10 10.0.0.11");
	rq = request(specs, 7);
	rq.unique = true;
	for (int shuffled = 0; shuffled < 2; shuffled++) {
		bool met[1024] = { false };

		rq.randomize = shuffled;
		t = open_ok(&rq);
		for (n = 0; targets_next(t, &x, NULL) == 1; n++) {
			uint32_t low = addr_to_v4(&x.addr) - 0x0a000000;

			assert_in_range(low, 0, 1023);
			assert_false(met[low]);
			met[low] = true;
		}
		assert_int_equal(n, 514); /* 10.0.0.0/23, 10.0.2.255 and 10.0.3.255 */
		targets_free(t);
	}
}

/* Blocks of 256 are remembered address by address. */
static void check_blocks_twice(struct target_request *rq)
{
	static const char *const twice[] = { "10.1.0.0/24", "10.1.1.0/24", "fd00::/120",
		"fd00::100/120", "10.1.0.0/23", "fd00::/119" };
	struct targets *t;
	struct target x;
	unsigned n = 0;

	rq->specs = twice;
	rq->n_specs = 6;
	t = open_ok(rq);
	while (targets_next(t, &x, NULL) == 1)
		n++;
	assert_int_equal(n, 1024);
	targets_free(t);
}

static void test_unique_singles(void **state)
{
	static const char *const specs[] = { "0.0.0.0", "fd00::1", "0.0.0.0/31", "fd00::/127",
		"fe80::1%lo", "fe80::1", "0.0.0.1" };
	struct target_request rq = request(specs, 7);

	rq.family = 0;
	rq.unique = true;
	check_list(&rq, "0.0.0.0 fd00::1 0.0.0.1 fd00:: fe80::1%lo fe80::1");
	/* enough to make both tables grow */
	check_blocks_twice(&rq);
}

/* A product with too many holes to list, as exclusion and as an earlier large block. */
static void test_holes(void **state)
{
	static const char *const odd = "10.0.0-255.1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31";
	const char *specs[] = { odd, "10.0.0.0/16" };
	struct target_request rq = request(specs, 2);
	struct targets *t;
	struct target x;
	unsigned n = 0;
	FILE *f;

	rq.unique = true;
	t = open_ok(&rq);
	while (targets_next(t, &x, NULL) == 1)
		n++;
	assert_int_equal(n, 65536);
	targets_free(t);
	rq = request(specs + 1, 1);
	rq.exclude_file = "target_test.excl";
	f = fopen(rq.exclude_file, "we");
	assert_non_null(f);
	fprintf(f, "%s # holes\n10.0.7.*\n", odd);
	fclose(f);
	t = open_ok(&rq);
	for (n = 0; targets_next(t, &x, NULL) == 1; n++)
		assert_true(x.addr.b[2] != 7 && (x.addr.b[3] > 31 || x.addr.b[3] % 2 == 0));
	assert_int_equal(n, 65536 - 256 - 255 * 16);
	targets_free(t);
	unlink(rq.exclude_file);
}

/* 10.0.0.0/8 less a thousand networks: the exact count, in less memory than a page a network. */
static void test_large_set(void **state)
{
	const char *spec = "10.0.0.0/8";
	struct target_request rq = request(&spec, 1);
	uint64_t n = 0, left_out = 0;
	struct buf list;
	struct targets *t;
	struct target x;
	size_t before;

	buf_init(&list);
	for (unsigned i = 0; i < 1000; i++) {
		buf_fmt(&list, "%s10.%u.%u.%u/%u", i ? "," : "", i / 4, i % 4 * 64, i % 256,
			24 + i % 9);
		left_out += UINT64_C(1) << (8 - i % 9);
	}
	rq.exclude = buf_text(&list);
	before = mallinfo2().uordblks;
	t = open_ok(&rq);
	assert_true(mallinfo2().uordblks - before < 256 * 1024);
	assert_true(targets_count(t) == (UINT64_C(1) << 24) - left_out);
	while (targets_next(t, &x, NULL) == 1)
		n++;
	assert_true(n == (UINT64_C(1) << 24) - left_out);
	assert_true(mallinfo2().uordblks - before < 256 * 1024);
	targets_free(t);
	buf_free(&list);
}

/* An excluded range is stepped over, not through: 2^32 less a few addresses would take minutes. */
static void test_skips(void **state)
{
	const char *specs[] = { "0.0.0.0/0", "::/0" };
	struct target_request rq = request(specs, 2);
	char text[ADDR_TEXT_MAX];
	struct targets *t;
	struct target x;

	rq.family = 0;
	rq.exclude = "0.0.0.0/1,128-254.*.*.*,255.0-254.*.*,255.255.0-254.*,255.255.255.2-255,"
		     "::/1,c000::/2,8000::/3,a000::/4,b000::/5,bc00::/6,b800::/7";
	t = open_ok(&rq);
	assert_int_equal(targets_next(t, &x, NULL), 1);
	assert_string_equal(addr_text(&x.addr, text), "255.255.255.0");
	assert_int_equal(targets_next(t, &x, NULL), 1);
	assert_int_equal(targets_next(t, &x, NULL), 1);
	assert_string_equal(addr_text(&x.addr, text), "ba00::");
	targets_free(t);
}

/* Prefixes of every length against Python's ipaddress: count, first and last. */
static void test_prefixes(void **state)
{
	FILE *f = popen("/usr/bin/python3 -c '\n"
			"import ipaddress\n"
			"for a in (\"10.77.3.201\", \"255.255.255.255\", \"0.0.0.1\"):\n"
			"  for b in range(12, 33):\n"
			"    n = ipaddress.ip_network(f\"{a}/{b}\", strict=False)\n"
			"    print(f\"{a}/{b}\", n.num_addresses, n[0], n[-1])\n"
			"for a in (\"2001:db8::ffff:1234:5678\", \"fe80::1\"):\n"
			"  for b in range(110, 129):\n"
			"    n = ipaddress.ip_network(f\"{a}/{b}\", strict=False)\n"
			"    print(f\"{a}/{b}\", n.num_addresses, n[0], n[-1])\n"
			"'",
		"r");
	char spec[80], first[64], last[64];
	unsigned long count;
	unsigned n_rows = 0;

	assert_non_null(f);
	while (fscanf(f, "%79s %lu %63s %63s", spec, &count, first, last) == 4) {
		const char *one = spec;
		struct target_request rq = request(&one, 1);
		char text[ADDR_TEXT_MAX];
		struct targets *t;
		struct target x;
		unsigned long n;

		rq.family = 0;
		t = open_ok(&rq);
		assert_true(targets_count(t) == count);
		for (n = 0; targets_next(t, &x, NULL) == 1; n++) {
			if (n == 0)
				assert_string_equal(addr_text(&x.addr, text), first);
		}
		assert_int_equal(n, count);
		assert_string_equal(addr_text(&x.addr, text), last);
		targets_free(t);
		n_rows++;
	}
	pclose(f);
	if (n_rows == 0)
		skip();
	assert_int_equal(n_rows, 3 * 21 + 2 * 19);
}

/* ---- orders ---------------------------------------------------------------------------------- */

static void test_randomized(void **state)
{
	static const char *const specs[] = { "10.0.0.0/22", "10.0.4.0-99", "10.0.5-6.1,3,5" };
	struct target_request rq = request(specs, 3);
	bool met[4096] = { false };
	unsigned n = 0, in_order = 0;
	uint32_t last = 0;
	struct targets *t;
	struct target x;
	struct rng rng;

	rng_seed(&rng, 9);
	rq.rng = &rng;
	rq.randomize = true;
	rq.exclude = "10.0.1.0/24,10.0.5.3";
	t = open_ok(&rq);
	while (targets_next(t, &x, NULL) == 1) {
		uint32_t low = addr_to_v4(&x.addr) - 0x0a000000;

		assert_in_range(low, 0, 4095);
		assert_false(met[low]);
		met[low] = true;
		in_order += low == last + 1;
		last = low;
		n++;
	}
	assert_int_equal(n, 1024 - 256 + 100 + 5);
	assert_true(targets_count(t) == n);
	assert_true(in_order < 20);
	assert_false(met[256] || met[0x503]);
	targets_free(t);
}

/* IANA's registries by hand, so that a slip in the table does not go unseen. */
static bool is_documentation(unsigned first, unsigned second, unsigned third)
{
	if (first == 192 && second == 0)
		return third == 0 || third == 2;
	if (first == 192 && second == 88)
		return third == 99;
	return (first == 198 && second == 51 && third == 100) ||
	       (first == 203 && second == 0 && third == 113);
}

static bool is_public(uint32_t a)
{
	unsigned first = a >> 24, second = a >> 16 & 255, third = a >> 8 & 255;

	if (first == 0 || first == 10 || first == 127 || first >= 224)
		return false;
	switch (first << 8 | second) {
	case 169 << 8 | 254:
	case 192 << 8 | 168:
	case 198 << 8 | 18:
	case 198 << 8 | 19:
		return false;
	}
	if ((first == 100 && second / 64 == 1) || (first == 172 && second / 16 == 1))
		return false;
	return !is_documentation(first, second, third);
}

static void test_random(void **state)
{
	struct target_request rq = request(NULL, 0);
	struct targets *t;
	struct target x;
	unsigned n = 0, high = 0;

	rq.random_set = true;
	rq.random = 20000;
	rq.exclude = "64.0.0.0/2";
	t = open_ok(&rq);
	assert_true(targets_count(t) == 20000);
	for (; targets_next(t, &x, NULL) == 1; n++) {
		uint32_t a = addr_to_v4(&x.addr);

		assert_true(is_public(a));
		assert_true(a >> 30 != 1);
		high += a >> 31;
	}
	assert_int_equal(n, 20000);
	/* of what is left, 0-63 and 128-223, about six tenths lie above */
	assert_in_range(high, 11000, 13000);
	targets_free(t);
	/* nothing left: an end, not a loop */
	rq.exclude = "0.0.0.0/0";
	t = open_ok(&rq);
	assert_int_equal(targets_next(t, &x, NULL), 0);
	targets_free(t);
	rq.random = 0;
	rq.exclude =
		"0.0.0.0/1,128.0.0.0/2,192.0.0.0/4,208-215.*.*.*,216-222.*.*.*,223.0-254.*.*,223.255.0-254.*";
	t = open_ok(&rq);
	assert_true(targets_count(t) == UINT64_MAX);
	for (n = 0; n < 1000; n++) {
		assert_int_equal(targets_next(t, &x, NULL), 1);
		assert_true(addr_to_v4(&x.addr) >> 8 == 0xdfffff);
	}
	targets_free(t);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static const char list_path[] = "target_test.list";

static void put_list(unsigned lines, const char *format)
{
	FILE *f = fopen(list_path, "we");

	assert_non_null(f);
	for (unsigned i = 0; i < lines; i++)
		fprintf(f, "10.%u.%u.%u%s", i >> 16 & 255, i >> 8 & 255, i & 255, format);
	fclose(f);
}

/*
 * 300,000 lines: no memory but for the reader, also when shuffled in portions; the estimate is near
 * from the start.
 */
static void test_long_list(void **state)
{
	struct target_request rq = request(NULL, 0);

	put_list(300000, "\r\n");
	rq.list_file = list_path;
	for (int shuffled = 0; shuffled < 2; shuffled++) {
		size_t before = mallinfo2().uordblks, most = 0;
		uint8_t *met = calloc(300000, 1);
		struct targets *t;
		struct target x;
		unsigned n = 0;

		rq.randomize = shuffled;
		t = open_ok(&rq);
		assert_in_range(targets_count(t), 200000, 500000);
		while (targets_next(t, &x, NULL) == 1) {
			uint32_t low = addr_to_v4(&x.addr) - 0x0a000000;

			assert_in_range(low, 0, 299999);
			assert_int_equal(met[low], 0);
			met[low] = 1;
			most = n++ % 1000 == 0 && mallinfo2().uordblks > most ? mallinfo2().uordblks
									      : most;
		}
		assert_int_equal(n, 300000);
		assert_true(targets_count(t) == 300000);
		assert_true(most - before < (shuffled ? 20u << 20 : 1u << 20));
		targets_free(t);
		free(met);
	}
	unlink(list_path);
}

static void test_line_and_list(void **state)
{
	static const char *const specs[] = { "192.168.0.1" };
	struct target_request rq = request(specs, 1);
	FILE *f = fopen(list_path, "we");

	assert_non_null(f);
	fputs("10.0.0.1,3#comment 10.9.9.9\nmulti nosuch\t10.0.0.1/31\n# 10.1.1.1\n10.0.0.5", f);
	fputc('\0', f);
	fputs("10.0.0.8\n", f);
	fclose(f);
	rq.list_file = list_path;
	check_list(&rq,
		"192.168.0.1 10.0.0.1 10.0.0.3 multi(10.0.0.6)+2 10.0.0.0 10.0.0.1 10.0.0.5 10.0.0.8");
	rq.unique = true;
	check_list(
		&rq, "192.168.0.1 10.0.0.1 10.0.0.3 multi(10.0.0.6)+2 10.0.0.0 10.0.0.5 10.0.0.8");
	unlink(list_path);
}

/* One NUL ends a word; a run of them has no end on some devices. */
static void test_no_text(void **state)
{
	struct target_request rq = request(NULL, 0);
	struct targets *t;
	struct target x;
	struct err e = { 0 };

	rq.list_file = "/dev/zero";
	t = open_ok(&rq);
	assert_int_equal(targets_next(t, &x, &e), ERR_USAGE);
	assert_non_null(strstr(e.text, "is no text"));
	targets_free(t);
	rq = (struct target_request){ .exclude_file = "/dev/zero" };
	check_refused(&rq, "is no text");
}

static void test_word_too_long(void **state)
{
	struct target_request rq = request(NULL, 0);
	FILE *f = fopen(list_path, "we");
	struct targets *t;
	struct target x;
	struct err e = { 0 };

	assert_non_null(f);
	fputs("10.0.0.1\n", f);
	for (int i = 0; i < 2000; i++)
		fputc('a', f);
	fclose(f);
	rq.list_file = list_path;
	t = open_ok(&rq);
	assert_int_equal(targets_next(t, &x, &e), 1);
	assert_int_equal(targets_next(t, &x, &e), ERR_USAGE);
	assert_non_null(strstr(e.text, list_path));
	targets_free(t);
	unlink(list_path);
}

/* RFC 6890 and IANA's list of IPv6 global unicast allocations. */
static void test_random_addresses(void **state)
{
	struct rng rng;

	rng_seed(&rng, 7);
	for (unsigned i = 0; i < 20000; i++) {
		struct addr four = target_random(&rng, 4), six = target_random(&rng, 6);

		assert_int_equal(four.family, 4);
		assert_true(is_public(addr_to_v4(&four)));
		assert_int_equal(six.family, 6);
		assert_true(six.b[0] >= 0x24 && six.b[0] <= 0x2c && six.b[0] % 2 == 0);
		assert_true(six.b[1] < 0x10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unique),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_unique_singles),
		cmocka_unit_test(test_large_set),
		cmocka_unit_test(test_skips),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_randomized),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_long_list),
		cmocka_unit_test(test_line_and_list),
		cmocka_unit_test(test_no_text),
		cmocka_unit_test(test_word_too_long),
		cmocka_unit_test(test_random_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
