/* SPDX-License-Identifier: BSD-2-Clause */
/* The bed of the conformance tests: every backend on the lab, on loopback, or on the simulator,
 * ready to be asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/sim.h"
#include "pkt/build.h"

struct lab lab;

static const struct sim_rule sim_rules[] = {
	{PROTO_TCP, LAB_OPEN, LAB_OPEN, SIM_OPEN},
};

/* The lab's topology again, for the simulator. */
static struct sim_net *sim_make(void)
{
	static struct sim_host hosts[2];
	struct sim_conf c = {
		.seed = 1, .self4 = lab.self4, .self6 = lab.self6, .hosts = hosts, .n_hosts = 2};
	struct sim_net *net = NULL;

	hosts[0] = (struct sim_host){
		.addr = lab.peer4, .rtt_ns = 50000, .rules = sim_rules, .n_rules = 1};
	hosts[1] = (struct sim_host){
		.addr = lab.peer6, .rtt_ns = 50000, .rules = sim_rules, .n_rules = 1};
	assert_int_equal(sim_open(&net, &c, NULL), 0);
	return net;
}

struct io_conf bed_conf(void)
{
	return (struct io_conf){.port_lo = ASK_PORT_LO, .port_hi = ASK_PORT_HI};
}

struct subject bed_subject(const char *name, const struct io_ops *ops, const struct io_conf *c)
{
	struct subject s = {
		.name = name,
		.self4 = lab.self4,
		.self6 = lab.self6,
		.peer4 = lab.peer4,
		.peer6 = lab.peer6,
		.self_mac = lab.self_mac,
		.peer_mac = lab.peer_mac,
		.ifindex = lab.ifindex,
		.patience_ns = 5 * NS_PER_S,
	};
	static uint16_t next_port;
	struct err e = {0};
	int rc = ops->open(&s.io, c, &e);

	/* Two subjects on one link hear each other: to each its own ports. */
	s.sport = (uint16_t)(ASK_PORT_LO + next_port);
	next_port = (uint16_t)((next_port + 100) % (ASK_PORT_HI - ASK_PORT_LO - 200));

	if (rc)
		fail_msg("%s: open: %s", name, e.text);
	assert_non_null(s.io);
	assert_ptr_equal(s.io->ops, ops);
	return s;
}

/* Our own host over loopback. */
struct subject bed_on_loopback(const char *name, const struct io_ops *ops)
{
	struct io_conf c = bed_conf();
	struct subject s = bed_subject(name, ops, &c);

	s.self4 = s.peer4 = addr_v4(0x7f000001);
	addr_parse("::1", &s.self6);
	s.peer6 = s.self6;
	s.ifindex = 1;
	return s;
}

enum { SUBJECTS = 9 };

/* One at a time: what listens on all interfaces would hear the others' answers too. */
static struct subject subject_at(unsigned i, struct sim_net *net)
{
	struct io_conf c = bed_conf();

	switch (i) {
	case 0:
		return bed_subject("packet-ring", &io_packet_ops, &c);
	case 1:
		c.interface = LAB_LINK;
		return bed_subject("packet-ring on " LAB_LINK, &io_packet_ops, &c);
	case 2:
		return bed_subject("raw", &io_raw_ops, &c);
	case 3:
		return bed_on_loopback("raw on loopback", &io_raw_ops);
	case 4:
		return bed_subject("connect", &io_connect_ops, &c);
	case 5:
		return bed_on_loopback("connect on loopback", &io_connect_ops);
	case 6:
		return bed_subject("af-xdp", &io_afxdp_ops, &c);
	case 7:
		c.interface = LAB_LINK;
		return bed_subject("af-xdp on " LAB_LINK, &io_afxdp_ops, &c);
	default:
		c.sim = net;
		c.clock = sim_clock(net);
		return bed_subject("sim", &io_sim_ops, &c);
	}
}

/* Runs a check over all rows of the table that are open to it. */
void bed_each(void (*check)(struct subject *))
{
	struct sim_net *net = sim_make();

	for (unsigned i = 0; i < SUBJECTS; i++) {
		struct subject s = subject_at(i, net);

		check(&s);
		io_close(s.io);
	}
	sim_free(net);
}

