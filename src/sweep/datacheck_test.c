/* SPDX-License-Identifier: BSD-2-Clause */
/* The data check against sockets of the kernel: who speaks, who only acknowledges, who resets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sweep/datacheck.h"

enum manner { SPEAKS, LISTENS, RESETS, MANNERS };

static uint16_t listener(int *fd)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(*fd >= 0);
	assert_int_equal(bind(*fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(listen(*fd, 16), 0);
	return ntohs(at.sin_port);
}

/* What a program does with those who come; returns the connection that it keeps, or -1. */
static int serve(int fd, enum manner m)
{
	struct linger now = {.l_onoff = 1};
	int c = accept(fd, NULL, NULL);

	if (c < 0)
		return -1;
	if (m == SPEAKS)
		assert_int_equal(send(c, "220 hello\r\n", 11, 0), 11);
	if (m != RESETS)
		return c;
	assert_int_equal(setsockopt(c, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	close(c);
	return -1;
}

static struct datacheck *open_check(unsigned max)
{
	struct datacheck_conf c = {
		.clock = clock_real(), .max_open = max, .patience_ns = 2 * NS_PER_S};
	struct datacheck *d = NULL;
	struct err e;

	assert_int_equal(datacheck_open(&d, &c, &e), 0);
	return d;
}

static struct rec_result open_port(uint16_t port)
{
	return (struct rec_result){
		.addr = addr_v4(INADDR_LOOPBACK), .port = {.number = port, .state = PORT_OPEN}};
}

static void test_manners(void **state)
{
	static const uint8_t want[MANNERS + 1] = {
		CHECK_SPEAKS, CHECK_ACKED, CHECK_RESET, CHECK_FAILED};
	struct datacheck *d = open_check(0);
	int fd[MANNERS + 1], kept[MANNERS] = {-1, -1, -1};
	uint16_t port[MANNERS + 1];
	uint8_t got[MANNERS + 1] = {0};
	unsigned n = 0;

	for (unsigned i = 0; i <= MANNERS; i++)
		port[i] = listener(&fd[i]);
	close(fd[MANNERS]); /* nobody listens there any more */
	for (unsigned i = 0; i <= MANNERS; i++) {
		struct rec_result r = open_port(port[i]);

		assert_int_equal(datacheck_add(d, &r), 0);
	}
	for (unsigned turn = 0; turn < 400 && n <= MANNERS; turn++) {
		struct rec_result v[2];
		unsigned more = datacheck_poll(d, v, 2, 10 * NS_PER_MS);

		for (unsigned k = 0; k < more; k++)
			for (unsigned i = 0; i <= MANNERS; i++)
				if (v[k].port.number == port[i])
					got[i] = v[k].check;
		n += more;
		for (unsigned i = 0; i < MANNERS; i++)
			if (kept[i] < 0)
				kept[i] = serve(fd[i], (enum manner)i);
	}
	assert_int_equal(n, MANNERS + 1);
	assert_memory_equal(got, want, sizeof(want));
	assert_int_equal(datacheck_busy(d), 0);
	datacheck_close(d);
	for (unsigned i = 0; i < MANNERS; i++) {
		close(fd[i]);
		if (kept[i] >= 0)
			close(kept[i]);
	}
}

static void test_bounded(void **state)
{
	struct datacheck *d = open_check(4);
	struct rec_result v[8], r;
	unsigned added = 0;
	int fd;

	r = open_port(listener(&fd));
	while (!datacheck_full(d)) {
		assert_int_equal(datacheck_add(d, &r), 0);
		added++;
	}
	assert_int_equal(added, 4);
	assert_int_equal(datacheck_add(d, &r), -EAGAIN);
	for (added = 0; added < 4;)
		added += datacheck_poll(
			d, v, 8, NS_PER_S); /* the kernel acknowledges for a program */
	assert_int_equal(v[0].check, CHECK_ACKED);
	assert_false(datacheck_full(d));
	assert_int_equal(datacheck_poll(d, v, 8, 0), 0);
	assert_int_equal(datacheck_add(d, &r), 0);
	datacheck_close(d); /* with a connection under way */
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manners),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
