/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of the index: shards, the senders' shares, the sample. */
#include "sweep/span.h"

#include <math.h>

#define MASK_BITS_MAX 40

uint64_t shard_first(uint64_t total, uint32_t i, uint32_t n)
{
	return (uint64_t)((unsigned __int128)total * i / n);
}

uint32_t span_pass(uint32_t pass)
{
	return pass ? SWEEP_PASS + (pass - 1) % 4 : (uint32_t)SWEEP_PLAIN;
}

uint64_t span_count(const struct sweep_span *s)
{
	return s->to > s->from ? (s->to - s->from - 1) / s->stride + 1 : 0;
}

struct sweep_span span_share(const struct sweep_span *s, unsigned i, unsigned n)
{
	uint64_t count = span_count(s);
	uint64_t from = shard_first(count, i, n), to = shard_first(count, i + 1, n);
	struct sweep_span out = *s;

	out.from = s->from + from * s->stride;
	/* just behind the last one: `to` of the last share must not pass the span's */
	out.to = to > from ? s->from + (to - 1) * s->stride + 1 : out.from;
	return out;
}

struct sweep_span span_sample(uint64_t first, uint64_t behind, uint64_t mask, uint64_t at)
{
	uint64_t from = first + ((at - first) & mask);

	return (struct sweep_span){
		.from = from, .to = behind, .stride = mask + 1, .mark = SWEEP_RECHECK};
}

uint64_t span_mask(double share)
{
	double bits = share > 0 ? -log2(share) : MASK_BITS_MAX;

	bits = bits < 0 ? 0 : bits > MASK_BITS_MAX ? MASK_BITS_MAX : bits;
	return (UINT64_C(1) << (unsigned)lround(bits)) - 1;
}
