/* SPDX-License-Identifier: BSD-2-Clause */
/* One routing netlink socket: consistent dumps and single questions (libmnl underneath). */
#pragma once

#include <linux/netlink.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

struct nl;

/* *out is owned: nl_close. A refused socket is -errno with text. */
int nl_open(struct nl **out, struct err *e) MUST_CHECK;
void nl_close(struct nl *n);

/*
 * Where messages go. Neither member may be NULL; `each` returns 0 to go on or a negative code to
 * give up.
 */
struct nl_sink {
	void (*begin)(void *ctx); /* empties what was collected: a dump starts (again) */
	int (*each)(void *ctx, const struct nlmsghdr *h);
	void *ctx;
};

/*
 * Everything of one kind (RTM_GETLINK ...) of one address family (AF_UNSPEC = all). When the kernel
 * says that its table changed while it was read, the dump is begun again a few times. 0 or a
 * negative code.
 */
int nl_dump(struct nl *n, uint16_t type, uint8_t family, const struct nl_sink *sink) MUST_CHECK;
/* The same by a request of the caller's (type, length, body; the rest is filled in). */
int nl_dump_by(struct nl *n, struct nlmsghdr *req, const struct nl_sink *sink) MUST_CHECK;

/*
 * Sends one request (flags, sequence are filled in) and hands the one answer to `each`. 0, or the
 * kernel's refusal as -errno.
 */
int nl_ask(struct nl *n, struct nlmsghdr *req, const struct nl_sink *sink) MUST_CHECK;

/* Linux's number of an address family of ours (4, 6); 0 for any other. */
uint8_t nl_family(const struct addr *a);
/* The address in an attribute; {0} when its length is neither 4 nor 16. */
struct addr nl_addr(const struct nlattr *attr);
