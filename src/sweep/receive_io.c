/* SPDX-License-Identifier: BSD-2-Clause */
/* The receiver in user space: the twin of the one in XDP, over a receive ring or the simulator. */
#include "sweep/sender.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pkt/build.h"
#include "pkt/view.h"
#include "sweep/answer.h"
#include "sweep/dedup.h"
#include "sweep/met.h"

#define BATCH	      64
#define RING_BYTES    (16u << 20)
#define RESET_LEN     60 /* IPv6 and TCP */
#define RESET_WAIT_NS NS_PER_MS
#define WINDOW	      (1u << (SWEEP_PORT_BITS + SWEEP_MARK_BITS))

struct twin {
	struct receiver base;
	struct sweep_job job; /* with l3 0: what comes up has no link header */
	struct io *io;
	bool borrowed; /* it is the simulator */
	struct met met;
	struct sweep_counts counts;
	struct io_rx rx[BATCH];
	unsigned n, at; /* of rx: received, and the next to be looked at */
	/* Our RSTs for a batch of SYN-ACKs: all have left before the next is received. */
	bool resets;
	struct addr self;
	unsigned n_resets, put;
	struct io_tx reset[BATCH];
	uint8_t reset_data[BATCH][RESET_LEN];
};

static struct twin *self(struct receiver *r)
{
	return (struct twin *)r;
}

/* ---- our RSTs -------------------------------------------------------------------------------- */

/* A SYN-ACK is answered where the peer expects our next byte (RFC 9293 3.5.2), by the neighbour
 * that brought it. */
static void reset_make(struct twin *t, const struct io_rx *rx, const struct answer *a)
{
	uint8_t *data = t->reset_data[t->n_resets];
	struct build_ip ip = {.src = t->self,
		.dst = addr_from_bytes(t->job.family, a->hit.addr),
		.ttl = 64,
		.df = true};
	struct build_tcp tcp = {
		.sport = a->sport, .dport = a->hit.port, .seq = a->ack, .flags = TCP_RST};

	t->reset[t->n_resets++] = (struct io_tx){.kind = IO_TX_IP,
		.data = data,
		.len = (uint32_t)build_tcp(data, RESET_LEN, &ip, &tcp),
		.ifindex = rx->ifindex,
		.dst_mac = rx->src_mac,
		.dst = ip.dst};
	if (addr_is_linklocal(&ip.dst))
		t->reset[t->n_resets - 1].dst.zone = rx->ifindex;
}

