/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fastest rate at which nothing is lost.
 *
 * Measured is the share of probes that are answered, over windows in which the rate stands still;
 * probes are counted a round trip earlier than answers. The loss of a window is 1 - share / share
 * without loss; the canaries' share is a second estimate of it, and both are weighted by their
 * variances (binomial, and SMEAR_NS for what scheduling does to the ends of a window). Loss is seen
 * when the estimate is Z standard deviations above nothing, twice in a row; "no loss" is said when
 * Z standard deviations are less than what is to be told apart.
 *
 *	CLIMB	doubles the rate as long as a loss of a quarter would have been seen and was not.
 *		Up to conf.modest_pps it goes without evidence; beyond, it waits for evidence, as
 *		long as that takes: with few answers it climbs slowly, with none not at all.
 *	BASE	after the first loss: half of the last good rate. CLIMB may have overlooked up to a
 *		quarter there, so half of it is safe; the share is taken anew, with more care.
 *	KNEE	bisects between the good and the bad rate until they are 3 % apart.
 *	STEADY	7 % below the bad rate, so 4 to 7 % below the knee. Loss there (a limiter with a
 *		deep bucket shows itself late) takes the rate 7 % below what got through. When
 *		that does not help, the loss does not come from the rate: BASE once more.
 *	RETRY	now and then a quarter above the bad rate, for a moment: what looked like the knee
 *		may have been another's traffic, or a machine that was busy. No loss: CLIMB again.
 *
 * Epochs are sent again when loss was seen in them, and when they were faster than the rate that
 * proved to be safe: the verdict on CLIMB's epochs is that coarse. What the sender drops, source
 * quench and a next hop that falls silent need no statistics.
 */
#include "timing/autorate.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

#define Z	     4.5
#define SMEAR_NS     3e6   /* a window's ends are known that well */
#define TRACK_NS     4e6   /* between two readings that are remembered */
#define SETTLE_NS    50e6  /* after a change of rate, beside two round trips */
#define CONFIRM_NS   100e6 /* between the two looks that loss is believed after */
#define WINDOW_NS    100e6 /* the shortest window */
#define BLIND_NS     500e6 /* a window without evidence, up to the modest rate */
#define KNEE_NS	     1e9   /* the shortest window that a rate near the knee is called good after */
#define LONG_NS	     10e9  /* the longest: then the verdict is as good as it gets */
#define CLIMB_SEES   0.25  /* loss that has to be told from none */
#define KNEE_SEES    0.015
#define STEADY_SEES  0.001
#define ANSWERS_MIN  30 /* below, no share is known */
#define LOSS_LEAST   0.0005
#define KNEE_APART   1.03
#define KNEE_BELOW   0.93
#define SETBACKS_MAX 4
#define RETRY_NS     5e9 /* the first time; twice as long after each vain one */
#define RETRY_ABOVE  1.25
#define RETRY_MAX_NS 300e9
#define SENDER_SLOW  0.9 /* of the rate that was asked */

/* ---- epochs --------------------------------------------------------------------------------- */

static void give_back(struct autorate *a, uint64_t epoch)
{
	if (a->n_again < AUTORATE_EPOCHS)
		a->again[a->n_again++] = epoch;
}

/* From now on probes belong to a new epoch. The table overflows only when nothing is settled for
 * very long: then the oldest is sent again, which is always right. */
static void open_epoch(struct autorate *a, bool lost)
{
	a->epoch++;
	if (a->n_open == AUTORATE_EPOCHS) {
		give_back(a, a->open[0].id);
		memmove(a->open, a->open + 1, (AUTORATE_EPOCHS - 1) * sizeof(a->open[0]));
		a->n_open--;
	}
	a->open[a->n_open++] = (struct autorate_epoch){a->epoch, a->rate, lost};
}

/* The verdict on all epochs before the present one. */
static void settle(struct autorate *a, double safe)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < a->n_open; i++) {
		const struct autorate_epoch *o = &a->open[i];

		if (o->id == a->epoch)
			a->open[kept++] = *o;
		else if (o->lost || o->rate > safe * (1 + 1e-9))
			give_back(a, o->id);
	}
	a->n_open = kept;
}

static void spoil_epoch(struct autorate *a)
{
	if (a->n_open)
		a->open[a->n_open - 1].lost = true;
}

bool autorate_lost(struct autorate *a, uint64_t *epoch)
{
	if (!a->n_again)
		return false;
	*epoch = a->again[--a->n_again];
	return true;
}

