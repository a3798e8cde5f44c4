/* SPDX-License-Identifier: BSD-2-Clause */
/* pkt_describe: a packet as one line of --packet-trace. Numbers and our own words only, so nothing
 * of it needs escaping. */
#include "pkt/view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "pkt/icmp6.h"
#include "pkt/ip.h"
#include "pkt/ipproto.h"
#include "pkt/tcp.h"

/* A line that grows until the caller's buffer is full; always terminated. */
struct line {
	char *text;
	size_t len, cap;
};

static void add(struct line *l, const char *fmt, ...) PRINTF(2, 3);

static void add(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (l->len + 1 >= l->cap)
		return;
	va_start(ap, fmt);
	n = vsnprintf(l->text + l->len, l->cap - l->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->len += (size_t)n;
	if (l->len >= l->cap)
		l->len = l->cap - 1;
}

struct word {
	uint8_t type;
	int code; /* -1: any */
	const char *text;
};

/* clang-format off */
static const struct word icmp4_words[] = {
	{0,  -1, "echo reply"},
	{3,   0, "net unreachable"},
	{3,   1, "host unreachable"},
	{3,   2, "protocol unreachable"},
	{3,   3, "port unreachable"},
	{3,   4, "fragmentation needed"},
	{3,   5, "source route failed"},
	{3,   9, "net prohibited"},
	{3,  10, "host prohibited"},
	{3,  13, "admin prohibited"},
	{3,  -1, "unreachable"},
	{4,  -1, "source quench"},
	{5,  -1, "redirect"},
	{8,  -1, "echo request"},
	{11,  0, "ttl exceeded in transit"},
	{11, -1, "reassembly time exceeded"},
	{12, -1, "parameter problem"},
	{13, -1, "timestamp request"},
	{14, -1, "timestamp reply"},
	{17, -1, "mask request"},
	{18, -1, "mask reply"},
	{0,   0, NULL},
};

static const struct word icmp6_words[] = {
	{1,    0, "no route"},
	{1,    1, "admin prohibited"},
	{1,    2, "beyond scope"},
	{1,    3, "address unreachable"},
	{1,    4, "port unreachable"},
	{1,    5, "ingress policy"},
	{1,    6, "reject route"},
	{1,   -1, "unreachable"},
	{2,   -1, "packet too big"},
	{3,    0, "hop limit exceeded in transit"},
	{3,   -1, "reassembly time exceeded"},
	{4,   -1, "parameter problem"},
	{128, -1, "echo request"},
	{129, -1, "echo reply"},
	{133, -1, "router solicitation"},
	{134, -1, "router advertisement"},
	{135, -1, "neighbor solicitation"},
	{136, -1, "neighbor advertisement"},
	{0,    0, NULL},
};
/* clang-format on */

static const char *icmp_word(const struct pkt_l4 *l4)
{
	const struct word *w = l4->proto == IP_ICMP ? icmp4_words : icmp6_words;

	for (; w->text; w++)
		if (w->type == l4->type && (w->code < 0 || w->code == l4->code))
			return w->text;
	return "message";
}

static void add_proto(struct line *l, uint8_t proto)
{
	switch (proto) {
	case IP_TCP:
		add(l, "TCP");
		break;
	case IP_UDP:
		add(l, "UDP");
		break;
	case IP_ICMP:
		add(l, "ICMP");
		break;
	case IP_ICMPV6:
		add(l, "ICMPv6");
		break;
	case IP_SCTP:
		add(l, "SCTP");
		break;
	default:
		add(l, "IP proto %u", proto);
	}
}

static void add_end(struct line *l, const struct addr *a, bool has_port, uint16_t port)
{
	char text[ADDR_TEXT_MAX];

	addr_text(a, text);
	if (!has_port)
		add(l, "%s", text);
	else if (a->family == 6)
		add(l, "[%s]:%u", text, port);
	else
		add(l, "%s:%u", text, port);
}

static void add_ends(
	struct line *l, const struct addr *src, const struct addr *dst, const struct pkt_l4 *l4)
{
	add_proto(l, l4->proto);
	add(l, " ");
	add_end(l, src, l4->has_ports, l4->sport);
	add(l, " > ");
	add_end(l, dst, l4->has_ports, l4->dport);
}

static void add_flags(struct line *l, uint8_t flags)
{
	static const char letters[8] = "FSRPAUEC";
	char text[9];
	size_t n = 0;

	for (unsigned i = 0; i < 8; i++)
		if (flags & 1u << i)
			text[n++] = letters[i];
	text[n] = '\0';
	add(l, " %s", n ? text : "none");
}

/* What stands between the ends and the IP header's fields. */
static void add_kind(struct line *l, const struct pkt_l4 *l4)
{
	if (l4->has_tcp)
		add_flags(l, l4->flags);
	if (!l4->has_icmp)
		return;
	add(l, " %s (type=%u/code=%u)", icmp_word(l4), l4->type, l4->code);
	if (l4->proto == IP_ICMP ? icmp4_has_id(l4->type) : icmp6_has_id(l4->type))
		add(l, " icmp_id=%u icmp_seq=%u", l4->icmp_id, l4->icmp_seq);
}

static void add_ip(struct line *l, const struct pkt_view *v, const struct ip_hdr *ip)
{
	add(l, " ttl=%u", v->ttl);
	if (v->src.family == 4)
		add(l, " id=%u", v->ip_id);
	add(l, " iplen=%zu", ip->total_len);
	if (v->fragment)
		add(l, " frag offset=%u%s", v->frag_offset, v->more_fragments ? "+" : "");
}

static void add_tcp(struct line *l, const struct pkt_l4 *l4, struct rd r)
{
	char options[512];
	struct tcp_hdr h;

	add(l, " seq=%" PRIu32, l4->seq);
	if (l4->flags & TCP_ACK)
		add(l, " ack=%" PRIu32, l4->ack);
	add(l, " win=%u", l4->window);
	if (!tcp_read(&r, &h) || h.hdr_len == TCP_MIN)
		return;
	tcp_opts_text(h.options, h.hdr_len - TCP_MIN, options, sizeof(options));
	add(l, " %s", options);
}

static void add_rest(struct line *l, const struct pkt_l4 *l4)
{
	if (l4->has_sctp)
		add(l, " vtag=%" PRIu32, l4->vtag);
	if (l4->has_sctp && l4->chunk != 0xff)
		add(l, " chunk=%u", l4->chunk);
	if (l4->payload_len && l4->has_ports && !l4->has_sctp)
		add(l, " data=%zu", l4->payload_len);
}

int pkt_describe(const uint8_t *data, size_t len, char *text, size_t text_len)
{
	struct line l = {.text = text, .cap = text_len};
	struct rd r = rd_init(data, len);
	struct pkt_view v;
	struct ip_hdr ip;
	int rc = pkt_view(data, len, &v);

	if (text_len)
		text[0] = '\0';
	if (!v.src.family || !v.dst.family || !ip_read(&r, &ip)) {
		add(&l, "malformed packet of %zu bytes", len);
		return ERR_PARSE;
	}
	add_ends(&l, &v.src, &v.dst, &v.l4);
	add_kind(&l, &v.l4);
	add_ip(&l, &v, &ip);
	if (v.l4.has_tcp)
		add_tcp(&l, &v.l4, r);
	add_rest(&l, &v.l4);
	if (v.has_quote) {
		add(&l, " [");
		add_ends(&l, &v.quote_src, &v.quote_dst, &v.quote);
		add(&l, "]");
	}
	if (rc)
		add(&l, " malformed");
	return rc;
}
