/* SPDX-License-Identifier: BSD-2-Clause */
/* Network addresses as values: IPv4, IPv6 with zone, Ethernet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addr {
	uint8_t family; /* 0 none, 4, 6 */
	uint8_t pad[3];
	uint32_t zone; /* interface index of a link-local IPv6 address (RFC 4007), else 0 */
	uint8_t b[16]; /* network byte order; IPv4 in b[0..3], the rest zero */
};

struct mac {
	uint8_t b[6];
};

#define ADDR_TEXT_MAX 64 /* longest text, zone and NUL included */
#define MAC_TEXT_MAX  18

struct addr addr_v4(uint32_t host_order);  /* 0x0a000001 is 10.0.0.1 */
uint32_t addr_to_v4(const struct addr *a); /* host byte order; family must be 4 */
struct addr addr_from_bytes(unsigned family, const uint8_t *b); /* 4 or 16 bytes, network order */
/* Number of address bytes: 4, 16 or 0. */
size_t addr_len(const struct addr *a);
/* Parses a literal ("10.0.0.1", "fe80::1%eth0" or "%2"), no name or short form. 0 or ERR_PARSE. */
int addr_parse(const char *text, struct addr *out);
/* Writes the RFC 5952 text with "%ifname" where there is a zone; returns buf. */
const char *addr_text(const struct addr *a, char buf[ADDR_TEXT_MAX]);
#define ADDR_PORT_TEXT_MAX (ADDR_TEXT_MAX + 8)
/* "10.0.0.1:80" or "[fd00::1]:80"; returns buf. */
const char *addr_port_text(const struct addr *a, uint16_t port, char buf[ADDR_PORT_TEXT_MAX]);
/* Order: family, then bytes, then zone. */
int addr_cmp(const struct addr *a, const struct addr *b);
bool addr_eq(const struct addr *a, const struct addr *b);
/* Adds n to the address (128-bit arithmetic for IPv6); wraps. */
struct addr addr_add(struct addr a, uint64_t n);
bool addr_is_loopback(const struct addr *a);
bool addr_is_linklocal(const struct addr *a);
bool addr_is_multicast(const struct addr *a);
/* True when a and b share their first `bits` bits. */
bool addr_in_prefix(const struct addr *a, const struct addr *net, unsigned bits);
/* "00:0C:29:AA:BB:CC" */
const char *mac_text(const struct mac *m, char buf[MAC_TEXT_MAX]);
