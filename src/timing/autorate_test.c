/* SPDX-License-Identifier: BSD-2-Clause */
/* --rate auto against a model of a network that limits its answers; the model knows what it lost.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "timing/autorate.h"

#define TICK_NS (10 * NS_PER_MS)
#define DELAYS	64 /* ticks that answers are under way at most */
#define EPOCHS	4096
#define SEEDS	100
#define GOOD	95
#define SECONDS 90

/* The network: what it limits, loses and delays. */
struct model {
	double answers_pps;    /* token bucket; 0 = no limit */
	double depth_s;	       /* of the bucket, in seconds of its rate */
	double share, loss;    /* of targets that answer; of answers lost at any rate */
	double loss_later;     /* the same from the middle of the run on; 0 = as before */
	double rtt_ns, spread; /* RTTs are rtt_ns * (1 +- spread) */
	double sender_pps;     /* it sends no faster; 0 = no limit */
	bool drops;	       /* what the sender cannot send it drops, and counts */
	bool canaries;
	double quench_pps;		 /* source quench above that rate */
	unsigned hiccup_from, hiccup_to; /* ticks in which most answers are lost */
	double refuse_pps;		 /* above, the excess gets "prohibited" instead */
};

struct outcome {
	double rate, missed; /* missed: share of the answers that were to be had */
	double again;	     /* share of the probes that were to be sent again */
	enum autorate_limit limit;
	enum autorate_state state;
};

struct world {
	struct rng rng;
	struct autorate a;
	struct autorate_seen s;
	double tokens, owed, canary_owed;
	double due[DELAYS], canary_due[DELAYS];
	double wanted[EPOCHS], lost[EPOCHS], sent[EPOCHS];
	bool again[EPOCHS];
};

static double gauss(struct rng *r)
{
	return sqrt(-2 * log(1 - rng_unit(r))) * cos(2 * M_PI * rng_unit(r));
}

/* A binomial number; by the normal distribution where that is as good. */
static double binomial(struct rng *r, double n, double p)
{
	double mean = n * p, k = 0;

	if (p <= 0 || n < 1)
		return 0;
	if (p >= 1)
		return n;
	if (mean > 40 && n - mean > 40)
		return fmin(n, fmax(0, floor(mean + sqrt(mean * (1 - p)) * gauss(r) + 0.5)));
	if (n <= 200) {
		for (int i = 0; i < (int)n; i++)
			k += rng_unit(r) < p;
		return k;
	}
	for (double t = -log(1 - rng_unit(r)); t < (n - mean > 40 ? mean : n - mean);
		t -= log(1 - rng_unit(r)))
		k++; /* Poisson, of the rarer outcome */
	k = fmin(k, n);
	return n - mean > 40 ? k : n - k;
}

/* Puts n answers under way. */
static void deliver(struct world *w, const struct model *m, double *due, unsigned tick, double n)
{
	double left = n;

	for (int part = 0; part < 4; part++) {
		double delay = m->rtt_ns * (1 + m->spread * (part - 1.5) / 1.5);
		double now = part == 3 ? left : binomial(&w->rng, left, 1.0 / (4 - part));

		due[(tick + (unsigned)(delay / (double)TICK_NS)) % DELAYS] += now;
		left -= now;
	}
}

static double limited(struct world *w, const struct model *m, double n)
{
	double passed = n;

	if (m->answers_pps > 0) {
		passed = fmin(n, floor(w->tokens));
		w->tokens -= passed;
	}
	return passed;
}

static void one_tick(struct world *w, const struct model *m, unsigned tick, unsigned ticks)
{
	double q = m->loss_later > 0 && tick > ticks / 2 ? m->loss_later : m->loss;
	double seconds = (double)TICK_NS / (double)NS_PER_S, n, take, wanted, passed, c;
	unsigned e = (unsigned)w->a.epoch % EPOCHS;

	w->owed += w->a.rate * seconds;
	n = floor(w->owed);
	w->owed -= n;
	take = m->sender_pps > 0 ? fmin(n, floor(m->sender_pps * seconds)) : n;
	if (m->drops)
		w->s.dropped += (uint64_t)(n - take);
	w->s.sent += (uint64_t)(m->drops ? n : take);
	w->sent[e] += n;
	w->tokens =
		fmin(fmax(m->depth_s * m->answers_pps, 1), w->tokens + m->answers_pps * seconds);
	wanted = binomial(&w->rng, take, m->share);
	if (m->drops && n > take)
		w->lost[e] += binomial(&w->rng, n - take, m->share);
	if (tick >= m->hiccup_from && tick < m->hiccup_to)
		q = 0.7;
	wanted = binomial(&w->rng, wanted, 1 - q);
	passed = limited(w, m, wanted);
	if (m->refuse_pps > 0 && n > m->refuse_pps * seconds) {
		double refused = floor((n - m->refuse_pps * seconds));

		passed = fmax(0, passed - binomial(&w->rng, refused, m->share));
		w->s.prohibited += (uint64_t)refused;
		w->s.answered += (uint64_t)refused;
	}
	w->wanted[e] += wanted;
	w->lost[e] += wanted - passed;
	deliver(w, m, w->due, tick, passed);
	if (m->canaries) {
		w->canary_owed += w->a.rate * seconds / 100;
		c = floor(w->canary_owed);
		w->canary_owed -= c;
		w->s.canaries += (uint64_t)c;
		deliver(w, m, w->canary_due, tick, limited(w, m, binomial(&w->rng, c, 1 - q)));
	}
	if (m->quench_pps > 0 && w->a.rate > m->quench_pps)
		w->s.quenched++;
}

