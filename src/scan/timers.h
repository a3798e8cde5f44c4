/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers of hosts, and the list of those that may send. Private to src/scan. */
#pragma once

#include "scan/engine.h"

/* Keeps the earlier of the two; ends the run when memory runs out. */
void timer_set(struct engine *e, struct host *h, uint64_t at_ns);
struct host *timer_due(struct engine *e, uint64_t now); /* pops, NULL when none is due */
uint64_t timer_next(const struct engine *e); /* UINT64_MAX when none */
void timer_drop(struct engine *e, struct host *h);
void ready_add(struct engine *e, struct host *h);
void ready_drop(struct engine *e, struct host *h);
