/* SPDX-License-Identifier: BSD-2-Clause */
/* How much is told: what -v, -d and --packet-trace say at the start, and run-time keys later. */
#pragma once

#include <stdbool.h>

struct levels {
	int verbose, debug;
	bool trace; /* each packet is shown */
};
