/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of the index: shards, the senders' shares, the sample. Plain arithmetic. */
#pragma once

#include <stdint.h>

#include "sweep/watch.h"

/* The first index of shard i of n (i = n: behind the last). The shards 0 .. n-1 partition 0 ..
 * total-1, and differ by one in size at most. */
uint64_t shard_first(uint64_t total, uint32_t i, uint32_t n);
/* The mark of a pass over the whole shard, from 0. Passes 1, 5, 9 ... share one, and so on. */
uint32_t span_pass(uint32_t pass);
/* How many indices a span has. */
uint64_t span_count(const struct sweep_span *s);
/* Share i of n of the span's indices, contiguous; it may be empty. */
struct sweep_span span_share(const struct sweep_span *s, unsigned i, unsigned n);
/* The indices of first .. behind-1 with index & mask == at; mask is 2^k - 1, at <= mask. */
struct sweep_span span_sample(uint64_t first, uint64_t behind, uint64_t mask, uint64_t at);
/* The mask whose sample is the share of all that comes closest to `share` (0 < share <= 1), in
 * powers of two. */
uint64_t span_mask(double share);