uint64_t autorate_settled(const struct autorate *a)
{
	return a->n_open ? a->open[0].id : a->epoch;
}

/* ---- readings ------------------------------------------------------------------------------- */

static void remember(struct autorate *a, const struct autorate_seen *s)
{
	const struct autorate_point *last =
		&a->track[(a->track_at + AUTORATE_TRACK - 1) % AUTORATE_TRACK];

	if (a->n_track && (double)s->now_ns - last->at_ns < TRACK_NS)
		return;
	a->track[a->track_at] = (struct autorate_point){.at_ns = (double)s->now_ns,
		.sent = (double)s->sent,
		.canaries = (double)s->canaries};
	a->track_at = (a->track_at + 1) % AUTORATE_TRACK;
	a->n_track += a->n_track < AUTORATE_TRACK;
}

/* What had been sent at that time, between two readings by proportion. */
static void sent_at(const struct autorate *a, double at_ns, struct autorate_point *p)
{
	const struct autorate_point *later = NULL, *r = NULL;

	for (unsigned i = 1; i <= a->n_track; i++) {
		r = &a->track[(a->track_at + AUTORATE_TRACK - i) % AUTORATE_TRACK];
		if (r->at_ns <= at_ns)
			break;
		later = r;
	}
	if (!r)
		return;
	p->sent = r->sent;
	p->canaries = r->canaries;
	if (later && later != r) {
		double part = (at_ns - r->at_ns) / (later->at_ns - r->at_ns);

		p->sent += part * (later->sent - r->sent);
		p->canaries += part * (later->canaries - r->canaries);
	}
}

static double rtt(const struct autorate *a, const struct autorate_seen *s)
{
	return s->rtt_ns ? (double)s->rtt_ns : (double)a->conf.rtt_ns;
}

/* Answers until now beside the probes that they answer. */
static struct autorate_point point(const struct autorate *a, const struct autorate_seen *s)
{
	struct autorate_point p = {.at_ns = (double)s->now_ns,
		.made = (double)s->sent,
		.answered = (double)s->answered,
		.canaries_answered = (double)s->canaries_answered,
		.dropped = (double)s->dropped,
		.prohibited = (double)s->prohibited,
		.quenched = (double)s->quenched,
		.stalls = (double)s->stalls};

	sent_at(a, (double)s->now_ns - rtt(a, s), &p);
	return p;
}

static struct autorate_point since(struct autorate_point p, const struct autorate_point *from)
{
	p.at_ns -= from->at_ns;
	p.made -= from->made;
	p.sent -= from->sent;
	p.answered -= from->answered;
	p.canaries -= from->canaries;
	p.canaries_answered -= from->canaries_answered;
	p.dropped -= from->dropped;
	p.prohibited -= from->prohibited;
	p.quenched -= from->quenched;
	p.stalls -= from->stalls;
	return p;
}

static void learn(struct autorate *a, const struct autorate_point *m)
{
	a->base.sent += m->sent;
	a->base.answered += m->answered;
	a->base.canaries += m->canaries;
	a->base.canaries_answered += m->canaries_answered;
	a->base.prohibited += m->prohibited;
}

/* ---- loss ----------------------------------------------------------------------------------- */

struct verdict {
	double loss, sigma; /* estimate and its standard deviation; sigma 1e9 = nothing is known */
};

/* Relative variance of a share: `hits` of `n`. */
static double variance(double hits, double n)
{
	double p = fmin(hits / n, 1);

	/* one more of each: a share of 1 that was seen n times is not certain */
	return (1 - p) / hits + 1 / (n * n);
}

/* Adds the estimate of one stream of probes, weighted by its variance. */
static void weigh(double n, double hits, double n0, double hits0, double *sum, double *weight)
{
	double share0, expected, var;

	if (n < ANSWERS_MIN || hits0 < ANSWERS_MIN)
		return;
	share0 = hits0 / n0;
	expected = n * share0;
	if (expected < ANSWERS_MIN)
		return;
	var = variance(expected, n) + variance(hits0, n0);
	*sum += (1 - hits / expected) / var;
	*weight += 1 / var;
}

static struct verdict judge(const struct autorate *a, const struct autorate_point *m)
{
	const struct autorate_point *b = &a->base;
	double sum = 0, weight = 0, smear = SMEAR_NS / fmax(m->at_ns, 1), q0, more;
	struct verdict v = {0, 1e9};

