/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of results: what was put comes back, however the file was cut. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out/results_file.h"

#define START UINT64_C(1795215600000000000)
#define MANY  5000

static char path[] = "/tmp/sonde-results-XXXXXX";

static const struct rec_scaninfo info[] = {
	{"syn", PROTO_TCP, 2, "22,80"}, {"udp", PROTO_UDP, 1, "53"}};
static const struct results_head head = {.run = {.program = "sonde",
						 .version = "9.9",
						 .args = "sonde --sweep 'a b'\n",
						 .start_wall_ns = START,
						 .info = info,
						 .n_info = 2,
						 .verbose = 2,
						 .privileged = true},
	.plan = "seed=1"};
static const struct rec_end end = {.end_wall_ns = START + 5,
	.elapsed_ns = 5,
	.hosts_up = 1,
	.hosts_down = 2,
	.hosts_total = 3,
	.probes_sent = 4,
	.replies = 5,
	.interrupted = true,
	.hosts_unknown = true,
	.error = "eth0 went down"};

/* Every member has another value for another i. */
static struct rec_result make(uint32_t i)
{
	struct rec_result r = {
		.addr = addr_v4(0x0a000000 + i),
		.port = {.number = (uint16_t)(i * 7),
			.proto = i % 5 ? PROTO_TCP : PROTO_UDP,
			.state = (uint8_t)(1 + i % (PORT_STATES - 1)),
			.reason = (uint8_t)(i % REASONS),
			.ttl = (uint8_t)i,
			.rtt_src = (uint8_t)(i % RTT_SOURCES),
			.rtt_ns = i * UINT64_C(1000001) % 2147483648},
		.at_wall_ns = START + i * UINT64_C(777777777) % UINT64_C(4000000000000),
		.window = (uint16_t)(i * 3),
		.mss = (uint16_t)(i * 5),
		.wscale = i % 15,
		.options = i % 16,
		.check = i % 6,
	};

	if (i % 11 == 0) {
		r.port.from = 1;
		r.from = addr_v4(0xc0000200 + i % 256);
	}
	if (i % 97 == 0) {
		r.addr.family = 6;
		r.addr.b[15] = (uint8_t)i;
		r.addr.zone = i;
		if (r.port.from)
			r.from = r.addr;
	}
	return r;
}

static void same(const struct rec_result *a, const struct rec_result *b)
{
	assert_true(addr_eq(&a->addr, &b->addr));
	assert_int_equal(a->port.number, b->port.number);
	assert_int_equal(a->port.proto, b->port.proto);
	assert_int_equal(a->port.state, b->port.state);
	assert_int_equal(a->port.reason, b->port.reason);
	assert_int_equal(a->port.ttl, b->port.ttl);
	assert_int_equal(a->port.rtt_src, b->port.rtt_src);
	assert_int_equal(a->port.from, b->port.from);
	assert_int_equal(a->port.rtt_ns, b->port.rtt_ns);
	assert_int_equal(a->at_wall_ns, b->at_wall_ns);
	assert_true(!a->port.from || addr_eq(&a->from, &b->from));
	assert_int_equal(a->window, b->window);
	assert_int_equal(a->mss, b->mss);
	assert_int_equal(a->wscale, b->wscale);
	assert_int_equal(a->options, b->options);
	assert_int_equal(a->check, b->check);
}

static void put(struct results_writer *w, uint32_t from, uint32_t n)
{
	struct rec_result *v = calloc(n, sizeof(*v));
	struct rec_results batch = {v, n};

	for (uint32_t i = 0; i < n; i++)
		v[i] = make(from + i);
	assert_int_equal(results_writer_put(w, &batch, NULL), 0);
	free(v);
}

/* Reads all; the first n must be those of make. */
static uint64_t expect(struct results_found *found)
{
	struct results_file *f = NULL;
	struct rec_result v[100], want;
	uint32_t i = 0;
	int n;

	assert_int_equal(results_open(&f, path, NULL), 0);
	while ((n = results_next(f, v, 100, NULL)) > 0)
		for (int k = 0; k < n; k++) {
			want = make(i++);
			same(&v[k], &want);
		}
	assert_int_equal(n, 0);
	*found = *results_found(f);
	assert_int_equal(found->n_results, i);
	assert_int_equal(results_check(f, NULL), 0);
	assert_int_equal(results_found(f)->n_results, i);
	results_close(f);
	return i;
}

static void test_round_trip(void **state)
{
	struct results_writer w;
	struct results_file *f = NULL;
	struct results_found found;
	const struct rec_run *r;

	assert_int_equal(results_writer_create(&w, path, &head, NULL), 0);
	put(&w, 0, 1);
	put(&w, 1, MANY - 3);
	put(&w, MANY - 2, 1); /* into the same block */
	put(&w, MANY - 1, 1);
	assert_int_equal(w.n_results, MANY);
	assert_int_equal(results_writer_end(&w, &end, NULL), 0);
	assert_int_equal(results_writer_close(&w, NULL), 0);
	assert_int_equal(expect(&found), MANY);
	assert_int_equal(found.torn_bytes + found.n_rescued + found.n_damaged, 0);
	assert_true(found.ended);
	assert_int_equal(results_open(&f, path, NULL), 0);
	assert_int_equal(results_check(f, NULL), 0);
	assert_string_equal(results_found(f)->end.error, end.error);
	assert_int_equal(results_found(f)->end.replies, 5);
	assert_true(results_found(f)->end.interrupted);
	assert_true(results_found(f)->end.hosts_unknown);
	assert_string_equal(results_head(f)->plan, "seed=1");
	r = &results_head(f)->run;
	assert_string_equal(r->args, head.run.args);
	assert_string_equal(r->version, "9.9");
	assert_int_equal(r->n_info, 2);
	assert_string_equal(r->info[1].services, "53");
	assert_int_equal(r->info[0].n_ports, 2);
	assert_int_equal(r->info[1].proto, PROTO_UDP);
	assert_int_equal(r->verbose, 2);
	assert_true(r->privileged);
	assert_int_equal(r->start_wall_ns, START);
	results_close(f);
}

