/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sweep finds, on the screen: open ports and, of -sA, unfiltered ones. */
#include "out/discovered.h"

#include <inttypes.h>

#include "base/clock.h"

/* nmap's words, and masscan's. */
static void line(struct buf *b, const struct rec_result *r)
{
	char ip[ADDR_TEXT_MAX];

	addr_text(&r->addr, ip);
	if (r->port.proto == PROTO_ICMP || r->port.proto == PROTO_ICMP6)
		buf_fmt(b, "Discovered host %s (%s)\n", ip,
			reason_name((enum reason)r->port.reason));
	else
		buf_fmt(b, "Discovered %s port %u/%s on %s\n",
			port_state_name((enum port_state)r->port.state), r->port.number,
			proto_name(r->port.proto), ip);
}

void discovered_rest(struct discovered *d, struct buf *b)
{
	if (d->held)
		buf_fmt(b, "... and %" PRIu64 " more; all of them are in output files (-oC, -oB)\n",
			d->held);
	d->held = 0;
}

/* Whether this second has room for another line. */
static bool has_room(struct discovered *d, struct buf *b, uint64_t wall_ns)
{
	uint64_t second = wall_ns / NS_PER_S;

	if (!d->limited)
		return true;
	if (second > d->second) {
		discovered_rest(d, b);
		d->second = second;
		d->shown = 0;
	}
	return d->shown < DISCOVERED_PER_S;
}

void discovered_put(struct discovered *d, struct buf *b, const struct rec_results *r)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].port.state != PORT_OPEN && r->v[i].port.state != PORT_UNFILTERED)
			continue;
		if (!has_room(d, b, r->v[i].at_wall_ns)) {
			d->held++;
			continue;
		}
		line(b, &r->v[i]);
		d->shown++;
	}
}