static void arrive(struct world *w, unsigned tick)
{
	w->s.answered += (uint64_t)w->due[tick % DELAYS];
	w->s.canaries_answered += (uint64_t)w->canary_due[tick % DELAYS];
	w->due[tick % DELAYS] = w->canary_due[tick % DELAYS] = 0;
}

static void collect(struct world *w)
{
	uint64_t epoch;

	while (autorate_lost(&w->a, &epoch)) {
		assert_true(epoch <= w->a.epoch);
		assert_false(w->again[epoch % EPOCHS]); /* each once */
		w->again[epoch % EPOCHS] = true;
	}
}

static struct outcome run(const struct model *m, double cap, unsigned seconds, uint64_t seed)
{
	static struct world w;
	unsigned ticks = seconds * 100, tick;
	struct autorate_conf conf = {1000, 10000, cap, 50 * NS_PER_MS};
	double wanted = 0, lost = 0, sent = 0, again = 0;
	uint64_t now = NS_PER_S;

	memset(&w, 0, sizeof(w));
	rng_seed(&w.rng, seed);
	w.tokens = m->depth_s * m->answers_pps;
	autorate_init(&w.a, &conf, now);
	for (tick = 0; tick < ticks; tick++) {
		one_tick(&w, m, tick, ticks);
		arrive(&w, tick);
		now += TICK_NS;
		w.s.now_ns = now;
		w.s.rtt_ns = w.s.answered ? (uint64_t)m->rtt_ns : 0;
		autorate_turn(&w.a, &w.s);
		collect(&w);
	}
	for (unsigned i = 1; i < DELAYS; i++)
		arrive(&w, tick + i - 1);
	w.s.now_ns = now + DELAYS * TICK_NS;
	autorate_finish(&w.a, &w.s);
	collect(&w);
	assert_true(w.a.epoch < EPOCHS);
	for (unsigned i = 0; i < EPOCHS; i++) {
		wanted += w.wanted[i];
		sent += w.sent[i];
		lost += w.again[i] ? 0 : w.lost[i];
		again += w.again[i] ? w.sent[i] : 0;
	}
	return (struct outcome){
		w.a.rate, wanted > 0 ? lost / wanted : 0, again / sent, w.a.limit, w.a.state};
}

static bool good(const struct outcome *o, double knee)
{
	return o->rate <= knee && o->rate >= 0.9 * knee && o->missed < 0.001;
}

/* In how many of the seeds it ends within 10 % below the knee with less than 0.1 % missed. */
static unsigned count_good(const struct model *m, double knee, unsigned seeds)
{
	unsigned n = 0;

	for (unsigned seed = 0; seed < seeds; seed++) {
		struct outcome o = run(m, 1e9, SECONDS, 1000 + seed);

		n += good(&o, knee);
		if (!good(&o, knee))
			print_message(
				"seed %u: %.3f of the knee, %.5f missed, limit %d, state %d\n",
				seed, o.rate / knee, o.missed, o.limit, o.state);
	}
	return n;
}

static void check(const struct model *m)
{
	unsigned n = count_good(m, m->answers_pps / m->share / (1 - m->loss), SEEDS);

	print_message("%.0f answers/s, share %g, RTT %g ms, bucket %g s, loss %g: %u of %d\n",
		m->answers_pps, m->share, m->rtt_ns / 1e6, m->depth_s, m->loss, n, SEEDS);
	assert_true(n >= GOOD);
}

static void test_limits(void **state)
{
	static const double caps[] = {50e3, 200e3, 1e6}, shares[] = {1, 0.1, 0.01};

	for (unsigned i = 0; i < 9; i++)
		check(&(struct model){.answers_pps = caps[i / 3],
			.share = shares[i % 3],
			.depth_s = 0.02,
			.rtt_ns = 0.1e6});
}

static void test_round_trips(void **state)
{
	static const double rtts[] = {0.1e6, 5e6, 40e6, 200e6};

	for (unsigned i = 0; i < 4; i++)
		check(&(struct model){.answers_pps = 200e3,
			.share = 0.1,
			.depth_s = 0.02,
			.rtt_ns = rtts[i],
			.spread = 0.9});
}

