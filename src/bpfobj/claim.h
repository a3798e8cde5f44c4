/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers to ports of our own are kept from the local stack (bpf/claim.bpf.c), interface by
 * interface. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

struct claim;

/* How the program hangs on an interface. */
enum claim_how {
	CLAIM_NOT,
	CLAIM_TCX,    /* a link (Linux 6.6): the kernel takes it off when this process ends */
	CLAIM_CLSACT, /* a filter of a clsact qdisc: stays behind when this process is killed,
			 and drops nothing once its lease is over */
};

/* For TCP, UDP and SCTP ports lo..hi (host order); asks the kernel for nothing yet. *out is owned:
 * claim_free. -ENOMEM. */
int claim_new(struct claim **out, uint16_t lo, uint16_t hi, struct err *e) MUST_CHECK;
/*
 * Begins to claim what comes for `self` by an interface while the lease lasts, in front of other
 * programs there, none of which is touched. Attaching takes some grace periods of the kernel (20
 * ms), so a thread of our own does it; claim_wait is its end. False when both were claimed, or
 * refused, before.
 */
bool claim_begin(struct claim *c, uint32_t ifindex, const struct addr *self);
#define CLAIM_LEASE_NS UINT64_C(5000000000)
/* What is claimed is dropped until CLAIM_LEASE_NS from now_ns (CLOCK_MONOTONIC) on; call it at each
 * turn of a loop, it asks the kernel once a second. NULL is fine. */
void claim_renew(struct claim *c, uint64_t now_ns);
/*
 * Waits for what was begun. 0, or a negative code with cause and remedy of the first refusal since
 * the last call: no BPF in this kernel, no permission, no room.
 */
int claim_wait(struct claim *c, struct err *e) MUST_CHECK;
/* How packets for `self` that come by the interface are claimed; nothing may have been begun that
 * was not waited for. NULL: CLAIM_NOT. */
enum claim_how claim_covers(const struct claim *c, uint32_t ifindex, const struct addr *self);
/* "tcx", "clsact", "not". Static text. */
const char *claim_how_name(enum claim_how how);
/* Begins to take everything off, which takes grace periods as well. NULL is fine. */
void claim_stop(struct claim *c);
/* Takes everything off and waits for it; NULL is fine. */
void claim_free(struct claim *c);

/* For tests: attach in this way only; CLAIM_NOT: in either. */
void claim_only_by(struct claim *c, enum claim_how how);
/* For tests: what becomes of a frame with Ethernet header: 1 dropped, 0 left alone, or -errno. */
int claim_try(const struct claim *c, const uint8_t *frame, size_t len);
