/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of text that several formats write: times, latencies, names, cleaned foreign text. */
#include "out/out_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"

/* --- times ------------------------------------------------------------------------------------ */

static void local(uint64_t wall_ns, struct tm *tm)
{
	time_t t = (time_t)(wall_ns / NS_PER_S);

	if (!localtime_r(&t, tm))
		memset(tm, 0, sizeof(*tm));
}

void out_time_minute(struct buf *b, uint64_t wall_ns)
{
	char s[64];
	struct tm tm;

	local(wall_ns, &tm);
	strftime(s, sizeof(s), "%Y-%m-%d %H:%M %Z", &tm);
	buf_str(b, s);
}

void out_time_second(struct buf *b, uint64_t wall_ns)
{
	char s[64];
	struct tm tm;

	local(wall_ns, &tm);
	strftime(s, sizeof(s), "%Y-%m-%d %H:%M:%S %Z", &tm);
	buf_str(b, s);
}

void out_time_clock(struct buf *b, uint64_t wall_ns)
{
	struct tm tm;

	local(wall_ns, &tm);
	buf_fmt(b, "%02d:%02d", tm.tm_hour, tm.tm_min);
}

void out_time_c(struct buf *b, uint64_t wall_ns)
{
	char s[64]; /* asctime_r asks for 26 and writes more for absurd years */
	struct tm tm;

	local(wall_ns, &tm);
	if (!asctime_r(&tm, s))
		return;
	s[strcspn(s, "\n")] = '\0';
	buf_str(b, s);
}

