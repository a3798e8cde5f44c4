/* SPDX-License-Identifier: BSD-2-Clause */
/* The connections on their way: a fixed number of slots, found by the caller's id. */
#pragma once

#include <stdint.h>

#define CONN_NONE (-1)

struct conn {
	uint64_t id;
	int fd;	  /* owned */
	int next; /* in its bucket or in the free list */
};

struct conns {
	struct conn *slots; /* max of them */
	int *buckets;	    /* mask + 1 of them */
	uint32_t mask;
	int free;
	unsigned max, n;
};

/* Embedded; `max` slots. 0 or -ENOMEM; conns_fini in either case. */
int conns_init(struct conns *c, unsigned max);
void conns_fini(struct conns *c); /* closes what is left */
/* Takes fd. Returns the slot; there must be one free (n < max). */
int conns_add(struct conns *c, uint64_t id, int fd);
/* The slot of an id, or CONN_NONE. */
int conns_find(const struct conns *c, uint64_t id);
/* Hangs up the slot's descriptor, which takes it out of epoll as well, and frees the slot. */
void conns_del(struct conns *c, int slot);
