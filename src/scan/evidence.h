/* SPDX-License-Identifier: BSD-2-Clause */
/* What answers and their absence say about a host: loss, canaries, delay. Private to src/scan. */
#pragma once

#include "scan/engine.h"

/* A try that left at sent_ns was answered; `try` is its mark: CANARY_TRY, UINT8_MAX when unknown.
 */
void evidence_answered(
	struct engine *e, struct host *h, uint32_t slot, uint8_t try, uint64_t sent_ns);
/* The canary that left at sent_ns was not. */
void evidence_canary_lost(struct engine *e, struct host *h, uint64_t sent_ns);
/* More canaries lost in a row than losses on the way explain: nothing but canaries is sent. */
bool evidence_holding(const struct host *h);
