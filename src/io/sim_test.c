/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulated network against arithmetic: what hosts answer, when, how often, and that a seed decides everything. */
#include "io/sim.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "io/io.h"
#include "io/sim_event.h"
#include "io/sim_host.h"
#include "pkt/build.h"
#include "pkt/view.h"

#define SELF4 "10.0.0.1"
#define SELF6 "fd00::1"
#define HOST4 "10.0.0.2"
#define HOST6 "fd00::2"
#define SPORT 40000

static const struct sim_rule rules[] = {
	{PROTO_TCP, 1, 99, SIM_DROP},
	{PROTO_TCP, 22, 22, SIM_OPEN}, /* the later rule wins */
	{PROTO_TCP, 23, 23, SIM_REJECT_RST},
	{PROTO_TCP, 24, 24, SIM_REJECT_ICMP},
	{PROTO_UDP, 53, 53, SIM_OPEN},
	{PROTO_UDP, 54, 54, SIM_OPEN_MUTE},
	{PROTO_UDP, 55, 55, SIM_DROP},
	{PROTO_UDP, 56, 56, SIM_REJECT_ICMP},
};

/* A network of one IPv4 and one IPv6 host that are alike. */
struct bed {
	struct sim_host hosts[2];
	struct sim_conf conf;
	struct sim_net *net;
	struct io *io;
	struct addr dst; /* of the host that is probed */
};

