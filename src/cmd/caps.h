/* SPDX-License-Identifier: BSD-2-Clause */
/* What this user may do to the network. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

/* Whether the process has CAP_NET_RAW in effect: raw and packet sockets may be opened. */
bool caps_raw(void);
/* Appends the names of the capabilities in effect that matter to a scanner ("net_raw net_admin"),
 * or "none". */
void caps_text(struct buf *out);
/* Appends the command that gives this very program the permission. */
void caps_remedy(struct buf *out);
