/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS, RFC 1035 section 4.1
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-+-------+-+-+-+-+-----+-------+
 * |              id               |Q|opcode |A|T|R|R|  Z  | rcode |
 * +-------------------------------+-+-------+-+-+-+-+-----+-------+
 * |           questions           |            answers            |
 * +-------------------------------+-------------------------------+
 * |          authorities          |          additional           |
 * +-------------------------------+-------------------------------+
 *
 * Question: name, type 2, class 2.  Record: name, type 2, class 2, TTL 4, length 2, data.
 * Name: labels (length 1..63 and bytes) up to a zero, or up to a pointer (two bytes, 11 and 14 bits
 * of offset in the message).
 */
#include "pkt/dns.h"

#include <stdio.h>
#include <string.h>

#define WIRE_NAME_MAX 255
#define LABEL_MAX     63
#define POINTER	      0xc0
#define CLASS_MASK    0x7fff /* mDNS keeps a flag in the top bit (RFC 6762 10.2) */

bool dns_open(struct dns_msg *m, const void *data, size_t len, struct dns_hdr *h)
{
	m->all = m->at = rd_init(data, len);
	h->id = rd_u16be(&m->at);
	h->flags = rd_u16be(&m->at);
	for (int i = 0; i < 4; i++)
		h->n[i] = m->left[i] = rd_u16be(&m->at);
	return m->at.ok;
}

/* A name as it grows: text with escapes, and its length as labels. */
struct name {
	char *text;
	size_t len;
	size_t wire;
};

static void add_label(struct name *n, struct rd *r, uint8_t len)
{
	const uint8_t *b = rd_bytes(r, len);

	n->wire += (size_t)len + 1;
	if (n->wire + 1 > WIRE_NAME_MAX)
		rd_fail(r);
	if (!r->ok || !b)
		return;
	if (n->len)
		n->text[n->len++] = '.';
	for (uint8_t i = 0; i < len; i++) {
		bool plain = b[i] > ' ' && b[i] < 0x7f && b[i] != '.' && b[i] != '\\';

		if (plain)
			n->text[n->len++] = (char)b[i];
		else
			n->len += (size_t)snprintf(n->text + n->len, 5, "\\%03u", b[i]);
	}
	n->text[n->len] = '\0';
}

/* Follows a pointer whose first byte was `high`; `start` is the offset where the labels before it
 * began, and becomes the new one. */
static void follow(const struct dns_msg *m, struct rd *r, uint8_t high, size_t *start)
{
	size_t to = (size_t)(high & ~POINTER) << 8 | rd_u8(r);

	if (!r->ok || to >= *start) {
		rd_fail(r);
		return;
	}
	*r = m->all;
	rd_skip(r, to);
	*start = to;
}

bool dns_name_read(const struct dns_msg *m, struct rd *r, char text[DNS_NAME_TEXT])
{
	struct name n = {.text = text};
	struct rd label = *r;
	size_t start = (size_t)(r->p - m->all.p);
	bool jumped = false;
	uint8_t len;

	text[0] = '\0';
	while ((len = rd_u8(&label)) != 0 && label.ok) {
		if (len <= LABEL_MAX) {
			add_label(&n, &label, len);
		} else if (len >= POINTER) {
			if (!jumped)
				rd_skip(r, (size_t)(label.p - r->p) + 1);
			jumped = true;
			follow(m, &label, len, &start);
		} else {
			rd_fail(&label);
		}
	}
	if (!label.ok)
		rd_fail(r);
	else if (!jumped)
		*r = label;
	if (!n.len && label.ok)
		memcpy(text, ".", 2);
	return r->ok;
}

bool dns_question_next(struct dns_msg *m, struct dns_question *q)
{
	if (!m->left[DNS_QUESTION] || !m->at.ok)
		return false;
	m->left[DNS_QUESTION]--;
	(void)dns_name_read(m, &m->at, q->name);
	q->type = rd_u16be(&m->at);
	q->class = rd_u16be(&m->at);
	return m->at.ok;
}

