/* SPDX-License-Identifier: BSD-2-Clause */
/* "[user[:password]@]host[:port]": how users name a server (RFC 3986 3.2). */
#include "base/authority.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Copies len bytes as a text; false when they do not fit. */
static bool take(char to[AUTHORITY_FIELD], const char *from, size_t len)
{
	if (len >= AUTHORITY_FIELD)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

static int parse_user(struct authority *a, const char *text, size_t len, struct err *e)
{
	const char *colon = memchr(text, ':', len);
	size_t n = colon ? (size_t)(colon - text) : len;

	a->has_user = true;
	a->has_password = colon != NULL;
	if (!take(a->user, text, n) || (colon && !take(a->password, colon + 1, len - n - 1)))
		return err_set(e, ERR_USAGE, "user or password is longer than %d bytes",
			AUTHORITY_FIELD - 1);
	return 0;
}

/* What ends the host: a colon, unless several make it a bare IPv6 address. */
static const char *host_end(const char *host)
{
	const char *colon = strchr(host, ':');

	return colon && !strchr(colon + 1, ':') ? colon : host + strlen(host);
}

int authority_parse(const char *text, struct authority *out, struct err *e)
{
	const char *at = strrchr(text, '@'), *host = at ? at + 1 : text, *end;
	bool bracket = *host == '[';
	uint64_t port;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	if (at)
		rc = parse_user(out, text, (size_t)(at - text), e);
	if (rc)
		return rc;
	host += bracket;
	end = bracket ? strchr(host, ']') : host_end(host);
	if (!end)
		return err_set(e, ERR_USAGE, "a bracket is not closed");
	if (end == host || !take(out->host, host, (size_t)(end - host)))
		return err_set(e, ERR_USAGE, "the host is missing or too long");
	end += bracket;
	if (*end == ':' && str_u64(end + 1, 1, 65535, &port) == 0)
		out->port = (uint16_t)port;
	else if (*end)
		return err_set(e, ERR_USAGE, "\"%.40s\" behind the host is no port (1 to 65535)",
			end + (*end == ':'));
	if (addr_parse(out->host, &out->addr))
		out->addr = (struct addr){0};
	if (bracket && out->addr.family != 6)
		return err_set(e, ERR_USAGE, "\"%.60s\" in brackets is no IPv6 address", out->host);
	return 0;
}

void authority_show(struct buf *b, const char *text)
{
	const char *at = strrchr(text, '@');
	const char *colon = at ? memchr(text, ':', (size_t)(at - text)) : NULL;

	if (colon) {
		buf_add(b, text, (size_t)(colon + 1 - text));
		buf_str(b, AUTHORITY_HIDDEN);
	}
	buf_str(b, colon ? at : text);
}

int authority_decode(char *text, struct err *e)
{
	char *to = text, digits[5] = "0x";
	uint64_t byte;

	for (; *text; text++) {
		if (*text != '%') {
			*to++ = *text;
			continue;
		}
		strncpy(digits + 2, text + 1, 2);
		if (strlen(digits) != 4 || str_u64(digits, 1, 255, &byte))
			return err_set(e, ERR_USAGE,
				"a %% must be followed by two hexadecimal "
				"digits; write %%25 for the sign itself");
		*to++ = (char)byte;
		text += 2;
	}
	*to = '\0';
	return 0;
}
