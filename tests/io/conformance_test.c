/* SPDX-License-Identifier: BSD-2-Clause */
/* One suite over all backends: the same questions to kernels in namespaces and to the simulator
 * must have the same answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "bed.h"

static void test_table(void **state)
{
	for (const struct io_ops *const *o = io_backends; *o; o++) {
		const struct io_ops *ops = *o;

		assert_ptr_equal(io_backend_by_name(ops->name), ops);
		assert_true(ops->summary && ops->probe && ops->open && ops->send && ops->recv &&
			    ops->wait);
		assert_true(ops->fd && ops->at_end && ops->stats && ops->close);
		if (!(ops->carries & IO_CARRIES(IO_TX_CONNECT)))
			assert_null(ops->cancel);
		ops->close(NULL);
	}
	assert_null(io_backend_by_name("carrier-pigeon"));
}

static void answers(struct subject *s)
{
	for (unsigned family = 4; family <= 6; family += 2) {
		bed_expect(s, family == 4 ? "tcp open v4" : "tcp open v6",
			ask(s, family, PROTO_TCP, LAB_OPEN), OPEN);
		bed_expect(s, family == 4 ? "tcp closed v4" : "tcp closed v6",
			ask(s, family, PROTO_TCP, LAB_CLOSED), CLOSED);
		bed_expect(s, family == 4 ? "udp closed v4" : "udp closed v6",
			ask(s, family, PROTO_UDP, LAB_CLOSED), UNREACHABLE);
	}
}

static void test_answers(void **state)
{
	bed_each(answers);
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
		bed_expect(s, "stamps", ask(s, 4, PROTO_TCP, LAB_CLOSED), CLOSED);
		assert_true(s->sent_ns >= before);
		assert_true(s->at_ns >= s->sent_ns);
		assert_true(s->at_ns <= clock_now(s->io->clock));
		before = s->sent_ns;
	}
	assert_int_equal(s->at_src, stamp_of(s->io->ops));
}

static void test_stamps(void **state)
{
	bed_each(stamps);
}

static void arp(struct subject *s)
{
	enum answer a = ask_arp(s);

	bed_expect(s, "arp", a, OPEN);
	assert_int_equal(
		a == NOT_CARRIED, s->io->ops == &io_raw_ops || s->io->ops == &io_connect_ops);
	if (s->io->ops == &io_packet_ops || s->io->ops == &io_afxdp_ops)
		assert_memory_equal(&s->from, &lab.peer_mac, sizeof(s->from));
}

static void test_arp(void **state)
{
	bed_each(arp);
}

/* What is not carried is refused with EINVAL, of the packet or of the call. */
static void not_carried(struct subject *s)
{
	uint8_t buf[1500] = {0x45};

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
	bed_each(not_carried);
}

static void burst_now(struct subject *s)
{
	bed_burst(s, false);
}

static void test_burst(void **state)
{
	bed_each(burst_now);
}

/* A ring far too small, read too late, owns up. */
static void test_small_ring(void **state)
{
	const struct io_ops *ops[] = {&io_packet_ops, &io_raw_ops, &io_afxdp_ops};

	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct io_conf c = bed_conf();
		struct subject s;
		struct io_stats st;

		c.rx_bytes = 65536;
		s = bed_subject(ops[i]->name, ops[i], &c);
		bed_burst(&s, true);
		s.io->ops->stats(s.io, &st);
		assert_true(st.dropped > 0);
		io_close(s.io);
	}
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
		struct io_conf c = {.interface = "no-such-if0", .path = "/nonexistent/file.pcap"};
		struct err e = {0};
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_arp),
		cmocka_unit_test(test_not_carried),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_small_ring),
		cmocka_unit_test(test_failed_open_leaves_nothing),
	};

	return bed_run(tests);
}
