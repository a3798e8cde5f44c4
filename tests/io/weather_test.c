/* SPDX-License-Identifier: BSD-2-Clause */
/* Bad weather: full queues, firewalls, interfaces that go away, ports and descriptors that run out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bed.h"
#include "pkt/build.h"

/* A queue that is full: fewer are taken, none is in error, and with time all go. */
static void test_queue_full(void **state)
{
	const struct io_ops *ops[] = {&io_packet_ops, &io_raw_ops};

	assert_true(
		lab_run("tc qdisc add dev " LAB_LINK " root tbf rate 8mbit burst 3000 limit 6000"));
	for (unsigned i = 0; i < 2; i++) {
		struct io_conf c = bed_conf();
		struct subject s = bed_subject(ops[i]->name, ops[i], &c);
		struct io_stats st;

		bed_burst(&s, false);
		s.io->ops->stats(s.io, &st);
		assert_true(st.would_block > 0);
		assert_int_equal(st.send_errors, 0);
		io_close(s.io);
	}
	assert_true(lab_run("tc qdisc del dev " LAB_LINK " root"));
}

/* Sends `t` until it is taken, or for 10 seconds; returns what io_send said last. */
static int send_patiently(struct subject *s, struct io_tx *t)
{
	uint64_t until = clock_now(s->io->clock) + 10 * NS_PER_S;
	int n = 0;

	while (!n && clock_now(s->io->clock) < until) {
		n = io_send(s->io, t, 1, NULL);
		if (!n)
			io_wait(s->io, 100 * NS_PER_MS);
	}
	return n;
}

/* A link that drops all on its way: not now, and after a while the packet's own error; when it is
 * back, nothing of before comes after. */
static void test_af_xdp_without_carrier(void **state)
{
	struct io_conf c = bed_conf();
	struct subject s = bed_subject("af-xdp", &io_afxdp_ops, &c);
	uint8_t b[100][1500];
	struct io_tx t[100];
	struct io_stats st;

	assert_int_equal(ask(&s, 4, PROTO_TCP, LAB_OPEN), OPEN);
	lab_enter(&lab, true);
	assert_true(lab_run("ip link set " LAB_PEER_LINK " down"));
	lab_enter(&lab, false);
	for (unsigned i = 0; i < 100; i++)
		t[i] = ask_tx(&s, 4, b[i], ask_syn(&s, 4, s.sport, LAB_CLOSED, b[i]));
	assert_int_equal(io_send(s.io, t, 100, NULL), 0);
	assert_int_equal(send_patiently(&s, t), 1);
	assert_int_equal(t[0].error, -ENOBUFS);
	lab_enter(&lab, true);
	assert_true(lab_run("ip link set " LAB_PEER_LINK
			    " up && ip addr replace 10.99.0.2/24 dev " LAB_PEER_LINK
			    " && ip addr replace fd99::2/64 dev " LAB_PEER_LINK " nodad"));
	lab_enter(&lab, false);
	assert_int_equal(ask(&s, 4, PROTO_TCP, LAB_OPEN), OPEN);
	s.io->ops->stats(s.io, &st);
	assert_int_equal(st.sent, 2);
	assert_int_equal(st.send_errors, 1);
	assert_true(st.would_block > 0);
	io_close(s.io);
}

/* A link whose frames are read here, and which holds no more than a few. */
static int tap_open(const char *name, unsigned queue)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	assert_true(fd >= 0);
	strcpy(r.ifr_name, name);
	assert_int_equal(ioctl(fd, TUNSETIFF, &r), 0);
	assert_true(lab_run("echo 1 > /proc/sys/net/ipv6/conf/%s/disable_ipv6 && "
			    "ip link set %s txqueuelen %u up",
		name, name, queue));
	return fd;
}

enum { TAP_FRAMES = 500, TAP_QUEUE = 37 };

/* A queue that is full in the middle of a batch: what was taken is what arrives, once and in order.
 */
static void test_af_xdp_queue_full(void **state)
{
	static uint8_t data[TAP_FRAMES][64];
	static struct io_tx t[TAP_FRAMES];
	struct io_conf c = bed_conf();
	int tap = tap_open("so-tap", TAP_QUEUE), full = 0;
	unsigned sent = 0, got = 0;
	struct subject s;
	uint8_t frame[2048];

	c.interface = "so-tap";
	s = bed_subject("af-xdp on so-tap", &io_afxdp_ops, &c);
	s.ifindex = 0;
	for (unsigned i = 0; i < TAP_FRAMES; i++)
		t[i] = ask_tx(&s, 4, data[i], ask_syn(&s, 4, s.sport, (uint16_t)(1 + i), data[i]));
	while (sent < TAP_FRAMES) {
		int n = io_send(s.io, t + sent, TAP_FRAMES - sent, NULL);

		assert_true(n >= 0);
		full += (unsigned)n < TAP_FRAMES - sent;
		sent += (unsigned)n;
		while (read(tap, frame, sizeof(frame)) > 0) {
			assert_int_equal(frame[14 + 20 + 2] << 8 | frame[14 + 20 + 3], 1 + got);
			got++;
		}
		assert_int_equal(got, sent);
	}
	assert_true(full >= TAP_FRAMES / TAP_QUEUE - 1);
	io_close(s.io);
	close(tap);
}

