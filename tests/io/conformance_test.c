/* SPDX-License-Identifier: BSD-2-Clause */
/* One suite over all backends: the same questions to kernels in namespaces and to the simulator must have the same answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "ask.h"
#include "base/hash.h"
#include "io/sim.h"
#include "lab.h"
#include "pkt/build.h"

enum { BURST = 2000 };

static struct lab lab;

static const struct sim_rule sim_rules[] = {
	{ PROTO_TCP, LAB_OPEN, LAB_OPEN, SIM_OPEN },
};

/* The lab's topology again, for the simulator. */
static struct sim_net *sim_make(void)
{
	static struct sim_host hosts[2];
	struct sim_conf c = { .seed = 1, .self4 = lab.self4, .self6 = lab.self6, .hosts = hosts, .n_hosts = 2 };
	struct sim_net *net = NULL;

	hosts[0] = (struct sim_host){ .addr = lab.peer4, .rtt_ns = 50000, .rules = sim_rules, .n_rules = 1 };
	hosts[1] = (struct sim_host){ .addr = lab.peer6, .rtt_ns = 50000, .rules = sim_rules, .n_rules = 1 };
	assert_int_equal(sim_open(&net, &c, NULL), 0);
	return net;
}

static struct io_conf conf(void)
{
	return (struct io_conf){ .port_lo = ASK_PORT_LO, .port_hi = ASK_PORT_HI };
}

static struct subject subject(const char *name, const struct io_ops *ops, const struct io_conf *c)
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
	struct err e = { 0 };
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
static struct subject on_loopback(const char *name, const struct io_ops *ops)
{
	struct io_conf c = conf();
	struct subject s = subject(name, ops, &c);

	s.self4 = s.peer4 = addr_v4(0x7f000001);
	addr_parse("::1", &s.self6);
	s.peer6 = s.self6;
	s.ifindex = 1;
	return s;
}

enum { SUBJECTS = 7 };

/* One at a time: what listens on all interfaces would hear the others' answers too. */
static struct subject subject_at(unsigned i, struct sim_net *net)
{
	struct io_conf c = conf();

	switch (i) {
	case 0:
		return subject("packet-ring", &io_packet_ops, &c);
	case 1:
		c.interface = LAB_LINK;
		return subject("packet-ring on " LAB_LINK, &io_packet_ops, &c);
	case 2:
		return subject("raw", &io_raw_ops, &c);
	case 3:
		return on_loopback("raw on loopback", &io_raw_ops);
	case 4:
		return subject("connect", &io_connect_ops, &c);
	case 5:
		return on_loopback("connect on loopback", &io_connect_ops);
	default:
		c.sim = net;
		c.clock = sim_clock(net);
		return subject("sim", &io_sim_ops, &c);
	}
}

/* Runs a check over all rows of the table that are open to it. */
static void each(void (*check)(struct subject *))
{
	struct sim_net *net = sim_make();

	for (unsigned i = 0; i < SUBJECTS; i++) {
		struct subject s = subject_at(i, net);

		check(&s);
		io_close(s.io);
	}
	sim_free(net);
}

static void expect(const struct subject *s, const char *question, enum answer got, enum answer want)
{
	if (got != want && got != NOT_CARRIED)
		fail_msg("%s: %s: %s (error %d), not %s", s->name, question, answer_name(got), s->error, answer_name(want));
}

static void test_table(void **state)
{
	for (const struct io_ops *const *o = io_backends; *o; o++) {
		const struct io_ops *ops = *o;

		assert_ptr_equal(io_backend_by_name(ops->name), ops);
		assert_true(ops->summary && ops->probe && ops->open && ops->send && ops->recv && ops->wait);
		assert_true(ops->fd && ops->at_end && ops->stats && ops->close);
		if (ops->carries & IO_CARRIES(IO_TX_CONNECT))
			assert_non_null(ops->cancel);
		ops->close(NULL);
	}
	assert_null(io_backend_by_name("carrier-pigeon"));
}

