/* SPDX-License-Identifier: BSD-2-Clause */
/* What a running sweep has sent so far. */
#pragma once

#include "sweep/receipt.h"
#include "sweep/watch.h"

/* Queued without what is left: what has been sent, merged. *out begins zeroed and is owned.
 * -ENOMEM. While lanes send, each may be some probes further than this says. */
int sent_so_far(struct sweep *s, struct receipt_pieces *out) MUST_CHECK;
/* Takes the pieces of b away from those of a, which is merged. -ENOMEM. */
int sent_less(struct receipt_pieces *a, const struct receipt_pieces *b) MUST_CHECK;
