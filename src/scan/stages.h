/* SPDX-License-Identifier: BSD-2-Clause */
/* A host's way from stage to stage. Private to src/scan; more of it in engine.h. */
#pragma once

#include "scan/engine.h"

/* Admitted: finds its route and begins with its first stage. */
void host_start(struct engine *e, struct host *h);
/* Nothing more is to be done for it: what was learnt until now is kept, the rest stays unknown. */
void host_abort(struct engine *e, struct host *h);
/* It can be reported. */
void host_done(struct engine *e, struct host *h);