static void answers(struct subject *s)
{
	for (unsigned family = 4; family <= 6; family += 2) {
		expect(s, family == 4 ? "tcp open v4" : "tcp open v6", ask(s, family, PROTO_TCP, LAB_OPEN), OPEN);
		expect(s, family == 4 ? "tcp closed v4" : "tcp closed v6", ask(s, family, PROTO_TCP, LAB_CLOSED), CLOSED);
		expect(s, family == 4 ? "udp closed v4" : "udp closed v6", ask(s, family, PROTO_UDP, LAB_CLOSED), UNREACHABLE);
	}
}

static void test_answers(void **state)
{
	each(answers);
}

static uint8_t stamp_of(const struct io_ops *ops)
{
	return ops == &io_sim_ops ? RTT_SIM : ops == &io_connect_ops ? RTT_USER : RTT_KERNEL;
}

/* A stamp is never before its probe, and says where it was read. */
static void stamps(struct subject *s)
{
	uint64_t before = clock_now(s->io->clock);

	for (unsigned k = 0; k < 50; k++) {
		expect(s, "stamps", ask(s, 4, PROTO_TCP, LAB_CLOSED), CLOSED);
		assert_true(s->sent_ns >= before);
		assert_true(s->at_ns >= s->sent_ns);
		assert_true(s->at_ns <= clock_now(s->io->clock));
		before = s->sent_ns;
	}
	assert_int_equal(s->at_src, stamp_of(s->io->ops));
}

static void test_stamps(void **state)
{
	each(stamps);
}

static void arp(struct subject *s)
{
	enum answer a = ask_arp(s);

	expect(s, "arp", a, OPEN);
	assert_int_equal(a == NOT_CARRIED, s->io->ops == &io_raw_ops || s->io->ops == &io_connect_ops);
	if (s->io->ops == &io_packet_ops)
		assert_memory_equal(&s->from, &lab.peer_mac, sizeof(s->from));
}

static void test_arp(void **state)
{
	each(arp);
}

/* What is not carried is refused with EINVAL, of the packet or of the call. */
static void not_carried(struct subject *s)
{
	uint8_t buf[1500] = { 0x45 };

	for (int kind = IO_TX_IP; kind <= IO_TX_CONNECT; kind++) {
		struct io_tx t = ask_tx(s, 4, buf, 40);
		struct err e;
		int rc;

		t.kind = (enum io_tx_kind)kind;
		if (s->io->ops->carries & IO_CARRIES(kind))
			continue;
		rc = io_send(s->io, &t, 1, &e);
		assert_true(rc == -EINVAL || (rc == 1 && t.error == -EINVAL));
	}
}

