/* SPDX-License-Identifier: BSD-2-Clause */
/* The Internet checksum (RFC 1071), whole and by difference (RFC 1624), and CRC32c for SCTP (RFC
 * 9260 appendix A). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/* One's complement sum of bytes as big-endian words, unfolded; `sum` carries on an earlier one over
 * an even number of bytes. */
uint32_t csum_add(uint32_t sum, const void *data, size_t len);
/* Folds and complements: the value for the checksum field, host order (store it big-endian). */
uint16_t csum_finish(uint32_t sum);
/* Pseudo-header sum for TCP, UDP, ICMPv6 (RFC 9293 3.1, RFC 8200 8.1). */
uint32_t csum_pseudo(
	const struct addr *src, const struct addr *dst, uint8_t proto, uint32_t l4_len);
/* The checksum field after a 16-bit or 32-bit big-endian word at an even offset changed from `from`
 * to `to` (host-order values). */
uint16_t csum_replace16(uint16_t check, uint16_t from, uint16_t to);
uint16_t csum_replace32(uint16_t check, uint32_t from, uint32_t to);
uint32_t csum_crc32c(const void *data, size_t len);
/* The CRC over more bytes: `before` is that of the bytes in front of them, 0 of none. */
uint32_t csum_crc32c_part(uint32_t before, const void *data, size_t len);
/* Adler-32 (RFC 1950 8.2), SCTP's checksum before RFC 3309. */
uint32_t csum_adler32(const void *data, size_t len);
