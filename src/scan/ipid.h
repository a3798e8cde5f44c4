/* SPDX-License-Identifier: BSD-2-Clause */
/* How a host numbers its packets: classes of IPv4 identification (RFC 791 3.2, RFC 6864), and how
 * many packets lie between two numbers. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum ipid_class {
	IPID_ZERO,     /* always 0 */
	IPID_CONSTANT, /* always the same number */
	IPID_RANDOM,   /* no order */
	IPID_COUNTER,  /* one more a packet */
	IPID_COUNTER2, /* two more a packet */
	IPID_SWAPPED,  /* one more a packet, the bytes in the wrong order: 256 more on the wire */
};

/* The class of numbers seen one after the other (host order), at least two; the host may have sent
 * other packets in between. */
enum ipid_class ipid_classify(const uint16_t *ids, size_t n);
/* "incremental", "random" and so on. */
const char *ipid_class_name(enum ipid_class c);
/* Packets sent from the one numbered `from` to the one numbered `to`, modulo the counter's range;
 * only for the three counters. */
uint16_t ipid_distance(enum ipid_class c, uint16_t from, uint16_t to);
