/* SPDX-License-Identifier: BSD-2-Clause */
/* Two network namespaces joined by veth, for the conformance suite; they vanish with the process.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"

enum { LAB_OPEN = 80, LAB_CLOSED = 81, LAB_DENIED = 82 };
#define LAB_LINK      "v0"
#define LAB_PEER_LINK "v1"

/*
 * The process itself lives in the scanner's namespace from lab_up on (10.99.0.1, fd99::1 on v0); a
 * child holds the other one (10.99.0.2, fd99::2 on v1) and listens on TCP port LAB_OPEN there; the
 * process listens on LAB_OPEN on its own loopback. Neither has a route out. The link has
 * two queues.
 */
struct lab {
	pid_t peer;
	int ns_self, ns_peer;
	int listener; /* on our own loopback */
	struct addr self4, self6, peer4, peer6;
	struct mac self_mac, peer_mac;
	uint32_t ifindex;
};

/* False when this user or machine cannot make namespaces: skip. */
bool lab_up(struct lab *l);
void lab_down(struct lab *l);
/* Moves the process into the peer's namespace or back. */
void lab_enter(const struct lab *l, bool peer);
/* Runs a shell command in the namespace the process is in; true when it worked. */
bool lab_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Sets v0 up with all its addresses, or down. */
void lab_link(const struct lab *l, bool up);
