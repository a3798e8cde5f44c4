/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Senders in user space: probes made by the same text as in the kernel, put in through an io
 * backend, one handle a lane. Handles only send; whoever receives has one of its own.
 */
#include "sweep/sender.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sweep/lane.h"
#include "sweep/probe.h"

/* Probes with one time: round trips read too long by as long as it takes to send them. */
#define BATCH	 32
#define RETRY_NS (50 * NS_PER_US) /* after a full queue, which does not say when it drains */
#define SLEEP_NS (20 * NS_PER_MS) /* at most, so that a stop is seen */
#define ROOM	 ((SWEEP_FRAME_MAX + 63) / 64 * 64)

struct io_lane {
	struct sweep_ctl ctl;
	struct lane_pace pace;
	struct io *io;
	bool borrowed;	  /* it is the simulator */
	unsigned n, done; /* of the batch: made, and taken by the backend */
	struct io_tx tx[BATCH];
	uint64_t hash[BATCH], behind[BATCH]; /* of each: its hash, and the index after it */
	uint64_t tail;			     /* index behind the batch and what it skipped */
	uint64_t dropped;		     /* read by the main thread, as ctl is */
	int refusal;
	uint8_t frame[BATCH][ROOM];
};

struct io_sender {
	struct sender base;
	struct sender_conf conf;
	struct io_lane *lanes[SWEEP_SENDERS];
};

static struct io_sender *self(struct sender *s)
{
	return (struct io_sender *)s;
}

/* ---- making probes --------------------------------------------------------------------------- */

static bool is_zero(const struct mac *m)
{
	static const struct mac zero;

	return memcmp(m, &zero, sizeof(zero)) == 0;
}

static struct addr address_of(const struct sweep_job *j, const struct probe_target *to)
{
	uint8_t b[16];

	if (j->family == 4)
		return addr_v4((uint32_t)to->lo);
	bytes_put64(b, to->hi);
	bytes_put64(b + 8, to->lo);
	return addr_from_bytes(6, b);
}

/* False: the host has no link address. */
static bool make(const struct sender_conf *c, struct io_lane *l, uint64_t index, uint64_t now)
{
	const struct sweep_job *j = c->job;
	struct io_tx *tx = &l->tx[l->n];
	uint8_t *frame = l->frame[l->n];
	uint32_t mark = CTL_GET(l->ctl.mark);
	struct probe_target to;
	const struct sweep_template *t;

	if (!probe_index(j, &c->space->rows, c->ports, index, &to))
		return false;
	t = &c->tmpls[to.tmpl];
	*tx = (struct io_tx){.kind = IO_TX_IP,
		.data = frame + j->l3,
		.len = t->len - (uint32_t)j->l3,
		.ifindex = j->ifindex,
		.dst_mac = j->per_host_mac ? c->neighbours[to.host] : c->hop_mac,
		.dst = address_of(j, &to)};
	tx->dst.zone = c->space->zone;
	if (j->per_host_mac && is_zero(&tx->dst_mac))
		return false;
	if (mark == SWEEP_PLAIN &&
		(index & CTL_GET(l->ctl.sample_mask)) == CTL_GET(l->ctl.sample_at))
		mark = SWEEP_SAMPLED;
	l->hash[l->n] = probe_write(j, t, &to, mark, j->timed ? now : 0, frame);
	return true;
}

/* A batch of what may leave now. Hosts that are not there cost no turn, but a look at the clock. */
static void make_batch(const struct sender_conf *c, struct io_lane *l, unsigned max, uint64_t now)
{
	uint64_t at = CTL_GET(l->ctl.next), end = CTL_GET(l->ctl.end);
	uint64_t stride = CTL_GET(l->ctl.stride), skipped = 0;

	l->n = l->done = 0;
	while (l->n < max && at < end && skipped < BATCH * BATCH) {
		bool made = make(c, l, at, now);

		at += stride;
		skipped += !made;
		if (made)
			l->behind[l->n++] = at;
	}
	l->tail = at;
	CTL_SET(l->ctl.skipped, l->ctl.skipped + skipped);
}

