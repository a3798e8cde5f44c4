/* SPDX-License-Identifier: BSD-2-Clause */
/* raw: IP packets out by raw sockets, which the kernel routes; in by the packet ring. */
#include "io/io.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/in.h> /* IP_NODEFRAG */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/mmsg.h"
#include "io/need.h"
#include "io/ring.h"

/*
 * The backend for what frames cannot reach: loopback and this machine's own addresses, interfaces
 * of kinds we cannot put a link header on, and anything whose way should be the kernel's affair. It
 * costs about twice what packet-ring does for each packet, and it passes the local firewall's
 * output rules: a packet they drop has the error EPERM.
 *
 * Out: one IPPROTO_RAW socket a family; whole packets are given (IP_HDRINCL). For IPv4 the kernel
 * writes the total length and the header checksum, and an identification where ours is 0; the
 * source address stays ours. Length and checksum of IPv6 are ours to get right. An interface is
 * asked for by IP_PKTINFO or IPV6_PKTINFO; never the loopback one, for what goes to this machine's
 * own addresses is found by their local routes, which name another interface.
 *
 * In: the same ring as packet-ring's, because a raw socket shows no TCP and no UDP of others and
 * has no kernel stamp for less. On loopback probes come back in as well as answers, wherever the
 * probed port lies in the window of our source ports: whoever reads tells them apart.
 *
 * IP_NODEFRAG keeps connection tracking from putting fragments together on their way out.
 *
 * IP_RECVERR and its IPv6 twin are on, as without them the kernel hides ENOBUFS of a full queue
 * from raw sockets.
 */
enum { LOOPBACK_IFINDEX = 1 }; /* in every network namespace, by the kernel's own construction */

struct raw {
	struct io io;
	struct ring *ring;
	struct mmsg out;
	int fd4, fd6; /* fd6 -1: a kernel without IPv6 */
};

static struct raw *self(struct io *io)
{
	return (struct raw *)io;
}

static int raw_probe(const struct io_conf *c, struct err *e)
{
	int rc = need_net_raw(io_raw_ops.name, e);

	if (!rc)
		rc = need_packet_sockets(io_raw_ops.name, e);
	return rc ? rc : need_interface(c->interface, e);
}

static uint32_t way_out(const struct raw *r, const struct io_tx *t)
{
	uint32_t ifindex = t->ifindex ? t->ifindex : ring_ifindex(r->ring);

	return ifindex == LOOPBACK_IFINDEX || addr_is_loopback(&t->dst) ? 0 : ifindex;
}

static void control(
	struct msghdr *m, struct mmsg_room *room, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c;

	memset(&room->control, 0, sizeof(room->control));
	m->msg_control = &room->control;
	m->msg_controllen = CMSG_SPACE(len);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
}

static int fill4(struct raw *r, const struct io_tx *t, struct msghdr *m, struct mmsg_room *room)
{
	struct in_pktinfo by = {.ipi_ifindex = (int)way_out(r, t)};

	room->to.in4 = (struct sockaddr_in){.sin_family = AF_INET};
	memcpy(&room->to.in4.sin_addr, t->dst.b, 4);
	m->msg_name = &room->to.in4;
	m->msg_namelen = sizeof(room->to.in4);
	if (by.ipi_ifindex)
		control(m, room, IPPROTO_IP, IP_PKTINFO, &by, sizeof(by));
	return r->fd4;
}

static int fill6(struct raw *r, const struct io_tx *t, struct msghdr *m, struct mmsg_room *room)
{
	struct in6_pktinfo by = {.ipi6_ifindex = way_out(r, t)};

	room->to.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_scope_id = t->dst.zone};
	memcpy(&room->to.in6.sin6_addr, t->dst.b, 16);
	if (!t->dst.zone && addr_is_linklocal(&t->dst))
		room->to.in6.sin6_scope_id = by.ipi6_ifindex;
	m->msg_name = &room->to.in6;
	m->msg_namelen = sizeof(room->to.in6);
	if (by.ipi6_ifindex)
		control(m, room, IPPROTO_IPV6, IPV6_PKTINFO, &by, sizeof(by));
	return r->fd6;
}