static bool pass_questions(struct dns_msg *m)
{
	struct dns_question q;

	while (m->left[DNS_QUESTION])
		if (!dns_question_next(m, &q))
			return false;
	return true;
}

bool dns_rr_next(struct dns_msg *m, struct dns_rr *rr)
{
	enum dns_section s = DNS_ANSWER;

	if (!m->at.ok || !pass_questions(m))
		return false;
	while (s < DNS_ADDITIONAL && !m->left[s])
		s++;
	if (!m->left[s])
		return false;
	m->left[s]--;
	rr->section = s;
	(void)dns_name_read(m, &m->at, rr->name);
	rr->type = rd_u16be(&m->at);
	rr->class = rd_u16be(&m->at);
	rr->ttl = rd_u32be(&m->at);
	rr->data = rd_sub(&m->at, rd_u16be(&m->at));
	return m->at.ok;
}

bool dns_rr_name(const struct dns_msg *m, const struct dns_rr *rr, char text[DNS_NAME_TEXT])
{
	struct rd r = rr->data;
	bool holds = rr->type == DNS_PTR || rr->type == DNS_CNAME || rr->type == DNS_NS;

	return holds && dns_name_read(m, &r, text);
}

bool dns_rr_addr(const struct dns_rr *rr, struct addr *out)
{
	bool v4 = rr->type == DNS_A && rr->data.left == 4;
	bool v6 = rr->type == DNS_AAAA && rr->data.left == 16;

	if ((rr->class & CLASS_MASK) != DNS_IN || (!v4 && !v6))
		return false;
	*out = addr_from_bytes(v4 ? 4 : 6, rr->data.p);
	return true;
}

bool dns_rr_srv(const struct dns_msg *m, const struct dns_rr *rr, struct dns_srv *srv)
{
	struct rd r = rr->data;

	srv->priority = rd_u16be(&r);
	srv->weight = rd_u16be(&r);
	srv->port = rd_u16be(&r);
	return rr->type == DNS_SRV && dns_name_read(m, &r, srv->target);
}

bool dns_txt_next(struct rd *r, const uint8_t **text, size_t *len)
{
	if (!rd_left(r))
		return false;
	*len = rd_u8(r);
	*text = rd_bytes(r, *len);
	return r->ok;
}

void dns_name_write(struct wr *w, const char *name)
{
	size_t start = w->len;
	size_t len;

	if (!strcmp(name, "."))
		name++;
	while (*name) {
		len = strcspn(name, ".");
		if (!len || len > LABEL_MAX)
			w->ok = false;
		wr_u8(w, (uint8_t)len);
		wr_bytes(w, name, len);
		name += len;
		name += *name == '.';
	}
	wr_u8(w, 0);
	if (w->len - start > WIRE_NAME_MAX)
		w->ok = false;
}

size_t dns_query(uint8_t *buf, size_t cap, uint16_t id, const char *name, enum dns_type type)
{
	struct wr w = wr_init(buf, cap);

	wr_u16be(&w, id);
	wr_u16be(&w, DNS_RD);
	wr_u16be(&w, 1);
	wr_zero(&w, 6);
	dns_name_write(&w, name);
	wr_u16be(&w, (uint16_t)type);
	wr_u16be(&w, DNS_IN);
	return wr_len(&w);
}

const char *dns_reverse_name(const struct addr *a, char text[DNS_REVERSE_TEXT])
{
	size_t at = 0;

	text[0] = '\0';
	if (a->family == 4)
		snprintf(text, DNS_REVERSE_TEXT, "%u.%u.%u.%u.in-addr.arpa", a->b[3], a->b[2],
			a->b[1], a->b[0]);
	for (int i = 15; a->family == 6 && i >= 0; i--)
		at += (size_t)snprintf(text + at, DNS_REVERSE_TEXT - at, "%x.%x.%s", a->b[i] & 15,
			a->b[i] >> 4, i ? "" : "ip6.arpa");
	return text;
}
