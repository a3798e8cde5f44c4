/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated network behind io_sim. Everything that will happen is an event in one heap ordered by (time, order of
 * making); all chance comes from one generator seeded by the caller: a run is a function of its seed and of the calls made.
 *
 *	io_send -> entrance: bottleneck queue, loss, half the RTT + jitter -> SIM_EV_PROBE at the host
 *	SIM_EV_PROBE -> sim_host_answer -> loss, half the RTT + jitter -> SIM_EV_RX (or SIM_EV_KERNEL for connect())
 *
 * The clock only goes on in io_wait, and by SEND_COST_NS a packet sent, so that rates are finite. The bottleneck counts packets
 * and stands on the way out only: a probe has at most one answer, so the way back is never fuller.
 */
#include "io/sim.h"

#include <errno.h>
#include <stdlib.h>

#include "io/io.h"
#include "io/sim_event.h"
#include "io/sim_net.h"

#define SEND_COST_NS UINT64_C(1000)
#define SIM_WALL_NS (UINT64_C(1800000000) * NS_PER_S) /* a run begins in January 2027, always */

struct sim_io {
	struct io io;
	struct sim_net *net;	 /* borrowed */
	struct sim_event *given; /* frames lent to the caller until the next recv */
	struct io_stats stats;
};

int sim_open(struct sim_net **out, const struct sim_conf *c, struct err *e)
{
	struct sim_net *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;

	*out = NULL;
	if (!s) {
		err_set(e, rc, "simulated network: no memory");
		goto out;
	}
	s->conf = *c;
	clock_virtual_init(&s->clock, SIM_WALL_NS);
	clock_virtual_advance_to(&s->clock, NS_PER_S); /* 0 may mean "never" to a caller */
	rng_seed(&s->rng, c->seed);
	rc = sim_hosts_init(&s->hosts, c, e);
	if (rc) {
		free(s);
		goto out;
	}
	*out = s;
out:
	return rc;
}

void sim_free(struct sim_net *s)
{
	if (!s)
		return;
	sim_heap_free(&s->heap);
	sim_hosts_fini(&s->hosts);
	sim_conns_free(&s->conns);
	free(s);
}

struct clock *sim_clock(struct sim_net *s)
{
	return &s->clock.base;
}

void sim_counts(const struct sim_net *s, uint64_t *probes, uint64_t *lost)
{
	*probes = s->probes;
	*lost = s->lost;
}

/* ---- the contract ---------------------------------------------------------------------------------------------- */

static int sim_probe(const struct io_conf *c, struct err *e)
{
	if (!c->sim)
		return err_set(e, ERR_UNSUPPORTED, "simulator: there is no simulated network to open");
	return 0;
}

static int sim_io_open(struct io **out, const struct io_conf *c, struct err *e)
{
	struct sim_net *net = c->sim;
	struct sim_io *s;
	int rc = sim_probe(c, e);

	if (rc)
		return rc;
	if (net->open)
		return err_set(e, -EBUSY, "simulator: this simulated network is open already");
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, -ENOMEM, "simulator: no memory");
	s->io.ops = &io_sim_ops;
	s->io.clock = sim_clock(net);
	s->net = net;
	net->port_lo = c->port_lo;
	net->port_hi = c->port_hi;
	net->open = true;
	*out = &s->io;
	return 0;
}

static void send_one(struct sim_io *s, struct io_tx *tx)
{
	tx->sent_ns = s->net->clock.now_ns;
	tx->error = 0;
	clock_virtual_advance_to(&s->net->clock, tx->sent_ns + SEND_COST_NS);
	if (tx->kind == IO_TX_CONNECT)
		tx->error = sim_net_connect(s->net, tx);
	else
		sim_net_put(s->net, tx);
	s->stats.sent++;
	s->stats.sent_bytes += tx->len;
}

static int dead(const struct sim_io *s, struct err *e)
{
	return s->net->no_memory ? err_set(e, -ENOMEM, "simulator: no memory for another event") : 0;
}

static int sim_send(struct io *io, struct io_tx *v, unsigned n, struct err *e)
{
	struct sim_io *s = (struct sim_io *)io;
	int rc = dead(s, e);

	if (rc)
		return rc;
	for (unsigned i = 0; i < n; i++)
		send_one(s, &v[i]);
	return (int)n;
}

static void give_back(struct sim_io *s)
{
	while (s->given) {
		struct sim_event *ev = s->given;

		s->given = ev->chain;
		free(ev);
	}
}

static void fill_rx(const struct sim_net *net, const struct sim_event *ev, struct io_rx *rx)
{
	*rx = (struct io_rx){.kind = ev->rx_kind, .data = ev->data, .len = ev->len, .wire_len = ev->len,
		.ethertype = ev->ethertype, .src_mac = ev->src_mac, .at_ns = ev->at_ns, .at_src = RTT_SIM};
	if (ev->rx_kind != IO_RX_CONNECT)
		return;
	rx->id = net->conns.v[ev->conn].id;
	rx->error = ev->error;
	rx->data = NULL;
}

static int sim_recv(struct io *io, struct io_rx *v, unsigned n, struct err *e)
{
	struct sim_io *s = (struct sim_io *)io;
	struct sim_event *ev;
	unsigned got = 0;
	int rc = dead(s, e);

	give_back(s);
	if (rc)
		return rc;
	while (got < n && (ev = sim_net_next(s->net, s->net->clock.now_ns))) {
		sim_heap_pop(&s->net->heap);
		fill_rx(s->net, ev, &v[got++]);
		s->stats.received++;
		s->stats.received_bytes += ev->len;
		ev->chain = s->given;
		s->given = ev;
	}
	return (int)got;
}

static int sim_wait(struct io *io, uint64_t timeout_ns)
{
	struct sim_net *net = ((struct sim_io *)io)->net;
	uint64_t now_ns = net->clock.now_ns;
	uint64_t until_ns = timeout_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + timeout_ns;
	const struct sim_event *ev = sim_net_next(net, until_ns);

	if (net->no_memory)
		return -ENOMEM;
	if (!ev && until_ns == UINT64_MAX)
		return -EDEADLK; /* nothing will ever come: a caller that waits for ever has a bug */
	clock_virtual_advance_to(&net->clock, ev ? ev->at_ns : until_ns);
	return 0;
}

static int sim_fd(struct io *io)
{
	return -1;
}

static bool sim_at_end(struct io *io)
{
	return false;
}

static void sim_stats(struct io *io, struct io_stats *out)
{
	*out = ((struct sim_io *)io)->stats;
}

static void sim_io_close(struct io *io)
{
	struct sim_io *s = (struct sim_io *)io;

	if (!s)
		return;
	give_back(s);
	s->net->open = false;
	free(s);
}

const struct io_ops io_sim_ops = {
	.name = "sim",
	.summary = "simulated network on a virtual clock, for tests",
	.carries = IO_CARRIES(IO_TX_IP) | IO_CARRIES(IO_TX_LINK) | IO_CARRIES(IO_TX_CONNECT),
	.probe = sim_probe,
	.open = sim_io_open,
	.send = sim_send,
	.recv = sim_recv,
	.wait = sim_wait,
	.fd = sim_fd,
	.at_end = sim_at_end,
	.stats = sim_stats,
	.close = sim_io_close,
};