/* What 24 bytes cannot hold comes back as documented. */
static void test_bounds(void **state)
{
	struct rec_result v[2] = {make(1), make(2)}, got[4];
	struct rec_results batch = {v, 2};
	struct results_writer w;
	struct results_file *f = NULL;

	v[0].port.rtt_ns = UINT64_C(3000000999); /* us above 2^31 ns */
	v[0].at_wall_ns = 0;			 /* unknown */
	v[1].port.rtt_ns = 2147483647;
	assert_int_equal(results_writer_create(&w, path, &head, NULL), 0);
	assert_int_equal(results_writer_put(&w, &batch, NULL), 0);
	assert_int_equal(results_writer_close(&w, NULL), 0);
	assert_int_equal(results_open(&f, path, NULL), 0);
	assert_int_equal(results_next(f, got, 4, NULL), 2);
	assert_int_equal(got[0].port.rtt_ns, UINT64_C(3000000000));
	assert_int_equal(got[0].at_wall_ns, 0);
	same(&got[1], &v[1]);
	results_close(f);
}

/* A file of 60 results in three puts, cut at every byte: all that is whole is read, and a writer
 * that goes on loses none of it. */
static void test_cut(void **state)
{
	struct results_writer w;
	struct results_found found;
	struct stat st;
	uint64_t before = 0;
	char *whole;
	int fd;

	assert_int_equal(results_writer_create(&w, path, &head, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	for (uint32_t i = 0; i < 60; i += 20) {
		put(&w, i + 1, 20);
		assert_int_equal(results_writer_sync(&w, NULL), 0);
	}
	assert_int_equal(results_writer_close(&w, NULL), 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	whole = malloc(65536);
	for (ssize_t len = read(fd, whole, 65536), at = st.st_size; at <= len; at++) {
		struct results_file *f = NULL;
		struct rec_result v[64], want;
		int n;

		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, whole, (size_t)at, 0), at);
		assert_int_equal(results_open(&f, path, NULL), 0);
		n = results_next(f, v, 64, NULL);
		for (int k = 0; k < n; k++) {
			want = make((uint32_t)k + 1);
			same(&v[k], &want);
		}
		assert_true((uint64_t)n >= before);
		assert_true(n >= (at - st.st_size - 3 * 32 - 2 * 40) / 40);
		before = (uint64_t)n;
		results_close(f);
		assert_int_equal(results_writer_append(&w, path, NULL), 0);
		assert_int_equal(w.n_results, n);
		put(&w, (uint32_t)n + 1, 3);
		assert_int_equal(results_writer_close(&w, NULL), 0);
		assert_int_equal(results_open(&f, path, NULL), 0);
		assert_int_equal(results_check(f, NULL), 0);
		found = *results_found(f);
		assert_int_equal(found.n_results, n + 3);
		assert_int_equal(found.torn_bytes + found.n_rescued + found.n_damaged, 0);
		results_close(f);
	}
	assert_int_equal(before, 60);
	free(whole);
	close(fd);
}

/* A bit that turned in the middle costs its block and is counted. */
static void test_damage(void **state)
{
	struct results_writer w;
	struct results_file *f = NULL;
	struct stat st;
	char c = 'x';
	int fd;

	assert_int_equal(results_writer_create(&w, path, &head, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	for (uint32_t i = 0; i < 3; i++) {
		put(&w, 1 + i * 10, 10);
		assert_int_equal(results_writer_sync(&w, NULL), 0);
	}
	assert_int_equal(results_writer_close(&w, NULL), 0);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, &c, 1, st.st_size + 100), 1);
	close(fd);
	assert_int_equal(results_open(&f, path, NULL), 0);
	assert_int_equal(results_check(f, NULL), 0);
	assert_int_equal(results_found(f)->n_results, 20);
	assert_int_equal(results_found(f)->n_damaged, 10);
	results_close(f);
}

static void refuse(const char *bytes, size_t len, const char *why)
{
	struct results_file *f = NULL;
	struct err e = {0};
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
	assert_int_equal(results_open(&f, path, &e), ERR_USAGE);
	assert_non_null(strstr(e.text, why));
	assert_non_null(strstr(e.text, path));
}

static void test_refused(void **state)
{
	struct buf b = {0};
	struct results_file *f = NULL;
	struct err e = {0};

	refuse("", 0, "no file of results");
	refuse("<?xml version=\"1.0\"?><nmaprun></nmaprun>", 40, "no file of results");
	results_put_head(&b, &head);
	refuse(b.data, b.len - 1, "no file of results");
	b.data[40] ^= 1;
	refuse(b.data, b.len, "damaged in its head");
	b.data[8] = 2;
	refuse(b.data, b.len, "version 2");
	buf_free(&b);
	assert_true(results_open(&f, "/nonexistent/file", &e) < 0);
	assert_int_equal(results_open(&f, "/dev/null", &e), ERR_USAGE);
	assert_non_null(strstr(e.text, "regular"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_refused),
	};
	int fd = mkstemp(path), rc;

	if (fd < 0)
		return 1;
	close(fd);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return rc;
}