	weigh(m->sent, m->answered, b->sent, b->answered, &sum, &weight);
	weigh(m->canaries, m->canaries_answered, b->canaries, b->canaries_answered, &sum, &weight);
	if (weight > 0)
		v = (struct verdict){sum / weight, sqrt(1 / weight + smear * smear)};
	/* a router that begins to refuse: those were no answers of targets, so they are loss */
	q0 = b->sent > 0 ? b->prohibited / b->sent : 0;
	more = m->sent > 0 ? m->prohibited - m->sent * q0 : 0;
	if (more > ANSWERS_MIN && more > Z * sqrt(m->prohibited + m->sent * q0) && b->sent > 0)
		v = (struct verdict){fmax(v.loss, more / m->sent), LOSS_LEAST};
	if (m->dropped > 2 && m->dropped > LOSS_LEAST * m->sent)
		v = (struct verdict){fmax(v.loss, m->dropped / fmax(m->sent, m->dropped)), 0};
	if (m->quenched > 0 || m->stalls > 0)
		v = (struct verdict){fmax(v.loss, 0.5), 0};
	return v;
}

static bool seen(struct autorate *a, const struct verdict *v, uint64_t now_ns)
{
	if (v->loss < LOSS_LEAST || v->loss <= Z * v->sigma) {
		a->suspect_ns = 0;
		return false;
	}
	if (v->sigma == 0)
		return true;
	if (!a->suspect_ns)
		a->suspect_ns = now_ns;
	return (double)(now_ns - a->suspect_ns) >= CONFIRM_NS;
}

/* ---- going from rate to rate ---------------------------------------------------------------- */

static void go(struct autorate *a, const struct autorate_seen *s, double rate)
{
	bool after_loss = a->n_open && a->open[a->n_open - 1].lost;

	a->rate = fmin(rate, a->conf.cap_pps);
	a->measuring = false;
	a->suspect_ns = 0;
	a->measure_from_ns = s->now_ns + (uint64_t)(SETTLE_NS + 2 * rtt(a, s));
	open_epoch(a, after_loss);
}

static void go_steady(
	struct autorate *a, const struct autorate_seen *s, double rate, enum autorate_limit why)
{
	a->state = AUTORATE_STEADY;
	a->steady_pps = fmin(rate, a->conf.cap_pps);
	a->steady_ns = 0;
	a->limit = why;
	go(a, s, rate);
	settle(a, a->rate);
}

/* Far below, to learn the share again. */
static void go_base(struct autorate *a, const struct autorate_seen *s, double rate)
{
	a->state = AUTORATE_BASE;
	a->limit = AUTORATE_LOSS;
	go(a, s, fmax(rate, fmin(a->conf.start_pps, a->high / 2)));
}

static void go_knee(struct autorate *a, const struct autorate_seen *s)
{
	double below = KNEE_BELOW * (1 - fmax(0, a->blur - 2 * KNEE_SEES));

	a->state = AUTORATE_KNEE;
	if (a->high <= a->low * KNEE_APART)
		go_steady(a, s, a->high * below, AUTORATE_LOSS);
	else
		go(a, s, sqrt(a->low * a->high));
}

/* The share is not known well enough to climb by, and here it may be learnt. */
static bool to_learn(const struct autorate *a, const struct autorate_point *m)
{
	const struct autorate_point *b = &a->base;
	double n = b->sent + m->sent, hits = b->answered + m->answered;
	double c = b->canaries + m->canaries, c_hits = b->canaries_answered + m->canaries_answered;
	double enough = CLIMB_SEES / Z * CLIMB_SEES / Z / 4;

	return a->rate <= a->conf.modest_pps &&
	       ((hits >= ANSWERS_MIN && variance(hits, n) <= enough) ||
		       (c_hits >= ANSWERS_MIN && variance(c_hits, c) <= enough));
}

/* The sender does not keep up; a busy moment looks the same in a short window. */
static bool is_slow(const struct autorate *a)
{
	return a->reached < SENDER_SLOW * a->rate;
}

