/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run prepares once: tasks, discovery probes, keys. Private to src/scan. */
#pragma once

#include "scan/engine.h"

/* Fills in e->run, e->tasks and the discovery rows from the plan. 0 or a negative code with `err`.
 */
int setup_run(struct engine *e, struct err *err);
void setup_free(struct engine *e);
