/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of hops in the normal report. */
#pragma once

#include "base/buf.h"
#include "model/rec_host.h"

/* An empty line, a heading that says what the probes were, and one line a hop: columns as nmap has
 * them. Hops in a row that were silent share a line. */
void trace_table(struct buf *b, const struct rec_trace *t);