void out_time_rfc3339(struct buf *b, uint64_t wall_ns)
{
	time_t t = (time_t)(wall_ns / NS_PER_S);
	char s[64];
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		memset(&tm, 0, sizeof(tm));
	strftime(s, sizeof(s), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_fmt(b, "%s.%09" PRIu64 "Z", s, wall_ns % NS_PER_S);
}

void out_time_span(struct buf *b, uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	buf_fmt(b, "%" PRIu64 ":%02u:%02u", s / 3600, (unsigned)(s / 60 % 60), (unsigned)(s % 60));
}

void out_latency(struct buf *b, uint64_t ns)
{
	char scientific[32];
	double s = (double)ns / (double)NS_PER_S;
	const char *exponent;
	int decimals;

	/* printf rounds to two digits first, so that 0.0999 becomes 0.10 and not 0.100 */
	snprintf(scientific, sizeof(scientific), "%.1e", s);
	exponent = strchr(scientific, 'e');
	decimals = exponent ? 1 - atoi(exponent + 1) : 1;
	buf_fmt(b, "%.*f", decimals > 0 ? decimals : 0, s);
}

/* --- names ------------------------------------------------------------------------------------ */

void out_term(struct buf *b, const char *text)
{
	if (text)
		str_term(b, text, strlen(text));
}

void out_name_ip(struct buf *b, const struct rec_host *h)
{
	const char *name = h->user_name ? h->user_name : h->ptr_name;
	char ip[ADDR_TEXT_MAX];

	addr_text(&h->addr, ip);
	if (!name || !*name) {
		buf_str(b, ip);
		return;
	}
	out_term(b, name);
	buf_fmt(b, " (%s)", ip);
}

/* Bytes of the well-formed sequence at p (RFC 3629, table of section 4), or 0. The NUL at the end
 * stops every sequence. */
static size_t sequence_len(const uint8_t *p)
{
	uint8_t lo = 0x80, hi = 0xbf;
	size_t n = p[0] < 0x80	 ? 1
		   : p[0] < 0xc2 ? 0
		   : p[0] < 0xe0 ? 2
		   : p[0] < 0xf0 ? 3
		   : p[0] < 0xf5 ? 4
				 : 0;

	if (p[0] == 0xe0)
		lo = 0xa0; /* overlong */
	if (p[0] == 0xed)
		hi = 0x9f; /* surrogates */
	if (p[0] == 0xf0)
		lo = 0x90; /* overlong */
	if (p[0] == 0xf4)
		hi = 0x8f; /* above U+10FFFF */
	for (size_t i = 1; i < n; i++) {
		if (p[i] < lo || p[i] > hi)
			return 0;
		lo = 0x80;
		hi = 0xbf;
	}
	return n;
}

static bool is_forbidden(const uint8_t *p, size_t n, bool xml)
{
	if (n == 1)
		return p[0] == 0x7f || (xml && p[0] < 0x20 && !strchr("\t\n\r", p[0]));
	if (n == 2)
		return p[0] == 0xc2 && p[1] < 0xa0;		       /* C1: terminals obey them */
	return n == 3 && p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe; /* U+FFFE, U+FFFF */
}

void out_utf8(struct buf *b, const char *text, bool xml)
{
	const uint8_t *p = (const uint8_t *)(text ? text : "");

	while (*p) {
		size_t n = sequence_len(p);

		if (n && !is_forbidden(p, n, xml))
			buf_add(b, p, n);
		else
			buf_str(b, "\xef\xbf\xbd");
		p += n ? n : 1;
	}
}

const char *out_end_word(const struct rec_end *end)
{
	return end->error ? "failed" : end->interrupted ? "interrupted" : "done";
}

void out_summary(struct buf *b, const struct rec_end *end)
{
	buf_fmt(b, "%" PRIu64 " IP address%s", end->hosts_total, end->hosts_total == 1 ? "" : "es");
	if (!end->hosts_unknown)
		buf_fmt(b, " (%" PRIu64 " host%s up)", end->hosts_up,
			end->hosts_up == 1 ? "" : "s");
	buf_fmt(b, " scanned in %.2f seconds", (double)end->elapsed_ns / (double)NS_PER_S);
}

void out_sent(struct buf *b, const struct rec_coverage *c, double pps)
{
	buf_fmt(b, "%" PRIu64 " of %" PRIu64 " probes sent at %.*f/s", c->sent, c->planned,
		pps < 100 ? 1 : 0, pps);
}

void out_coverage(struct buf *b, const struct rec_coverage *c, const char *between)
{
	out_sent(b, c, c->rate_pps);
	if (c->sender)
		buf_fmt(b, " by %s", c->sender);
	if (c->receiver)
		buf_fmt(b, ", answers taken by %s", c->receiver);
	if (c->behind - c->first != c->total)
		buf_fmt(b, "; all shards have %" PRIu64, c->total);
	buf_fmt(b,
		"%sanswers %" PRIu64 " (hit rate %.3g%%), duplicates %" PRIu64 "; open %" PRIu64
		", closed %" PRIu64 ", other %" PRIu64,
		between, c->answers, rec_hit_rate(c) * 100, c->duplicates, c->open, c->closed,
		c->other);
	if (c->unlisted)
		buf_fmt(b, ", only counted %" PRIu64, c->unlisted);
	buf_fmt(b,
		"%srefused: forged %" PRIu64 ", late %" PRIu64
		"; lost on this machine: probes %" PRIu64 ", answers %" PRIu64 "; skipped %" PRIu64,
		between, c->forged, c->late, c->unsent, c->no_room, c->skipped);
}

void out_first_line(struct buf *b, const struct rec_run *run)
{
	buf_str(b, "# Sonde ");
	out_term(b, run->version);
	buf_str(b, " scan initiated ");
	out_time_c(b, run->start_wall_ns);
	buf_str(b, " as: ");
	out_term(b, run->args);
	buf_char(b, '\n');
}

void out_last_line(struct buf *b, const struct rec_end *end, bool coverage)
{
	buf_fmt(b, "# Sonde %s at ", out_end_word(end));
	out_time_c(b, end->end_wall_ns);
	buf_str(b, " -- ");
	out_summary(b, end);
	if (end->sweep && coverage) {
		buf_str(b, "; ");
		out_coverage(b, end->sweep, "; ");
	}
	buf_char(b, '\n');
}

void out_value(struct buf *b, const struct field_value *v)
{
	char text[ADDR_TEXT_MAX > MAC_TEXT_MAX ? ADDR_TEXT_MAX : MAC_TEXT_MAX];

	switch (v->type) {
	case FIELD_REAL:
		buf_fmt(b, "%g", v->real);
		break;
	case FIELD_BOOL:
		buf_str(b, v->flag ? "true" : "false");
		break;
	case FIELD_TIME:
		out_time_rfc3339(b, v->u);
		break;
	case FIELD_ADDR:
		buf_str(b, addr_text(&v->addr, text));
		break;
	case FIELD_MAC:
		buf_str(b, mac_text(&v->mac, text));
		break;
	default: /* FIELD_UINT, FIELD_NS */
		buf_fmt(b, "%" PRIu64, v->u);
	}
}
