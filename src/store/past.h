/* SPDX-License-Identifier: BSD-2-Clause */
/* What an earlier run learnt, found by address and port in constant time. */
#pragma once

#include "base/err.h"
#include "model/bus.h"
#include "store/journal.h"

struct past;

/* Nothing is known yet. NULL when memory ran out. */
struct past *past_new(void);
void past_free(struct past *p);
/*
 * Reads an open checkpoint from its beginning; it is borrowed until past_free. What is torn at the
 * end is left out. ERR_USAGE when it is no checkpoint of this version, -errno when it cannot be
 * read.
 */
int past_read(struct past *p, struct journal *j, struct err *e) MUST_CHECK;
/* Adds a host that was finished and of which nothing else is known. 0 or -ENOMEM. */
int past_add(struct past *p, const struct addr *a, enum host_state state) MUST_CHECK;

/* How the run began; borrowed. */
const struct frame_start *past_start(const struct past *p);
/* Whether it was complete. */
bool past_complete(const struct past *p);
/* Bytes of the file that were whole. */
uint64_t past_end(const struct past *p);

/* The contract of scan_past (scan/scan.h); ctx is the past. The checkpoint does not take what is
 * replayed a second time. */
int past_replay(void *ctx, struct bus *bus, struct err *e) MUST_CHECK;
enum host_state past_finished(void *ctx, const struct addr *a);
bool past_host(void *ctx, const struct addr *a, struct rec_verdict *out);
bool past_port(
	void *ctx, const struct addr *a, const char *tech, uint16_t port, struct rec_verdict *out);
