/* SPDX-License-Identifier: BSD-2-Clause */
/* What the run that is resumed already knew, put back into hosts and slots. Private to src/scan. */
#pragma once

#include "scan/engine.h"

/* All three do nothing and return false in a run that is not resumed. */

/* Whether the host was finished, and so has been reported; h->state is set then. */
bool recall_finished(struct engine *e, struct host *h);
/* Whether it was found up or down: state, reason, TTL and hardware address are set then. Never for
 * a neighbour whose hardware address is not known: it must be asked for. */
bool recall_host(struct engine *e, struct host *h);
/* Decides those slots of the stage that has just begun that had been decided. */
void recall_ports(struct engine *e, struct host *h);
