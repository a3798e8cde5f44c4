/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a received frame of a sweep; the first ones choose what the sweep sends. */
#include <stdlib.h>
#include <string.h>

#include "sweep/answer.h"
#include "sweep/dedup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sweep_job j = {.key0 = 1, .key1 = 2, .sport_base = 40960, .late_ns = 1000000000};
	struct sweep_bucket bucket = {{0}};
	struct answer a;
	uint64_t key;
	int got;

	if (size < 4)
		return 0;
	j.kind = data[0] % SWEEP_KINDS;
	j.family = data[1] & 1 ? 6 : 4;
	j.timed = data[1] >> 1 & 1;
	j.sport_fixed = data[1] >> 2 & 1;
	j.l3 = data[1] >> 3 & 1 ? 0 : 14;
	j.tcp_flags = data[2];
	j.src_lo = j.family == 4 ? 0x0a000001 : 1; /* the seeds' */
	got = answer_read(&j, data + 4, data + size, &a);
	if (got < ANSWER_PASS || got > ANSWER_VALID)
		abort();
	if (got != ANSWER_VALID)
		return 0;
	if (a.hit.answer >= SWEEP_ANSWERS || a.hit.mark >= SWEEP_MARKS)
		abort();
	got = answer_time(&j, &a, 12345678901);
	if (got == ANSWER_VALID && j.timed && a.timed &&
		(!a.hit.rtt_ns || a.hit.rtt_ns > j.late_ns))
		abort();
	key = dedup_key(&j, &a);
	if (dedup_met(&bucket, key) || !dedup_met(&bucket, key))
		abort();
	return 0;
}
