/* SPDX-License-Identifier: BSD-2-Clause */
/* One host in the normal report. */
#pragma once

#include "base/buf.h"
#include "model/rec.h"
#include "out/out.h"

/* Appends the host's paragraph, or nothing when `conf` does not show such a host. */
void normal_host(struct buf *b, const struct rec_host *h, const struct out_conf *conf);
