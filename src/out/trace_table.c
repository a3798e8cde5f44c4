/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of hops in the normal report. */
#include "out/trace_table.h"

#include <stdio.h>

#include "base/clock.h"
#include "model/rec.h"
#include "out/out_text.h"

#define RTT_TEXT_MAX 32

static void put_heading(struct buf *b, const struct rec_trace *t)
{
	buf_str(b, "\nTRACEROUTE");
	if (t->port)
		buf_fmt(b, " (using port %u/%s)", t->port, proto_name(t->proto));
	else if (t->proto != PROTO_IP)
		buf_fmt(b, " (using proto %u/%s)", t->proto,
			t->proto == PROTO_ICMP6 ? "ipv6-icmp" : proto_name(t->proto));
	buf_char(b, '\n');
}

static int rtt_text(char text[RTT_TEXT_MAX], uint64_t rtt_ns)
{
	if (!rtt_ns)
		return snprintf(text, RTT_TEXT_MAX, "--");
	return snprintf(text, RTT_TEXT_MAX, "%.2f ms", (double)rtt_ns / (double)NS_PER_MS);
}

static void put_hop(struct buf *b, const struct rec_hop *hop, int width)
{
	char ip[ADDR_TEXT_MAX], rtt[RTT_TEXT_MAX];
	bool named = hop->name && *hop->name;

	rtt_text(rtt, hop->rtt_ns);
	buf_fmt(b, "%-3u %-*s ", hop->ttl, width, rtt);
	if (named) {
		out_term(b, hop->name);
		buf_str(b, " (");
	}
	buf_fmt(b, "%s%s\n", addr_text(&hop->addr, ip), named ? ")" : "");
}

void trace_table(struct buf *b, const struct rec_trace *t)
{
	char text[RTT_TEXT_MAX];
	int width = (int)sizeof("RTT") - 1, n;
	size_t last;

	for (size_t i = 0; i < t->n_hops; i++)
		if (t->hops[i].addr.family && (n = rtt_text(text, t->hops[i].rtt_ns)) > width)
			width = n;
	put_heading(b, t);
	buf_fmt(b, "HOP %-*s ADDRESS\n", width, "RTT");
	for (size_t i = 0; i < t->n_hops; i = last + 1) {
		last = i;
		if (t->hops[i].addr.family) {
			put_hop(b, &t->hops[i], width);
			continue;
		}
		while (last + 1 < t->n_hops && !t->hops[last + 1].addr.family)
			last++;
		buf_fmt(b, "%-3u ...", t->hops[i].ttl);
		if (last > i)
			buf_fmt(b, " %u", t->hops[last].ttl);
		buf_char(b, '\n');
	}
}
