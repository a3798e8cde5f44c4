/* SPDX-License-Identifier: BSD-2-Clause */
/* connect without privilege, on loopback: open, refused, cancelled, many at once, no descriptor
 * left behind. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/io.h"

enum { MANY = 3000 };

/* A listener on a port of the kernel's choice on 127.0.0.1; another such port, bound but not
 * listening, is surely refused. */
struct ports {
	int open_fd, closed_fd;
	uint16_t open, closed;
};

static uint16_t bound(int *fd)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(*fd >= 0);
	assert_int_equal(bind(*fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

static struct ports ports_open(void)
{
	struct ports p;

	p.open = bound(&p.open_fd);
	p.closed = bound(&p.closed_fd);
	assert_int_equal(listen(p.open_fd, 128), 0);
	return p;
}

static void ports_close(const struct ports *p)
{
	close(p->open_fd);
	close(p->closed_fd);
}

static struct io *backend(unsigned max_open)
{
	struct io_conf c = {.max_open = max_open};
	struct io *io = NULL;
	struct err e;

	assert_int_equal(io_connect_ops.probe(&c, &e), 0);
	assert_int_equal(io_connect_ops.open(&io, &c, &e), 0);
	return io;
}

static struct io_tx wish(uint16_t port, uint64_t id)
{
	return (struct io_tx){
		.kind = IO_TX_CONNECT, .dst = addr_v4(INADDR_LOOPBACK), .dport = port, .id = id};
}

static struct io_rx outcome(struct io *io)
{
	struct io_rx rx = {0};

	for (unsigned i = 0; i < 100; i++) {
		if (io_recv(io, &rx, 1, NULL) == 1)
			return rx;
		io_wait(io, 50 * NS_PER_MS);
	}
	fail_msg("no outcome");
	return rx;
}

static void test_open_and_closed(void **state)
{
	struct ports p = ports_open();
	struct io *io = backend(0);
	struct io_tx t[2] = {wish(p.open, 7), wish(p.closed, 8)};
	struct io_rx rx;

	assert_int_equal(io_send(io, t, 2, NULL), 2);
	for (unsigned i = 0; i < 2; i++) {
		rx = outcome(io);
		assert_int_equal(rx.kind, IO_RX_CONNECT);
		assert_true(rx.id == 7 || rx.id == 8);
		assert_int_equal(rx.error, rx.id == 7 ? 0 : ECONNREFUSED);
		assert_true(rx.at_ns >= t[rx.id - 7].sent_ns && t[rx.id - 7].sent_ns > 0);
		assert_int_equal(rx.at_src, RTT_USER);
	}
	io_close(io);
	ports_close(&p);
}

/* What was connected is reset: the listener's program sees ECONNRESET, and nothing stays in
 * TIME_WAIT. */
static void test_reset_after_success(void **state)
{
	struct ports p = ports_open();
	struct io *io = backend(0);
	struct io_tx t = wish(p.open, 1);
	char c;
	int fd;

	assert_int_equal(io_send(io, &t, 1, NULL), 1);
	assert_int_equal(outcome(io).error, 0);
	fd = accept(p.open_fd, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, &c, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	close(fd);
	io_close(io);
	ports_close(&p);
}

static void test_source_address(void **state)
{
	struct ports p = ports_open();
	struct io *io = backend(0);
	struct io_tx t[2] = {wish(p.open, 1), wish(p.open, 2)};
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int fd;

	t[0].src = addr_v4(0x7f000105); /* 127.0.1.5 */
	t[1].src = addr_v4(0xc0000201); /* 192.0.2.1 is not ours */
	assert_int_equal(io_send(io, t, 2, NULL), 2);
	assert_int_equal(t[0].error, 0);
	assert_int_equal(outcome(io).error, 0);
	fd = accept(p.open_fd, (struct sockaddr *)&from, &len);
	assert_int_equal(ntohl(from.sin_addr.s_addr), 0x7f000105);
	close(fd);
	io_close(io);
	ports_close(&p);
}

static void test_bad_wishes(void **state)
{
	struct io *io = backend(0);
	struct io_tx t[3] = {wish(1, 1), wish(1, 2), wish(1, 3)};

	t[0].dst.family = 0;
	t[1].kind = IO_TX_IP;
	t[2].dst = addr_v4(0xffffffff); /* the kernel refuses TCP to a broadcast address itself */
	assert_int_equal(io_send(io, t, 3, NULL), 3);
	assert_int_equal(t[0].error, -EINVAL);
	assert_int_equal(t[1].error, -EINVAL);
	assert_true(t[2].error < 0);
	io_close(io);
}

static unsigned descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Thousands, more than the queue of outcomes holds: each outcome once, and no descriptor left. */
static void test_many(void **state)
{
	static bool seen[MANY];
	static struct io_tx t[MANY];
	struct ports p = ports_open();
	unsigned before = descriptors(), sent = 0, got = 0;
	struct io *io = backend(100);
	struct io_rx rx[100];
	int n;

	for (unsigned i = 0; i < MANY; i++)
		t[i] = wish(p.closed, i);
	while (got < MANY) {
		n = io_send(io, t + sent, MANY - sent, NULL);
		assert_true(n >= 0);
		sent += (unsigned)n;
		io_wait(io, NS_PER_S);
		n = io_recv(io, rx, 100, NULL);
		assert_true(n > 0);
		for (int i = 0; i < n; i++) {
			assert_int_equal(rx[i].error, ECONNREFUSED);
			assert_false(seen[rx[i].id]);
			seen[rx[i].id] = true;
		}
		got += (unsigned)n;
	}
	assert_int_equal(io_recv(io, rx, 100, NULL), 0);
	io_close(io);
	assert_int_equal(descriptors(), before);
	ports_close(&p);
}

static bool readable(struct io *io)
{
	struct pollfd f = {.fd = io->ops->fd(io), .events = POLLIN};

	return poll(&f, 1, 0) == 1;
}

/* The descriptor tells of outcomes that were known at once, too; a cancelled one never comes. */
static void test_fd_and_cancel(void **state)
{
	struct ports p = ports_open();
	struct io *io = backend(0);
	struct io_tx t = wish(p.closed, 42);
	struct io_rx rx[4];

	assert_false(readable(io));
	assert_int_equal(io_send(io, &t, 1, NULL), 1);
	for (unsigned i = 0; i < 100 && !readable(io); i++)
		io_wait(io, 10 * NS_PER_MS);
	assert_true(readable(io));
	assert_int_equal(io_recv(io, rx, 4, NULL), 1);
	assert_false(readable(io));
	assert_int_equal(io_send(io, &t, 1, NULL), 1);
	io_cancel(io, 42);
	assert_int_equal(io_recv(io, rx, 4, NULL), 0);
	assert_false(readable(io));
	io_close(io);
	ports_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_and_closed),
		cmocka_unit_test(test_reset_after_success),
		cmocka_unit_test(test_source_address),
		cmocka_unit_test(test_bad_wishes),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_fd_and_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
