/* SPDX-License-Identifier: BSD-2-Clause */
/* xdp-live and the receiver in XDP: the kernel's half behind the rows' contracts. */
#include "sweep/sender.h"

#include <errno.h>
#include <stdlib.h>

#include "model/rec.h"

/* Both borrow the run's struct sweep_bpf: it is one object with one set of maps. */
struct xdp_sender {
	struct sender base;
	struct sweep_bpf *bpf;
};

struct xdp_receiver {
	struct receiver base;
	struct sweep_bpf *bpf;
	bool more;
};

static struct sweep_bpf *bpf_of(struct sender *s)
{
	return ((struct xdp_sender *)s)->bpf;
}

static int xdp_probe(const char *interface, struct err *e)
{
	return sweep_bpf_probe(true, e);
}

static int xdp_open(struct sender **out, const struct sender_conf *c, struct err *e)
{
	struct xdp_sender *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(e, -ENOMEM, "out of memory for the senders");
	s->base.ops = &sender_xdp_live;
	s->bpf = c->bpf;
	*out = &s->base;
	return 0;
}

static struct sweep_ctl *xdp_ctl(struct sender *s, unsigned lane)
{
	return sweep_bpf_ctl(bpf_of(s), lane);
}

static int xdp_transmit(struct sender *s, unsigned lane, struct err *e)
{
	return sweep_bpf_transmit(bpf_of(s), lane, e);
}

/* What the driver said is in the receiver's counts: they are one object's. */
static void xdp_tx_counts(struct sender *s, struct sweep_counts *add)
{
}

static int xdp_refusal(struct sender *s)
{
	return 0;
}

static void xdp_close(struct sender *s)
{
	free(s);
}

const struct sender_ops sender_xdp_live = {
	.name = "xdp-live",
	.summary = "frames made and sent in the kernel by an XDP program (Linux 5.18)",
	.expect_pps = 4.7e6,
	.probe = xdp_probe,
	.open = xdp_open,
	.ctl = xdp_ctl,
	.transmit = xdp_transmit,
	.counts = xdp_tx_counts,
	.refusal = xdp_refusal,
	.close = xdp_close,
};

static int rx_open(struct receiver **out, const struct sender_conf *c, struct err *e)
{
	struct xdp_receiver *r = calloc(1, sizeof(*r));

	if (!r)
		return err_set(e, -ENOMEM, "out of memory for the receiver");
	r->base.ops = &receiver_xdp;
	r->bpf = c->bpf;
	*out = &r->base;
	return 0;
}

static int rx_poll(struct receiver *r, struct sweep_hit *v, unsigned n, uint64_t timeout_ns)
{
	struct xdp_receiver *x = (struct xdp_receiver *)r;
	int got = sweep_bpf_poll(x->bpf, v, n, (int)(timeout_ns / 1000000));

	x->more = got == (int)n;
	return got;
}

static bool rx_more(struct receiver *r)
{
	return ((struct xdp_receiver *)r)->more;
}

static void rx_counts(struct receiver *r, struct sweep_counts *add)
{
	sweep_bpf_counts(((struct xdp_receiver *)r)->bpf, add);
}

static void rx_close(struct receiver *r)
{
	free(r);
}

const struct receiver_ops receiver_xdp = {
	.name = "xdp",
	.rtt_src = RTT_XDP,
	.open = rx_open,
	.poll = rx_poll,
	.more = rx_more,
	.counts = rx_counts,
	.close = rx_close,
};
