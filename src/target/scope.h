/* SPDX-License-Identifier: BSD-2-Clause */
/* A scope file: what somebody has the permission to scan, and until when. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "target/ports.h"
#include "target/range.h"
#include "target/space.h"

#define SCOPE_CONTACT_MAX 128

/*
 *	[scope]
 *	networks = 192.0.2.0/24, 2001:db8::/64	may stand in several lines
 *	until    = 2026-12-31			its end, UTC; or 2026-12-31 18:00
 *	contact  = noc@example.net		who gave the permission
 *	max-rate = 50000			packets a second; optional
 *	ports    = 80,443,8000-8100		optional: all
 */
struct scope {
	char *where; /* owned: the file's name as messages have it */
	struct addr_set networks;
	uint64_t until_wall_ns; /* the first moment that is too late */
	char contact[SCOPE_CONTACT_MAX];
	double max_rate; /* 0 = none */
	bool has_ports;
	struct port_list ports;
	unsigned line_networks, line_until, line_contact, line_rate, line_ports; /* 0 = not said */
};

/* What is to be sent. All borrowed. */
struct scope_use {
	const struct space *space;
	const struct addr_set *spared; /* sealed: addresses that need no permission; may be NULL */
	const struct port_list *ports; /* may be NULL: none */
	double rate_pps;
	uint64_t now_wall_ns;
};

/*
 * Reads the text, `where` names it in messages; '#' and ';' begin comments. Networks, until and
 * contact must be there. ERR_USAGE with file and line, -ENOMEM. Always to be freed.
 */
int scope_parse(
	struct scope *s, const char *where, const char *text, size_t len, struct err *e) MUST_CHECK;
int scope_read(struct scope *s, const char *path, struct err *e) MUST_CHECK;
void scope_free(struct scope *s);
/* 0, or ERR_USAGE that names what lies outside and the line of the file that says so. */
int scope_check(const struct scope *s, const struct scope_use *u, struct err *e) MUST_CHECK;
