/* SPDX-License-Identifier: BSD-2-Clause */
/* The queues of a host against plain arrays, its responders, its slots. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "model/rec.h"
#include "scan/host.h"

#define STEPS 20000

static void test_slot_queue(void **state)
{
	struct slot_queue q = {0};
	static uint32_t model[STEPS];
	uint32_t out = 0, put = 0, taken = 0;
	struct rng rng;

	rng_seed(&rng, 1);
	assert_false(slot_queue_pop(&q, &out));
	for (int step = 0; step < STEPS; step++) {
		bool fill = step / 700 % 2 ==
			    0; /* grows and shrinks in turn, wrapping around each time */

		if (rng_below(&rng, 10) < (fill ? 7 : 3)) {
			model[put] = (uint32_t)rng_u64(&rng);
			assert_true(slot_queue_push(&q, model[put++]));
		} else {
			assert_int_equal(slot_queue_pop(&q, &out), put > taken);
			if (put > taken)
				assert_int_equal(out, model[taken++]);
		}
		assert_int_equal(q.n, put - taken);
	}
	while (slot_queue_pop(&q, &out))
		assert_int_equal(out, model[taken++]);
	assert_int_equal(taken, put);
	free(q.v);
}

static void test_flights(void **state)
{
	struct flights f = {0};
	static struct flight model[STEPS];
	uint32_t put = 0, taken = 0;
	struct flight *head;
	struct rng rng;

	rng_seed(&rng, 2);
	assert_null(flights_head(&f));
	for (int step = 0; step < STEPS; step++) {
		if (rng_below(&rng, 10) < (step / 900 % 2 ? 3 : 7)) {
			model[put] = (struct flight){
				rng_u64(&rng), (uint32_t)step, (uint8_t)step, step % 2};
			assert_true(flights_push(&f, model[put++]));
		} else if (put > taken) {
			flights_pop(&f);
			taken++;
		}
		head = flights_head(&f);
		assert_int_equal(head != NULL, put > taken);
		if (!head)
			continue;
		assert_int_equal(head->sent_ns, model[taken].sent_ns);
		assert_int_equal(head->slot, model[taken].slot);
		assert_int_equal(head->try, model[taken].try);
		assert_int_equal(head->canary, model[taken].canary);
	}
	assert_int_equal(f.n, put - taken);
	free(f.v);
}

static void test_new_copies(void **state)
{
	char name[] = "a.example";
	struct addr others[] = {addr_v4(2), addr_v4(3)};
	struct target t = {.addr = addr_v4(1), .name = name, .others = others, .n_others = 2};
	struct host *h = host_new(&t);

	assert_non_null(h);
	memset(name, 0, sizeof(name)); /* the caller's texts may go */
	memset(others, 0, sizeof(others));
	assert_string_equal(h->name, "a.example");
	assert_int_equal(h->n_others, 2);
	assert_int_equal(addr_to_v4(&h->others[0]), 2);
	assert_int_equal(addr_to_v4(&h->others[1]), 3);
	assert_int_equal(h->heap_at, -1);
	host_free(h);
	host_free(NULL);
}

static void test_responders(void **state)
{
	struct target t = {.addr = addr_v4(1000)};
	struct host *h = host_new(&t);
	struct addr a;

	assert_int_equal(host_from(h, &t.addr), 0);
	for (int turn = 0; turn < 2; turn++) { /* known ones keep their number */
		for (unsigned i = 0; i < REC_FROM_MAX; i++) {
			a = addr_v4(i + 1);
			assert_int_equal(host_from(h, &a), i + 1);
		}
		a = addr_v4(500);
		assert_int_equal(host_from(h, &a), 0);
		assert_int_equal(h->n_from, REC_FROM_MAX);
	}
	for (unsigned i = 0; i < REC_FROM_MAX; i++)
		assert_int_equal(addr_to_v4(&h->from[i]), i + 1);
	host_free(h);
}

static void test_job_of_ports(void **state)
{
	static int32_t slot_of[65536];
	uint16_t ports[] = {80, 0, 65535};
	struct task t = {.tech = &tech_syn, .ports = ports, .n = 3, .slot_of = slot_of};
	struct job j;

	memset(slot_of, 0xff, sizeof(slot_of));
	slot_of[80] = 0;
	slot_of[0] = 1;
	slot_of[65535] = 2;
	assert_int_equal(job_start(&j, &t, NULL, 3), 0);
	assert_int_equal(j.undecided, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(job_find(&j, &tech_syn, ports[i]), i);
		assert_int_equal(job_port(&j, i), ports[i]);
		assert_ptr_equal(job_tech(&j, i), &tech_syn);
		assert_int_equal(j.slots[i].state, PORT_UNKNOWN);
	}
	assert_int_equal(job_find(&j, &tech_syn, 81), -1);
	assert_int_equal(job_find(&j, &tech_udp, 80), -1);
	free(job_end(&j));
	assert_null(j.slots);
}

static void test_job_of_pings(void **state)
{
	const struct ping pings[] = {
		{&tech_echo, 0}, {&tech_syn, 443}, {&tech_ack, 80}, {&tech_syn, 80}};
	struct job j;

	assert_int_equal(job_start(&j, NULL, pings, 4), 0);
	assert_int_equal(job_find(&j, &tech_echo, 0), 0);
	assert_int_equal(job_find(&j, &tech_syn, 443), 1);
	assert_int_equal(job_find(&j, &tech_ack, 80), 2);
	assert_int_equal(job_find(&j, &tech_syn, 80), 3);
	assert_int_equal(job_find(&j, &tech_ack, 443), -1);
	assert_int_equal(job_find(&j, &tech_tstamp, 0), -1);
	assert_int_equal(job_port(&j, 2), 80);
	assert_ptr_equal(job_tech(&j, 2), &tech_ack);
	free(job_end(&j));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slot_queue),
		cmocka_unit_test(test_flights),
		cmocka_unit_test(test_new_copies),
		cmocka_unit_test(test_responders),
		cmocka_unit_test(test_job_of_ports),
		cmocka_unit_test(test_job_of_pings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
