/* SPDX-License-Identifier: BSD-2-Clause */
/* The blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian. Pure: bytes into a buffer,
 * whose `failed` tells when memory ran out. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "model/rec.h"

/* What is known of an interface at the end of its section. */
struct pcapng_count {
	uint64_t first_ns, last_ns; /* since 1970 */
	uint64_t n;		    /* packets of it in the section */
};

/* Section Header Block (4.1): a new numbering of interfaces begins. `comment` may be NULL. */
void pcapng_section(struct buf *b, const char *program, const char *comment);
/* Interface Description Block (4.2): the next number of the section, from 0 on; Ethernet, times in
 * nanoseconds. NULL: it has no name. */
void pcapng_interface(struct buf *b, const char *name);
/* Enhanced Packet Block (4.3) with the packet's frame, direction, and verdict as comment. */
void pcapng_packet(struct buf *b, uint32_t interface, const struct rec_packet *p);
/* Interface Statistics Block (4.6). */
void pcapng_statistics(struct buf *b, uint32_t interface, const struct pcapng_count *c);
