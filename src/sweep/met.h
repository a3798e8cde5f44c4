/* SPDX-License-Identifier: BSD-2-Clause */
/* The answers met last, in memory of user space; the kernel has its own. Private to src/sweep. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "bpfobj/sweep_abi.h"

struct met {
	struct sweep_bucket *buckets; /* owned; NULL: nothing is remembered */
	uint32_t mask;
};

/* Room for the `answers` met last, rounded up; 0: none. 0 or -ENOMEM. */
int met_init(struct met *m, size_t answers, struct err *e) MUST_CHECK;
/* Whether the key (dedup.h) was met; if not it is now. */
bool met_key(struct met *m, uint64_t key);
/* Whether such an answer to a probe of any mark was met: the same port, found again. */
bool met_again(struct met *m, const struct sweep_job *j, const struct sweep_hit *hit);
void met_free(struct met *m);
