/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 options as a user writes them (RFC 791 3.1). Pure. */
#pragma once

#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

#define IPOPT_MAX 40 /* bytes */

struct ipopt {
	uint8_t bytes[IPOPT_MAX];
	uint8_t len; /* padded with zeros (end of options) to a multiple of 4 */
	/* Of a source route: where packets go first; the last 4 bytes are room for their final
	 * destination. Family 0: no source route. */
	struct addr first_hop;
};

/*
 * nmap's spellings: "R" record route, "T" and "U" time stamps without and with addresses, "L
 * HOP..." and "S HOP..." loose and strict source route, or bytes such as "\x01\x07\4*3"
 * (hexadecimal, decimal, repeated). ERR_PARSE with the reason.
 */
int ipopt_parse(const char *text, struct ipopt *out, struct err *e) MUST_CHECK;
