/* SPDX-License-Identifier: BSD-2-Clause */
/* What answers and their absence say about a host: loss, canaries, delay. Private to src/scan. */
#pragma once

#include "scan/engine.h"

/* This slot was decided by the target's own answer: it may be asked again to see whether the target
 * still answers. */
void evidence_canary(const struct engine *e, struct host *h, uint32_t slot);
/* A try that left at sent_ns was answered; `try` is its mark: CANARY_TRY, UINT8_MAX when unknown.
 */
void evidence_answered(
	struct engine *e, struct host *h, uint32_t slot, uint8_t try, uint64_t sent_ns);
/* The canary that left at sent_ns was not. */
void evidence_canary_lost(struct engine *e, struct host *h, uint64_t sent_ns);
/* An ICMP error answered the probe that left at sent_ns. */
void evidence_refused(struct engine *e, struct host *h, uint64_t sent_ns);
/* How long after a probe that left now the next one may, of a host that is slow (struct
 * host.slow_ns). */
uint64_t evidence_slow_step(const struct engine *e, const struct host *h);
/* Whether a try that left at sent_ns and was not answered says nothing: a slow host could not have.
 */
bool evidence_too_early(const struct host *h, uint64_t sent_ns);
/* --defeat-rst-ratelimit, --defeat-icmp-ratelimit: whether this host may limit its answers is no
 * matter. */
bool evidence_defeated(const struct engine *e, const struct host *h);
/* More canaries lost in a row than losses on the way explain: nothing but canaries is sent. */
bool evidence_holding(const struct host *h);