static void test_not_carried(void **state)
{
	each(not_carried);
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

	if (rx->kind == IO_RX_IP && !pkt_view(rx->data, rx->len, &v) && (v.l4.flags & TCP_RST) && v.l4.dport == s->sport)
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

static void burst(struct subject *s, bool read_late)
{
	static struct burst b;
	uint64_t until = clock_now(s->io->clock) + s->patience_ns;
	struct io_stats st = { 0 };

	burst_make(s, &b);
	while ((b.sent < BURST || b.got + st.dropped < BURST) && clock_now(s->io->clock) < until) {
		burst_send(s, &b);
		if ((!read_late || b.sent == BURST) && !burst_receive(s, &b))
			io_wait(s->io, 10 * NS_PER_MS);
		s->io->ops->stats(s->io, &st);
	}
	print_message("    %-24s %u sent, %u answered, %llu dropped, %llu times would block\n", s->name, b.sent, b.got,
		(unsigned long long)st.dropped, (unsigned long long)st.would_block);
	assert_int_equal(b.sent, BURST);
	assert_int_equal(st.sent, BURST);
	assert_int_equal(b.twice, 0);
	assert_int_equal(b.early, 0);
	assert_true(b.got + st.dropped >= BURST);
}

static void burst_now(struct subject *s)
{
	burst(s, false);
}

static void test_burst(void **state)
{
	each(burst_now);
}

/* A ring far too small, read too late, owns up. */
static void test_small_ring(void **state)
{
	const struct io_ops *ops[] = { &io_packet_ops, &io_raw_ops };

	for (unsigned i = 0; i < 2; i++) {
		struct io_conf c = conf();
		struct subject s;
		struct io_stats st;

		c.rx_bytes = 65536;
		s = subject(ops[i]->name, ops[i], &c);
		burst(&s, true);
		s.io->ops->stats(s.io, &st);
		assert_true(st.dropped > 0);
		io_close(s.io);
	}
}

/* The peer's packets to our ports and to others: only ours are shown. */
struct shown {
	const char *what;
	struct io_tx tx;
	bool want;
};

static bool is_shown(struct io *io, struct io *peer, struct io_tx *t, uint16_t ip_id)
{
	struct io_rx rx[16];
	uint64_t until = clock_now(io->clock) + 300 * NS_PER_MS;
	struct pkt_view v;
	int n;

	assert_int_equal(io_send(peer, t, 1, NULL), 1);
	assert_int_equal(t->error, 0);
	while (clock_now(io->clock) < until) {
		n = io_recv(io, rx, 16, NULL);
		for (int i = 0; i < n; i++) {
			(void)pkt_view(rx[i].data, rx[i].len, &v);
			if (rx[i].kind == IO_RX_IP && v.ip_id == ip_id && (ip_id || v.l4.proto == PROTO_TCP))
				return true;
		}
		if (!n)
			io_wait(io, 20 * NS_PER_MS);
	}
	return false;
}

static struct io *open_in_peer(void)
{
	struct io_conf c = { .interface = LAB_PEER_LINK };
	struct io *io = NULL;

	lab_enter(&lab, true);
	assert_int_equal(io_packet_ops.open(&io, &c, NULL), 0);
	lab_enter(&lab, false);
	return io;
}

static struct io_tx from_peer(uint8_t *data, size_t len)
{
	return (struct io_tx){ .kind = IO_TX_IP, .data = data, .len = (uint32_t)len, .dst_mac = lab.self_mac, .dst = lab.self4 };
}

static void test_filter_v4(void **state)
{
	static uint8_t options[4] = { 1, 1, 1, 0 };
	struct io_conf c = conf();
	struct io *io = NULL, *peer = open_in_peer();
	struct build_ip ip = { .src = lab.peer4, .dst = lab.self4, .ttl = 64, .id = 4711 };
	struct build_tcp tcp = { .sport = 80, .dport = ASK_PORT_LO, .flags = TCP_RST };
	uint8_t b[1500], tagged[1500];
	struct io_tx t;

	assert_int_equal(io_packet_ops.open(&io, &c, NULL), 0);
	for (unsigned i = 0; i < 4; i++) {
		static const uint16_t ports[] = { ASK_PORT_LO - 1, ASK_PORT_LO, ASK_PORT_HI, ASK_PORT_HI + 1 };

		tcp.dport = ports[i];
		t = from_peer(b, build_tcp(b, sizeof(b), &ip, &tcp));
		assert_int_equal(is_shown(io, peer, &t, 4711), i == 1 || i == 2);
		t = from_peer(b, build_udp(b, sizeof(b), &ip, 53, ports[i], b, 4));
		assert_int_equal(is_shown(io, peer, &t, 4711), i == 1 || i == 2);
	}
	t = from_peer(b, build_sctp_init(b, sizeof(b), &ip, 80, ASK_PORT_LO, 1));
	assert_true(is_shown(io, peer, &t, 4711));
	t = from_peer(b, build_echo(b, sizeof(b), &ip, 1, 1, NULL, 0));
	assert_true(is_shown(io, peer, &t, 4711));
	/* IPv4 options move the ports. */
	ip.options = options;
	ip.options_len = sizeof(options);
	tcp.dport = ASK_PORT_LO;
	t = from_peer(b, build_tcp(b, sizeof(b), &ip, &tcp));
	assert_true(is_shown(io, peer, &t, 4711));
	tcp.dport = 1;
	t = from_peer(b, build_tcp(b, sizeof(b), &ip, &tcp));
	assert_false(is_shown(io, peer, &t, 4711));
	ip.options_len = 0;
	/* A later fragment has no ports where a first one has them. */
	tcp.dport = ASK_PORT_LO;
	t = from_peer(b, build_tcp(b, sizeof(b), &ip, &tcp));
	b[7] = 1;
	assert_false(is_shown(io, peer, &t, 4711));
	/* An unknown protocol. */
	t = from_peer(b, build_tcp(b, sizeof(b), &ip, &tcp));
	b[9] = 253;
	assert_false(is_shown(io, peer, &t, 4711));
	/* A VLAN tag is gone before we look. */
	t = from_peer(tagged, 4 + build_tcp(tagged + 4, sizeof(tagged) - 4, &ip, &tcp));
	t.kind = IO_TX_LINK;
	t.ethertype = 0x8100;
	memcpy(tagged, (uint8_t[]){ 0, 5, 8, 0 }, 4);
	assert_true(is_shown(io, peer, &t, 4711));
	io_close(io);
	io_close(peer);
}

static void test_filter_v6(void **state)
{
	struct io_conf c = conf();
	struct io *io = NULL, *peer = open_in_peer();
	struct build_ip ip = { .src = lab.peer6, .dst = lab.self6, .ttl = 64 };
	struct build_tcp tcp = { .sport = 80, .dport = ASK_PORT_LO, .flags = TCP_RST };
	uint8_t b[1500], shifted[1500];
	struct io_tx t;
	size_t len;

	assert_int_equal(io_packet_ops.open(&io, &c, NULL), 0);
	t = from_peer(b, build_tcp(b, sizeof(b), &ip, &tcp));
	assert_true(is_shown(io, peer, &t, 0));
	tcp.dport = 1;
	len = build_tcp(b, sizeof(b), &ip, &tcp);
	t = from_peer(b, len);
	assert_false(is_shown(io, peer, &t, 0));
	/* Behind destination options ports cannot be seen by the filter: passes. */
	memcpy(shifted, b, 40);
	memcpy(shifted + 48, b + 40, len - 40);
	memcpy(shifted + 40, (uint8_t[]){ 6, 0, 1, 4, 0, 0, 0, 0 }, 8);
	shifted[5] = (uint8_t)(shifted[5] + 8);
	shifted[6] = 60;
	t = from_peer(shifted, len + 8);
	assert_true(is_shown(io, peer, &t, 0));
	io_close(io);
	io_close(peer);
}

/* A queue that is full: fewer are taken, none is in error, and with time all go. */
static void test_queue_full(void **state)
{
	const struct io_ops *ops[] = { &io_packet_ops, &io_raw_ops };

	assert_true(lab_run("tc qdisc add dev " LAB_LINK " root tbf rate 8mbit burst 3000 limit 6000"));
	for (unsigned i = 0; i < 2; i++) {
		struct io_conf c = conf();
		struct subject s = subject(ops[i]->name, ops[i], &c);
		struct io_stats st;

		burst(&s, false);
		s.io->ops->stats(s.io, &st);
		assert_true(st.would_block > 0);
		assert_int_equal(st.send_errors, 0);
		io_close(s.io);
	}
	assert_true(lab_run("tc qdisc del dev " LAB_LINK " root"));
}

/* A rule at the egress hook refuses for ever: the packet's own error after a while, not a standstill. */
static void test_queue_stuck(void **state)
{
	struct io_conf c = conf();
	struct subject s = subject("packet-ring", &io_packet_ops, &c);
	uint64_t until = clock_now(s.io->clock) + 10 * NS_PER_S;
	uint8_t b[1500];
	struct io_tx t = ask_tx(&s, 4, b, ask_syn(&s, 4, ASK_PORT_LO, LAB_OPEN, b));
	int n = 0;

	assert_true(lab_run("nft 'table netdev so { chain c { type filter hook egress device " LAB_LINK " priority 0; drop; }; }'"));
	while (!n && clock_now(s.io->clock) < until) {
		n = io_send(s.io, &t, 1, NULL);
		if (!n)
			io_wait(s.io, 100 * NS_PER_MS);
	}
	assert_true(lab_run("nft delete table netdev so"));
	assert_int_equal(n, 1);
	assert_int_equal(t.error, -ENOBUFS);
	assert_int_equal(ask(&s, 4, PROTO_TCP, LAB_OPEN), OPEN);
	io_close(s.io);
}

/* The local firewall: raw packets learn of it each for itself; frames pass below it. */
static void test_firewall(void **state)
{
	struct io_conf c = conf();
	struct subject raw = subject("raw", &io_raw_ops, &c), packet = subject("packet-ring", &io_packet_ops, &c);
	uint8_t b[3][1500];
	struct io_tx t[3];

	assert_true(lab_run("nft 'table inet so { chain c { type filter hook output priority 0; tcp dport %d drop; }; }'", LAB_DENIED));
	for (unsigned i = 0; i < 3; i++)
		t[i] = ask_tx(&raw, 4, b[i], ask_syn(&raw, 4, ASK_PORT_LO, i == 1 ? LAB_DENIED : LAB_CLOSED, b[i]));
	assert_int_equal(io_send(raw.io, t, 3, NULL), 3);
	assert_int_equal(t[0].error, 0);
	assert_int_equal(t[1].error, -EPERM);
	assert_int_equal(t[2].error, 0);
	assert_int_equal(ask(&packet, 4, PROTO_TCP, LAB_DENIED), CLOSED);
	assert_true(lab_run("nft delete table inet so"));
	assert_int_equal(ask(&raw, 4, PROTO_TCP, LAB_DENIED), CLOSED);
	io_close(raw.io);
	io_close(packet.io);
}

/* Connections that get no answer hold their descriptors until they are cancelled. */
static void test_connect_full_and_cancel(void **state)
{
	struct io_conf c = conf();
	struct subject s;
	struct io_tx t[6];
	struct io_rx rx[8];

	c.max_open = 4;
	s = subject("connect", &io_connect_ops, &c);
	assert_true(lab_run("nft 'table inet so { chain c { type filter hook output priority 0; tcp dport %d drop; }; }'", LAB_DENIED));
	for (unsigned i = 0; i < 6; i++) {
		t[i] = ask_tx(&s, i & 1 ? 6 : 4, NULL, 0);
		t[i].kind = IO_TX_CONNECT;
		t[i].dport = LAB_DENIED;
		t[i].id = UINT64_MAX - i;
	}
	assert_int_equal(io_send(s.io, t, 6, NULL), 4);
	assert_int_equal(io_send(s.io, t + 4, 2, NULL), 0);
	assert_int_equal(io_recv(s.io, rx, 8, NULL), 0);
	io_cancel(s.io, t[1].id);
	io_cancel(s.io, t[1].id);
	io_cancel(s.io, 12345);
	assert_int_equal(io_send(s.io, t + 4, 2, NULL), 1);
	for (unsigned i = 0; i < 6; i++)
		io_cancel(s.io, t[i].id);
	assert_true(lab_run("nft delete table inet so"));
	assert_int_equal(ask(&s, 4, PROTO_TCP, LAB_OPEN), OPEN);
	assert_int_equal(io_send(s.io, t, 1, NULL), 1);
	io_close(s.io); /* with one under way perhaps */
}

/* A namespace whose only source port is the probed one: each connect() meets itself, and none is open. */
static void test_self_connect(void **state)
{
	struct subject s = on_loopback("connect on loopback", &io_connect_ops);

	assert_true(lab_run("echo '45000 45000' > /proc/sys/net/ipv4/ip_local_port_range"));
	assert_int_equal(ask(&s, 4, PROTO_TCP, 45000), CLOSED);
	assert_int_equal(ask(&s, 6, PROTO_TCP, 45000), CLOSED);
	assert_true(lab_run("echo '32768 60999' > /proc/sys/net/ipv4/ip_local_port_range"));
	io_close(s.io);
}

/* Port unreachable and prohibited by ICMP are outcomes of their own. */
static void test_connect_icmp(void **state)
{
	struct io_conf c = conf();
	struct subject s = subject("connect", &io_connect_ops, &c);

	lab_enter(&lab, true);
	assert_true(lab_run("nft 'table inet so { chain c { type filter hook input priority 0; tcp dport %d reject with icmpx type admin-prohibited; }; }'",
		LAB_DENIED));
	lab_enter(&lab, false);
	expect(&s, "prohibited v4", ask(&s, 4, PROTO_TCP, LAB_DENIED), UNREACHABLE);
	expect(&s, "prohibited v6", ask(&s, 6, PROTO_TCP, LAB_DENIED), UNREACHABLE);
	lab_enter(&lab, true);
	assert_true(lab_run("nft delete table inet so"));
	lab_enter(&lab, false);
	io_close(s.io);
}

/* fd() polls readable when, and only when, recv has something. */
static void test_bell(void **state)
{
	struct subject s = on_loopback("connect on loopback", &io_connect_ops);
	struct io_tx t = ask_tx(&s, 4, NULL, 0);
	struct io_rx rx[4];
	uint64_t before;

	t.kind = IO_TX_CONNECT;
	t.dport = LAB_CLOSED;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(io_send(s.io, &t, 1, NULL), 1);
		assert_int_equal(io_wait(s.io, 5 * NS_PER_S), 0);
		assert_int_equal(io_recv(s.io, rx, 4, NULL), 1);
		assert_int_equal(rx[0].error, ECONNREFUSED);
		before = clock_now(s.io->clock);
		assert_int_equal(io_wait(s.io, 20 * NS_PER_MS), 0);
		assert_true(clock_now(s.io->clock) - before >= 20 * NS_PER_MS);
	}
	io_close(s.io);
}