static void turn_climb(struct autorate *a, const struct autorate_seen *s,
	const struct autorate_point *m, const struct verdict *v)
{
	bool told = Z * v->sigma <= CLIMB_SEES || to_learn(a, m);
	bool blind = !told && a->rate < a->conf.modest_pps && m->at_ns >= BLIND_NS;

	if (seen(a, v, s->now_ns)) {
		a->high = a->rate;
		a->loss = v->loss;
		spoil_epoch(a);
		go_base(a, s, a->low / 2);
		return;
	}
	a->limit = !told && m->at_ns >= BLIND_NS && !blind ? AUTORATE_FEW : AUTORATE_NONE;
	if (a->suspect_ns || !(told || blind) || (is_slow(a) && m->at_ns < KNEE_NS))
		return;
	learn(a, m);
	a->low = a->rate;
	a->blur = fmin(Z * v->sigma, 1);
	if (is_slow(a))
		go_steady(a, s, a->reached, AUTORATE_SENDER);
	else if (a->rate >= a->conf.cap_pps)
		go_steady(a, s, a->rate, AUTORATE_CAP);
	else if (blind)
		go(a, s, fmin(a->rate * 2, a->conf.modest_pps));
	else
		go(a, s, a->rate * 2);
}

static void turn_base(struct autorate *a, const struct autorate_seen *s,
	const struct autorate_point *m, const struct verdict *v)
{
	bool lost = seen(a, v, s->now_ns) && (!a->distrust || v->sigma == 0);
	double var = 1;

	if (lost && a->rate > a->conf.start_pps) {
		a->high = a->rate; /* not even that */
		spoil_epoch(a);
		go_base(a, s, a->rate / 2);
		return;
	}
	if (m->answered > 0)
		var = variance(m->answered, m->sent);
	if (m->canaries_answered > 0)
		var = fmin(var, variance(m->canaries_answered, m->canaries));
	if ((a->suspect_ns && !a->distrust) || m->at_ns < KNEE_NS ||
		(Z * sqrt(var) > KNEE_SEES && m->at_ns < LONG_NS))
		return;
	memset(&a->base, 0, sizeof(a->base));
	a->distrust = false;
	learn(a, m);
	a->low = a->rate;
	go_knee(a, s);
}

static void turn_knee(struct autorate *a, const struct autorate_seen *s,
	const struct autorate_point *m, const struct verdict *v)
{
	if (seen(a, v, s->now_ns)) {
		a->high = a->rate;
		a->loss = v->loss;
		spoil_epoch(a);
		go_knee(a, s);
		return;
	}
	if (a->suspect_ns || m->at_ns < KNEE_NS || (Z * v->sigma > KNEE_SEES && m->at_ns < LONG_NS))
		return;
	a->low = a->rate;
	a->blur = fmin(Z * v->sigma, 1);
	if (is_slow(a))
		go_steady(a, s, a->reached, AUTORATE_SENDER);
	else
		go_knee(a, s);
}

static void turn_steady(struct autorate *a, const struct autorate_seen *s,
	const struct autorate_point *m, const struct verdict *v)
{
	if (seen(a, v, s->now_ns)) {
		a->high = a->rate;
		a->loss = v->loss;
		a->setback_pps = a->setbacks++ ? a->setback_pps : a->rate;
		spoil_epoch(a);
		if (a->setbacks < SETBACKS_MAX) {
			go_steady(a, s, a->rate * (1 - v->loss) * KNEE_BELOW, AUTORATE_LOSS);
			return;
		}
		a->high = a->setback_pps / KNEE_BELOW * KNEE_APART;
		a->setbacks = 0;
		a->distrust = true;
		go_base(a, s, a->rate / 2);
		return;
	}
	if (a->suspect_ns || (Z * v->sigma > STEADY_SEES && m->at_ns < LONG_NS))
		return;
	a->setbacks = 0;
	a->steady_ns += m->at_ns;
	if ((a->limit == AUTORATE_LOSS || a->limit == AUTORATE_SENDER) &&
		a->steady_ns >= a->retry_ns) {
		a->state = AUTORATE_RETRY;
		go(a, s, fmax(a->high, a->steady_pps) * RETRY_ABOVE);
		settle(a, a->steady_pps);
		return;
	}
	a->measuring = false; /* the next window begins where this one ends */
	open_epoch(a, false);
	settle(a, a->rate);
}

