/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes of several packets over a queue that takes as many as the test says: none is lost, none
 * goes twice, and none overtakes. */
#include "scan/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/bus.h"
#include "pkt/build.h"
#include "pkt/view.h"

struct queue {
	struct io io;
	unsigned room;
	struct addr src[256];
	uint16_t dport[256];
	unsigned n;
};

static int queue_send(struct io *io, struct io_tx *v, unsigned n, struct err *err)
{
	struct queue *q = (struct queue *)io;
	unsigned i;

	for (i = 0; i < n && q->room; i++, q->room--) {
		struct pkt_view view;

		assert_int_equal(pkt_view(v[i].data, v[i].len, &view), 0);
		q->src[q->n] = view.src;
		q->dport[q->n++] = view.l4.dport;
		v[i].sent_ns = 1000 + q->n;
		v[i].error = 0;
	}
	return (int)i;
}

static const struct io_ops queue_ops = {.name = "queue", .send = queue_send};

struct fixture {
	struct plan plan;
	struct bus bus;
	struct clock_virtual clock;
	struct scan_env env;
	struct engine *e;
	struct queue q;
	struct io_tx tx[3];
	uint8_t data[3][PROBE_MAX];
};

static void set_up(struct fixture *f, double max_rate)
{
	memset(f, 0, sizeof(*f));
	plan_init(&f->plan);
	for (unsigned i = 0; i < 4; i++)
		f->plan.wire.decoys[i] = addr_v4(0x0a000010 + i);
	f->plan.wire.n_decoys = 4;
	f->plan.wire.me = 2;
	bus_init(&f->bus);
	clock_virtual_init(&f->clock, 0);
	f->env.bus = &f->bus;
	f->env.clock = &f->clock.base;
	f->e = calloc(1, sizeof(*f->e));
	assert_non_null(f->e);
	f->e->plan = &f->plan;
	f->e->env = &f->env;
	f->e->wire.guise.wire = &f->plan.wire;
	pace_ceiling(&f->e->max_rate, max_rate, 0);
	f->q.io.ops = &queue_ops;
	for (unsigned i = 0; i < 3; i++) {
		struct build_ip ip = {addr_v4(0x0a000001), addr_v4(0x0a000063), .ttl = 64};
		struct build_tcp t = {.sport = 1, .dport = (uint16_t)(100 + i)};
		size_t len = build_tcp(f->data[i], PROBE_MAX, &ip, &t);

		f->tx[i] = (struct io_tx){
			.kind = IO_TX_IP, .data = f->data[i], .len = (uint32_t)len, .dst = ip.dst};
	}
}

static void check_order(const struct fixture *f)
{
	static const uint8_t last[] = {0x10, 0x11, 0x01, 0x12, 0x13};

	assert_int_equal(f->q.n, 15);
	for (unsigned i = 0; i < 15; i++) {
		assert_int_equal(f->q.dport[i], 100 + i / 5);
		assert_int_equal(f->q.src[i].b[3], last[i % 5]);
	}
}

/* As the scheduler does it: what was not taken comes again, in the caller's own buffers. */
static void send_all(struct fixture *f, unsigned room)
{
	struct err err = {0};
	unsigned done = 0, turns = 0;

	while (done < 3 || !wire_rest(f->e)) {
		int taken;

		assert_true(++turns < 100);
		f->q.room = room;
		taken = wire_put(f->e, &f->q.io, f->tx + done, 3 - done, &err);
		assert_in_range(taken, 0, 3 - done);
		for (int i = 0; i < taken; i++) /* the caller uses its buffers again */
			memset(f->data[done + (unsigned)i], 0xee, PROBE_MAX);
		done += (unsigned)taken;
	}
}

static void test_every_room(void **state)
{
	for (unsigned room = 1; room < 20; room++) {
		struct fixture f;

		set_up(&f, 0);
		send_all(&f, room);
		check_order(&f);
		free(f.e);
	}
}

/* The time of a probe is that of the packet from our own source. */
static void test_sent_when(void **state)
{
	struct fixture f;
	struct err err = {0};

	set_up(&f, 0);
	f.q.room = 100;
	assert_int_equal(wire_put(f.e, &f.q.io, f.tx, 3, &err), 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(f.tx[i].sent_ns, 1000 + 5 * i + 3);
	free(f.e);
}

/* Each copy is a packet to --max-rate. */
static void test_copies_count(void **state)
{
	struct fixture f;
	struct err err = {0};
	unsigned probes = 0;

	set_up(&f, 10);
	f.q.room = 1000;
	for (f.e->now = 0; f.e->now <= 3 * NS_PER_S; f.e->now += 10 * NS_PER_MS) {
		clock_virtual_advance_to(&f.clock, f.e->now);
		if (wire_rest(f.e) && probes < 3)
			probes += (unsigned)wire_put(f.e, &f.q.io, f.tx + probes, 3 - probes, &err);
		assert_true(f.q.n <= 1 + f.e->now / (100 * NS_PER_MS));
	}
	check_order(&f);
	free(f.e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_room),
		cmocka_unit_test(test_sent_when),
		cmocka_unit_test(test_copies_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
