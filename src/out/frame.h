/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet of a record as the Ethernet frame that it travelled in. */
#pragma once

#include "base/buf.h"
#include "model/rec.h"

#define FRAME_HEADER 14 /* bytes: destination, source, EtherType (IEEE 802.3) */

/* Appends header and packet, FRAME_HEADER + p->len bytes. Addresses that the link has not, or that
 * the kernel chose for us, are zero. */
void frame_add(struct buf *b, const struct rec_packet *p);
