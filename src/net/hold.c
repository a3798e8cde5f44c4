/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports of this machine that no other program gets while we use them for packets of our own. */
#include "net/hold.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A port is held by a socket that is bound to it, which is also the question whether it is free:
 * one answer for programs that listen, that are connected, that wait out an old connection, and for
 * other scans. Without SO_REUSEADDR the kernel gives the port to nobody else, nor to a connect()
 * that wants any port.
 *
 * Such a socket must receive nothing. One of TCP or SCTP that does not listen gets nothing; one of
 * UDP is bound to an interface that does not exist (after bind(), so that bind() compares it with
 * sockets of all interfaces). So a held port looks closed, as it is.
 */
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62 /* Linux 5.0 */
#endif

#define KINDS 3

struct hold {
	unsigned n;
	int fds[];
};

/* clang-format off */
static const struct { int type, proto; } kinds[KINDS] = {
	{SOCK_STREAM, IPPROTO_TCP},
	{SOCK_DGRAM, IPPROTO_UDP},
	{SOCK_STREAM, IPPROTO_SCTP},
};
/* clang-format on */

/* Asking for a protocol that is not there would load its module. */
static unsigned n_kinds(void)
{
	return access("/proc/net/sctp", F_OK) == 0 ? KINDS : KINDS - 1;
}

/* An IPv6 socket holds the port for IPv4 as well. */
static int hold_one(int type, int proto, uint16_t port)
{
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, proto), off = 0, nowhere = INT_MAX, rc;

	if (fd >= 0) {
		rc = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
		if (rc == 0)
			rc = bind(fd, (struct sockaddr *)&any6, sizeof(any6));
	} else { /* no IPv6 in this kernel */
		fd = socket(AF_INET, type | SOCK_CLOEXEC, proto);
		if (fd < 0)
			return -errno;
		rc = bind(fd, (struct sockaddr *)&any4, sizeof(any4));
	}
	if (rc) {
		rc = -errno;
		close(fd);
		return rc;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &nowhere, sizeof(nowhere));
	return fd;
}

int hold_some(struct hold **out, uint16_t lo, unsigned n, unsigned step, struct err *e)
{
	unsigned k = n_kinds(), ports = (n + step - 1) / step;
	struct hold *h = malloc(sizeof(*h) + ports * k * sizeof(h->fds[0]));

	*out = NULL;
	if (!h)
		return err_set(e, -ENOMEM, "out of memory");
	for (h->n = 0; h->n < ports * k; h->n++) {
		uint16_t port = (uint16_t)(lo + h->n / k * step);
		int fd = hold_one(kinds[h->n % k].type, kinds[h->n % k].proto, port);

		if (fd < 0) {
			hold_free(h);
			return err_set(
				e, fd, "source port %u cannot be held: %s", port, strerror(-fd));
		}
		h->fds[h->n] = fd;
	}
	*out = h;
	return 0;
}

int hold_ports(struct hold **out, uint16_t lo, unsigned n, struct err *e)
{
	return hold_some(out, lo, n, 1, e);
}

void hold_free(struct hold *h)
{
	if (!h)
		return;
	while (h->n)
		close(h->fds[--h->n]);
	free(h);
}
