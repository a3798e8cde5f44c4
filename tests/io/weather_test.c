/* SPDX-License-Identifier: BSD-2-Clause */
/* Bad weather: full queues, firewalls, interfaces that go away, ports and descriptors that run out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

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

/* A rule at the egress hook refuses for ever: the packet's own error after a while, not a
 * standstill. */
static void test_queue_stuck(void **state)
{
	struct io_conf c = bed_conf();
	struct subject s = bed_subject("packet-ring", &io_packet_ops, &c);
	uint64_t until = clock_now(s.io->clock) + 10 * NS_PER_S;
	uint8_t b[1500];
	struct io_tx t = ask_tx(&s, 4, b, ask_syn(&s, 4, ASK_PORT_LO, LAB_OPEN, b));
	int n = 0;

	assert_true(
		lab_run("nft 'table netdev so { chain c { type filter hook egress device " LAB_LINK
			" priority 0; drop; }; }'"));
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
	struct io_conf c = bed_conf();
	struct subject raw = bed_subject("raw", &io_raw_ops, &c),
		       packet = bed_subject("packet-ring", &io_packet_ops, &c);
	uint8_t b[3][1500];
	struct io_tx t[3];

	assert_true(lab_run(
		"nft 'table inet so { chain c { type filter hook output priority 0; "
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
	assert_true(lab_run(
		"nft 'table inet so { chain c { type filter hook output priority 0; "
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
	assert_true(lab_run(
		"nft 'table inet so { chain c { type filter hook input priority 0; "
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

static void test_link_down(void **state)
{
	struct io_conf c = bed_conf(), bound = bed_conf();
	struct subject any, one, raw;
	struct err e = {0};
	struct io_rx rx[16];
	uint8_t b[1500];
	struct io_tx t;
	int rc;

	bound.interface = LAB_LINK;
	any = bed_subject("packet-ring", &io_packet_ops, &c);
	one = bed_subject("packet-ring on " LAB_LINK, &io_packet_ops, &bound);
	raw = bed_subject("raw", &io_raw_ops, &c);
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
	s = bed_subject("packet-ring on so0", &io_packet_ops, &c);
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
		cmocka_unit_test(test_link_gone),
		cmocka_unit_test(test_few_descriptors),
	};

	return bed_run(tests);
}