/* What is no frame of this link is that packet's error alone. */
static void test_af_xdp_too_long(void **state)
{
	struct io_conf c = bed_conf();
	struct subject s = bed_subject("af-xdp", &io_afxdp_ops, &c);
	static uint8_t big[3000] = {0x45};
	uint8_t b[1500];
	struct io_tx t[3];

	t[0] = t[2] = ask_tx(&s, 4, b, ask_syn(&s, 4, s.sport, LAB_OPEN, b));
	t[1] = ask_tx(&s, 4, big, sizeof(big));
	assert_int_equal(io_send(s.io, t, 3, NULL), 3);
	assert_int_equal(t[0].error, 0);
	assert_int_equal(t[1].error, -EMSGSIZE);
	assert_int_equal(t[2].error, 0);
	t[0].ifindex = 0;
	assert_int_equal(io_send(s.io, t, 1, NULL), 1);
	assert_int_equal(t[0].error, -ENXIO);
	io_close(s.io);
}

/* Each handle has a queue of its own; when all are taken the next is told so, and later gets one.
 */
static void test_af_xdp_queues(void **state)
{
	struct io_conf c = bed_conf();
	struct subject one, two;
	struct io *none = NULL;
	struct err e = {0};

	assert_true(
		lab_run("ip link add so0 numtxqueues 2 numrxqueues 2 type veth peer name so1 "
			"numtxqueues 2 numrxqueues 2 && ip link set so0 up && ip link set so1 up"));
	c.interface = "so0";
	one = bed_subject("af-xdp, first", &io_afxdp_ops, &c);
	two = bed_subject("af-xdp, second", &io_afxdp_ops, &c);
	assert_int_equal(io_afxdp_ops.open(&none, &c, &e), -EBUSY);
	assert_non_null(strstr(e.text, "all 2 queue(s) of so0 are taken"));
	assert_null(none);
	io_close(one.io);
	one = bed_subject("af-xdp, again", &io_afxdp_ops, &c);
	io_close(one.io);
	io_close(two.io);
	assert_true(lab_run("ip link del so0"));
}

/* With fewer queues than handles one sends beside another, also when that is closed. */
static void test_af_xdp_beside(void **state)
{
	struct io_conf c = bed_conf();
	struct subject s[6];
	struct io *none = NULL;
	struct buf how = {0};
	struct err e = {0};

	c.interface = LAB_LINK;
	for (unsigned i = 0; i < 5; i++) { /* two queues; four on the first */
		c.beside = i ? s[0].io : NULL;
		s[i] = bed_subject("af-xdp, beside", &io_afxdp_ops, &c);
	}
	assert_int_equal(io_afxdp_ops.open(&none, &c, &e), -EBUSY);
	io_describe(s[4].io, &how);
	assert_string_equal(buf_text(&how), "copy mode on queue 0 of " LAB_LINK);
	buf_free(&how);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(ask(&s[i], 4, PROTO_TCP, LAB_OPEN), OPEN);
	io_close(s[0].io);
	c.beside = s[4].io;
	s[5] = bed_subject("af-xdp, in its place", &io_afxdp_ops, &c);
	for (unsigned k = 0; k < 300; k++) /* once around the ring and more */
		for (unsigned i = 1; i < 6; i++)
			assert_int_equal(ask(&s[i], 4, PROTO_TCP, LAB_CLOSED), CLOSED);
	for (unsigned i = 1; i < 6; i++)
		io_close(s[i].io);
}

