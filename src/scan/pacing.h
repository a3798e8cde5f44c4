/* SPDX-License-Identifier: BSD-2-Clause */
/* When the next packet of the run may leave: --max-rate, --min-rate, --stealth. Private to
 * src/scan. */
#pragma once

#include "scan/engine.h"

/* From the plan, at the start of the run. */
void pacing_init(struct engine *e);
/* Whether the time of sending matters to this run. */
bool pacing_on(const struct engine *e);
/* Whether one more packet may leave at e->now, after `pending` that were chosen and have not left.
 */
bool pacing_ready(struct engine *e, unsigned pending);
/* When the next one may, ns; e->now when at once. */
uint64_t pacing_next_ns(struct engine *e);
/* n packets of any kind have left: wire_put calls this, and who makes others send (bounce.c). */
void pacing_sent(struct engine *e, unsigned n);
/*
 * Replies that a stack would give by itself (RSTs to SYN-ACKs): they count against --max-rate and
 * wait for it, but for no profile's delay, as late ones would only be asked for again.
 */
bool pacing_reply_ready(struct engine *e, unsigned pending);
uint64_t pacing_next_reply_ns(struct engine *e);
void pacing_replied(struct engine *e, unsigned n);
/* A target's turn begins. */
void pacing_next_target(struct engine *e);
