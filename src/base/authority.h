/* SPDX-License-Identifier: BSD-2-Clause */
/* "[user[:password]@]host[:port]": how users name a server (RFC 3986 3.2). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"

#define AUTHORITY_FIELD 256 /* longest user, password or host, NUL included */

struct authority {
	bool has_user, has_password;
	char user[AUTHORITY_FIELD], password[AUTHORITY_FIELD];
	char host[AUTHORITY_FIELD]; /* without the brackets of an IPv6 address; never empty */
	struct addr addr;	    /* the host where it is a literal address, else family 0 */
	uint16_t port;		    /* host order; 0 = not given */
};

/*
 * Splits `text`, taking every byte as it stands; the last '@' ends the user's part, and brackets go
 * round an IPv6 address that has a port behind it. ERR_USAGE with what is wrong with it, without
 * repeating a password.
 */
int authority_parse(const char *text, struct authority *out, struct err *e) MUST_CHECK;
#define AUTHORITY_HIDDEN "***"
/* Appends such a text with AUTHORITY_HIDDEN for its password. */
void authority_show(struct buf *b, const char *text);
/* Replaces %HH in place (RFC 3986 2.1). ERR_USAGE where no two digits follow or for %00. */
int authority_decode(char *text, struct err *e) MUST_CHECK;