static int fill(void *owner, const struct io_tx *t, struct msghdr *m, struct mmsg_room *room)
{
	struct raw *r = owner;

	if (t->kind != IO_TX_IP)
		return -EINVAL;
	if (t->dst.family == 4)
		return fill4(r, t, m, room);
	if (t->dst.family != 6)
		return -EINVAL;
	return r->fd6 < 0 ? -EAFNOSUPPORT : fill6(r, t, m, room);
}

static int open4(struct raw *r, struct err *e)
{
	int on = 1;

	r->fd4 = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
	if (r->fd4 < 0 || setsockopt(r->fd4, IPPROTO_IP, IP_HDRINCL, &on, sizeof(on)) ||
		setsockopt(r->fd4, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) ||
		setsockopt(r->fd4, IPPROTO_IP, IP_NODEFRAG, &on, sizeof(on)) ||
		setsockopt(r->fd4, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)))
		return err_sys(e, "cannot open a raw IPv4 socket");
	return 0;
}

static int open6(struct raw *r, struct err *e)
{
	int on = 1;

	r->fd6 = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
	if (r->fd6 < 0 && errno == EAFNOSUPPORT)
		return 0;
	if (r->fd6 < 0 || setsockopt(r->fd6, IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof(on)) ||
		setsockopt(r->fd6, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on)))
		return err_sys(e, "cannot open a raw IPv6 socket");
	return 0;
}

static void raw_close(struct io *io)
{
	struct raw *r = self(io);

	if (!io)
		return;
	ring_close(r->ring);
	if (r->fd4 >= 0)
		close(r->fd4);
	if (r->fd6 >= 0)
		close(r->fd6);
	free(r);
}

static int raw_open(struct io **out, const struct io_conf *c, struct err *e)
{
	struct raw *r = NULL;
	int rc = need_net_raw(io_raw_ops.name, e);

	if (rc)
		return rc;
	r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, -ENOMEM, "out of memory");
	r->io.ops = &io_raw_ops;
	r->io.clock = c->clock ? c->clock : clock_real();
	r->fd4 = r->fd6 = -1;
	mmsg_init(&r->out, r->io.clock, fill, r);
	rc = open4(r, e);
	if (!rc)
		rc = open6(r, e);
	if (!rc)
		rc = ring_open(&r->ring, c, r->io.clock, e);
	if (rc) {
		raw_close(&r->io);
		return err_prefix(e, "%s", io_raw_ops.name), rc;
	}
	*out = &r->io;
	return 0;
}

static int raw_send(struct io *io, struct io_tx *v, unsigned n, struct err *e)
{
	return (int)mmsg_send(&self(io)->out, v, n);
}

static int raw_recv(struct io *io, struct io_rx *v, unsigned n, struct err *e)
{
	return ring_recv(self(io)->ring, v, n, e);
}

static int raw_wait(struct io *io, uint64_t timeout_ns)
{
	struct raw *r = self(io);

	return ring_wait(r->ring, timeout_ns, r->out.full_fd, r->out.full_elsewhere);
}

static int raw_fd(struct io *io)
{
	return ring_fd(self(io)->ring);
}

static bool raw_at_end(struct io *io)
{
	return false;
}

static void raw_stats(struct io *io, struct io_stats *out)
{
	memset(out, 0, sizeof(*out));
	mmsg_stats(&self(io)->out, out);
	ring_stats(self(io)->ring, out);
}

const struct io_ops io_raw_ops = {
	.name = "raw",
	.summary =
		"IP packets by raw sockets, for loopback and tunnels; needs CAP_NET_RAW",
	.carries = IO_CARRIES(IO_TX_IP),
	.probe = raw_probe,
	.open = raw_open,
	.send = raw_send,
	.recv = raw_recv,
	.wait = raw_wait,
	.fd = raw_fd,
	.at_end = raw_at_end,
	.stats = raw_stats,
	.close = raw_close,
};
