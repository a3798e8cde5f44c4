/* SPDX-License-Identifier: BSD-2-Clause */
/* af-xdp: frames out by AF_XDP, in by the packet ring. */
#include "io/io.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "io/need.h"
#include "io/ring.h"
#include "io/txq.h"

/*
 * The backend for sending much: a frame costs two thirds of what it does by packet-ring (copy mode,
 * veth), and should cost less where the driver reads our memory itself (zero-copy). Only for links
 * with Ethernet headers.
 *
 * Out: an AF_XDP socket is bound to one queue of one interface (txq.c). With an interface in the
 * configuration it is opened with the handle; without, the first packet that names another
 * interface opens it, which takes some milliseconds once. Each handle has queues of its own, so
 * that several threads can send by a handle each; where an interface has fewer queues than handles,
 * one opened with io_conf.beside shares that handle's, and one without is refused by name. A handle
 * that others are to share is opened with an interface, so that its queue is there before threads.
 * No program is attached, so CAP_NET_RAW is enough.
 *
 * In: the ring of packet-ring. Frames that leave by AF_XDP are shown to no tap, ours or others'.
 *
 * An interface that cannot be sent on by AF_XDP ends the handle, with the reason: who forces this
 * backend is to know, and packets that never leave would be taken for silence. One that goes down
 * or away does as on packet-ring: bound to it, the handle is dead; else its packets have the error.
 */
struct afxdp {
	struct io io;
	struct ring *ring;
	const struct log *log;
	const struct afxdp *beside; /* whose queues may be shared, while it is open; NULL */
	struct txq **queues;	    /* one an interface, in the order they were needed */
	unsigned n_queues;
	struct txq *last, *full; /* of the packet before; the one that took no more, or NULL */
	bool has_mac;
	struct mac mac;
};

static struct afxdp *self(struct io *io)
{
	return (struct afxdp *)io;
}

static int afxdp_probe(const struct io_conf *c, struct err *e)
{
	int rc = need_net_raw(io_afxdp_ops.name, e);

	if (!rc)
		rc = need_packet_sockets(io_afxdp_ops.name, e);
	if (!rc)
		rc = need_interface(c->interface, e);
	if (!rc)
		rc = need_ethernet(c->interface, e);
	return rc ? rc : need_af_xdp(io_afxdp_ops.name, TXQ_BYTES, e);
}

static struct txq *queue_of(const struct afxdp *a, uint32_t ifindex)
{
	for (unsigned i = 0; i < a->n_queues; i++)
		if (txq_ifindex(a->queues[i]) == ifindex)
			return a->queues[i];
	return NULL;
}

static int add_queue(struct afxdp *a, uint32_t ifindex, struct err *e)
{
	struct txq **more = realloc(a->queues, (a->n_queues + 1) * sizeof(*more));
	struct buf text = {0};
	int rc;

	if (!more)
		return err_set(e, -ENOMEM, "%s: out of memory", io_afxdp_ops.name);
	a->queues = more;
	rc = txq_open(&more[a->n_queues], ifindex, a->has_mac ? &a->mac : NULL,
		a->beside ? queue_of(a->beside, ifindex) : NULL, e);
	if (rc)
		return err_prefix(e, "%s", io_afxdp_ops.name), rc;
	a->last = more[a->n_queues++];
	txq_describe(a->last, &text);
	log_say(a->log, LOG_DEBUG, "%s: %s", io_afxdp_ops.name, buf_text(&text));
	buf_free(&text);
	return 0;
}

/* Makes a->last the queue of this interface; opens it if it is the first packet. */
static int choose(struct afxdp *a, uint32_t ifindex, struct err *e)
{
	struct txq *q = queue_of(a, ifindex);

	if (!q)
		return add_queue(a, ifindex, e);
	a->last = q;
	return 0;
}

static void afxdp_close(struct io *io)
{
	struct afxdp *a = self(io);

	if (!io)
		return;
	for (unsigned i = 0; i < a->n_queues; i++)
		txq_close(a->queues[i]);
	free(a->queues);
	ring_close(a->ring);
	free(a);
}