/* wait sleeps although frames are still lent: it may only come back early for a frame (the kernels' own ND is about). */
static void test_wait_with_lent_frames(void **state)
{
	struct io_conf c = conf();
	struct subject s = subject("packet-ring", &io_packet_ops, &c);
	struct io_rx rx[16];
	unsigned early = 0;
	uint64_t before;

	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(ask(&s, 4, PROTO_TCP, LAB_CLOSED), CLOSED);
		before = clock_now(s.io->clock);
		assert_int_equal(io_wait(s.io, 20 * NS_PER_MS), 0);
		if (clock_now(s.io->clock) - before < 20 * NS_PER_MS && io_recv(s.io, rx, 16, NULL) == 0)
			early++;
	}
	assert_int_equal(early, 0);
	io_close(s.io);
}

static void test_link_down(void **state)
{
	struct io_conf c = conf(), bound = conf();
	struct subject any, one, raw;
	struct err e = { 0 };
	struct io_rx rx[16];
	uint8_t b[1500];
	struct io_tx t;
	int rc;

	bound.interface = LAB_LINK;
	any = subject("packet-ring", &io_packet_ops, &c);
	one = subject("packet-ring on " LAB_LINK, &io_packet_ops, &bound);
	raw = subject("raw", &io_raw_ops, &c);
	assert_int_equal(ask(&one, 4, PROTO_TCP, LAB_OPEN), OPEN);
	lab_link(&lab, false);
	t = ask_tx(&any, 4, b, ask_syn(&any, 4, ASK_PORT_LO, LAB_OPEN, b));
	assert_int_equal(io_send(any.io, &t, 1, &e), 1);
	assert_int_equal(t.error, -ENETDOWN);
	assert_int_equal(io_recv(any.io, rx, 0, &e), 0);
	assert_int_equal(io_send(raw.io, &t, 1, &e), 1);
	assert_true(t.error == -ENETUNREACH || t.error == -ENETDOWN);
	assert_int_equal(io_send(one.io, &t, 1, &e), -ENETDOWN);
	assert_true(strlen(e.text) > 0);
	e.text[0] = '\0';
	while ((rc = io_recv(one.io, rx, 16, &e)) > 0)
		;
	assert_int_equal(rc, -ENETDOWN);
	assert_true(strlen(e.text) > 0);
	lab_link(&lab, true);
	assert_int_equal(ask(&any, 4, PROTO_TCP, LAB_OPEN), OPEN);
	assert_int_equal(ask(&raw, 4, PROTO_TCP, LAB_OPEN), OPEN);
	io_close(any.io);
	io_close(one.io);
	io_close(raw.io);
}

