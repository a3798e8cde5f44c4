/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The window of source ports that raw probes leave from: held against other programs, claimed from
 * the local stack, which then answers nothing for us, and the RSTs that are ours to send instead.
 * Private to src/scan.
 */
#pragma once

#include <stdint.h>

#include "io/io.h"
#include "net/net.h"
#include "pkt/view.h"

#define RESETS_MAX 256 /* that wait to be sent; of more the target reminds us */
#define RESET_LEN  60  /* IPv6 and TCP */

struct claim;
struct engine;
struct hold;

struct window {
	struct hold *hold;   /* NULL: nothing is claimed either */
	struct claim *claim; /* NULL: no interface was used yet */
	struct reset {
		struct io *io;
		struct io_tx tx;
		uint8_t data[RESET_LEN];
	} resets[RESETS_MAX]; /* a circle */
	uint32_t head, n;
	uint64_t sent, lost; /* lost: there was no room for them */
	uint32_t begun;	     /* interface that is being claimed, 0: none */
	struct addr begun_self;
};

/* Draws the run's source ports; nothing is held yet. */
void window_draw(struct engine *e);
/* Holds them; other ones, where programs of this machine have some of them. A user's own choice
 * (-g) that a program has is left to it, and said. Once, when pings and tasks are known. */
void window_hold(struct engine *e);
/* Probes are about to leave by this route: begins to claim their answers, where that is new. */
void window_claim(struct engine *e, const struct net_route *r);
/* Waits until what was begun is done; says what could not be claimed. */
void window_claimed(struct engine *e);
/*
 * A packet that came. A SYN-ACK that the local stack did not see is answered as the stack would
 * have: by a RST to where it came from (RFC 9293 3.10.7.1), which frees the target's half-open
 * connection. From this machine only, in one piece, whatever probes are disguised as.
 */
void window_answer(struct engine *e, const struct io_rx *rx, const struct pkt_view *v);
/* At each turn: goes on claiming, and sends RSTs that wait, as far as --max-rate and the backend
 * let it. */
void window_step(struct engine *e);
/* When the next one may leave; UINT64_MAX: none waits. */
uint64_t window_next_ns(struct engine *e);
/* Says at -d how many RSTs there were; before the end of the run is published. */
void window_report(struct engine *e);
/* Begins to give everything back, before the backends are closed; window_close is its end. */
void window_stop(struct engine *e);
void window_close(struct engine *e);
