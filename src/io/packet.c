/* SPDX-License-Identifier: BSD-2-Clause */
/* packet-ring: frames out and in by AF_PACKET. */
#include "io/io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/mmsg.h"
#include "io/need.h"
#include "io/ring.h"
#include "pkt/wr.h"

/*
 * The backend for anything behind an interface that takes frames: Ethernet, veth, bridges, and
 * tun-like interfaces, whose link header is nothing. Not for loopback: the kernel throws away
 * frames for 127/8 that did not come through its IP layer; that is raw's.
 *
 * In: one TPACKET_V2 ring (ring.c). Without an interface in the configuration it listens on all, so
 * one handle serves a multi-homed scan; with one it is bound to it.
 *
 * Out: sendmmsg on the same socket, each message with its own interface, link address and EtherType
 * in its sockaddr_ll; the socket is SOCK_DGRAM, so the kernel writes the link header. There is no
 * transmit ring, on purpose: measured over veth a frame costs 840 ns by sendmmsg and 870 by a TX
 * ring, whose frames must be copied into the ring all the same and cannot have an address each; nor
 * does PACKET_QDISC_BYPASS gain. The same socket, because closing one waits for the kernel's grace
 * period (8 ms here), and because its own frames are then never shown to it.
 *
 * Only frames from a hardware address that is not the interface's (io_conf.mac) need a socket of
 * their own: SOCK_RAW, with the link header from here.
 *
 * An interface that goes away: bound to it, the handle is dead (-ENETDOWN or -ENXIO with text)
 * after what had arrived has been received; listening everywhere, each packet that wanted to leave
 * by it has that error and others go on.
 */
struct packet {
	struct io io;
	struct ring *ring;
	struct mmsg out;
	int raw_fd; /* -1: the kernel writes link headers */
	struct mac mac;
};

static struct packet *self(struct io *io)
{
	return (struct packet *)io;
}

static int packet_probe(const struct io_conf *c, struct err *e)
{
	int rc = need_net_raw(io_packet_ops.name, e);

	if (!rc)
		rc = need_packet_sockets(io_packet_ops.name, e);
	return rc ? rc : need_interface(c->interface, e);
}

static uint16_t ethertype_of(const struct io_tx *t)
{
	if (t->kind == IO_TX_LINK)
		return t->ethertype;
	return t->len && t->data[0] >> 4 == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP;
}

/* Destination, source, EtherType (IEEE 802.3 3.1.1). */
static void put_header(
	const struct packet *p, const struct io_tx *t, struct msghdr *m, struct mmsg_room *room)
{
	struct wr w = wr_init(room->link, sizeof(room->link));

	wr_bytes(&w, t->dst_mac.b, sizeof(t->dst_mac.b));
	wr_bytes(&w, p->mac.b, sizeof(p->mac.b));
	wr_u16be(&w, ethertype_of(t));
	room->iov[0] = (struct iovec){room->link, w.len};
	m->msg_iov = room->iov;
	m->msg_iovlen = 2;
}

static int fill(void *owner, const struct io_tx *t, struct msghdr *m, struct mmsg_room *room)
{
	struct packet *p = owner;

	if (t->kind != IO_TX_IP && t->kind != IO_TX_LINK)
		return -EINVAL;
	room->to.ll = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ethertype_of(t)),
		.sll_ifindex = (int)(t->ifindex ? t->ifindex : ring_ifindex(p->ring)),
		.sll_halen = sizeof(t->dst_mac.b),
	};
	memcpy(room->to.ll.sll_addr, t->dst_mac.b, sizeof(t->dst_mac.b));
	m->msg_name = &room->to.ll;
	m->msg_namelen = sizeof(room->to.ll);
	if (p->raw_fd < 0)
		return ring_fd(p->ring);
	put_header(p, t, m, room);
	return p->raw_fd;
}

static int open_raw(struct packet *p, const struct mac *mac, struct err *e)
{
	if (!mac)
		return 0;
	p->mac = *mac;
	p->raw_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return p->raw_fd < 0 ? err_sys(e, "cannot open a socket for whole frames") : 0;
}

static void packet_close(struct io *io)
{
	struct packet *p = self(io);

	if (!io)
		return;
	ring_close(p->ring);
	if (p->raw_fd >= 0)
		close(p->raw_fd);
	free(p);
}

static int packet_open(struct io **out, const struct io_conf *c, struct err *e)
{
	struct packet *p = NULL;
	int rc = need_net_raw(io_packet_ops.name, e);

	if (rc)
		return rc;
	p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, -ENOMEM, "out of memory");
	p->io.ops = &io_packet_ops;
	p->io.clock = c->clock ? c->clock : clock_real();
	p->raw_fd = -1;
	mmsg_init(&p->out, p->io.clock, fill, p);
	rc = open_raw(p, c->mac, e);
	if (!rc)
		rc = ring_open(&p->ring, c, p->io.clock, e);
	if (rc) {
		packet_close(&p->io);
		return err_prefix(e, "%s", io_packet_ops.name), rc;
	}
	*out = &p->io;
	return 0;
}

/* Bound to one interface, its end is the end: cut the batch before the first packet that met it. */
static int until_dead(struct packet *p, const struct io_tx *v, unsigned n, struct err *e)
{
	for (unsigned i = 0; i < n; i++) {
		if (v[i].error != -ENETDOWN && v[i].error != -ENXIO)
			continue;
		if (v[i].ifindex && v[i].ifindex != ring_ifindex(p->ring))
			continue;
		if (i)
			return (int)i;
		return err_set(e, v[i].error, "%s: cannot send, the interface is down or gone: %s",
			io_packet_ops.name, strerror(-v[i].error));
	}
	return (int)n;
}

static int packet_send(struct io *io, struct io_tx *v, unsigned n, struct err *e)
{
	struct packet *p = self(io);
	unsigned done = mmsg_send(&p->out, v, n);

	return ring_ifindex(p->ring) ? until_dead(p, v, done, e) : (int)done;
}

static int packet_recv(struct io *io, struct io_rx *v, unsigned n, struct err *e)
{
	return ring_recv(self(io)->ring, v, n, e);
}

static int packet_wait(struct io *io, uint64_t timeout_ns)
{
	struct packet *p = self(io);

	return ring_wait(p->ring, timeout_ns, p->out.full_fd, p->out.full_elsewhere);
}

static int packet_fd(struct io *io)
{
	return ring_fd(self(io)->ring);
}

static bool packet_at_end(struct io *io)
{
	return false;
}

static void packet_stats(struct io *io, struct io_stats *out)
{
	memset(out, 0, sizeof(*out));
	mmsg_stats(&self(io)->out, out);
	ring_stats(self(io)->ring, out);
}

const struct io_ops io_packet_ops = {
	.name = "packet-ring",
	.summary = "frames by AF_PACKET: receive ring in, sendmmsg out; needs CAP_NET_RAW",
	.carries = IO_CARRIES(IO_TX_IP) | IO_CARRIES(IO_TX_LINK),
	.probe = packet_probe,
	.open = packet_open,
	.send = packet_send,
	.recv = packet_recv,
	.wait = packet_wait,
	.fd = packet_fd,
	.at_end = packet_at_end,
	.stats = packet_stats,
	.close = packet_close,
};
