/* SPDX-License-Identifier: BSD-2-Clause */
/* From an answer back to the index of its probe. */
#pragma once

#include "sweep/watch.h"

struct place {
	const struct sweep_job *job; /* borrowed */
	const struct space *space;   /* borrowed */
	uint32_t *port_at;	     /* owned: by port number, its place in the list */
};

/* 0 or -ENOMEM. */
int place_init(struct place *p, const struct sweep_facts *f) MUST_CHECK;
void place_free(struct place *p); /* frees the table */
/* The index, or UINT64_MAX: no probe has this target. */
uint64_t place_of(const struct place *p, const struct sweep_hit *hit);