static struct addr ip(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void bed_init(struct bed *b)
{
	*b = (struct bed){.dst = ip(HOST4)};
	for (int i = 0; i < 2; i++)
		b->hosts[i] = (struct sim_host){.addr = ip(i ? HOST6 : HOST4), .rtt_ns = 20 * NS_PER_MS,
			.rules = rules, .n_rules = sizeof(rules) / sizeof(rules[0])};
	b->conf = (struct sim_conf){.seed = 1, .self4 = ip(SELF4), .self6 = ip(SELF6), .n_hosts = 2};
}

static void bed_up(struct bed *b)
{
	struct io_conf c = {.port_lo = SPORT, .port_hi = SPORT + 99};
	struct err e;

	b->conf.hosts = b->hosts;
	assert_int_equal(sim_open(&b->net, &b->conf, &e), 0);
	c.sim = b->net;
	assert_int_equal(io_sim_ops.open(&b->io, &c, &e), 0);
	assert_ptr_equal(b->io->clock, sim_clock(b->net));
}

static void bed_down(struct bed *b)
{
	io_close(b->io);
	sim_free(b->net);
}

static struct addr self_of(const struct bed *b)
{
	return b->dst.family == 6 ? b->conf.self6 : b->conf.self4;
}

static struct build_ip header(const struct bed *b)
{
	return (struct build_ip){.src = self_of(b), .dst = b->dst, .ttl = 64};
}

static uint64_t put(struct bed *b, const uint8_t *data, size_t len)
{
	struct io_tx tx = {.kind = IO_TX_IP, .data = data, .len = (uint32_t)len, .dst = b->dst};
	struct err e;

	assert_int_not_equal(len, 0);
	assert_int_equal(io_send(b->io, &tx, 1, &e), 1);
	assert_int_equal(tx.error, 0);
	return tx.sent_ns;
}

static uint64_t put_tcp(struct bed *b, uint8_t flags, uint16_t dport, uint32_t seq)
{
	struct build_ip h = header(b);
	struct build_tcp t = {.sport = SPORT, .dport = dport, .seq = seq, .ack = 77, .flags = flags, .window = 1024};
	uint8_t buf[128];

	return put(b, buf, build_tcp(buf, sizeof(buf), &h, &t));
}

static uint64_t put_udp(struct bed *b, uint16_t dport)
{
	struct build_ip h = header(b);
	uint8_t buf[128];

	return put(b, buf, build_udp(buf, sizeof(buf), &h, &(struct build_udp){SPORT, dport, NULL, 0}));
}

/* The next thing received within `ns`; false: nothing came. */
static bool next(struct bed *b, uint64_t ns, struct io_rx *rx)
{
	uint64_t until = clock_now(b->io->clock) + ns;
	struct err e;

	while (!io_recv(b->io, rx, 1, &e)) {
		uint64_t now = clock_now(b->io->clock);

		if (now >= until)
			return false;
		assert_int_equal(io_wait(b->io, until - now), 0);
	}
	return true;
}

static void next_ip(struct bed *b, struct pkt_view *v)
{
	struct io_rx rx;

	assert_true(next(b, NS_PER_S / 2, &rx));
	assert_int_equal(rx.kind, IO_RX_IP);
	assert_int_equal(rx.at_src, RTT_SIM);
	assert_true(pkt_view_checksum(rx.data, rx.len));
	assert_int_equal(pkt_view(rx.data, rx.len, v), 0);
	assert_memory_equal(v->dst.b, self_of(b).b, 16);
}

static unsigned count(struct bed *b, uint64_t ns)
{
	struct io_rx rx;
	unsigned n = 0;

	while (next(b, ns, &rx))
		n++;
	return n;
}

static void test_tcp_ports(struct bed *b)
{
	struct pkt_view v;

	put_tcp(b, TCP_SYN, 22, 1000);
	next_ip(b, &v);
	assert_int_equal(v.l4.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(v.l4.ack, 1001);
	assert_int_equal(v.l4.sport, 22);
	put_tcp(b, TCP_RST, 22, 1001);
	put_tcp(b, TCP_SYN, 443, 2000);
	next_ip(b, &v);
	assert_int_equal(v.l4.flags, TCP_RST | TCP_ACK);
	assert_int_equal(v.l4.ack, 2001);
	put_tcp(b, TCP_SYN, 23, 3000);
	next_ip(b, &v);
	assert_int_equal(v.l4.flags, TCP_RST | TCP_ACK);
	put_tcp(b, TCP_SYN, 80, 4000);
	assert_int_equal(count(b, NS_PER_S), 0);
}

static void test_tcp_prohibited(struct bed *b, const char *from)
{
	bool v6 = b->dst.family == 6;
	struct pkt_view v;

	put_tcp(b, TCP_SYN, 24, 5000);
	next_ip(b, &v);
	assert_memory_equal(v.src.b, ip(from).b, 16);
	assert_int_equal(v.l4.type, v6 ? 1 : 3);
	assert_int_equal(v.l4.code, v6 ? 1 : 13);
	assert_true(v.has_quote);
	assert_int_equal(v.quote.dport, 24);
	assert_int_equal(v.quote.seq, 5000);
}

static void test_ack_ping(struct bed *b)
{
	static const uint16_t ports[] = {22, 443};
	struct pkt_view v;

	for (int i = 0; i < 2; i++) {
		put_tcp(b, TCP_ACK, ports[i], 1);
		next_ip(b, &v);
		assert_int_equal(v.l4.flags, TCP_RST);
		assert_int_equal(v.l4.seq, 77); /* RFC 9293 3.5.2: the sequence number is that of the ACK */
	}
}

static void test_udp_ports(struct bed *b)
{
	bool v6 = b->dst.family == 6;
	struct pkt_view v;

	put_udp(b, 53);
	next_ip(b, &v);
	assert_int_equal(v.l4.proto, PROTO_UDP);
	assert_int_equal(v.l4.sport, 53);
	put_udp(b, 1000);
	next_ip(b, &v);
	assert_int_equal(v.l4.type, v6 ? 1 : 3);
	assert_int_equal(v.l4.code, v6 ? 4 : 3);
	assert_int_equal(v.quote.dport, 1000);
	put_udp(b, 56);
	next_ip(b, &v);
	assert_int_equal(v.l4.code, v6 ? 1 : 13);
	put_udp(b, 54);
	put_udp(b, 55);
	assert_int_equal(count(b, NS_PER_S), 0);
}

static void test_ports(void **state)
{
	struct bed b;

	bed_init(&b);
	b.hosts[1].router = ip("fd00::99");
	bed_up(&b);
	for (int i = 0; i < 2; i++) {
		b.dst = ip(i ? HOST6 : HOST4);
		test_tcp_ports(&b);
		test_tcp_prohibited(&b, i ? "fd00::99" : HOST4);
		test_ack_ping(&b);
		test_udp_ports(&b);
	}
	bed_down(&b);
}

static void test_filtered_out(void **state)
{
	struct build_tcp t = {.sport = SPORT + 100, .dport = 443, .flags = TCP_SYN};
	struct build_ip h;
	struct bed b;
	uint8_t buf[128];
	size_t len;

	bed_init(&b);
	bed_up(&b);
	h = header(&b);
	put(&b, buf, build_tcp(buf, sizeof(buf), &h, &t)); /* not a port of ours */
	t.sport = SPORT;
	h.src = ip("10.0.0.77"); /* not an address of ours */
	put(&b, buf, build_tcp(buf, sizeof(buf), &h, &t));
	h = header(&b);
	h.dst = ip("10.0.0.200"); /* nobody */
	put(&b, buf, build_tcp(buf, sizeof(buf), &h, &t));
	h = header(&b);
	len = build_tcp(buf, sizeof(buf), &h, &t);
	buf[len - 1] ^= 1; /* checksum */
	put(&b, buf, len);
	put(&b, buf, 7); /* no packet */
	assert_int_equal(count(&b, NS_PER_S), 0);
	bed_down(&b);
}

static void test_echo(void **state)
{
	struct build_ip h;
	struct pkt_view v;
	struct bed b;
	uint8_t buf[128];

	bed_init(&b);
	bed_up(&b);
	for (int i = 0; i < 2; i++) {
		b.dst = ip(i ? HOST6 : HOST4);
		h = header(&b);
		put(&b, buf, build_echo(buf, sizeof(buf), &h, &(struct build_echo){7, 9, (const uint8_t *)"ping", 4}));
		next_ip(&b, &v);
		assert_int_equal(v.l4.type, i ? 129 : 0);
		assert_int_equal(v.l4.icmp_id, 7);
		assert_int_equal(v.l4.icmp_seq, 9);
		assert_int_equal(v.l4.payload_len, 4);
		assert_memory_equal(v.l4.payload, "ping", 4);
	}
	b.dst = ip(HOST4);
	h = header(&b);
	put(&b, buf, build_timestamp(buf, sizeof(buf), &h, 7, 10));
	next_ip(&b, &v);
	assert_int_equal(v.l4.type, 14);
	assert_int_equal(v.l4.icmp_seq, 10);
	bed_down(&b);
}

static void put_arp(struct bed *b)
{
	static const struct mac mac = {{2, 0, 0, 0, 0, 1}};
	uint8_t buf[64];
	struct io_tx tx = {.kind = IO_TX_LINK, .data = buf, .ethertype = 0x0806, .dst = b->dst};
	struct err e;

	tx.len = (uint32_t)build_arp(buf, sizeof(buf), &mac, &b->conf.self4, &b->dst);
	assert_int_equal(io_send(b->io, &tx, 1, &e), 1);
}

static void put_nd(struct bed *b)
{
	static const struct mac mac = {{2, 0, 0, 0, 0, 1}};
	uint8_t buf[128];

	put(b, buf, build_nd_solicit(buf, sizeof(buf), &mac, &b->conf.self6, &b->dst));
}

static void test_neighbours(void **state)
{
	struct mac mac;
	struct io_rx rx;
	struct bed b;

	bed_init(&b);
	bed_up(&b);
	put_arp(&b);
	assert_true(next(&b, NS_PER_S, &rx));
	assert_int_equal(rx.kind, IO_RX_LINK);
	assert_int_equal(rx.ethertype, 0x0806);
	assert_int_equal(rx.len, 28);
	mac = sim_host_mac(&b.dst);
	assert_memory_equal(rx.data + 6, "\0\2", 2);	  /* a reply */
	assert_memory_equal(rx.data + 8, mac.b, 6);	  /* from the host */
	assert_memory_equal(rx.data + 14, b.dst.b, 4);
	assert_memory_equal(rx.data + 24, b.conf.self4.b, 4);
	b.dst = ip(HOST6);
	mac = sim_host_mac(&b.dst);
	put_nd(&b);
	assert_true(next(&b, NS_PER_S, &rx));
	assert_true(pkt_view_checksum(rx.data, rx.len));
	assert_int_equal(rx.len, 72);
	assert_int_equal(rx.data[40], 136);
	assert_memory_equal(rx.data + 48, b.dst.b, 16);	  /* target */
	assert_memory_equal(rx.data + 64, "\2\1", 2);
	assert_memory_equal(rx.data + 66, mac.b, 6);
	bed_down(&b);
}

static void test_dead(void **state)
{
	struct build_ip h;
	struct bed b;
	uint8_t buf[128];

	bed_init(&b);
	b.hosts[0].dead = true;
	b.hosts[1].no_ping = true;
	bed_up(&b);
	for (int i = 0; i < 2; i++) {
		b.dst = ip(i ? HOST6 : HOST4);
		h = header(&b);
		put(&b, buf, build_echo(buf, sizeof(buf), &h, &(struct build_echo){1, 1, NULL, 0}));
	}
	b.dst = ip(HOST4);
	put_arp(&b);
	put_tcp(&b, TCP_SYN, 443, 1);
	put_udp(&b, 53);
	assert_int_equal(count(&b, NS_PER_S), 0);
	bed_down(&b);
}

/* Both ways draw a uniform jitter of their own: between 20 and 30 ms, 25 in the mean. */
static void test_delay(void **state)
{
	double sum = 0;
	struct io_rx rx;
	struct bed b;

	bed_init(&b);
	b.hosts[0].jitter_ns = 5 * NS_PER_MS;
	bed_up(&b);
	for (int i = 0; i < 2000; i++) {
		uint64_t sent = put_tcp(&b, TCP_SYN, 443, 1);

		assert_true(next(&b, NS_PER_S, &rx));
		assert_in_range(rx.at_ns - sent, 20 * NS_PER_MS, 30 * NS_PER_MS);
		assert_int_equal(clock_now(b.io->clock), rx.at_ns);
		sum += (double)(rx.at_ns - sent);
	}
	/* standard error of the mean: 5 ms * sqrt(2 / 12) / sqrt(2000) = 46 us; five of them */
	assert_true(fabs(sum / 2000 - 25e6) < 230e3);
	bed_down(&b);
}

/* 20 % lost each way: 64 % of 20,000 answered, within five standard deviations of the binomial distribution. */
static void test_loss(void **state)
{
	const double n = 20000, p = 0.8 * 0.8;
	uint64_t probes, lost;
	unsigned got;
	struct bed b;

	bed_init(&b);
	b.hosts[0].loss = 0.2;
	bed_up(&b);
	for (int i = 0; i < n; i++)
		put_tcp(&b, TCP_SYN, 443, 1);
	got = count(&b, NS_PER_S);
	assert_true(fabs(got - n * p) < 5 * sqrt(n * p * (1 - p)));
	sim_counts(b.net, &probes, &lost);
	assert_int_equal(probes, n);
	assert_int_equal(lost, n - got);
	bed_down(&b);
}

/* Probes at 1,000 a second for ten seconds. */
static unsigned stream(struct bed *b, void (*send)(struct bed *b))
{
	uint64_t begin = clock_now(b->io->clock), now;
	unsigned got = 0;
	struct io_rx rx;

	for (unsigned i = 0; i < 10000; i++) {
		send(b);
		while ((now = clock_now(b->io->clock)) < begin + (i + 1) * NS_PER_MS)
			got += next(b, begin + (i + 1) * NS_PER_MS - now, &rx);
	}
	return got + count(b, NS_PER_S);
}

static void send_closed(struct bed *b)
{
	put_tcp(b, TCP_SYN, 443, 1);
}

static void send_rejected(struct bed *b)
{
	put_tcp(b, TCP_SYN, 23, 1);
}

static void send_udp(struct bed *b)
{
	put_udp(b, 1000);
}

static void test_rate_limits(void **state)
{
	struct bed b;

	bed_init(&b);
	b.hosts[0].rst_per_s = 100;
	b.hosts[0].icmp_per_s = 1;
	bed_up(&b);
	assert_in_range(stream(&b, send_closed), 1009, 1011);  /* a burst of ten, then 100 a second */
	assert_int_equal(stream(&b, send_rejected), 10000);    /* a firewall's resets have no limit */
	assert_in_range(stream(&b, send_udp), 15, 17);	       /* a burst of six, then one a second */
	bed_down(&b);
}

static void test_bucket(void **state)
{
	struct sim_bucket k = {0};
	unsigned got = 0;

	for (int i = 0; i < 100; i++)
		got += sim_bucket_take(&k, NS_PER_S, 50, 5);
	assert_int_equal(got, 5);
	assert_false(sim_bucket_take(&k, NS_PER_S + 19 * NS_PER_MS, 50, 5));
	assert_true(sim_bucket_take(&k, NS_PER_S + 21 * NS_PER_MS, 50, 5));
	assert_true(sim_bucket_take(&k, 0, 0, 1)); /* no limit */
}

/* 1,000 packets a second with room for 50 more: of 200 at once 51 pass, a millisecond apart. */
static void test_bottleneck(void **state)
{
	uint64_t last = 0;
	unsigned got = 0;
	struct io_rx rx;
	struct bed b;

	bed_init(&b);
	b.conf.bottleneck_pps = 1000;
	b.conf.queue_packets = 50;
	bed_up(&b);
	for (int i = 0; i < 200; i++)
		put_tcp(&b, TCP_SYN, 443, 1);
	for (; next(&b, NS_PER_S, &rx); got++, last = rx.at_ns) {
		if (last)
			assert_int_equal(rx.at_ns - last, NS_PER_MS);
	}
	assert_int_equal(got, 51);
	bed_down(&b);
}

/* A SYN-ACK that nobody answers comes again after 1, 3, 7, 15 and 31 s; not after a reset. */
static void test_half_open(void **state)
{
	static const uint64_t after_s[] = {0, 1, 3, 7, 15, 31};
	struct pkt_view v;
	struct io_rx rx;
	struct bed b;
	uint64_t sent;

	bed_init(&b);
	bed_up(&b);
	sent = put_tcp(&b, TCP_SYN, 22, 1);
	for (int i = 0; i < 6; i++) {
		assert_true(next(&b, 60 * NS_PER_S, &rx));
		assert_int_equal(rx.at_ns - sent, after_s[i] * NS_PER_S + 20 * NS_PER_MS);
	}
	put_tcp(&b, TCP_SYN, 22, 900); /* another SYN of the same ports: the first one is acknowledged */
	next_ip(&b, &v);
	assert_int_equal(v.l4.flags, TCP_ACK);
	assert_int_equal(v.l4.ack, 2);
	assert_false(next(&b, 100 * NS_PER_S, &rx));
	put_tcp(&b, TCP_SYN, 22, 900);
	next_ip(&b, &v);
	assert_int_equal(v.l4.flags, TCP_SYN | TCP_ACK);
	put_tcp(&b, TCP_RST, 22, 901);
	assert_false(next(&b, 100 * NS_PER_S, &rx));
	bed_down(&b);
}

static void put_connect(struct bed *b, uint16_t port, uint64_t id)
{
	struct io_tx tx = {.kind = IO_TX_CONNECT, .dst = b->dst, .dport = port, .id = id};
	struct err e;

	assert_int_equal(io_send(b->io, &tx, 1, &e), 1);
	assert_int_equal(tx.error, 0);
}

static void connect_is(struct bed *b, uint16_t port, int error, uint64_t after_ns)
{
	uint64_t now = clock_now(b->io->clock);
	struct io_rx rx;

	put_connect(b, port, port);
	assert_true(next(b, 200 * NS_PER_S, &rx));
	assert_int_equal(rx.kind, IO_RX_CONNECT);
	assert_int_equal(rx.id, port);
	assert_int_equal(rx.error, error);
	assert_in_range(rx.at_ns - now, after_ns, after_ns + NS_PER_MS);
}

static void test_connect(void **state)
{
	struct bed b;

	bed_init(&b);
	bed_up(&b);
	for (int i = 0; i < 2; i++) {
		b.dst = ip(i ? HOST6 : HOST4);
		connect_is(&b, 22, 0, 20 * NS_PER_MS);
		connect_is(&b, 443, ECONNREFUSED, 20 * NS_PER_MS);
		connect_is(&b, 24, i ? EACCES : EHOSTUNREACH, 20 * NS_PER_MS);
		connect_is(&b, 80, ETIMEDOUT, 127 * NS_PER_S);
	}
	bed_down(&b);
}

/* Half of the packets lost each way: a quarter of the attempts succeeds, and each outcome falls on a retransmission. */
static void test_connect_loss(void **state)
{
	unsigned first = 0, n = 4000;
	struct io_rx rx;
	struct bed b;
	uint64_t begin;

	bed_init(&b);
	b.hosts[0].loss = 0.5;
	bed_up(&b);
	begin = clock_now(b.io->clock);
	for (unsigned i = 0; i < n; i++)
		put_connect(&b, 443, i);
	for (unsigned i = 0; i < n; i++) {
		uint64_t s;

		assert_true(next(&b, 200 * NS_PER_S, &rx));
		s = (rx.at_ns - begin) / NS_PER_S;
		assert_true(s == 0 || s == 1 || s == 3 || s == 7 || s == 15 || s == 31 || s == 63 || s == 127);
		first += s == 0;
	}
	assert_true(fabs(first - n / 4.0) < 5 * sqrt(n * 0.25 * 0.75));
	assert_false(next(&b, 200 * NS_PER_S, &rx));
	bed_down(&b);
}

/* Everything a run shows, in one number. */
static uint64_t trace(uint64_t seed)
{
	struct hash_key k = {1, 2};
	struct io_rx rx;
	struct bed b;

	bed_init(&b);
	b.conf.seed = seed;
	b.hosts[0].loss = 0.1;
	b.hosts[0].jitter_ns = NS_PER_MS;
	b.hosts[0].rst_per_s = 500;
	bed_up(&b);
	for (int i = 0; i < 500; i++) {
		put_tcp(&b, TCP_SYN, (uint16_t)(1 + i), 1);
		put_udp(&b, (uint16_t)(1 + i));
	}
	for (int i = 0; i < 50; i++)
		put_connect(&b, (uint16_t)(1 + i), (uint64_t)i);
	while (next(&b, 150 * NS_PER_S, &rx)) {
		k.k0 ^= hash_sip(&k, rx.data, rx.len);
		k.k1 ^= hash_sip(&k, &rx.at_ns, sizeof(rx.at_ns));
	}
	bed_down(&b);
	return k.k0 ^ k.k1;
}

static void test_deterministic(void **state)
{
	assert_true(trace(7) == trace(7));
	assert_true(trace(7) != trace(8));
}

/* All frames of one recv stay readable together. */
static void test_borrowed(void **state)
{
	struct io_rx rx[8];
	struct io_stats st;
	struct pkt_view v;
	struct bed b;
	struct err e;

	bed_init(&b);
	bed_up(&b);
	for (int i = 0; i < 8; i++)
		put_tcp(&b, TCP_SYN, (uint16_t)(500 + i), 1);
	assert_int_equal(io_recv(b.io, rx, 8, &e), 0);
	assert_int_equal(io_wait(b.io, NS_PER_S), 0);
	assert_int_equal(io_wait(b.io, 0), 0);
	clock_virtual_advance_to((struct clock_virtual *)b.io->clock, 2 * NS_PER_S);
	assert_int_equal(io_recv(b.io, rx, 3, &e), 3);
	assert_int_equal(io_recv(b.io, rx, 8, &e), 5);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(pkt_view(rx[i].data, rx[i].len, &v), 0);
		assert_int_equal(v.l4.sport, 503 + i);
	}
	b.io->ops->stats(b.io, &st);
	assert_int_equal(st.sent, 8);
	assert_int_equal(st.received, 8);
	assert_int_equal(b.io->ops->fd(b.io), -1);
	assert_false(b.io->ops->at_end(b.io));
	bed_down(&b);
}

static void test_clock(void **state)
{
	struct bed b;
	uint64_t now;

	bed_init(&b);
	bed_up(&b);
	now = clock_now(b.io->clock);
	assert_int_equal(io_wait(b.io, 5 * NS_PER_S), 0);
	assert_int_equal(clock_now(b.io->clock), now + 5 * NS_PER_S);
	assert_int_equal(io_wait(b.io, UINT64_MAX), -EDEADLK);
	bed_down(&b);
}

static void test_refused(void **state)
{
	struct io_conf c = {0};
	struct io *second;
	struct sim_net *net;
	struct bed b;
	struct err e;

	bed_init(&b);
	bed_up(&b);
	assert_int_equal(io_sim_ops.open(&second, &c, &e), ERR_UNSUPPORTED);
	c.sim = b.net;
	assert_int_equal(io_sim_ops.open(&second, &c, &e), -EBUSY);
	b.hosts[1].addr = b.hosts[0].addr;
	assert_int_equal(sim_open(&net, &b.conf, &e), ERR_USAGE);
	b.hosts[1].addr.family = 0;
	assert_int_equal(sim_open(&net, &b.conf, &e), ERR_USAGE);
	bed_down(&b);
}

/* A heap against a sort: order of time, and of making among equals. */
static void test_heap(void **state)
{
	struct sim_heap h = {0};
	struct sim_event *ev;
	uint64_t last_at = 0, last_seq = 0;
	struct rng r;

	rng_seed(&r, 5);
	for (int i = 0; i < 5000; i++) {
		ev = sim_event_new(SIM_EV_RX, NULL, 0);
		assert_non_null(ev);
		ev->at_ns = rng_below(&r, 300);
		assert_int_equal(sim_heap_push(&h, ev), 0);
	}
	for (int i = 0; i < 4000; i++) {
		ev = sim_heap_pop(&h);
		assert_true(ev->at_ns > last_at || (ev->at_ns == last_at && ev->seq >= last_seq));
		last_at = ev->at_ns;
		last_seq = ev->seq;
		free(ev);
	}
	assert_int_equal(h.n, 1000);
	sim_heap_free(&h);
	assert_null(sim_heap_pop(&h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_filtered_out),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_dead),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_rate_limits),
		cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_bottleneck),
		cmocka_unit_test(test_half_open),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_connect_loss),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_borrowed),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_heap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
