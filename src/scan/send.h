/* SPDX-License-Identifier: BSD-2-Clause */
/* What leaves. Private to src/scan. */
#pragma once

#include "scan/engine.h"

/* Sends what may be sent now, a few batches at most. */
void send_ready(struct engine *e);