/* 1: all have left; 0: the backend takes no more now; negative: it is dead. */
static int resets_put(struct twin *t)
{
	while (t->put < t->n_resets) {
		int n = io_send(t->io, t->reset + t->put, t->n_resets - t->put, NULL);

		if (n <= 0)
			return n;
		for (int i = 0; i < n; i++)
			t->counts.resets += t->reset[t->put + (unsigned)i].error == 0;
		t->put += (unsigned)n;
	}
	t->n_resets = t->put = 0;
	return 1;
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* Whether the frame is an answer to be handed up; counts whatever it is. */
static bool take(struct twin *t, const struct io_rx *rx, struct sweep_hit *out)
{
	struct answer a;
	int rc = answer_read(&t->job, rx->data, rx->data + rx->len, &a);

	if (rc == ANSWER_PASS)
		return false;
	t->counts.frames++;
	if (rc == ANSWER_VALID)
		rc = answer_time(&t->job, &a, rx->at_ns);
	if (rc == ANSWER_VALID && met_key(&t->met, dedup_key(&t->job, &a)))
		rc = SWEEP_DUPLICATE; /* of a SYN-ACK: our RST was lost */
	if (t->resets && a.hit.answer == SWEEP_SYNACK &&
		(rc == ANSWER_VALID || rc == SWEEP_DUPLICATE))
		reset_make(t, rx, &a);
	if (rc != ANSWER_VALID) {
		t->counts.rejects[rc]++;
		return false;
	}
	t->counts.answers[a.hit.answer]++;
	*out = a.hit;
	return a.hit.mark != SWEEP_PLAIN || t->job.wanted >> a.hit.answer & 1;
}

/* The next batch into rx; 0: none yet. */
static int fill(struct twin *t, uint64_t timeout_ns)
{
	int rc = resets_put(t);

	if (rc == 0 && timeout_ns)
		(void)io_wait(t->io, timeout_ns < RESET_WAIT_NS ? timeout_ns : RESET_WAIT_NS);
	if (rc <= 0)
		return rc;
	rc = io_recv(t->io, t->rx, BATCH, NULL);
	if (rc == 0 && timeout_ns) {
		(void)io_wait(t->io, timeout_ns);
		rc = io_recv(t->io, t->rx, BATCH, NULL);
	}
	t->at = 0;
	t->n = rc > 0 ? (unsigned)rc : 0;
	return rc;
}

static int twin_poll(struct receiver *r, struct sweep_hit *v, unsigned n, uint64_t timeout_ns)
{
	struct twin *t = self(r);
	unsigned got = 0;
	int rc;

	if (t->at == t->n) {
		rc = fill(t, timeout_ns);
		if (rc < 0)
			return rc;
	}
	while (t->at < t->n && got < n) {
		const struct io_rx *rx = &t->rx[t->at++];

		got += rx->kind == IO_RX_IP && take(t, rx, &v[got]);
	}
	rc = resets_put(t);
	return rc < 0 ? rc : (int)got;
}

static bool twin_more(struct receiver *r)
{
	return self(r)->at < self(r)->n || self(r)->put < self(r)->n_resets;
}

static void twin_counts(struct receiver *r, struct sweep_counts *add)
{
	const struct sweep_counts *c = &self(r)->counts;
	struct io_stats s = {0};

	add->frames += c->frames;
	add->resets += c->resets;
	for (unsigned i = 0; i < SWEEP_ANSWERS; i++)
		add->answers[i] += c->answers[i];
	for (unsigned i = 0; i < SWEEP_REJECTS; i++)
		add->rejects[i] += c->rejects[i];
	self(r)->io->ops->stats(self(r)->io, &s);
	add->rejects[SWEEP_NO_ROOM] += s.dropped; /* frames of our window that the ring lost */
}

static void twin_close(struct receiver *r)
{
	struct twin *t = self(r);

	if (!r)
		return;
	if (!t->borrowed)
		io_close(t->io);
	met_free(&t->met);
	free(t);
}

static int open_io(struct twin *t, const struct sender_conf *c, struct err *e)
{
	const struct sweep_job *j = c->job;
	struct io_conf conf = {.log = c->log,
		.interface = j->l3 ? c->interface : NULL,
		.port_lo = j->sport_base,
		.port_hi = (uint16_t)(j->sport_base + (j->sport_fixed ? 0 : WINDOW - 1)),
		.rx_bytes = RING_BYTES,
		.mac = j->l3 ? c->mac : NULL,
		.clock = c->clock};

	t->borrowed = c->sim != NULL;
	t->io = c->sim;
	if (t->borrowed)
		return 0;
	return (j->l3 ? &io_packet_ops : &io_raw_ops)->open(&t->io, &conf, e);
}

static struct addr self_of(const struct sweep_job *j)
{
	uint8_t b[16];

	if (j->family == 4)
		return addr_v4((uint32_t)j->src_lo);
	bytes_put64(b, j->src_hi);
	bytes_put64(b + 8, j->src_lo);
	return addr_from_bytes(6, b);
}

static int open_as(struct receiver **out, const struct sender_conf *c,
	const struct receiver_ops *ops, struct err *e)
{
	struct twin *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return err_set(e, -ENOMEM, "out of memory for the receiver");
	t->base.ops = ops;
	t->job = *c->job;
	t->job.l3 = 0;
	t->resets = c->claimed && c->job->reset;
	t->self = self_of(c->job);
	rc = met_init(&t->met, c->dedup, e);
	if (rc == 0)
		rc = open_io(t, c, e);
	if (rc < 0) {
		twin_close(&t->base);
		return rc;
	}
	*out = &t->base;
	return 0;
}

static int ring_open(struct receiver **out, const struct sender_conf *c, struct err *e)
{
	return open_as(out, c, &receiver_ring, e);
}

static int sim_open(struct receiver **out, const struct sender_conf *c, struct err *e)
{
	return open_as(out, c, &receiver_sim, e);
}

#define TWIN .poll = twin_poll, .more = twin_more, .counts = twin_counts, .close = twin_close

const struct receiver_ops receiver_ring = {
	TWIN,
	.name = "packet-ring",
	.rtt_src = RTT_KERNEL,
	.open = ring_open,
};

const struct receiver_ops receiver_sim = {
	TWIN,
	.name = "sim",
	.rtt_src = RTT_SIM,
	.open = sim_open,
};
