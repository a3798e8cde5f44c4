/* SPDX-License-Identifier: BSD-2-Clause */
/* What came back. Private to src/scan. */
#pragma once

#include "scan/engine.h"

/* Takes what all open backends have received, a bounded number at once, and settles the slots that
 * it answers. Never sleeps. */
void rx_all(struct engine *e);