static int afxdp_open(struct io **out, const struct io_conf *c, struct err *e)
{
	struct afxdp *a = NULL;
	int rc = afxdp_probe(c, e);

	if (rc)
		return rc;
	a = calloc(1, sizeof(*a));
	if (!a)
		return err_set(e, -ENOMEM, "out of memory");
	a->io.ops = &io_afxdp_ops;
	a->io.clock = c->clock ? c->clock : clock_real();
	a->log = c->log;
	if (c->beside && c->beside->ops == &io_afxdp_ops)
		a->beside = self(c->beside);
	a->has_mac = c->mac != NULL;
	if (c->mac)
		a->mac = *c->mac;
	rc = ring_open(&a->ring, c, a->io.clock, e);
	if (rc)
		err_prefix(e, "%s", io_afxdp_ops.name);
	else if (ring_ifindex(a->ring))
		rc = add_queue(a, ring_ifindex(a->ring), e);
	if (rc) {
		afxdp_close(&a->io);
		return rc;
	}
	*out = &a->io;
	return 0;
}

/* How many from the first on leave by the same interface. */
static unsigned same_way(const struct io_tx *v, unsigned n)
{
	unsigned k = 1;

	while (k < n && v[k].ifindex == v[0].ifindex)
		k++;
	return k;
}

/* Bound to one interface, its end is the end: cut the batch before the first packet that met it. */
static int until_dead(const struct io_tx *v, unsigned n, struct err *e)
{
	for (unsigned i = 0; i < n; i++) {
		if (v[i].error != -ENETDOWN && v[i].error != -ENXIO)
			continue;
		if (i)
			return (int)i;
		return err_set(e, v[i].error, "%s: cannot send, the interface is down or gone: %s",
			io_afxdp_ops.name, strerror(-v[i].error));
	}
	return (int)n;
}

/* One run of packets for one interface; as io_ops.send. */
static int send_run(struct afxdp *a, struct io_tx *v, unsigned n, struct err *e)
{
	uint32_t bound = ring_ifindex(a->ring), ifindex = v->ifindex ? v->ifindex : bound;
	unsigned k;
	int rc = 0;

	if (!ifindex) {
		v->sent_ns = clock_now(a->io.clock);
		v->error = -ENXIO;
		return 1;
	}
	if (!a->last || txq_ifindex(a->last) != ifindex)
		rc = choose(a, ifindex, e);
	if (rc)
		return rc;
	k = txq_send(a->last, a->io.clock, v, n);
	if (k < n)
		a->full = a->last;
	return bound == ifindex ? until_dead(v, k, e) : (int)k;
}

static int afxdp_send(struct io *io, struct io_tx *v, unsigned n, struct err *e)
{
	struct afxdp *a = self(io);
	unsigned done = 0;

	a->full = NULL;
	while (done < n && !a->full) {
		unsigned run = same_way(v + done, n - done);
		int k = send_run(a, v + done, run, e);

		if (k < 0)
			return done ? (int)done : k;
		done += (unsigned)k;
	}
	return (int)done;
}

static int afxdp_recv(struct io *io, struct io_rx *v, unsigned n, struct err *e)
{
	return ring_recv(self(io)->ring, v, n, e);
}

static int afxdp_wait(struct io *io, uint64_t timeout_ns)
{
	struct afxdp *a = self(io);
	int fd = a->full ? txq_full_fd(a->full) : -1;

	return ring_wait(a->ring, timeout_ns, fd, a->full && fd < 0);
}

static int afxdp_fd(struct io *io)
{
	return ring_fd(self(io)->ring);
}

static bool afxdp_at_end(struct io *io)
{
	return false;
}

static void afxdp_stats(struct io *io, struct io_stats *out)
{
	struct afxdp *a = self(io);

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < a->n_queues; i++)
		txq_stats(a->queues[i], out);
	ring_stats(a->ring, out);
}

static void afxdp_describe(struct io *io, struct buf *b)
{
	const struct afxdp *a = self(io);

	for (unsigned i = 0; i < a->n_queues; i++) {
		buf_str(b, i ? ", " : "");
		txq_describe(a->queues[i], b);
	}
}

const struct io_ops io_afxdp_ops = {
	.name = "af-xdp",
	.summary =
		"frames by AF_XDP, receive ring in, for Ethernet; needs CAP_NET_RAW, 2 MiB locked",
	.carries = IO_CARRIES(IO_TX_IP) | IO_CARRIES(IO_TX_LINK),
	.probe = afxdp_probe,
	.open = afxdp_open,
	.send = afxdp_send,
	.recv = afxdp_recv,
	.wait = afxdp_wait,
	.fd = afxdp_fd,
	.at_end = afxdp_at_end,
	.stats = afxdp_stats,
	.describe = afxdp_describe,
	.close = afxdp_close,
};
