/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SOCKS4 and 4a (Ying-Da Lee's memos), one message each way:
 *
 *     04 | 01 | port (2) | address (4) | user 00 | [name 00]        00 | code | 6 bytes
 *
 * SOCKS5 (RFC 1928), two or three messages each way:
 *
 *     05 | n | methods                                              05 | method
 *     01 | length, user | length, password        (RFC 1929)        01 | status
 *     05 | 01 | 00 | type | address | port (2)                      05 | reply | ... as sent
 *
 * HTTP (RFC 9110 9.3.6): CONNECT and a header; the answer's status line, and a header up to an
 * empty line.
 */
#include "pkt/proxy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pkt/wr.h"

/* Steps of SOCKS5; the others have the last one only, as 0. */
enum { S5_METHODS, S5_LOGIN, S5_REQUEST };

#define STATUS_LEN 12 /* "HTTP/1.1 200" */

bool proxy_asks(const struct proxy *p, const struct proxy_talk *t)
{
	return p->kind != PROXY_SOCKS5 || t->step == S5_REQUEST;
}

/* ---- messages -------------------------------------------------------------------------------- */

/* A zone means nothing to others. */
static struct addr bare(struct addr a)
{
	a.zone = 0;
	return a;
}

static void say_socks4(struct wr *w, const struct proxy *p, const struct addr *dst, uint16_t port)
{
	static const uint8_t by_name[4] = {0, 0, 0, 1};
	struct addr name = bare(*dst);
	char text[ADDR_TEXT_MAX];

	addr_text(&name, text);
	wr_u8(w, 4);
	wr_u8(w, 1);
	wr_u16be(w, port);
	wr_bytes(w, dst->family == 4 ? dst->b : by_name, 4);
	wr_bytes(w, p->at.user, strlen(p->at.user) + 1);
	if (dst->family == 6)
		wr_bytes(w, text, strlen(text) + 1);
}

static void say_field(struct wr *w, const char *text)
{
	wr_u8(w, (uint8_t)strlen(text)); /* AUTHORITY_FIELD - 1 at most */
	wr_bytes(w, text, strlen(text));
}

static void say_socks5(
	struct wr *w, const struct proxy *p, unsigned step, const struct addr *dst, uint16_t port)
{
	switch (step) {
	case S5_METHODS:
		wr_u8(w, 5);
		wr_u8(w, p->at.has_user ? 2 : 1);
		wr_u8(w, 0);
		if (p->at.has_user)
			wr_u8(w, 2);
		break;
	case S5_LOGIN:
		wr_u8(w, 1);
		say_field(w, p->at.user);
		say_field(w, p->at.password);
		break;
	default:
		wr_u32be(w, dst->family == 4 ? 0x05010001 : 0x05010004);
		wr_bytes(w, dst->b, addr_len(dst));
		wr_u16be(w, port);
	}
}

/* RFC 4648 4. */
static void say_base64(struct wr *w, const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = 0;

		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (k < n ? (uint8_t)text[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			wr_u8(w, k > n ? '=' : (uint8_t)digits[v >> (18 - 6 * k) & 63]);
	}
}

static void say_http(struct wr *w, const struct proxy *p, const struct addr *dst, uint16_t port)
{
	char host[ADDR_PORT_TEXT_MAX], text[3 * ADDR_PORT_TEXT_MAX], login[2 * AUTHORITY_FIELD];
	struct addr name = bare(*dst);

	addr_port_text(&name, port, host);
	snprintf(text, sizeof(text), "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", host, host);
	wr_bytes(w, text, strlen(text));
	if (p->at.has_user) {
		snprintf(login, sizeof(login), "%s:%s", p->at.user, p->at.password);
		wr_bytes(w, "Proxy-Authorization: Basic ", 27);
		say_base64(w, login);
		wr_bytes(w, "\r\n", 2);
	}
	wr_bytes(w, "\r\n", 2);
}

size_t proxy_say(const struct proxy *p, const struct proxy_talk *t, const struct addr *dst,
	uint16_t port, uint8_t buf[PROXY_SAY_MAX])
{
	struct wr w = wr_init(buf, PROXY_SAY_MAX);

	if (p->kind == PROXY_HTTP)
		say_http(&w, p, dst, port);
	else if (p->kind == PROXY_SOCKS5)
		say_socks5(&w, p, t->step, dst, port);
	else
		say_socks4(&w, p, dst, port);
	return wr_len(&w);
}

/* ---- answers --------------------------------------------------------------------------------- */

static enum proxy_heard next_step(struct proxy_talk *t, uint8_t step)
{
	*t = (struct proxy_talk){.step = step};
	return PROXY_NEXT;
}

static enum proxy_heard hear_socks4(const struct proxy_talk *t, int *error)
{
	if (t->got[0] != 0 || t->got[1] < 90 || t->got[1] > 93)
		return PROXY_NOISE;
	if (t->got[1] > 91) /* its identd check failed */
		return PROXY_DENIED;
	*error = t->got[1] == 90 ? 0 : EREMOTEIO;
	return PROXY_DONE;
}

/* RFC 1928 6. */
static int socks5_error(uint8_t reply)
{
	static const int errors[] = {0, EREMOTEIO, EACCES, ENETUNREACH, EHOSTUNREACH, ECONNREFUSED,
		ETIME, EREMOTEIO, EREMOTEIO};

	return reply < sizeof(errors) / sizeof(errors[0]) ? errors[reply] : EREMOTEIO;
}

static enum proxy_heard hear_socks5(const struct proxy *p, struct proxy_talk *t, int *error)
{
	if (t->got[0] != (t->step == S5_LOGIN ? 1 : 5))
		return PROXY_NOISE;
	switch (t->step) {
	case S5_METHODS:
		if (t->got[1] == 0xff)
			return PROXY_DENIED;
		if (t->got[1] != 0 && (t->got[1] != 2 || !p->at.has_user))
			return PROXY_NOISE;
		return next_step(t, t->got[1] ? S5_LOGIN : S5_REQUEST);
	case S5_LOGIN:
		return t->got[1] ? PROXY_DENIED : next_step(t, S5_REQUEST);
	default:
		*error = socks5_error(t->got[1]);
		return PROXY_DONE;
	}
}

/* Bytes a SOCKS reply has, as far as what has come tells; a refusal is complete when it is known.
 */
static size_t socks_len(const struct proxy *p, const struct proxy_talk *t)
{
	if (p->kind != PROXY_SOCKS5)
		return 8;
	if (t->step != S5_REQUEST || (t->n >= 2 && t->got[1]))
		return 2;
	if (t->n < 5)
		return 5;
	return t->got[3] == 3 ? 7u + t->got[4] : t->got[3] == 4 ? 22 : 10;
}

static enum proxy_heard hear_socks(const struct proxy *p, struct proxy_talk *t, const uint8_t *data,
	size_t len, size_t *used, int *error)
{
	while (*used < len && t->n < socks_len(p, t))
		t->got[t->n++] = data[(*used)++];
	if (t->n < socks_len(p, t))
		return PROXY_MORE;
	return p->kind == PROXY_SOCKS5 ? hear_socks5(p, t, error) : hear_socks4(t, error);
}

/* The status code of "HTTP/1.x NNN" (RFC 9112 4), or 0. */
static unsigned status_of(const uint8_t *s)
{
	if (memcmp(s, "HTTP/1.", 7) != 0 || s[8] != ' ' || s[9] == '0')
		return 0;
	for (unsigned i = 9; i < STATUS_LEN; i++)
		if (s[i] < '0' || s[i] > '9')
			return 0;
	return (s[9] - '0') * 100u + (s[10] - '0') * 10u + (s[11] - '0');
}

/* What the status means where it is no success: the rest of the answer is not awaited. */
static enum proxy_heard hear_status(unsigned status, int *error)
{
	switch (status) {
	case 401: /* tinyproxy's word for a wrong password */
	case 407:
		return PROXY_DENIED;
	case 0:
	case 400: /* a server, but no proxy: it does not know CONNECT */
	case 404:
	case 405:
	case 501:
		return PROXY_NOISE;
	default:
		*error = status == 403 ? EACCES : EREMOTEIO;
		return PROXY_DONE;
	}
}

static enum proxy_heard hear_http(
	struct proxy_talk *t, const uint8_t *data, size_t len, size_t *used, int *error)
{
	unsigned status;

	while (*used < len) {
		uint8_t c = data[(*used)++];

		if (++t->total > PROXY_HTTP_MAX)
			return PROXY_NOISE;
		if (t->n < STATUS_LEN)
			t->got[t->n++] = c;
		t->newlines = c == '\n' ? t->newlines + 1 : c == '\r' ? t->newlines : 0;
		status = t->n == STATUS_LEN ? status_of(t->got) : 100;
		if (status / 100 > 2 || status < 100)
			return hear_status(status, error);
		if (t->newlines < 2)
			continue;
		if (status / 100 == 2) {
			*error = 0;
			return PROXY_DONE;
		}
		t->n = t->newlines = 0; /* 1xx: the final answer follows (RFC 9110 15.2) */
	}
	return PROXY_MORE;
}

enum proxy_heard proxy_hear(const struct proxy *p, struct proxy_talk *t, const uint8_t *data,
	size_t len, size_t *used, int *error)
{
	*used = 0;
	return p->kind == PROXY_HTTP ? hear_http(t, data, len, used, error)
				     : hear_socks(p, t, data, len, used, error);
}
