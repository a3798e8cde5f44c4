/* SPDX-License-Identifier: BSD-2-Clause */
/* The client's side of asking a proxy for a TCP connection: what to say, and what the answer means.
 * Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/authority.h"

enum proxy_kind {
	PROXY_HTTP,    /* CONNECT (RFC 9110 9.3.6), Basic authentication (RFC 7617) */
	PROXY_SOCKS4,  /* IPv4 addresses only */
	PROXY_SOCKS4A, /* IPv6 addresses are sent as the name they are written as */
	PROXY_SOCKS5,  /* RFC 1928, user and password by RFC 1929 */
};

struct proxy {
	enum proxy_kind kind;
	struct authority at;
};

#define PROXY_SAY_MAX	1024  /* bytes of the longest message */
#define PROXY_REPLY_MAX 262   /* of the longest SOCKS reply */
#define PROXY_HTTP_MAX	16384 /* of an HTTP header; more is refused */

/* How far the conversation is; all zero at its start. */
struct proxy_talk {
	uint8_t step;
	uint8_t newlines; /* HTTP: since the last text */
	uint16_t n;	  /* bytes in `got` */
	uint16_t total;	  /* bytes of the reply so far */
	uint8_t got[PROXY_REPLY_MAX];
};

/* Whether the next or last message is the wish for the connection itself, not a preliminary. */
bool proxy_asks(const struct proxy *p, const struct proxy_talk *t);
/* Writes the message of the step the talk is at, which asks for a connection to dst:port (host
 * order) in the end. Returns its length, never 0. */
size_t proxy_say(const struct proxy *p, const struct proxy_talk *t, const struct addr *dst,
	uint16_t port, uint8_t buf[PROXY_SAY_MAX]);

enum proxy_heard {
	PROXY_MORE,   /* the answer is not complete */
	PROXY_NEXT,   /* say the next message */
	PROXY_DONE,   /* *error is what connect() would have given; 0: bytes now go to dst */
	PROXY_DENIED, /* it wants another user or password */
	PROXY_NOISE,  /* it does not speak this protocol */
};

/*
 * Takes bytes of the answer; *used says how many, and is less than len only when the answer is
 * complete before they end. Errors: ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EACCES (not allowed),
 * ETIME (TTL expired) and EREMOTEIO (the proxy does not say why).
 */
enum proxy_heard proxy_hear(const struct proxy *p, struct proxy_talk *t, const uint8_t *data,
	size_t len, size_t *used, int *error);
