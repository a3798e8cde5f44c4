/* SPDX-License-Identifier: BSD-2-Clause */
/* The proxies of --proxies, in the order connections go through them. */
#pragma once

#include "pkt/proxy.h"

#define CHAIN_MAX 16

struct chain {
	struct proxy v[CHAIN_MAX]; /* each with its address and port */
	unsigned n;
};

/*
 * Parses "URL,URL...", each SCHEME://[USER[:PASSWORD]@]ADDRESS[:PORT] with the scheme http, socks4,
 * socks4a or socks5; %HH stands for a byte in user and password. Names are refused: looking one up
 * would be traffic outside the chain. ERR_USAGE, and no password in the text.
 */
int chain_parse(const char *text, struct chain *out, struct err *e) MUST_CHECK;
/* Appends such a text with AUTHORITY_HIDDEN for each password. */
void chain_show(struct buf *b, const char *text);
#define PROXY_TEXT_MAX (ADDR_PORT_TEXT_MAX + 16)
/* "socks5://10.0.0.1:1080", without the user; returns buf. */
const char *proxy_text(const struct proxy *p, char buf[PROXY_TEXT_MAX]);
