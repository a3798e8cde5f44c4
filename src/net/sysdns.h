/* SPDX-License-Identifier: BSD-2-Clause */
/* Names as this system resolves them: getaddrinfo, getnameinfo and so nsswitch.conf. */
#pragma once

#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"
#include "net/names.h"

struct sysdns;

/* Name is not yet cleaned, borrowed; NULL = none. */
typedef void (*sysdns_fn)(void *ctx, const char *name);

/*
 * Up to `threads` look-ups at once; a thread starts when it is first needed. *out is owned:
 * sysdns_close.
 */
int sysdns_open(struct sysdns **out, unsigned threads, struct err *e) MUST_CHECK;
/* Look-ups still running are left to end by themselves, unanswered: no `fn` is called any more. */
void sysdns_close(struct sysdns *s);
/*
 * Queues a reverse look-up; `fn` is called out of sysdns_step. 0, or a negative code and `fn` is
 * never called.
 */
int sysdns_ptr(struct sysdns *s, const struct addr *a, sysdns_fn fn, void *ctx) MUST_CHECK;
/* Readable when sysdns_step has something to do. */
int sysdns_fd(const struct sysdns *s);
/* Hands out the answers that are there; never blocks. */
void sysdns_step(struct sysdns *s);
/*
 * Blocks as long as the system's resolver does (resolv.conf(5): by default up to 10 s a server). 0
 * or ERR_RESOLVE with text.
 */
int sysdns_forward(
	const char *name, unsigned family, struct addr_list *out, struct err *e) MUST_CHECK;