void bed_expect(const struct subject *s, const char *question, enum answer got, enum answer want)
{
	if (got != want && got != NOT_CARRIED)
		fail_msg("%s: %s: %s (error %d), not %s", s->name, question, answer_name(got),
			s->error, answer_name(want));
}

/* Every probe of a big batch is answered: each answer has come, or is counted as dropped. */
struct burst {
	uint8_t data[BURST][64];
	struct io_tx tx[BURST];
	bool seen[BURST];
	unsigned sent, got, twice, early;
};

enum { BURST_PORT = 1000 };

static void burst_make(const struct subject *s, struct burst *b)
{
	memset(b, 0, sizeof(*b));
	for (unsigned i = 0; i < BURST; i++) {
		uint16_t port = (uint16_t)(BURST_PORT + i);

		b->tx[i] = ask_tx(s, 4, b->data[i], ask_syn(s, 4, s->sport, port, b->data[i]));
		if (s->io->ops->carries & IO_CARRIES(IO_TX_IP))
			continue;
		b->tx[i].kind = IO_TX_CONNECT;
		b->tx[i].dport = port;
		b->tx[i].id = port;
	}
}

static void burst_send(const struct subject *s, struct burst *b)
{
	uint64_t last = b->sent ? b->tx[b->sent - 1].sent_ns : 0;
	int n = b->sent < BURST ? io_send(s->io, b->tx + b->sent, BURST - b->sent, NULL) : 0;

	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		assert_int_equal(b->tx[b->sent].error, 0);
		assert_true(b->tx[b->sent].sent_ns >= last);
		last = b->tx[b->sent++].sent_ns;
	}
}

/* The probe that rx answers, or -1. */
static int burst_index(const struct subject *s, const struct io_rx *rx)
{
	struct pkt_view v;
	int port = (int)rx->id;

	if (rx->kind == IO_RX_IP && !pkt_view(rx->data, rx->len, &v) && (v.l4.flags & TCP_RST) &&
		v.l4.dport == s->sport)
		port = v.l4.sport;
	else if (rx->kind != IO_RX_CONNECT)
		return -1;
	return port >= BURST_PORT && port < BURST_PORT + BURST ? port - BURST_PORT : -1;
}

static int burst_receive(const struct subject *s, struct burst *b)
{
	struct io_rx rx[64];
	int n = io_recv(s->io, rx, 64, NULL);

	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		int k = burst_index(s, &rx[i]);

		if (k < 0)
			continue;
		b->early += rx[i].at_ns < b->tx[k].sent_ns;
		b->twice += b->seen[k];
		b->got += !b->seen[k];
		b->seen[k] = true;
	}
	return n;
}

void bed_burst(struct subject *s, bool read_late)
{
	static struct burst b;
	uint64_t until = clock_now(s->io->clock) + s->patience_ns;
	struct io_stats st = {0};

	burst_make(s, &b);
	while ((b.sent < BURST || b.got + st.dropped < BURST) && clock_now(s->io->clock) < until) {
		burst_send(s, &b);
		if ((!read_late || b.sent == BURST) && !burst_receive(s, &b))
			io_wait(s->io, 10 * NS_PER_MS);
		s->io->ops->stats(s->io, &st);
	}
	print_message("    %-24s %u sent, %u answered, %llu dropped, %llu times would block\n",
		s->name, b.sent, b.got, (unsigned long long)st.dropped,
		(unsigned long long)st.would_block);
	assert_int_equal(b.sent, BURST);
	assert_int_equal(st.sent, BURST);
	assert_int_equal(b.twice, 0);
	assert_int_equal(b.early, 0);
	assert_true(b.got + st.dropped >= BURST);
}

bool bed_up(void)
{
	if (lab_up(&lab))
		return true;
	fprintf(stderr, "skipped: needs root, network namespaces, veth and iproute2\n");
	lab_down(&lab);
	return false;
}

int bed_down(void **state)
{
	lab_down(&lab);
	return 0;
}