/* The interface a bound handle listens on is deleted under it. */
static void test_link_gone(void **state)
{
	struct io_conf c = conf();
	struct subject s;
	struct err e = { 0 };
	struct io_rx rx[4];
	uint8_t b[1500];
	struct io_tx t;
	int rc;

	assert_true(lab_run("ip link add so0 type veth peer name so1 && ip link set so0 up && ip link set so1 up"));
	c.interface = "so0";
	s = subject("packet-ring on so0", &io_packet_ops, &c);
	s.ifindex = 0;
	assert_true(lab_run("ip link del so0"));
	t = ask_tx(&s, 4, b, ask_syn(&s, 4, ASK_PORT_LO, LAB_OPEN, b));
	rc = io_send(s.io, &t, 1, &e);
	assert_true(rc == -ENXIO || rc == -ENETDOWN);
	while ((rc = io_recv(s.io, rx, 4, &e)) > 0)
		;
	assert_true(rc == -ENETDOWN);
	io_close(s.io);
}

static unsigned open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void test_failed_open_leaves_nothing(void **state)
{
	unsigned before = open_descriptors();

	for (const struct io_ops *const *o = io_backends; *o; o++) {
		struct io_conf c = { .interface = "no-such-if0", .path = "/nonexistent/file.pcap" };
		struct err e = { 0 };
		struct io *io = NULL;

		assert_true((*o)->probe(&c, &e) < 0);
		assert_true(e.code < 0 && e.text[0]);
		memset(&e, 0, sizeof(e));
		assert_true((*o)->open(&io, &c, &e) < 0);
		assert_true(e.code < 0 && e.text[0]);
		assert_null(io);
	}
	assert_int_equal(open_descriptors(), before);
}