/* ---- putting them in ------------------------------------------------------------------------- */

/* Those that the backend took: sent, or refused one by one. */
static void account(struct io_lane *l, unsigned n)
{
	uint64_t sent = 0, digest = l->ctl.digest;

	for (unsigned i = l->done; i < l->done + n; i++) {
		if (l->tx[i].error) {
			CTL_SET(l->dropped, l->dropped + 1);
			if (!l->refusal)
				CTL_SET(l->refusal, l->tx[i].error);
			continue;
		}
		sent++;
		digest += l->hash[i];
	}
	l->done += n;
	CTL_SET(l->ctl.digest, digest);
	CTL_SET(l->ctl.sent, l->ctl.sent + sent);
	CTL_SET(l->ctl.next, l->done == l->n ? l->tail : l->behind[l->done - 1]);
}

static int put(struct io_lane *l, uint64_t *wake_ns, uint64_t now, struct err *e)
{
	int n = io_send(l->io, l->tx + l->done, l->n - l->done, e);

	if (n < 0)
		return n;
	if (n)
		account(l, (unsigned)n);
	*wake_ns = l->done < l->n ? now + RETRY_NS : 0;
	return 0;
}

static int io_step(struct sender *s, unsigned lane, uint64_t *wake_ns, struct err *e)
{
	struct io_sender *u = self(s);
	struct io_lane *l = u->lanes[lane];
	uint64_t now = clock_now(u->conf.clock);
	unsigned n;

	*wake_ns = UINT64_MAX;
	if (l->done < l->n)
		return put(l, wake_ns, now, e);
	if (CTL_GET(l->ctl.next) >= CTL_GET(l->ctl.end) || CTL_GET(l->ctl.stop))
		return 0;
	n = lane_allows(&l->pace, CTL_GET(l->ctl.gap_q8), now, BATCH, wake_ns);
	if (n == 0)
		return 0;
	make_batch(&u->conf, l, n, now);
	*wake_ns = 0;
	if (l->n == 0) {
		CTL_SET(l->ctl.next, l->tail);
		return 0;
	}
	CTL_SET(l->ctl.stamp_ns, now);
	lane_sent(&l->pace, l->n);
	return put(l, wake_ns, now, e);
}

static void sleep_until(struct clock *c, uint64_t at_ns)
{
	uint64_t now = clock_now(c), ns = at_ns > now ? at_ns - now : 0;
	struct timespec ts;

	if (ns > SLEEP_NS)
		ns = SLEEP_NS;
	ts = (struct timespec){.tv_sec = 0, .tv_nsec = (long)ns};
	if (ns)
		(void)nanosleep(&ts, NULL);
}

