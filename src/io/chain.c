/* SPDX-License-Identifier: BSD-2-Clause */
/* The proxies of --proxies, in the order connections go through them. */
#include "io/chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define URL_MAX (3 * AUTHORITY_FIELD)

/* clang-format off */
/* Ports where none is given, as nmap has them. */
static const struct {
	const char *scheme;
	uint16_t port;
} kinds[] = {
	[PROXY_HTTP]    = { "http",    8080 },
	[PROXY_SOCKS4]  = { "socks4",  1080 },
	[PROXY_SOCKS4A] = { "socks4a", 1080 },
	[PROXY_SOCKS5]  = { "socks5",  1080 },
};
/* clang-format on */

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *proxy_text(const struct proxy *p, char buf[PROXY_TEXT_MAX])
{
	char text[ADDR_PORT_TEXT_MAX];

	snprintf(buf, PROXY_TEXT_MAX, "%s://%s", kinds[p->kind].scheme,
		addr_port_text(&p->at.addr, p->at.port, text));
	return buf;
}

static int parse_kind(const char *url, size_t len, struct proxy *p, struct err *e)
{
	size_t kind = 0;

	while (kind < N_KINDS && (strlen(kinds[kind].scheme) != len ||
					 strncasecmp(url, kinds[kind].scheme, len) != 0))
		kind++;
	if (kind == N_KINDS)
		return err_set(e, ERR_USAGE,
			"there are http://, socks4://, socks4a:// and socks5://, not \"%.*s\"",
			(int)(len < 20 ? len : 20), url);
	p->kind = (enum proxy_kind)kind;
	return 0;
}

static int parse_one(char *url, struct proxy *p, struct err *e)
{
	char *rest = strstr(url, "://");
	size_t len;
	int rc = parse_kind(url, rest ? (size_t)(rest - url) : strcspn(url, ":@/"), p, e);

	if (rc)
		return rc;
	if (!rest)
		return err_set(e, ERR_USAGE, "\"%s\" must be followed by ://ADDRESS:PORT",
			kinds[p->kind].scheme);
	rest += 3;
	len = strlen(rest);
	if (len && rest[len - 1] == '/')
		rest[len - 1] = '\0';
	rc = authority_parse(rest, &p->at, e);
	if (rc == 0)
		rc = authority_decode(p->at.user, e);
	if (rc == 0)
		rc = authority_decode(p->at.password, e);
	if (rc)
		return rc;
	if (!p->at.addr.family)
		return err_set(e, ERR_USAGE,
			"\"%.60s\" is a name, which would be looked up outside the chain; give its address",
			p->at.host);
	if (!p->at.port)
		p->at.port = kinds[p->kind].port;
	return 0;
}

/* SOCKS4 has no room for IPv6 addresses. */
static int check_next(const struct proxy *p, const struct proxy *next, struct err *e)
{
	char a[PROXY_TEXT_MAX], b[PROXY_TEXT_MAX];

	if (p->kind != PROXY_SOCKS4 || next->at.addr.family != 6)
		return 0;
	return err_set(e, ERR_USAGE,
		"%s cannot connect to %s, as SOCKS4 carries IPv4 only; use socks4a or socks5",
		proxy_text(p, a), proxy_text(next, b));
}

int chain_parse(const char *text, struct chain *out, struct err *e)
{
	char url[URL_MAX];
	int rc = 0;

	memset(out, 0, sizeof(*out));
	do {
		size_t len = strcspn(text, ",");

		if (out->n == CHAIN_MAX)
			return err_set(e, ERR_USAGE, "more than %d proxies", CHAIN_MAX);
		if (len == 0 || len >= sizeof(url))
			return err_set(e, ERR_USAGE, "a URL is empty or too long");
		memcpy(url, text, len);
		url[len] = '\0';
		rc = parse_one(url, &out->v[out->n++], e);
		if (rc == 0 && out->n > 1)
			rc = check_next(&out->v[out->n - 2], &out->v[out->n - 1], e);
		text += len + (text[len] == ',');
		if (text[-1] == ',' && !*text)
			return err_set(e, ERR_USAGE, "a URL is empty or too long");
	} while (rc == 0 && *text);
	return rc;
}

void chain_show(struct buf *b, const char *text)
{
	for (;;) {
		size_t len = strcspn(text, ","), scheme;
		char *url = strndup(text, len);
		const char *rest = url ? strstr(url, "://") : NULL;

		scheme = rest ? (size_t)(rest + 3 - url) : 0;
		buf_add(b, text, scheme);
		if (url)
			authority_show(b, url + scheme);
		else
			b->failed = true;
		free(url);
		if (!text[len])
			return;
		buf_char(b, ',');
		text += len + 1;
	}
}