/* A small descriptor limit only narrows the window: all 2,000 outcomes come. */
static void test_few_descriptors(void **state)
{
	struct io_conf c = conf();
	struct rlimit old, few;
	struct subject s;

	getrlimit(RLIMIT_NOFILE, &old);
	few = (struct rlimit){ .rlim_cur = 40, .rlim_max = old.rlim_max };
	c.max_open = 1;
	setrlimit(RLIMIT_NOFILE, &few);
	s = subject("connect, one at a time", &io_connect_ops, &c);
	burst(&s, false);
	io_close(s.io);
	setrlimit(RLIMIT_NOFILE, &old);
}

static int up(void **state)
{
	return 0;
}

static int down(void **state)
{
	lab_down(&lab);
	return 0;
}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_arp),
		cmocka_unit_test(test_not_carried),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_small_ring),
		cmocka_unit_test(test_filter_v4),
		cmocka_unit_test(test_filter_v6),
		cmocka_unit_test(test_queue_full),
		cmocka_unit_test(test_queue_stuck),
		cmocka_unit_test(test_firewall),
		cmocka_unit_test(test_connect_full_and_cancel),
		cmocka_unit_test(test_self_connect),
		cmocka_unit_test(test_connect_icmp),
		cmocka_unit_test(test_bell),
		cmocka_unit_test(test_wait_with_lent_frames),
		cmocka_unit_test(test_link_down),
		cmocka_unit_test(test_link_gone),
		cmocka_unit_test(test_failed_open_leaves_nothing),
		cmocka_unit_test(test_few_descriptors),
	};
	/* clang-format on */

	if (!lab_up(&lab)) {
		fprintf(stderr, "skipped: needs root, network namespaces, veth and iproute2\n");
		lab_down(&lab);
		return 77;
	}
	return cmocka_run_group_tests(tests, up, down);
}
