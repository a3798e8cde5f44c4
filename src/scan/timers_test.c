/* SPDX-License-Identifier: BSD-2-Clause */
/* The heap of host timers against sorting, the list of ready hosts against a plain array. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/rng.h"
#include "scan/engine.h"
#include "scan/timers.h"

#define N 300

struct bed {
	struct engine *e;
	struct host *h;	  /* N of them */
	uint64_t want[N]; /* when each is due, UINT64_MAX = not set */
	struct rng rng;
};

static void bed_up(struct bed *b, uint64_t seed)
{
	b->e = calloc(1, sizeof(*b->e));
	b->h = calloc(N, sizeof(*b->h));
	assert_non_null(b->e);
	assert_non_null(b->h);
	rng_seed(&b->rng, seed);
	for (size_t i = 0; i < N; i++) {
		b->h[i].heap_at = -1;
		b->want[i] = UINT64_MAX;
	}
}

static void bed_down(struct bed *b)
{
	free(b->e->heap);
	free(b->e);
	free(b->h);
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void test_pops_in_the_order_of_sorting(void **state)
{
	struct bed b;
	uint64_t sorted[N];
	struct host *h;

	bed_up(&b, 1);
	for (size_t i = 0; i < N; i++) {
		sorted[i] = rng_below(&b.rng, 100); /* many equals */
		timer_set(b.e, &b.h[i], sorted[i]);
	}
	qsort(sorted, N, sizeof(*sorted), by_time);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(timer_next(b.e), sorted[i]);
		if (sorted[i] > 0)
			assert_null(timer_due(b.e, sorted[i] - 1));
		h = timer_due(b.e, sorted[i]);
		assert_non_null(h);
		assert_int_equal(h->timer_ns, sorted[i]);
		assert_int_equal(h->heap_at, -1);
	}
	assert_int_equal(timer_next(b.e), UINT64_MAX);
	assert_null(timer_due(b.e, UINT64_MAX));
	bed_down(&b);
}

static uint64_t earliest(const struct bed *b)
{
	uint64_t t = UINT64_MAX;

	for (size_t i = 0; i < N; i++)
		t = b->want[i] < t ? b->want[i] : t;
	return t;
}

static void one_step(struct bed *b)
{
	size_t i = rng_below(&b->rng, N);
	uint64_t at = 1 + rng_below(&b->rng, 1000);
	struct host *h;

	switch (rng_below(&b->rng, 3)) {
	case 0: /* the earlier of the two stays */
		timer_set(b->e, &b->h[i], at);
		b->want[i] = at < b->want[i] ? at : b->want[i];
		break;
	case 1:
		timer_drop(b->e, &b->h[i]);
		b->want[i] = UINT64_MAX;
		break;
	default:
		h = timer_due(b->e, at);
		assert_int_equal(h != NULL, earliest(b) <= at);
		if (!h)
			break;
		i = (size_t)(h - b->h);
		assert_int_equal(b->want[i], earliest(b));
		b->want[i] = UINT64_MAX;
	}
}

static void test_random_use(void **state)
{
	struct bed b;
	size_t n;

	bed_up(&b, 2);
	for (int step = 0; step < 20000; step++) {
		one_step(&b);
		assert_int_equal(timer_next(b.e), earliest(&b));
		if (step % 500)
			continue;
		n = 0;
		for (size_t i = 0; i < N; i++) {
			assert_int_equal(b.h[i].heap_at >= 0, b.want[i] != UINT64_MAX);
			n += b.want[i] != UINT64_MAX;
			if (b.h[i].heap_at >= 0)
				assert_ptr_equal(b.e->heap[b.h[i].heap_at], &b.h[i]);
		}
		assert_int_equal(b.e->heap_n, n);
	}
	bed_down(&b);
}

/* The list read forwards and backwards is the model: oldest first. */
static void check_list(const struct bed *b, const size_t *model, size_t n)
{
	const struct host *h = b->e->ready_head;

	for (size_t i = 0; i < n; i++, h = h->next) {
		assert_ptr_equal(h, &b->h[model[i]]);
		assert_true(h->ready);
	}
	assert_null(h);
	h = b->e->ready_tail;
	for (size_t i = n; i-- > 0; h = h->prev)
		assert_ptr_equal(h, &b->h[model[i]]);
	assert_null(h);
}

static void test_ready_list(void **state)
{
	struct bed b;
	size_t model[N] = {0}, n = 0, at;

	bed_up(&b, 3);
	check_list(&b, model, 0);
	for (int step = 0; step < 5000; step++) {
		size_t i = rng_below(&b.rng, 20);

		for (at = 0; at < n && model[at] != i; at++)
			;
		if (rng_below(&b.rng, 2)) {
			ready_add(b.e, &b.h[i]);
			if (at == n)
				model[n++] = i; /* who is in it keeps the place */
		} else {
			ready_drop(b.e, &b.h[i]);
			assert_false(b.h[i].ready);
			for (; at + 1 < n; at++)
				model[at] = model[at + 1];
			n -= n > 0 && at < n;
		}
		check_list(&b, model, n);
	}
	bed_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pops_in_the_order_of_sorting),
		cmocka_unit_test(test_random_use),
		cmocka_unit_test(test_ready_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
