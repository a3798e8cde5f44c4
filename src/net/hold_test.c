/* SPDX-License-Identifier: BSD-2-Clause */
/* Held ports: nobody else gets them, nothing is received on them, and they are free again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/hold.h"

#define AT 61000
#define N  47

static int bound4(int type, uint16_t port, uint32_t addr)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(addr)};
	int fd = socket(AF_INET, type, 0);

	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a))) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

static int bound6(int type, uint16_t port)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, type, 0), rc;

	assert_true(fd >= 0);
	rc = bind(fd, (struct sockaddr *)&a, sizeof(a)) ? -errno : 0;
	close(fd);
	return rc;
}

static void nobody_else(void **state)
{
	struct hold *h, *second;
	struct err e = {0};

	assert_int_equal(hold_ports(&h, AT, N, &e), 0);
	for (uint16_t p = AT; p < AT + N; p++) {
		assert_int_equal(bound4(SOCK_STREAM, p, INADDR_ANY), -EADDRINUSE);
		assert_int_equal(bound4(SOCK_DGRAM, p, INADDR_LOOPBACK), -EADDRINUSE);
		assert_int_equal(bound6(SOCK_STREAM, p), -EADDRINUSE);
		assert_int_equal(bound6(SOCK_DGRAM, p), -EADDRINUSE);
	}
	assert_int_equal(hold_ports(&second, AT + N - 1, N, &e), -EADDRINUSE);
	assert_null(second);
	assert_int_equal(hold_ports(&second, AT + N, N, &e), 0);
	hold_free(second);
	hold_free(h);
	assert_int_equal(hold_ports(&h, AT, N, &e), 0);
	hold_free(h);
	hold_free(NULL);
}

static void others_are_seen(void **state)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
	struct hold *h;
	struct err e = {0};

	for (size_t i = 0; i < 2; i++) {
		int fd = bound4(types[i], AT + 7, INADDR_LOOPBACK);

		assert_true(fd >= 0);
		assert_int_equal(hold_ports(&h, AT, N, &e), -EADDRINUSE);
		assert_non_null(e.text[0] ? e.text : NULL);
		close(fd);
		assert_int_equal(hold_ports(&h, AT, N, &e), 0);
		hold_free(h);
	}
}

/* A held UDP port looks closed: the sender is told so by ICMP. */
static void nothing_comes(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(AT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct hold *h;
	struct err e = {0};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char c;

	assert_int_equal(hold_ports(&h, AT, N, &e), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(fd);
	hold_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_else),
		cmocka_unit_test(others_are_seen),
		cmocka_unit_test(nothing_comes),
	};

	if (unshare(CLONE_NEWNET) || system("ip link set lo up")) {
		print_message("skipped: no network namespace of our own\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
