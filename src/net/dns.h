/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to DNS servers by c-ares. */
#pragma once

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "net/names.h"

struct dns;
struct resolver_conf;

/* Name is presentation text as c-ares writes it (not yet cleaned), borrowed; NULL = none. */
typedef void (*dns_fn)(void *ctx, const char *name);

/* Reads resolv.conf and sends nothing. Servers that cannot be parsed: ERR_USAGE. *out is owned:
 * dns_close. */
int dns_open(struct dns **out, const struct resolver_conf *c, struct err *e) MUST_CHECK;
/* Questions still open are answered with NULL. */
void dns_close(struct dns *d);
/* Asks for the PTR record; `fn` is called once, perhaps before this returns. */
void dns_ptr(struct dns *d, const struct addr *a, dns_fn fn, void *ctx);
/* A and AAAA (family 0, 4, 6), the hosts file first; waits until tries x timeout x servers at most.
 * 0 or ERR_RESOLVE with text. */
int dns_forward(struct dns *d, const char *name, unsigned family, struct addr_list *out,
	struct err *e) MUST_CHECK;
/* As resolver_fds, resolver_timeout_ns and resolver_step. */
size_t dns_fds(const struct dns *d, struct pollfd *fds, size_t max);
uint64_t dns_timeout_ns(const struct dns *d);
void dns_step(struct dns *d);
