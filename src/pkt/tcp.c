/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP, RFC 9293 section 3.1
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |          source port          |       destination port        |
 * +-------------------------------+-------------------------------+
 * |                        sequence number                        |
 * +---------------------------------------------------------------+
 * |                     acknowledgment number                     |
 * +-------+-------+---------------+-------------------------------+
 * | words |  0    |C E U A P R S F|            window             |
 * +-------+-------+---------------+-------------------------------+
 * |           checksum            |        urgent pointer         |
 * +-------------------------------+-------------------------------+
 * |       options, padded to the header's words, 0..40 bytes      |
 * +---------------------------------------------------------------+
 */
#include "pkt/tcp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool tcp_read(struct rd *r, struct tcp_hdr *h)
{
	h->sport = rd_u16be(r);
	h->dport = rd_u16be(r);
	h->seq = rd_u32be(r);
	h->ack = rd_u32be(r);
	h->hdr_len = (uint8_t)((rd_u8(r) >> 4) * 4);
	h->flags = rd_u8(r);
	h->window = rd_u16be(r);
	h->check = rd_u16be(r);
	h->urg = rd_u16be(r);
	h->options = NULL;
	if (!r->ok || h->hdr_len < TCP_MIN)
		return false;
	h->options = rd_bytes(r, h->hdr_len - TCP_MIN);
	return r->ok;
}

void tcp_write(struct wr *w, const struct tcp_hdr *h)
{
	wr_u16be(w, h->sport);
	wr_u16be(w, h->dport);
	wr_u32be(w, h->seq);
	wr_u32be(w, h->ack);
	wr_u8(w, (uint8_t)(h->hdr_len / 4 << 4));
	wr_u8(w, h->flags);
	wr_u16be(w, h->window);
	wr_u16be(w, h->check);
	wr_u16be(w, h->urg);
	wr_bytes(w, h->options, h->hdr_len - TCP_MIN);
}

bool tcp_opt_next(struct rd *r, struct tcp_opt *o)
{
	uint8_t len;

	*o = (struct tcp_opt){0};
	if (!rd_left(r))
		return false;
	o->kind = rd_u8(r);
	if (o->kind == TCP_OPT_EOL)
		rd_limit(r, 0);
	if (o->kind == TCP_OPT_EOL || o->kind == TCP_OPT_NOP)
		return true;
	len = rd_u8(r);
	if (len < 2)
		rd_fail(r);
	o->len = r->ok ? (uint8_t)(len - 2) : 0;
	o->data = rd_bytes(r, o->len);
	return r->ok;
}

static void opt_note(const struct tcp_opt *o, struct tcp_opts *all)
{
	struct rd d = rd_init(o->data, o->len);
	bool exact = true;

	switch (o->kind) {
	case TCP_OPT_EOL:
		all->eol = true;
		break;
	case TCP_OPT_NOP:
		all->n_nop++;
		break;
	case TCP_OPT_MSS:
		all->mss = rd_u16be(&d);
		all->has_mss = exact = o->len == 2;
		break;
	case TCP_OPT_WS:
		all->ws = rd_u8(&d);
		all->has_ws = exact = o->len == 1;
		break;
	case TCP_OPT_SACK_OK:
		all->sack_ok = exact = o->len == 0;
		break;
	case TCP_OPT_SACK:
		all->n_sack = o->len / 8;
		exact = o->len && o->len % 8 == 0;
		break;
	case TCP_OPT_TS:
		all->ts_val = rd_u32be(&d);
		all->ts_ecr = rd_u32be(&d);
		all->has_ts = exact = o->len == 8;
		break;
	case TCP_OPT_MD5:
		all->has_md5 = exact = o->len == 16;
		break;
	case TCP_OPT_AO:
		all->has_ao = exact = o->len >= 2;
		break;
	case TCP_OPT_TFO:
		all->has_tfo = exact =
			o->len == 0 || (o->len >= 4 && o->len <= 16 && o->len % 2 == 0);
		break;
	default:
		all->n_unknown++;
	}
	all->broken |= !exact;
}

void tcp_opts_read(const uint8_t *options, size_t len, struct tcp_opts *all)
{
	struct rd r = rd_init(options, len);
	struct tcp_opt o;

	*all = (struct tcp_opts){0};
	while (tcp_opt_next(&r, &o))
		opt_note(&o, all);
	all->broken |= !r.ok;
}

void tcp_opt_write(struct wr *w, uint8_t kind, const void *data, uint8_t len)
{
	wr_u8(w, kind);
	if (kind == TCP_OPT_EOL || kind == TCP_OPT_NOP)
		return;
	wr_u8(w, (uint8_t)(len + 2));
	wr_bytes(w, data, len);
}

void tcp_opt_pad(struct wr *w, size_t start)
{
	while (w->ok && (w->len - start) % 4)
		wr_u8(w, TCP_OPT_NOP);
}

static int opt_text(const struct tcp_opt *o, char *t, size_t n)
{
	struct rd d = rd_init(o->data, o->len);
	uint32_t first = 0;

	switch (o->len == 2 && o->kind == TCP_OPT_MSS ? TCP_OPT_MSS : o->kind) {
	case TCP_OPT_EOL:
		return snprintf(t, n, "eol");
	case TCP_OPT_NOP:
		return snprintf(t, n, "nop");
	case TCP_OPT_MSS:
		return snprintf(t, n, "mss %u", rd_u16be(&d));
	case TCP_OPT_WS:
		return snprintf(t, n, "wscale %u", rd_u8(&d));
	case TCP_OPT_SACK_OK:
		return snprintf(t, n, "sackOK");
	case TCP_OPT_SACK:
		return snprintf(t, n, "sack %u", o->len / 8);
	case TCP_OPT_TS:
		first = rd_u32be(&d);
		return snprintf(t, n, "TS val %" PRIu32 " ecr %" PRIu32, first, rd_u32be(&d));
	case TCP_OPT_MD5:
		return snprintf(t, n, "md5");
	case TCP_OPT_AO:
		return snprintf(t, n, "ao");
	case TCP_OPT_TFO:
		return snprintf(t, n, "tfo %u", o->len);
	default:
		return snprintf(t, n, "opt-%u:%u", o->kind, o->len);
	}
}

void tcp_opts_text(const uint8_t *options, size_t len, char *text, size_t text_len)
{
	struct rd r = rd_init(options, len);
	struct tcp_opt o;
	char all[512] = "";
	size_t at = 0;

	/* 40 bytes make at most 40 options of at most 12 characters, or fewer longer ones: `all` is
	 * never full */
	rd_limit(&r, TCP_OPTIONS_MAX);
	while (at + 64 < sizeof(all) && tcp_opt_next(&r, &o)) {
		all[at] = at ? ',' : '<';
		at++;
		at += (size_t)opt_text(&o, all + at, sizeof(all) - at);
	}
	if (!r.ok)
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%sbad", at ? "," : "<");
	snprintf(text, text_len, "%s%s", all, at ? ">" : "");
}