/* A deep bucket lets a rate above its own pass for a while. */
static void test_bursts(void **state)
{
	check(&(struct model){.answers_pps = 50e3, .share = 1, .depth_s = 0.1, .rtt_ns = 1e6});
	check(&(struct model){.answers_pps = 200e3, .share = 0.1, .depth_s = 0.5, .rtt_ns = 20e6});
}

/* Loss at any rate is no reason to slow down, and neither is one that begins later. */
static void test_random_loss(void **state)
{
	struct model m = {.answers_pps = 200e3, .share = 0.1, .depth_s = 0.02, .rtt_ns = 10e6};

	m.loss = 0.01;
	check(&m);
	m.loss = 0.1;
	check(&m);
	m.loss = 0;
	m.loss_later = 0.05;
	m.answers_pps = 0;
	for (unsigned seed = 0; seed < 20; seed++) {
		struct outcome o = run(&m, 1e6, 120, seed);

		assert_true(o.rate >= 0.9e6);
	}
}

/* A hiccup on the way up, taken for the knee: it is tried again, and the rate goes on up. */
static void test_hiccup(void **state)
{
	struct model m = {.share = 1, .rtt_ns = 1e6, .hiccup_from = 100, .hiccup_to = 140};

	for (unsigned seed = 0; seed < 20; seed++) {
		struct outcome o = run(&m, 500e3, 90, seed);

		assert_true(o.rate >= 0.9 * 500e3);
	}
}

static void test_no_limit(void **state)
{
	struct model m = {.share = 0.1, .rtt_ns = 1e6};
	struct outcome o = run(&m, 300e3, 30, 1);

	assert_true(o.rate == 300e3);
	assert_int_equal(o.limit, AUTORATE_CAP);
	assert_true(o.missed == 0);
	assert_true(o.again == 0);
}

/* A sender that has reached its end, quietly or with drops. */
static void test_sender(void **state)
{
	struct model m = {.share = 0.1, .rtt_ns = 1e6, .sender_pps = 150e3};
	struct outcome o = run(&m, 1e7, 60, 1);

	assert_int_equal(o.limit, AUTORATE_SENDER);
	assert_true(o.rate > 0.95 * 150e3 && o.rate < 1.05 * 150e3);
	m.drops = true;
	for (unsigned seed = 0; seed < 20; seed++) {
		o = run(&m, 1e7, 60, seed);
		assert_true(good(&o, 150e3));
	}
}

/* No answers: it stays modest. Few: it gets on as the evidence comes in, and loses nothing. */
static void test_few_answers(void **state)
{
	struct model m = {.share = 0, .rtt_ns = 10e6};
	struct outcome o = run(&m, 1e7, 60, 1);

	assert_true(o.rate == 10000);
	assert_int_equal(o.limit, AUTORATE_FEW);
	m.share = 0.001;
	m.answers_pps = 2000;
	m.depth_s = 0.1;
	for (unsigned seed = 0; seed < 20; seed++) {
		o = run(&m, 1e7, 400, seed);
		assert_true(o.rate >= 10000);
		assert_true(o.rate <= 1.05 * 2e6 || o.state != AUTORATE_STEADY);
		assert_true(o.missed < 0.01);
	}
}

/* Canaries are evidence where nothing else answers. */
static void test_canaries(void **state)
{
	struct model m = {.share = 0, .rtt_ns = 10e6, .canaries = true, .answers_pps = 1000};
	unsigned n = 0;

	m.depth_s = 0.05;
	for (unsigned seed = 0; seed < 20; seed++) {
		struct outcome o = run(&m, 1e7, 200, seed);

		n += o.rate >= 80e3 && o.rate <= 105e3;
	}
	assert_true(n >= 18);
}

static void test_icmp(void **state)
{
	struct model m = {.share = 0.1, .rtt_ns = 10e6, .quench_pps = 100e3};
	struct outcome o = run(&m, 1e7, 60, 1);

	assert_true(o.rate <= 100e3 && o.rate >= 85e3);
	m.quench_pps = 0;
	m.refuse_pps = 100e3;
	for (unsigned seed = 0; seed < 20; seed++) {
		o = run(&m, 1e7, 60, seed);
		assert_true(o.rate <= 103e3 && o.rate >= 85e3);
	}
}

/* The words name the rate and the reason. */
static void test_text(void **state)
{
	struct autorate a;
	struct buf b = {0};

	autorate_init(&a, &(struct autorate_conf){1000, 10000, 1e6, 0}, 0);
	a.rate = 47500;
	a.high = 50000;
	a.loss = 0.051;
	a.limit = AUTORATE_LOSS;
	a.state = AUTORATE_STEADY;
	autorate_text(&a, &b);
	assert_string_equal(buf_text(&b), "47500/s: at 50000/s 5.1 % was lost");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_random_loss),
		cmocka_unit_test(test_hiccup),
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_sender),
		cmocka_unit_test(test_few_answers),
		cmocka_unit_test(test_canaries),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
