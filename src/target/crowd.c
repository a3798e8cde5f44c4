/* SPDX-License-Identifier: BSD-2-Clause */
/* How crowded an address set is: what ceilings for each host and network mean for the whole sweep.
 */
#include "target/crowd.h"

#include "target/block.h"

/* The walk's state: the network that was met last, and how many of its addresses. */
struct crowd {
	unsigned host_bits;
	u128 net;
	uint64_t here, most;
};

static void add(struct crowd *c, u128 net, uint64_t n)
{
	if (net != c->net)
		c->here = 0;
	c->net = net;
	c->here += n;
	if (c->here > c->most)
		c->most = c->here;
}

/* Of a range only the first and the last network can be shared with its neighbours. */
static void add_range(struct crowd *c, u128 first, u128 last)
{
	u128 from = first >> c->host_bits, to = last >> c->host_bits;
	u128 whole = (u128)1 << c->host_bits;
	uint64_t full = whole > SPACE_COUNT_MAX ? SPACE_COUNT_MAX : (uint64_t)whole;

	if (from == to) {
		add(c, from, (uint64_t)(last - first) + 1);
		return;
	}
	add(c, from, (uint64_t)(((from + 1) << c->host_bits) - first));
	if (to - from > 1)
		add(c, to - 1, full);
	add(c, to, (uint64_t)(last - (to << c->host_bits)) + 1);
}

uint64_t crowd_densest(const struct space *s)
{
	bool v4 = s->view.family == 4;
	struct crowd c = {
		.host_bits = v4 ? 32 - CROWD_BITS4 : 128 - CROWD_BITS6, .net = ~(u128)0, .most = 1};

	for (uint32_t i = 0; i < s->view.n_rows; i++) {
		struct addr first, last;

		space_range(s, i, &first, &last);
		add_range(&c, block_number(&first), block_number(&last));
	}
	return c.most;
}

double crowd_rate(const struct space *s, double host, double net)
{
	double hosts = (double)s->view.count;
	double by_host = host > 0 ? host * hosts : 0;
	double by_net = net > 0 ? net * hosts / (double)crowd_densest(s) : 0;

	if (by_host > 0 && by_net > 0)
		return by_host < by_net ? by_host : by_net;
	return by_host > 0 ? by_host : by_net;
}