/* Links that AF_XDP cannot carry are refused with the reason, when opened and when first used. */
static void test_af_xdp_refuses(void **state)
{
	const char *const links[] = {"lo", "so-tun"}, *const why[] = {
							      "loopback", "Ethernet headers"};

	assert_true(lab_run("ip tuntap add dev so-tun mode tun"));
	for (unsigned i = 0; i < 2; i++) {
		struct io_conf c = bed_conf();
		struct subject s = bed_subject("af-xdp", &io_afxdp_ops, &c);
		struct err e = {0};
		struct io *io = NULL;
		uint8_t b[1500];
		struct io_tx t = ask_tx(&s, 4, b, ask_syn(&s, 4, s.sport, LAB_OPEN, b));

		t.ifindex = if_nametoindex(links[i]);
		assert_int_equal(io_send(s.io, &t, 1, &e), -EOPNOTSUPP);
		assert_non_null(strstr(e.text, why[i]));
		io_close(s.io);
		c.interface = links[i];
		memset(&e, 0, sizeof(e));
		assert_int_equal(io_afxdp_ops.probe(&c, &e), -EOPNOTSUPP);
		assert_int_equal(io_afxdp_ops.open(&io, &c, &e), -EOPNOTSUPP);
		assert_non_null(strstr(e.text, why[i]));
	}
	assert_true(lab_run("ip link del so-tun"));
}

/* A rule at the egress hook refuses for ever: the packet's own error after a while, not a
 * standstill. */
static void test_queue_stuck(void **state)
{
	struct io_conf c = bed_conf();
	struct subject s = bed_subject("packet-ring", &io_packet_ops, &c);
	uint8_t b[1500];
	struct io_tx t = ask_tx(&s, 4, b, ask_syn(&s, 4, ASK_PORT_LO, LAB_OPEN, b));
	int n;

	assert_true(
		lab_run("nft 'table netdev so { chain c { type filter hook egress device " LAB_LINK
			" priority 0; drop; }; }'"));
	n = send_patiently(&s, &t);
	assert_true(lab_run("nft delete table netdev so"));
	assert_int_equal(n, 1);
	assert_int_equal(t.error, -ENOBUFS);
	assert_int_equal(ask(&s, 4, PROTO_TCP, LAB_OPEN), OPEN);
	io_close(s.io);
}

