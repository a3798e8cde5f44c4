/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bisection of a group of ports by counts.
 *
 * A count that is not zero is split: the left half is counted, the right half holds the rest. A
 * single port that should be open by such inference is confirmed by several probes at once, which
 * must bring as many counts. Noise only ever adds: it sends the search into parts where nothing is,
 * and a count of zero or a failed confirmation ends it there. So noise costs time, and an open port
 * that it hides (by making the other half look too full) is left to the next pass over the ports.
 */
#include "scan/bisect.h"

#include <math.h>
#include <string.h>

#define CONFIRM	      3	   /* probes of one port at once */
#define ROUNDS_MAX    6	   /* of a confirmation */
#define RECOUNTS      2	   /* of a part that counts more than it has ports */
#define CHANCE	      1e-3 /* that noise alone confirms an open port */
#define CHANCE_AT_END 0.05 /* after the last round */
#define BURST	      0.01 /* chance of noise that is taken for a burst */

double poisson_tail(double mean, unsigned k)
{
	double term = exp(-mean), sum = 0;

	for (unsigned i = 0; i < k; i++) {
		sum += term;
		term *= mean / (i + 1);
	}
	return sum < 1 ? 1 - sum : 0;
}

static void push(struct bisect *b, uint32_t lo, uint32_t hi, int open)
{
	b->part[b->depth].lo = lo;
	b->part[b->depth].hi = hi;
	b->part[b->depth].open = open;
	b->depth++;
}

void bisect_start(struct bisect *b, uint32_t n)
{
	memset(b, 0, sizeof(*b));
	push(b, 0, n, -1);
}

static uint32_t middle(uint32_t lo, uint32_t hi)
{
	return lo + (hi - lo + 1) / 2;
}

bool bisect_next(struct bisect *b, struct bisect_ask *ask)
{
	while (b->depth && b->part[b->depth - 1].open == 0)
		b->depth--;
	if (b->depth == 0)
		return false;
	ask->lo = b->part[b->depth - 1].lo;
	ask->hi = b->part[b->depth - 1].hi;
	ask->copies = 1;
	if (b->part[b->depth - 1].open < 0)
		return true;
	if (ask->hi - ask->lo == 1)
		ask->copies = CONFIRM;
	else
		ask->hi = middle(ask->lo, ask->hi);
	return true;
}

/* A part of which nothing is known was counted. */
static void whole_counted(struct bisect *b, unsigned count)
{
	uint32_t lo = b->part[b->depth - 1].lo, hi = b->part[b->depth - 1].hi, mid;

	if (!b->counted)
		b->first = count;
	b->counted = true;
	if (count <= hi - lo || hi - lo == 1) {
		b->part[b->depth - 1].open = count ? (int)(count < hi - lo ? count : hi - lo) : 0;
		b->tries = 0;
		return;
	}
	if (b->tries++ < RECOUNTS)
		return;
	b->tries = 0;
	b->depth--;
	mid = middle(lo, hi);
	push(b, mid, hi, -1);
	push(b, lo, mid, -1);
}

/* The left half of a part was counted. */
static void half_counted(struct bisect *b, unsigned count)
{
	uint32_t lo = b->part[b->depth - 1].lo, hi = b->part[b->depth - 1].hi, mid = middle(lo, hi);
	int rest = b->part[b->depth - 1].open - (int)count;

	b->depth--;
	push(b, mid, hi, rest < 0 || rest > (int)(hi - mid) ? -1 : rest);
	push(b, lo, mid, count > mid - lo ? -1 : (int)count);
}

static void decide(struct bisect *b, bool open)
{
	b->open[b->part[b->depth - 1].lo] = open;
	b->n_open += open;
	b->depth--;
	b->tries = b->sent = b->seen = 0;
	b->expected = 0;
}

static void port_counted(struct bisect *b, unsigned count, double noise)
{
	bool last = ++b->tries == ROUNDS_MAX, most;

	if (count <= CONFIRM || poisson_tail(noise, count - CONFIRM) > BURST) {
		b->sent += CONFIRM;
		b->seen += count;
		b->expected += noise;
	}
	most = 2 * b->seen > b->sent;
	if (b->sent && 4 * b->seen <= b->sent)
		decide(b, false);
	else if (most && poisson_tail(b->expected, b->seen) < CHANCE)
		decide(b, true);
	else if (last)
		decide(b, most && poisson_tail(b->expected, b->seen) < CHANCE_AT_END);
}

void bisect_counted(struct bisect *b, unsigned count, double noise)
{
	if (b->part[b->depth - 1].open < 0)
		whole_counted(b, count);
	else if (b->part[b->depth - 1].hi - b->part[b->depth - 1].lo > 1)
		half_counted(b, count);
	else
		port_counted(b, count, noise);
}
