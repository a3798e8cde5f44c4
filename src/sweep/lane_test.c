/* SPDX-License-Identifier: BSD-2-Clause */
/* An open loop is exact, whatever the sleeps are like; parts of the index add up to the whole. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/rng.h"
#include "sweep/lane.h"
#include "sweep/span.h"

#define SENT_MAX 4000000

static uint64_t left_at[SENT_MAX];

/* Sends for `seconds` of a virtual clock by a sender that wakes up to late_ns late; returns how
 * many left. */
static size_t run(double pps, double seconds, uint64_t late_ns, struct rng *r)
{
	struct lane_pace p = {0};
	uint64_t now = 12345, end = now + (uint64_t)(seconds * (double)NS_PER_S), wake = 0;
	uint64_t gap = lane_gap_q8(pps, 1);
	size_t sent = 0;

	while (now < end) {
		unsigned n = lane_allows(&p, gap, now, 64, &wake);

		if (n == 0) {
			now = wake + (late_ns ? rng_below(r, late_ns) : 0);
			continue;
		}
		assert_true(sent + n <= SENT_MAX);
		for (unsigned i = 0; i < n; i++)
			left_at[sent++] = now;
		lane_sent(&p, n);
		now += 200 * n; /* what it takes to send */
	}
	return sent;
}

static void test_exact(void **state)
{
	static const double rates[] = {0.1, 1, 7, 333, 1000, 12345, 100000, 1000000};
	struct rng r;

	rng_seed(&r, 3);
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		double seconds = rates[i] < 1000 ? 2000 / rates[i] : 2;
		double n = (double)run(rates[i], seconds, 100 * NS_PER_US, &r);

		assert_true(fabs(n / (rates[i] * seconds) - 1) < 0.005);
	}
}

/* In no span of a tick do more leave than are due in it, with a half on top for arrears, and one.
 */
static void test_no_burst(void **state)
{
	static const double rates[] = {50, 5000, 200000, 1000000};
	struct rng r;

	rng_seed(&r, 4);
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		size_t n = run(rates[i], rates[i] < 100 ? 60 : 2, 20 * NS_PER_MS, &r), from = 0;
		double most = 2 + 2.3 * rates[i] / 1000;

		for (size_t k = 0; k < n; k++) {
			while (left_at[k] - left_at[from] > LANE_TICK_NS)
				from++;
			assert_true((double)(k - from + 1) <= most);
		}
	}
}

static void test_rate_changes(void **state)
{
	struct lane_pace p = {0};
	uint64_t wake, slow = lane_gap_q8(0.1, 1), fast = lane_gap_q8(1000, 1), now = NS_PER_S;

	assert_int_equal(lane_allows(&p, slow, now, 64, &wake), 1);
	lane_sent(&p, 1);
	assert_int_equal(lane_allows(&p, slow, now + 1, 64, &wake), 0);
	assert_int_equal(wake, now + 10 * NS_PER_S);
	assert_int_equal(lane_allows(&p, fast, now + NS_PER_S, 64, &wake), 0);
	assert_int_equal(wake, now + NS_PER_S + NS_PER_MS);
	assert_int_equal(lane_allows(&p, 0, now + NS_PER_S, 64, &wake), 64);
}

/* With fractional bits the clock of a machine that has been up for 834 days is more than 64. */
static void test_uptime(void **state)
{
	struct lane_pace p = {0};
	uint64_t wake, gap = lane_gap_q8(1000, 1), now = (UINT64_C(1) << 56) + NS_PER_S;

	assert_int_equal(lane_allows(&p, gap, now, 64, &wake), 1);
	lane_sent(&p, 1);
	assert_int_equal(lane_allows(&p, gap, now, 64, &wake), 0);
	assert_int_equal(wake, now + NS_PER_MS);
}

static void test_shards(void **state)
{
	static const uint64_t totals[] = {1, 7, 64, 1000003, UINT64_C(1) << 48, PERM_MAX};

	for (size_t i = 0; i < sizeof(totals) / sizeof(*totals); i++)
		for (uint32_t n = 1; n <= 64; n++) {
			uint64_t at = 0, least = totals[i] / n;

			for (uint32_t k = 0; k < n; k++) {
				uint64_t first = shard_first(totals[i], k, n);
				uint64_t behind = shard_first(totals[i], k + 1, n);

				assert_true(first == at && behind >= first);
				assert_true(behind - first == least || behind - first == least + 1);
				at = behind;
			}
			assert_true(at == totals[i]);
		}
}

/* Every index of a span in exactly one share, strides kept. */
static void test_shares(void **state)
{
	struct rng r;

	rng_seed(&r, 5);
	for (unsigned round = 0; round < 500; round++) {
		struct sweep_span s = {.from = rng_below(&r, 100), .stride = 1 + rng_below(&r, 9)};
		unsigned n = 1 + (unsigned)rng_below(&r, 12);
		uint64_t at;

		s.to = s.from + rng_below(&r, 300);
		at = s.from;
		for (unsigned i = 0; i < n; i++) {
			struct sweep_span share = span_share(&s, i, n);

			for (uint64_t k = share.from; k < share.to; k += share.stride) {
				assert_int_equal(k, at);
				at += s.stride;
			}
		}
		assert_true(at >= s.to);
		assert_int_equal((at - s.from) / s.stride, span_count(&s));
	}
}

static void test_sample(void **state)
{
	for (uint64_t mask = 0; mask < 256; mask = 2 * mask + 1)
		for (uint64_t first = 0; first < 300; first += 37) {
			uint64_t at = mask / 3;
			struct sweep_span s = span_sample(first, 1000, mask, at);

			for (uint64_t k = first; k < 1000; k++)
				assert_int_equal((k & mask) == at,
					k >= s.from && (k - s.from) % s.stride == 0);
		}
	assert_int_equal(span_mask(1), 0);
	assert_int_equal(span_mask(0.5), 1);
	assert_int_equal(span_mask(0.005), 255);
	assert_int_equal(span_mask(1e-30), (UINT64_C(1) << 40) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_no_burst),
		cmocka_unit_test(test_rate_changes),
		cmocka_unit_test(test_uptime),
		cmocka_unit_test(test_shards),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