/* The local firewall: raw packets learn of it each for itself; frames pass below it. */
static void test_firewall(void **state)
{
	struct io_conf c = bed_conf();
	struct subject raw = bed_subject("raw", &io_raw_ops, &c),
		       packet = bed_subject("packet-ring", &io_packet_ops, &c);
	uint8_t b[3][1500];
	struct io_tx t[3];

	assert_true(lab_run("nft 'table inet so { chain c { type filter hook output priority 0; "
			    "tcp dport %d drop; }; }'",
		LAB_DENIED));
	for (unsigned i = 0; i < 3; i++)
		t[i] = ask_tx(&raw, 4, b[i],
			ask_syn(&raw, 4, ASK_PORT_LO, i == 1 ? LAB_DENIED : LAB_CLOSED, b[i]));
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
	struct io_conf c = bed_conf();
	struct subject s;
	struct io_tx t[6];
	struct io_rx rx[8];

	c.max_open = 4;
	s = bed_subject("connect", &io_connect_ops, &c);
	assert_true(lab_run("nft 'table inet so { chain c { type filter hook output priority 0; "
			    "tcp dport %d drop; }; }'",
		LAB_DENIED));
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

/* A namespace whose only source port is the probed one: each connect() meets itself, and none is
 * open. */
static void test_self_connect(void **state)
{
	struct subject s = bed_on_loopback("connect on loopback", &io_connect_ops);

	assert_true(lab_run("echo '45000 45000' > /proc/sys/net/ipv4/ip_local_port_range"));
	assert_int_equal(ask(&s, 4, PROTO_TCP, 45000), CLOSED);
	assert_int_equal(ask(&s, 6, PROTO_TCP, 45000), CLOSED);
	assert_true(lab_run("echo '32768 60999' > /proc/sys/net/ipv4/ip_local_port_range"));
	io_close(s.io);
}

/* Port unreachable and prohibited by ICMP are outcomes of their own. */
static void test_connect_icmp(void **state)
{
	struct io_conf c = bed_conf();
	struct subject s = bed_subject("connect", &io_connect_ops, &c);

	lab_enter(&lab, true);
	assert_true(lab_run("nft 'table inet so { chain c { type filter hook input priority 0; "
			    "tcp dport %d reject with icmpx type admin-prohibited; }; }'",
		LAB_DENIED));
	lab_enter(&lab, false);
	bed_expect(&s, "prohibited v4", ask(&s, 4, PROTO_TCP, LAB_DENIED), UNREACHABLE);
	bed_expect(&s, "prohibited v6", ask(&s, 6, PROTO_TCP, LAB_DENIED), UNREACHABLE);
	lab_enter(&lab, true);
	assert_true(lab_run("nft delete table inet so"));
	lab_enter(&lab, false);
	io_close(s.io);
}

/* fd() polls readable when, and only when, recv has something. */
static void test_bell(void **state)
{
	struct subject s = bed_on_loopback("connect on loopback", &io_connect_ops);
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

/* wait sleeps although frames are still lent: it may only come back early for a frame (the kernels'
 * own ND is about). */
static void test_wait_with_lent_frames(void **state)
{
	struct io_conf c = bed_conf();
	struct subject s = bed_subject("packet-ring", &io_packet_ops, &c);
	struct io_rx rx[16];
	unsigned early = 0;
	uint64_t before;

	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(ask(&s, 4, PROTO_TCP, LAB_CLOSED), CLOSED);
		before = clock_now(s.io->clock);
		assert_int_equal(io_wait(s.io, 20 * NS_PER_MS), 0);
		if (clock_now(s.io->clock) - before < 20 * NS_PER_MS &&
			io_recv(s.io, rx, 16, NULL) == 0)
			early++;
	}
	assert_int_equal(early, 0);
	io_close(s.io);
}

static void link_down(const struct io_ops *ops)
{
	struct io_conf c = bed_conf(), bound = bed_conf();
	struct subject any, one, raw;
	struct err e = {0};
	struct io_rx rx[16];
	uint8_t b[1500];
	struct io_tx t;
	int rc;

	bound.interface = LAB_LINK;
	any = bed_subject(ops->name, ops, &c);
	one = bed_subject("bound to " LAB_LINK, ops, &bound);
	raw = bed_subject("raw", &io_raw_ops, &c);
	assert_int_equal(ask(&one, 4, PROTO_TCP, LAB_OPEN), OPEN);
	lab_link(&lab, false);
	t = ask_tx(&any, 4, b, ask_syn(&any, 4, ASK_PORT_LO, LAB_OPEN, b));
	assert_int_equal(io_send(any.io, &t, 1, &e), 1);
	assert_int_equal(t.error, -ENETDOWN);
	for (unsigned i = 0; i < 1000; i++) { /* more than any ring holds */
		assert_int_equal(io_send(any.io, &t, 1, &e), 1);
		assert_int_equal(t.error, -ENETDOWN);
	}
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

static void test_link_down(void **state)
{
	link_down(&io_packet_ops);
}

static void test_af_xdp_link_down(void **state)
{
	link_down(&io_afxdp_ops);
}

/* The interface a bound handle listens on is deleted under it. */
static void link_gone(const struct io_ops *ops)
{
	struct io_conf c = bed_conf();
	struct subject s;
	struct err e = {0};
	struct io_rx rx[4];
	uint8_t b[1500];
	struct io_tx t;
	int rc;

	assert_true(lab_run(
		"ip link add so0 type veth peer name so1 && ip link set so0 up && ip link set so1 up"));
	c.interface = "so0";
	s = bed_subject(ops->name, ops, &c);
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

static void test_link_gone(void **state)
{
	link_gone(&io_packet_ops);
	link_gone(&io_afxdp_ops);
}

/* A small descriptor limit only narrows the window: all 2,000 outcomes come. */
static void test_few_descriptors(void **state)
{
	struct io_conf c = bed_conf();
	struct rlimit old, few;
	struct subject s;

	getrlimit(RLIMIT_NOFILE, &old);
	few = (struct rlimit){.rlim_cur = 40, .rlim_max = old.rlim_max};
	c.max_open = 1;
	setrlimit(RLIMIT_NOFILE, &few);
	s = bed_subject("connect, one at a time", &io_connect_ops, &c);
	bed_burst(&s, false);
	io_close(s.io);
	setrlimit(RLIMIT_NOFILE, &old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue_full),
		cmocka_unit_test(test_queue_stuck),
		cmocka_unit_test(test_firewall),
		cmocka_unit_test(test_connect_full_and_cancel),
		cmocka_unit_test(test_self_connect),
		cmocka_unit_test(test_connect_icmp),
		cmocka_unit_test(test_bell),
		cmocka_unit_test(test_wait_with_lent_frames),
		cmocka_unit_test(test_link_down),
		cmocka_unit_test(test_af_xdp_link_down),
		cmocka_unit_test(test_link_gone),
		cmocka_unit_test(test_af_xdp_without_carrier),
		cmocka_unit_test(test_af_xdp_queue_full),
		cmocka_unit_test(test_af_xdp_too_long),
		cmocka_unit_test(test_af_xdp_queues),
		cmocka_unit_test(test_af_xdp_beside),
		cmocka_unit_test(test_af_xdp_refuses),
		cmocka_unit_test(test_few_descriptors),
	};

	return bed_run(tests);
}
