/* SPDX-License-Identifier: BSD-2-Clause */
/* Windows, rates and time-outs. Private to src/scan. */
#pragma once

#include "scan/engine.h"

/* Windows and rates of the run, from the plan's timing. */
void sched_init(struct engine *e);
/* Estimators and window of a new host. */
void sched_host_init(struct engine *e, struct host *h);
/* Loss estimate of a host's next technique: what is lost on the way is the same, what it limits is
 * not. */
void sched_task_init(struct engine *e, struct host *h);
/* Time-outs of a host whose timer fired. */
void sched_timeouts(struct engine *e, struct host *h);
/* Sets the timer of a host to what is due next: a time-out, a delay, the host's own time-out. */
void sched_timer(struct engine *e, struct host *h);
/* Whether anything is left to be sent, now or later. */
bool sched_has_work(const struct host *h);
/* The host has something to send, or might have: puts it on the ready list. */
void sched_wake(struct engine *e, struct host *h);
/* Takes the host off list and heap and its probes out of the counts, before its job ends. */
void sched_job_end(struct engine *e, struct host *h);
/* Time-out of a probe to this host, ns. */
uint64_t sched_rto(const struct engine *e, const struct host *h);
/* Names a connect() across the backend: 36 bits of host, 4 of stage, 20 of slot, 4 of try. */
uint64_t sched_probe_id(const struct host *h, uint32_t slot, uint8_t try);