/* Above the knee there is loss again, or the knee was a mistake, or has moved. */
static void turn_retry(struct autorate *a, const struct autorate_seen *s,
	const struct autorate_point *m, const struct verdict *v)
{
	if (seen(a, v, s->now_ns)) {
		a->retry_ns = fmin(2 * a->retry_ns, RETRY_MAX_NS);
		spoil_epoch(a);
		go_steady(a, s, a->steady_pps, AUTORATE_LOSS);
		return;
	}
	if (is_slow(a) && m->at_ns >= KNEE_NS && !a->suspect_ns) {
		a->retry_ns = fmin(2 * a->retry_ns, RETRY_MAX_NS);
		go_steady(a, s, a->reached, AUTORATE_SENDER);
		return;
	}
	if (a->suspect_ns || m->at_ns < LONG_NS / 2 ||
		(Z * v->sigma > CLIMB_SEES / 2 && m->at_ns < LONG_NS))
		return;
	a->low = a->rate;
	a->high = 0;
	a->state = AUTORATE_CLIMB;
	a->limit = AUTORATE_NONE;
	go(a, s, a->rate * 2);
}

static void measure(struct autorate *a, const struct autorate_seen *s)
{
	struct autorate_point m = since(point(a, s), &a->from);
	struct verdict v;

	if (m.at_ns < WINDOW_NS)
		return;
	a->reached = m.made * NS_PER_S / m.at_ns;
	v = judge(a, &m);
	if (a->state == AUTORATE_CLIMB)
		turn_climb(a, s, &m, &v);
	else if (a->state == AUTORATE_BASE)
		turn_base(a, s, &m, &v);
	else if (a->state == AUTORATE_KNEE)
		turn_knee(a, s, &m, &v);
	else if (a->state == AUTORATE_RETRY)
		turn_retry(a, s, &m, &v);
	else
		turn_steady(a, s, &m, &v);
}

/* ---- the outside ---------------------------------------------------------------------------- */

void autorate_init(struct autorate *a, const struct autorate_conf *c, uint64_t now_ns)
{
	memset(a, 0, sizeof(*a));
	a->conf = *c;
	a->rate = fmin(c->start_pps, c->cap_pps);
	a->low = a->rate;
	a->retry_ns = RETRY_NS;
	a->measure_from_ns = now_ns + (uint64_t)(SETTLE_NS + 2 * (double)c->rtt_ns);
	a->open[a->n_open++] = (struct autorate_epoch){0, a->rate, false};
}

double autorate_turn(struct autorate *a, const struct autorate_seen *s)
{
	remember(a, s);
	if (s->now_ns < a->measure_from_ns)
		return a->rate;
	if (a->measuring) {
		measure(a, s);
	} else {
		a->measuring = true;
		a->suspect_ns = 0;
		a->from = point(a, s);
		if (a->n_open && a->open[a->n_open - 1].lost)
			open_epoch(a, false); /* what followed the loss directly is over */
	}
	return a->rate;
}

void autorate_finish(struct autorate *a, const struct autorate_seen *s)
{
	struct autorate_point m = {0};
	struct verdict v = {0, 1e9};
	double safe = a->state == AUTORATE_STEADY || a->state == AUTORATE_CLIMB ? a->rate : a->low;

	if (a->state == AUTORATE_RETRY)
		safe = a->steady_pps;
	if (a->measuring) {
		/* all answers are there: what was sent until now is what they answer */
		m = since((struct autorate_point){(double)s->now_ns, (double)s->sent,
				  (double)s->sent, (double)s->answered, (double)s->canaries,
				  (double)s->canaries_answered, (double)s->dropped,
				  (double)s->prohibited, (double)s->quenched, (double)s->stalls},
			&a->from);
		v = judge(a, &m);
	}
	if (v.loss >= LOSS_LEAST && v.loss > Z * v.sigma) {
		spoil_epoch(a);
		safe = fmin(safe, a->low);
	}
	open_epoch(a, false);
	settle(a, safe);
	a->rate = safe;
}

void autorate_text(const struct autorate *a, struct buf *out)
{
	buf_fmt(out, "%.0f/s", a->rate);
	switch (a->limit) {
	case AUTORATE_NONE:
		buf_str(out, ", no loss seen: going up");
		break;
	case AUTORATE_FEW:
		buf_str(out, ": too few answers to see a loss by; say --rate N to go faster");
		break;
	case AUTORATE_LOSS:
		if (a->state == AUTORATE_STEADY || a->state == AUTORATE_RETRY)
			buf_fmt(out, ": at %.0f/s %.1f %% was lost", a->high, 100 * a->loss);
		else
			buf_fmt(out, ": at %.0f/s %.1f %% was lost, looking for the limit", a->high,
				100 * a->loss);
		break;
	case AUTORATE_CAP:
		buf_str(out, ": the ceiling that was set, nothing lost");
		break;
	case AUTORATE_SENDER:
		buf_str(out, ": this machine sends no faster, nothing lost");
		break;
	}
}
