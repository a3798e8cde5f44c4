/* SPDX-License-Identifier: BSD-2-Clause */
/* IP headers of received frames, for code that runs in the kernel as well as here. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sweep/bytes.h"
#include "sweep/proof.h"

#define ANSWER_EXTENSIONS 4 /* IPv6 extension headers that are looked behind */

/* A parsed IP header. The bytes at l4 are not checked. */
struct answer_ip {
	const uint8_t *l4;
	uint64_t src_hi, src_lo, dst_hi, dst_lo;
	uint32_t len; /* of the transport part, as the header has it */
	uint8_t proto, ttl;
};

/* Behind Ethernet and up to two VLAN tags (IEEE 802.1Q, 802.1ad), and the EtherType there; or NULL.
 */
SWEEP_INLINE const uint8_t *answer_link(const uint8_t *data, const uint8_t *end, uint16_t *type)
{
	const uint8_t *p = data + 14;

	if (p > end)
		return 0;
	*type = bytes_get16(p - 2);
	for (int tags = 0; tags < 2 && (*type == 0x8100 || *type == 0x88a8); tags++) {
		p += 4;
		if (p > end)
			return 0;
		*type = bytes_get16(p - 2);
	}
	return p;
}

/* The IP packet of a frame as job.l3 says, or NULL: not our family. */
SWEEP_INLINE const uint8_t *answer_packet(
	const struct sweep_job *j, const uint8_t *data, const uint8_t *end)
{
	const uint8_t *p;
	uint16_t type;

	if (!j->l3)
		return data;
	p = answer_link(data, end, &type);
	return p && type == (j->family == 6 ? 0x86dd : 0x0800) ? p : 0;
}

/* IPv4 (RFC 791), first fragments only. */
SWEEP_INLINE bool answer_ip4(const uint8_t *p, const uint8_t *end, struct answer_ip *ip)
{
	uint32_t header, total;

	if (p + 20 > end)
		return false;
	header = (p[0] & 15u) * 4;
	total = bytes_get16(p + 2);
	if (p[0] >> 4 != 4 || header < 20 || bytes_get16(p + 6) & 0x1fff)
		return false;
	ip->len = total > header ? total - header : 0;
	ip->ttl = p[8];
	ip->proto = p[9];
	ip->src_hi = ip->dst_hi = 0;
	ip->src_lo = bytes_get32(p + 12);
	ip->dst_lo = bytes_get32(p + 16);
	ip->l4 = p + header;
	return true;
}

/* IPv6 (RFC 8200): hop-by-hop 0, routing 43, fragment 44 (the first), destination options 60. */
SWEEP_INLINE bool answer_ip6(const uint8_t *p, const uint8_t *end, struct answer_ip *ip)
{
	uint32_t len, size;
	uint8_t next;

	if (p + 40 > end || p[0] >> 4 != 6)
		return false;
	len = bytes_get16(p + 4);
	next = p[6];
	ip->ttl = p[7];
	ip->src_hi = bytes_get64(p + 8);
	ip->src_lo = bytes_get64(p + 16);
	ip->dst_hi = bytes_get64(p + 24);
	ip->dst_lo = bytes_get64(p + 32);
	p += 40;
	for (int i = 0; i < ANSWER_EXTENSIONS; i++) {
		if (next != 0 && next != 43 && next != 44 && next != 60)
			break;
		if (p + 8 > end || (next == 44 && bytes_get16(p + 2) & 0xfff8))
			return false;
		size = next == 44 ? 8 : (p[1] + 1u) * 8;
		next = p[0];
		len = len > size ? len - size : 0;
		p += size;
	}
	ip->len = len;
	ip->proto = next;
	ip->l4 = p;
	return true;
}

/* The header at p, of the job's family. False: none that we could follow. */
SWEEP_INLINE bool answer_ip(
	const struct sweep_job *j, const uint8_t *p, const uint8_t *end, struct answer_ip *ip)
{
	return j->family == 6 ? answer_ip6(p, end, ip) : answer_ip4(p, end, ip);
}
