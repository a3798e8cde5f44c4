/* SPDX-License-Identifier: BSD-2-Clause */
/* Output files in good and bad weather: the tail, appending, a full disk, a closed pipe. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out/out_file.h"

static char path[] = "/tmp/sonde-out-file-XXXXXX";

static int put(struct out_file *f, const char *body, const char *tail, struct err *e)
{
	struct buf b, t;
	int rc;

	buf_init(&b);
	buf_init(&t);
	buf_str(&b, body);
	buf_str(&t, tail);
	rc = out_file_put(f, &b, &t, e);
	buf_free(&b);
	buf_free(&t);
	return rc;
}

static void expect(const char *want)
{
	char got[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, got, sizeof(got) - 1);

	close(fd);
	assert_true(n >= 0);
	got[n] = '\0';
	assert_string_equal(got, want);
}

static void test_tail(void **state)
{
	struct out_file f;
	struct err e;

	assert_int_equal(out_file_open(&f, path, false, &e), 0);
	expect("");
	assert_int_equal(put(&f, "one ", "[long tail]", &e), 0);
	expect("one [long tail]");
	assert_int_equal(
		put(&f, "2 ", "[t]", &e), 0); /* shorter than before: nothing may be left behind */
	expect("one 2 [t]");
	assert_int_equal(put(&f, "", "[tail]", &e), 0);
	expect("one 2 [tail]");
	assert_int_equal(put(&f, "end", "", &e), 0);
	expect("one 2 end");
	assert_int_equal(out_file_close(&f, &e), 0);
	expect("one 2 end");
}

static void test_append(void **state)
{
	struct out_file f;
	struct err e;

	assert_int_equal(out_file_open(&f, path, true, &e), 0);
	assert_int_equal(put(&f, " new", "[t]", &e), 0);
	expect("one 2 end new[t]");
	assert_int_equal(put(&f, ".", "[t]", &e), 0);
	expect("one 2 end new.[t]");
	assert_int_equal(out_file_close(&f, &e), 0);
	assert_int_equal(out_file_open(&f, path, false, &e), 0);
	assert_int_equal(out_file_close(&f, &e), 0);
	expect("");
}

/* A stream cannot take a tail back: it comes once, at the end. */
static void test_stream(void **state)
{
	char got[64] = "";
	struct out_file f;
	struct err e;
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	snprintf(got, sizeof(got), "/dev/fd/%d", p[1]);
	assert_int_equal(out_file_open(&f, got, false, &e), 0);
	close(p[1]);
	assert_int_equal(put(&f, "a", "[1]", &e), 0);
	assert_int_equal(put(&f, "b", "[2]", &e), 0);
	assert_int_equal(read(p[0], got, sizeof(got)), 2);
	assert_memory_equal(got, "ab", 2);
	assert_int_equal(out_file_close(&f, &e), 0);
	assert_int_equal(read(p[0], got, sizeof(got)), 3);
	assert_memory_equal(got, "[2]", 3);
	close(p[0]);
}

static void test_closed_pipe(void **state)
{
	char name[64];
	struct out_file f;
	struct err e;
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", p[1]);
	assert_int_equal(out_file_open(&f, name, false, &e), 0);
	close(p[1]);
	close(p[0]);
	assert_int_equal(put(&f, "a", "", &e), -EPIPE);
	assert_non_null(strstr(e.text, name));
	assert_int_equal(put(&f, "b", "", &e), 0); /* said once */
	assert_int_equal(out_file_close(&f, &e), 0);
}

static void test_full_device(void **state)
{
	struct out_file f;
	struct err e;

	assert_int_equal(out_file_open(&f, "/dev/full", false, &e), 0);
	assert_int_equal(put(&f, "a", "", &e), -ENOSPC);
	assert_non_null(strstr(e.text, "/dev/full"));
	assert_int_equal(out_file_close(&f, &e), 0);
	assert_int_equal(out_file_open(&f, "/dev/full", false, &e), 0);
	assert_int_equal(put(&f, "", "tail", &e), 0);
	assert_int_equal(out_file_close(&f, &e), -ENOSPC); /* only the tail was left to fail */
}

static void limit(rlim_t bytes)
{
	struct rlimit l = {bytes, RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

/* A size limit cuts a write as a full disk does: the document before the record that did not fit
 * stays. */
static void test_no_more_room(void **state)
{
	struct out_file f;
	struct err e;

	assert_int_equal(out_file_open(&f, path, false, &e), 0);
	assert_int_equal(put(&f, "record 1 ", "[end]", &e), 0);
	limit(20);
	assert_int_equal(put(&f, "a record that is too long ", "[end]", &e), -EFBIG);
	limit(RLIM_INFINITY);
	assert_non_null(strstr(e.text, path));
	expect("record 1 [end]");
	assert_int_equal(out_file_close(&f, &e), 0);

	assert_int_equal(out_file_open(&f, path, false, &e), 0);
	limit(4);
	assert_int_equal(put(&f, "not even the first", "[end]", &e), -EFBIG);
	limit(RLIM_INFINITY);
	expect("");
	assert_int_equal(out_file_close(&f, &e), 0);
}

static void test_cannot_open(void **state)
{
	struct out_file f;
	struct err e;

	assert_int_equal(out_file_open(&f, "/nonexistent/dir/file", false, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/nonexistent/dir/file"));
	assert_int_equal(out_file_open(&f, "/tmp", false, &e), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_closed_pipe),
		cmocka_unit_test(test_full_device),
		cmocka_unit_test(test_no_more_room),
		cmocka_unit_test(test_cannot_open),
	};
	int fd = mkstemp(path), rc;

	if (fd < 0)
		return 1;
	close(fd);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return rc;
}
