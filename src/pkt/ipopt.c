/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 options as a user writes them (RFC 791 3.1). */
#include "pkt/ipopt.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pkt/wr.h"

enum { OPT_NOP = 1, OPT_RR = 7, OPT_TS = 68, OPT_LSRR = 131, OPT_SSRR = 137 };

#define HOPS_MAX 9 /* the first is no part of the list, the destination is: 3 + 9 * 4 bytes */

/*
 * Record route and time stamp take all the room there is, as nmap's do.
 *
 *  |   type   |  length  | pointer: next free byte, from 1 |  route data ...
 *  |    68    |  length  | pointer | overflow . flag (4+4) |  time stamps ...
 */
static void put_record(struct wr *w, char kind)
{
	static const uint8_t route[] = {OPT_NOP, OPT_RR, 39, 4};
	static const uint8_t stamps[] = {OPT_TS, 40, 5, 0};
	static const uint8_t pairs[] = {OPT_TS, 36, 5, 1};

	wr_bytes(w, kind == 'R' ? route : kind == 'T' ? stamps : pairs, 4);
	wr_zero(w, kind == 'U' ? 32 : 36);
}

/*
 * The packet itself is addressed to the first hop; the list begins with the one after it and ends
 * with the destination.
 */
static int put_route(struct wr *w, const char *text, struct ipopt *out, struct err *e)
{
	struct addr hops[HOPS_MAX];
	char word[ADDR_TEXT_MAX];
	size_t n = 0, len;

	for (const char *at = text + 1; *(at += strspn(at, " \t,")); at += len) {
		len = strcspn(at, " \t,");
		if (n == HOPS_MAX)
			return err_set(e, ERR_PARSE, "there is room for %d hops", HOPS_MAX);
		if (len >= sizeof(word))
			return err_set(e, ERR_PARSE, "a hop is no IPv4 address");
		memcpy(word, at, len);
		word[len] = '\0';
		if (addr_parse(word, &hops[n]) < 0 || hops[n].family != 4)
			return err_set(e, ERR_PARSE, "the hop %s is no IPv4 address", word);
		n++;
	}
	if (n == 0)
		return err_set(e, ERR_PARSE, "a source route needs hops, as in \"L 192.0.2.1\"");
	out->first_hop = hops[0];
	wr_u8(w, OPT_NOP);
	wr_u8(w, text[0] == 'L' ? OPT_LSRR : OPT_SSRR);
	wr_u8(w, (uint8_t)(3 + 4 * n));
	wr_u8(w, 4);
	for (size_t i = 1; i < n; i++)
		wr_bytes(w, hops[i].b, 4);
	wr_zero(w, 4);
	return 0;
}

/* After `mark`, which is passed: a number from 0 to 255, in hexadecimal behind an x. -1: none. */
static int number(const char **at, char mark)
{
	char digits[4] = {0}, *end;
	bool hex = mark == '\\' && **at && (*at)[1] == 'x';
	size_t max = hex ? 2 : 3, n;
	long v;

	if (**at != mark)
		return -1;
	*at += hex ? 2 : 1;
	n = strspn(*at, hex ? "0123456789abcdefABCDEF" : "0123456789");
	memcpy(digits, *at, n < max ? n : max);
	v = strtol(digits, &end, hex ? 16 : 10);
	*at += end - digits;
	return end == digits || v > UINT8_MAX ? -1 : (int)v;
}

static int put_bytes(struct wr *w, const char *text, struct err *e)
{
	for (const char *at = text; *at;) {
		int byte = number(&at, '\\');
		int times = byte >= 0 && *at == '*' ? number(&at, '*') : 1;

		if (byte < 0 || times < 1)
			return err_set(e, ERR_PARSE,
				"not R, T, U, L HOPS, S HOPS nor bytes as in \"\\x01\\x07\\4*3\"");
		while (times--)
			wr_u8(w, (uint8_t)byte);
	}
	return 0;
}

int ipopt_parse(const char *text, struct ipopt *out, struct err *e)
{
	struct wr w = wr_init(out->bytes, sizeof(out->bytes));
	int rc = 0;

	*out = (struct ipopt){0};
	if (*text && strchr("RTU", *text) && !text[1])
		put_record(&w, *text);
	else if (*text == 'L' || *text == 'S')
		rc = put_route(&w, text, out, e);
	else
		rc = put_bytes(&w, text, e);
	if (rc == 0 && (!w.ok || w.len == 0))
		rc = err_set(e, ERR_PARSE, "IP options are 1 to %d bytes", IPOPT_MAX);
	if (rc == 0)
		wr_zero(&w, -w.len & 3);
	out->len = (uint8_t)w.len;
	return rc;
}
