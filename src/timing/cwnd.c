/* SPDX-License-Identifier: BSD-2-Clause */
/* A congestion window in probes (after RFC 5681 section 3.1). */
#include "timing/cwnd.h"

void cwnd_init(struct cwnd *c, double initial, double min, double max)
{
	*c = (struct cwnd){.min = min, .max = max < min ? min : max, .threshold = max};
	c->window = initial < c->min ? c->min : initial > c->max ? c->max : initial;
}

void cwnd_answered(struct cwnd *c)
{
	c->window += c->window < c->threshold ? 1 : 1 / c->window;
	if (c->window > c->max)
		c->window = c->max;
}

int cwnd_lost(struct cwnd *c, uint64_t sent_ns, uint64_t now_ns)
{
	if (sent_ns < c->cut_at_ns)
		return 0;
	c->window /= 2;
	if (c->window < c->min)
		c->window = c->min;
	c->threshold = c->window;
	c->cut_at_ns = now_ns;
	return 1;
}
