/* SPDX-License-Identifier: BSD-2-Clause */
/* Which port states of a host are only counted ("Not shown: 996 closed tcp ports (reset)"), by
 * nmap's rule. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/rec.h"
#include "out/out.h"

#define COLLAPSE_PROTOS 4

/* Ports of one state, protocol and reason that are not shown one by one. */
struct collapse_row {
	uint8_t state, proto, reason;
	uint32_t count;
};

struct collapse {
	uint32_t count[PORT_STATES]; /* all ports with a verdict, by state */
	bool ignored[PORT_STATES];
	uint8_t order[PORT_STATES]; /* ignored states, the most frequent first */
	size_t n_ignored;
	uint32_t n_hidden, n_total; /* ports in ignored states; ports with a verdict */
	size_t n_rows; /* grouped by state as in `order`, then the most frequent reason first */
	struct collapse_row rows[PORT_STATES * COLLAPSE_PROTOS * REASONS];
};

/* Counts the ports of `h` and decides; -v and -d raise the threshold, --open ignores all that
 * cannot be open. */
void collapse_make(struct collapse *c, const struct rec_host *h, const struct out_conf *conf);
/* Appends the numbers of the ports of a row as nmap writes them: "1-21,23,81-1000". */
void collapse_numbers(struct buf *b, const struct rec_host *h, const struct collapse_row *row);
