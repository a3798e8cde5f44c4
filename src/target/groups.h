/* SPDX-License-Identifier: BSD-2-Clause */
/* Named groups of networks from a table of text: special-use ranges, networks of providers. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "target/range.h"

#define GROUPS_MAX     60
#define GROUP_NAME_MAX 32

struct net_group {
	char name[GROUP_NAME_MAX];
	struct addr_set set; /* sealed */
};

struct net_groups {
	struct net_group *v; /* owned */
	size_t n;
	char date[16]; /* of the table, "" = it does not say */
};

/*
 * Lines "group network", the network an address or CIDR, and one "date YYYY-MM-DD"; "#" starts a
 * comment. Groups keep the order of their first lines. `where` names the table in messages.
 * ERR_USAGE with the line, -ENOMEM. *out is empty then.
 */
int groups_parse(struct net_groups *out, const char *where, const char *text, size_t len,
	struct err *e) MUST_CHECK;
/* The same from a file. */
int groups_read(struct net_groups *out, const char *path, struct err *e) MUST_CHECK;
/* Borrowed; NULL when there is none of that name (letters of either case). */
const struct net_group *groups_find(const struct net_groups *g, const char *name);
void groups_free(struct net_groups *g);

/* data/special-use.txt and data/cdn.txt as text, compiled in. */
extern const char special_use_text[];
extern const char cdn_text[];