static int io_transmit(struct sender *s, unsigned lane, struct err *e)
{
	struct io_lane *l = self(s)->lanes[lane];
	uint64_t wake = 0;
	int rc = 0;

	while (rc == 0 && wake != UINT64_MAX) {
		rc = io_step(s, lane, &wake, e);
		if (rc == 0 && wake && wake != UINT64_MAX)
			sleep_until(self(s)->conf.clock, wake);
		if (CTL_GET(l->ctl.stop))
			break;
	}
	return rc;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void io_sender_close(struct sender *s)
{
	struct io_sender *u = self(s);

	if (!s)
		return;
	for (unsigned i = 0; i < u->conf.lanes; i++) {
		if (u->lanes[i] && !u->lanes[i]->borrowed)
			io_close(u->lanes[i]->io);
		free(u->lanes[i]);
	}
	free(u);
}

static int lane_open(struct io_sender *u, unsigned i, const struct io_ops *ops, struct err *e)
{
	struct io_conf c = {.log = u->conf.log,
		.interface = ops == &io_raw_ops ? NULL : u->conf.interface, /* the kernel routes */
		.mac = u->conf.mac,
		.clock = u->conf.clock,
		.beside = i ? u->lanes[0]->io : NULL,
		.send_only = true};
	struct io_lane *l = calloc(1, sizeof(*l));

	u->lanes[i] = l;
	if (!l)
		return err_set(e, -ENOMEM, "out of memory for a sender");
	l->borrowed = u->conf.sim != NULL;
	l->io = u->conf.sim;
	return l->borrowed ? 0 : ops->open(&l->io, &c, e);
}

static int open_over(struct sender **out, const struct sender_conf *c, const struct sender_ops *row,
	const struct io_ops *ops, struct err *e)
{
	struct io_sender *u = calloc(1, sizeof(*u));
	int rc = 0;

	if (!u)
		return err_set(e, -ENOMEM, "out of memory for the senders");
	u->base.ops = row;
	u->conf = *c;
	for (unsigned i = 0; i < c->lanes && rc == 0; i++)
		rc = lane_open(u, i, ops, e);
	if (rc < 0) {
		io_sender_close(&u->base);
		return rc;
	}
	*out = &u->base;
	return 0;
}

static struct sweep_ctl *io_ctl(struct sender *s, unsigned lane)
{
	return &self(s)->lanes[lane]->ctl;
}

static void io_counts(struct sender *s, struct sweep_counts *add)
{
	for (unsigned i = 0; i < self(s)->conf.lanes; i++)
		add->tx_dropped += CTL_GET(self(s)->lanes[i]->dropped);
}

static int io_refusal(struct sender *s)
{
	int refusal = 0;

	for (unsigned i = 0; i < self(s)->conf.lanes; i++)
		if ((refusal = CTL_GET(self(s)->lanes[i]->refusal)))
			break;
	return refusal;
}

static int probe_row(const struct io_ops *ops, const char *interface, struct err *e)
{
	struct io_conf c = {.interface = interface, .clock = clock_real(), .send_only = true};

	return ops->probe(&c, e);
}

static int packet_open(struct sender **out, const struct sender_conf *c, struct err *e)
{
	return open_over(out, c, &sender_packet, &io_packet_ops, e);
}

static int packet_probe(const char *interface, struct err *e)
{
	return probe_row(&io_packet_ops, interface, e);
}

static int raw_open(struct sender **out, const struct sender_conf *c, struct err *e)
{
	return open_over(out, c, &sender_raw, &io_raw_ops, e);
}

static int raw_probe(const char *interface, struct err *e)
{
	return probe_row(&io_raw_ops, interface, e);
}

static int sim_open(struct sender **out, const struct sender_conf *c, struct err *e)
{
	return open_over(out, c, &sender_sim, &io_sim_ops, e);
}

static int sim_probe(const char *interface, struct err *e)
{
	return 0;
}

static const char af_xdp[] = "af-xdp";

static int afxdp_open(struct sender **out, const struct sender_conf *c, struct err *e)
{
	return open_over(out, c, &sender_afxdp, io_backend_by_name(af_xdp), e);
}

static int afxdp_probe(const char *interface, struct err *e)
{
	const struct io_ops *ops = io_backend_by_name(af_xdp);

	return ops ? probe_row(ops, interface, e)
		   : err_set(e, ERR_UNSUPPORTED, "it is not built in");
}

#define OVER_IO                                                                                    \
	.ctl = io_ctl, .transmit = io_transmit, .step = io_step, .counts = io_counts,              \
	.refusal = io_refusal, .close = io_sender_close

const struct sender_ops sender_packet = {
	OVER_IO,
	.name = "packet-ring",
	.summary = "frames by AF_PACKET",
	.expect_pps = 1.1e6,
	.probe = packet_probe,
	.open = packet_open,
};

const struct sender_ops sender_afxdp = {
	OVER_IO,
	.name = af_xdp,
	.summary = "frames by AF_XDP",
	.expect_pps = 1.5e6,
	.probe = afxdp_probe,
	.open = afxdp_open,
};

const struct sender_ops sender_raw = {
	OVER_IO,
	.name = "raw",
	.summary = "IP packets by raw sockets: loopback and links without Ethernet",
	.expect_pps = 0.66e6,
	.probe = raw_probe,
	.open = raw_open,
};

const struct sender_ops sender_sim = {
	OVER_IO,
	.name = "sim",
	.summary = "the simulated network",
	.probe = sim_probe,
	.open = sim_open,
};
