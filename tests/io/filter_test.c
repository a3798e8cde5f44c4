/* SPDX-License-Identifier: BSD-2-Clause */
/* The filter in front of the receive ring, attached in a kernel and sent at by the peer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "bed.h"
#include "pkt/build.h"

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
			if (rx[i].kind == IO_RX_IP && v.ip_id == ip_id &&
				(ip_id || v.l4.proto == PROTO_TCP || v.l4.proto == 253))
				return true;
		}
		if (!n)
			io_wait(io, 20 * NS_PER_MS);
	}
	return false;
}

static struct io *open_in_peer(void)
{
	struct io_conf c = {.interface = LAB_PEER_LINK};
	struct io *io = NULL;

	lab_enter(&lab, true);
	assert_int_equal(io_packet_ops.open(&io, &c, NULL), 0);
	lab_enter(&lab, false);
	return io;
}

static struct io_tx from_peer(uint8_t *data, size_t len)
{
	return (struct io_tx){.kind = IO_TX_IP,
		.data = data,
		.len = (uint32_t)len,
		.dst_mac = lab.self_mac,
		.dst = lab.self4};
}

static void test_filter_v4(void **state)
{
	static uint8_t options[4] = {1, 1, 1, 0};
	struct io_conf c = bed_conf();
	struct io *io = NULL, *all = NULL, *peer = open_in_peer();
	struct build_ip ip = {.src = lab.peer4, .dst = lab.self4, .ttl = 64, .id = 4711};
	struct build_tcp tcp = {.sport = 80, .dport = ASK_PORT_LO, .flags = TCP_RST};
	uint8_t b[1500], tagged[1500];
	struct io_tx t;

	assert_int_equal(io_packet_ops.open(&io, &c, NULL), 0);
	c.all_protocols = true;
	assert_int_equal(io_packet_ops.open(&all, &c, NULL), 0);
	for (unsigned i = 0; i < 4; i++) {
		static const uint16_t ports[] = {
			ASK_PORT_LO - 1, ASK_PORT_LO, ASK_PORT_HI, ASK_PORT_HI + 1};

		tcp.dport = ports[i];
		t = from_peer(b, build_tcp(b, sizeof(b), &ip, &tcp));
		assert_int_equal(is_shown(io, peer, &t, 4711), i == 1 || i == 2);
		t = from_peer(b, build_udp(b, sizeof(b), &ip, &(struct build_udp){53, ports[i], b, 4}));
		assert_int_equal(is_shown(io, peer, &t, 4711), i == 1 || i == 2);
	}
	/* SCTP has its ports where UDP has them. */
	t = from_peer(b, build_udp(b, sizeof(b), &ip, &(struct build_udp){80, ASK_PORT_LO, b, 4}));
	b[9] = PROTO_SCTP;
	assert_true(is_shown(io, peer, &t, 4711));
	t = from_peer(b, build_echo(b, sizeof(b), &ip, &(struct build_echo){1, 1, NULL, 0}));
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
	assert_true(is_shown(all, peer, &t, 4711));
	tcp.dport = 1; /* the ports are still ours alone */
	t = from_peer(b, build_tcp(b, sizeof(b), &ip, &tcp));
	assert_false(is_shown(all, peer, &t, 4711));
	tcp.dport = ASK_PORT_LO;
	/* A VLAN tag is gone before we look. */
	t = from_peer(tagged, 4 + build_tcp(tagged + 4, sizeof(tagged) - 4, &ip, &tcp));
	t.kind = IO_TX_LINK;
	t.ethertype = 0x8100;
	memcpy(tagged, (uint8_t[]){0, 5, 8, 0}, 4);
	assert_true(is_shown(io, peer, &t, 4711));
	io_close(io);
	io_close(all);
	io_close(peer);
}

static void test_filter_v6(void **state)
{
	struct io_conf c = bed_conf();
	struct io *io = NULL, *all = NULL, *peer = open_in_peer();
	struct build_ip ip = {.src = lab.peer6, .dst = lab.self6, .ttl = 64};
	struct build_tcp tcp = {.sport = 80, .dport = ASK_PORT_LO, .flags = TCP_RST};
	uint8_t b[1500], shifted[1500];
	struct io_tx t;
	size_t len;

	assert_int_equal(io_packet_ops.open(&io, &c, NULL), 0);
	c.all_protocols = true;
	assert_int_equal(io_packet_ops.open(&all, &c, NULL), 0);
	t = from_peer(b, build_tcp(b, sizeof(b), &ip, &tcp));
	assert_true(is_shown(io, peer, &t, 0));
	tcp.dport = 1;
	len = build_tcp(b, sizeof(b), &ip, &tcp);
	t = from_peer(b, len);
	assert_false(is_shown(io, peer, &t, 0));
	/* Behind destination options ports cannot be seen by the filter: passes. */
	memcpy(shifted, b, 40);
	memcpy(shifted + 48, b + 40, len - 40);
	memcpy(shifted + 40, (uint8_t[]){6, 0, 1, 4, 0, 0, 0, 0}, 8);
	shifted[5] = (uint8_t)(shifted[5] + 8);
	shifted[6] = 60;
	t = from_peer(shifted, len + 8);
	assert_true(is_shown(io, peer, &t, 0));
	/* An unknown protocol. */
	t = from_peer(b, len);
	b[6] = 253;
	assert_false(is_shown(io, peer, &t, 0));
	assert_true(is_shown(all, peer, &t, 0));
	io_close(io);
	io_close(all);
	io_close(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter_v4),
		cmocka_unit_test(test_filter_v6),
	};

	return bed_run(tests);
}
