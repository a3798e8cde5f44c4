/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports of this machine that no other program gets while we use them for packets of our own. */
#pragma once

#include <stdint.h>

#include "base/err.h"

struct hold;

/*
 * Holds n ports from `lo` on (host order) of TCP, UDP and, where the kernel has it, SCTP, on all
 * addresses of this network namespace, until hold_free or the end of the process. *out is owned.
 * -EADDRINUSE when another program has one of them, or has just had; otherwise -errno (descriptors,
 * privilege for ports below 1024). Nothing is held then.
 */
int hold_ports(struct hold **out, uint16_t lo, unsigned n, struct err *e) MUST_CHECK;
/*
 * Holds one port in `step` of the n from `lo` on, the first among them: enough against others who
 * hold `step` ports and more in a row, and a lock against those who ask for the same. Else as
 * hold_ports.
 */
int hold_some(struct hold **out, uint16_t lo, unsigned n, unsigned step, struct err *e) MUST_CHECK;
/* NULL is fine. */
void hold_free(struct hold *h);
