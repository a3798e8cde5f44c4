/* SPDX-License-Identifier: BSD-2-Clause */
/* Network addresses as values: IPv4, IPv6 with zone, Ethernet. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

struct addr addr_v4(uint32_t host_order)
{
	struct addr a = { .family = 4 };

	for (unsigned i = 0; i < 4; i++)
		a.b[i] = (uint8_t)(host_order >> (24 - 8 * i));
	return a;
}

uint32_t addr_to_v4(const struct addr *a)
{
	return (uint32_t)a->b[0] << 24 | (uint32_t)a->b[1] << 16 | (uint32_t)a->b[2] << 8 | a->b[3];
}

struct addr addr_from_bytes(unsigned family, const uint8_t *b)
{
	struct addr a = { .family = (uint8_t)family };

	memcpy(a.b, b, addr_len(&a));
	return a;
}

size_t addr_len(const struct addr *a)
{
	switch (a->family) {
	case 4:
		return 4;
	case 6:
		return 16;
	default:
		return 0;
	}
}

/* Zones mean something where an address repeats on every link: fe80::/10, ff01:: and ff02::. */
static bool takes_zone(const struct addr *a)
{
	if (a->family != 6)
		return false;
	return addr_is_linklocal(a) ||
	       (a->b[0] == 0xff && ((a->b[1] & 15) == 1 || (a->b[1] & 15) == 2));
}

static int parse_zone(const char *text, uint32_t *zone)
{
	uint64_t number;

	if (str_u64(text, 1, UINT32_MAX, &number) == 0)
		*zone = (uint32_t)number;
	else
		*zone = if_nametoindex(text);
	return *zone ? 0 : ERR_PARSE;
}

int addr_parse(const char *text, struct addr *out)
{
	char literal[INET6_ADDRSTRLEN];
	const char *zone = strchr(text, '%');
	size_t len = zone ? (size_t)(zone - text) : strlen(text);
	struct addr a = { 0 };

	if (len >= sizeof(literal))
		return ERR_PARSE;
	memcpy(literal, text, len);
	literal[len] = '\0';
	if (inet_pton(AF_INET, literal, a.b) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, literal, a.b) == 1)
		a.family = 6;
	else
		return ERR_PARSE;
	if (zone && (!takes_zone(&a) || parse_zone(zone + 1, &a.zone) != 0))
		return ERR_PARSE;
	*out = a;
	return 0;
}

const char *addr_text(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	char name[IF_NAMESIZE];
	size_t len;

	buf[0] = '\0';
	if (a->family == 4)
		inet_ntop(AF_INET, a->b, buf, ADDR_TEXT_MAX);
	else if (a->family == 6)
		inet_ntop(AF_INET6, a->b, buf, ADDR_TEXT_MAX);
	if (!a->zone)
		return buf;
	len = strlen(buf);
	if (if_indextoname(a->zone, name))
		snprintf(buf + len, ADDR_TEXT_MAX - len, "%%%s", name);
	else
		snprintf(buf + len, ADDR_TEXT_MAX - len, "%%%u", (unsigned)a->zone);
	return buf;
}

const char *addr_port_text(const struct addr *a, uint16_t port, char buf[ADDR_PORT_TEXT_MAX])
{
	char text[ADDR_TEXT_MAX];
	bool v6 = a->family == 6;

	snprintf(buf, ADDR_PORT_TEXT_MAX, "%s%s%s:%u", v6 ? "[" : "", addr_text(a, text),
		v6 ? "]" : "", port);
	return buf;
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
	int order;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	order = memcmp(a->b, b->b, addr_len(a));
	if (order)
		return order < 0 ? -1 : 1;
	return (a->zone > b->zone) - (a->zone < b->zone);
}

bool addr_eq(const struct addr *a, const struct addr *b)
{
	return addr_cmp(a, b) == 0;
}

struct addr addr_add(struct addr a, uint64_t n)
{
	unsigned carry = 0;

	for (size_t i = addr_len(&a); i-- > 0; n >>= 8) {
		unsigned sum = a.b[i] + (unsigned)(n & 0xff) + carry;

		a.b[i] = (uint8_t)sum;
		carry = sum >> 8;
	}
	return a;
}

bool addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == 4)
		return a->b[0] == 127;
	return a->family == 6 && memcmp(a->b, one, sizeof(one)) == 0;
}

bool addr_is_linklocal(const struct addr *a)
{
	if (a->family == 4)
		return a->b[0] == 169 && a->b[1] == 254;
	return a->family == 6 && a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

bool addr_is_multicast(const struct addr *a)
{
	if (a->family == 4)
		return a->b[0] >> 4 == 14;
	return a->family == 6 && a->b[0] == 0xff;
}

bool addr_in_prefix(const struct addr *a, const struct addr *net, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (a->family != net->family || bits > 8 * addr_len(a))
		return false;
	if (memcmp(a->b, net->b, whole) != 0)
		return false;
	return rest == 0 || (a->b[whole] ^ net->b[whole]) >> (8 - rest) == 0;
}

const char *mac_text(const struct mac *m, char buf[MAC_TEXT_MAX])
{
	const uint8_t *b = m->b;

	snprintf(buf, MAC_TEXT_MAX, "%02X:%02X:%02X:%02X:%02X:%02X", b[0], b[1], b[2], b[3], b[4],
		b[5]);
	return buf;
}
