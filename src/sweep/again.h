/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers to probes of different marks that are one fact: the same port, found again. Private to
 * src/sweep. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "bpfobj/sweep_abi.h"

struct again {
	struct sweep_bucket *buckets; /* owned */
	uint32_t mask;
};

/* Room for the `answers` met last; a power of two times four. 0 or -ENOMEM. */
int again_init(struct again *s, size_t answers, struct err *e) MUST_CHECK;
/* Whether such an answer of any mark was met; if not it is now. */
bool again_met(struct again *s, const struct sweep_job *j, const struct sweep_hit *hit);
void again_free(struct again *s);
