/* SPDX-License-Identifier: BSD-2-Clause */
/* Names: forward look-ups at start, reverse look-ups in parallel while a scan runs (c-ares). */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

struct resolver;

struct resolver_conf {
	const char *servers; /* "10.0.0.1,[fd00::1]:5353" or NULL = the system's; at most 16 */
	bool system;	     /* --system-dns; see below */
	unsigned in_flight;  /* queries at once, 0 = 64 */
	uint64_t timeout_ns; /* of the first try (later ones wait longer), 0 = 2 s */
	unsigned tries;	     /* rounds over all servers, 0 = 2 */
};

/*
 * Sends nothing. A server that cannot be parsed is ERR_USAGE. *out is owned: resolver_free
 * (outstanding requests are answered with NULL).
 *
 * `system` asks the C library instead, and so whatever nsswitch.conf names (files, DNS, mDNS,
 * LDAP): at most 16 look-ups at once, each in a thread, with the C library's own time-outs. It
 * excludes `servers` (ERR_USAGE).
 */
int resolver_open(struct resolver **out, const struct resolver_conf *c, struct err *e) MUST_CHECK;
void resolver_free(struct resolver *r);

/*
 * All addresses of a name, /etc/hosts first, blocking, bounded by tries x timeout x servers. family
 * 0, 4 or 6. What can be no host name (an international one not in its xn-- form, "1.2.3.4.5") is
 * refused without being asked for. *list is owned (free()), in the order the resolver gave, no
 * duplicates. Returns the count or ERR_RESOLVE with text. Numbers in inet_aton's short forms ("1",
 * "10.0.0", "0x0a000001") are addresses as well, as for nmap.
 */
int resolver_forward(struct resolver *r, const char *name, unsigned family, struct addr **list,
	struct err *e) MUST_CHECK;

/*
 * Called once per request, out of resolver_step, _cancel or _free only; name is borrowed, NULL = no
 * name, refused or timed out. Its bytes are letters, digits, '-', '_' and '.'; whatever else DNS
 * answered is escaped as \DDD. It may ask on, but not free.
 */
typedef void (*resolver_fn)(void *ctx, const struct addr *addr, const char *name);

/*
 * Queues a reverse look-up (/etc/hosts first); never blocks, sends nothing before the next step;
 * duplicates of a running request are joined; the last 65,536 answers (names or none) are cached.
 */
int resolver_reverse(
	struct resolver *r, const struct addr *addr, resolver_fn fn, void *ctx) MUST_CHECK;
/* Fills up to max descriptors to watch; returns how many. */
size_t resolver_fds(struct resolver *r, struct pollfd *fds, size_t max);
/* Nanoseconds until it wants to be called again, UINT64_MAX = never. */
uint64_t resolver_timeout_ns(struct resolver *r);
/* Does what is due; callbacks run inside. Never blocks. */
void resolver_step(struct resolver *r);
/* Requests not yet answered. */
size_t resolver_pending(const struct resolver *r);
/*
 * Answers everything outstanding at once, with the names that have come already, else NULL:
 * callbacks run inside and may not ask on (-ESHUTDOWN). The resolver stays usable.
 */
void resolver_cancel(struct resolver *r);
