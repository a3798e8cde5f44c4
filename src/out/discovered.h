/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sweep finds open, on the screen: a line each as it comes, of which a terminal gets few. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/rec.h"

#define DISCOVERED_PER_S 25 /* lines, by the time at which the answers came */

struct discovered {
	bool limited;	 /* set by who owns it: standard output is a terminal */
	uint64_t second; /* the last one that had a line */
	unsigned shown;	 /* in it */
	uint64_t held;	 /* open ports since the last line that says so */
};

/*
 * Appends "Discovered open port 80/tcp on 192.0.2.1" for each open port, a line for each host that
 * answered an echo request. With `limited` at most DISCOVERED_PER_S a second; how many more there
 * were is said with the next second.
 */
void discovered_put(struct discovered *d, struct buf *b, const struct rec_results *r);
/* Says how many were left out since it was said last; nothing when none was. */
void discovered_rest(struct discovered *d, struct buf *b);
