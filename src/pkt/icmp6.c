/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMPv6, RFC 4443 section 2.1; quotation's length: RFC 4884 section 4
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |     type      |     code      | checksum, with pseudo-header  |
 * +---------------+---------------+-------------------------------+
 * |  echo: identifier, sequence; errors: quoted 8-byte units (1)  |
 * +---------------------------------------------------------------+
 *
 * Neighbour solicitation and advertisement, RFC 4861 sections 4.3, 4.4 and 4.6
 * +-+-+-+---------------------------------------------------------+
 * |R|S|O|                       reserved                          |
 * +-+-+-+---------------------------------------------------------+
 * |                      target, 16 bytes                         |
 * +---------------+---------------+-------------------------------+
 * |  option type  | 8-byte units  |     link-layer address        |
 * +---------------+---------------+-------------------------------+
 */
#include "pkt/icmp6.h"

#include <string.h>

bool icmp6_is_error(uint8_t type)
{
	return type >= ICMP6_UNREACH && type <= ICMP6_PARAM_PROBLEM;
}

bool icmp6_has_id(uint8_t type)
{
	return type == ICMP6_ECHO || type == ICMP6_ECHO_REPLY;
}

void icmp6_quote(const struct icmp_hdr *h, struct rd *body)
{
	size_t quoted = (size_t)(h->id >> 8) * 8;

	if (quoted && (h->type == ICMP6_UNREACH || h->type == ICMP6_TIME_EXCEEDED))
		rd_limit(body, quoted);
}

static void nd_option(struct rd *body, uint8_t wanted, struct icmp6_nd *nd)
{
	uint8_t type = rd_u8(body);
	size_t units = rd_u8(body);
	struct rd value;

	if (!units)
		rd_fail(body);
	if (!body->ok)
		return;
	value = rd_sub(body, units * 8 - 2);
	if (!value.ok || type != wanted)
		return;
	rd_copy(&value, nd->mac.b, sizeof(nd->mac.b));
	nd->has_mac = value.ok;
}

bool icmp6_nd_read(const struct icmp_hdr *h, struct rd body, struct icmp6_nd *nd)
{
	const uint8_t *target = rd_bytes(&body, 16);

	memset(nd, 0, sizeof(*nd));
	if (!target)
		return false;
	nd->target = addr_from_bytes(6, target);
	nd->router = h->type == ICMP6_ND_ADVERT && (h->id & 0x8000);
	nd->solicited = h->type == ICMP6_ND_ADVERT && (h->id & 0x4000);
	nd->override = h->type == ICMP6_ND_ADVERT && (h->id & 0x2000);
	while (rd_left(&body))
		nd_option(&body,
			h->type == ICMP6_ND_SOLICIT ? ND_OPT_SOURCE_MAC : ND_OPT_TARGET_MAC, nd);
	return body.ok;
}

void icmp6_nd_solicit_write(struct wr *w, const struct addr *target, const struct mac *src_mac)
{
	wr_bytes(w, target->b, 16);
	wr_u8(w, ND_OPT_SOURCE_MAC);
	wr_u8(w, 1);
	wr_bytes(w, src_mac->b, sizeof(src_mac->b));
}
