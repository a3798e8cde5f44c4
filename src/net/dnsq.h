/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to DNS servers by c-ares. */
#pragma once

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "net/names.h"

struct dnsq;
struct resolver_conf;

/* Name is presentation text as c-ares writes it (not yet cleaned), borrowed; NULL = none. */
typedef void (*dnsq_fn)(void *ctx, const char *name);

/*
 * Reads resolv.conf and sends nothing. Servers that cannot be parsed: ERR_USAGE. *out is owned:
 * dnsq_close.
 */
int dnsq_open(struct dnsq **out, const struct resolver_conf *c, struct err *e) MUST_CHECK;
/* Questions still open are answered with NULL. */
void dnsq_close(struct dnsq *d);
/* Asks for the PTR record; `fn` is called once, perhaps before this returns. */
void dnsq_ptr(struct dnsq *d, const struct addr *a, dnsq_fn fn, void *ctx);
/*
 * A and AAAA (family 0, 4, 6), the hosts file first; waits until tries x timeout x servers at most.
 * 0 or ERR_RESOLVE with text.
 */
int dnsq_forward(struct dnsq *d, const char *name, unsigned family, struct addr_list *out,
	struct err *e) MUST_CHECK;
/* As resolver_fds, resolver_timeout_ns and resolver_step. */
size_t dnsq_fds(const struct dnsq *d, struct pollfd *fds, size_t max);
uint64_t dnsq_timeout_ns(const struct dnsq *d);
void dnsq_step(struct dnsq *d);
