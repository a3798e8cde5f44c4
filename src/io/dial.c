/* SPDX-License-Identifier: BSD-2-Clause */
/* One non-blocking connect(), with the traps of loopback and of reusing sockets. */
#include "io/dial.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t sockaddr_of(
	const struct addr *a, uint16_t port, uint32_t ifindex, struct sockaddr_storage *out)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*in6));
	if (a->family == 4) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(port);
		memcpy(&in4->sin_addr, a->b, 4);
		return sizeof(*in4);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, a->b, 16);
	in6->sin6_scope_id = a->zone;
	if (!a->zone && addr_is_linklocal(a))
		in6->sin6_scope_id = ifindex;
	return sizeof(*in6);
}

/* A socket as the probe wants it, or -errno. */
static int socket_make(struct dial *d, const struct io_tx *t)
{
	int fd = socket(t->dst.family == 4 ? AF_INET : AF_INET6,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	struct sockaddr_storage sa;
	socklen_t len;
	int on = 1, rc = 0;

	if (fd < 0)
		return -errno;
	if (t->dst.family == 6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	if (d->device[0] && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, d->device,
				    (socklen_t)strlen(d->device) + 1))
		rc = -errno;
	if (!rc && t->src.family) {
		/* The port is chosen when the peer is known: more connections fit. */
		(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
		len = sockaddr_of(&t->src, 0, t->ifindex, &sa);
		if (bind(fd, (struct sockaddr *)&sa, len))
			rc = -errno;
	}
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

static int socket_take(struct dial *d, const struct io_tx *t)
{
	int *spare = &d->spare[t->dst.family == 6], fd = *spare;

	if (fd < 0 || t->src.family)
		return socket_make(d, t);
	*spare = -1;
	return fd;
}

void dial_give_back(struct dial *d, const struct io_tx *t, int fd)
{
	int *spare = &d->spare[t->dst.family == 6];

	if (*spare >= 0 || t->src.family)
		close(fd);
	else
		*spare = fd;
}

void dial_hang_up(int fd)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

bool dial_met_itself(int fd)
{
	struct sockaddr_storage a, b;
	socklen_t al = sizeof(a), bl = sizeof(b);

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	return !getsockname(fd, (struct sockaddr *)&a, &al) &&
	       !getpeername(fd, (struct sockaddr *)&b, &bl) && al == bl && !memcmp(&a, &b, al);
}

/*
 * An ICMPv6 error that came while connect() held the socket, as it does over veth and loopback: the
 * kernel keeps it for itself until the SYN is repeated, but for its error queue (IPV6_RECVERR,
 * ipv6(7)). 0 when there is none.
 */
static int queued_error(int fd)
{
	union {
		struct cmsghdr align;
		char room[256];
	} control;
	struct msghdr m = {.msg_control = &control, .msg_controllen = sizeof(control)};
	struct sock_extended_err e;

	if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_RECVERR)
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		return (int)e.ee_errno;
	}
	return 0;
}

/* 0 connected, EALREADY on its way, else what connect() says. See connect.c for the second call. */
static int connect_now(int fd, const struct sockaddr_storage *to, socklen_t len)
{
	int error, told = 0;

	if (!connect(fd, (const struct sockaddr *)to, len))
		return 0;
	if (errno == EINPROGRESS && !connect(fd, (const struct sockaddr *)to, len))
		return 0;
	error = errno;
	if (error == EALREADY && to->ss_family == AF_INET6)
		told = queued_error(fd);
	return told ? told : error;
}

int dial_connect(struct dial *d, struct io_tx *t, int *out_fd)
{
	struct sockaddr_storage to;
	socklen_t len = sockaddr_of(&t->dst, t->dport, t->ifindex, &to);
	int rc = ECONNREFUSED;

	for (unsigned tries = 0; tries < 2; tries++) {
		*out_fd = socket_take(d, t);
		if (*out_fd < 0)
			return *out_fd;
		t->sent_ns = clock_now(d->clock);
		rc = connect_now(*out_fd, &to, len);
		if (rc || !dial_met_itself(*out_fd))
			return rc;
		dial_hang_up(*out_fd);
		*out_fd = -1;
		rc = ECONNREFUSED;
	}
	return rc;
}

void dial_init(struct dial *d, struct clock *clock, const char *device)
{
	*d = (struct dial){.clock = clock, .spare = {-1, -1}};
	if (device)
		strncpy(d->device, device, sizeof(d->device) - 1);
}

void dial_fini(struct dial *d)
{
	for (unsigned i = 0; i < 2; i++)
		if (d->spare[i] >= 0)
			close(d->spare[i]);
	d->spare[0] = d->spare[1] = -1;
}
