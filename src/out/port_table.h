/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of ports in the normal report: aligned columns, one row a column's definition. */
#pragma once

#include "base/buf.h"
#include "out/collapse.h"

/* Appends heading and rows of all ports whose state is not ignored; nothing when there are none. */
void port_table(struct buf *b, const struct rec_host *h, const struct collapse *c, bool reason);
/* Appends "syn-ack ttl 64", or "admin-prohibited ttl 63 from 10.0.0.1" when another host answered.
 */
void port_reason(struct buf *b, const struct rec_host *h, const struct rec_port *p);
