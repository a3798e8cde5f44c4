/* SPDX-License-Identifier: BSD-2-Clause */
/* A BPF program as a filter of an interface's clsact qdisc: what there was before Linux 6.6. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct clsact {
	uint32_t ifindex, handle, priority;
	bool made; /* the qdisc is ours */
};

/*
 * Adds the program `prog` (a descriptor) as a filter of the ingress, in front of others where their
 * priorities leave room; with the qdisc, unless one is there. 0 or -errno.
 */
int clsact_attach(struct clsact *c, uint32_t ifindex, int prog);
/* Removes that filter, and the qdisc if clsact_attach made it and nobody else has a filter in it.
 */
void clsact_detach(const struct clsact *c);
