/* SPDX-License-Identifier: BSD-2-Clause */
/* What leaves when: windows, rates, time-outs, evidence of loss. Private to src/scan. */
#pragma once

#include "scan/engine.h"

/* Windows and rates of the run, from the plan's timing. */
void sched_init(struct engine *e);
/* Sends what may be sent now, a few batches at most. */
void sched_send(struct engine *e);
/* Estimators and window of a new host. */
void sched_host_init(struct engine *e, struct host *h);
/* Time-outs of a host whose timer fired. */
void sched_timeouts(struct engine *e, struct host *h);
/* The host has something to send, or might have: puts it on the ready list. */
void sched_wake(struct engine *e, struct host *h);
/* A try that left at sent_ns was answered; `try` is its mark: CANARY_TRY, UINT8_MAX when unknown. */
void sched_answered(
	struct engine *e, struct host *h, uint32_t slot, uint8_t try, uint64_t sent_ns);
/* Takes the host off list and heap and its probes out of the counts, before its job ends. */
void sched_job_end(struct engine *e, struct host *h);
/* Time-out of a probe to this host, ns. */
uint64_t sched_rto(const struct engine *e, const struct host *h);
