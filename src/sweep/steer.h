/* SPDX-License-Identifier: BSD-2-Clause */
/* --rate auto: the controller (timing/autorate.h) at the wheel of a sweep. */
#pragma once

#include "sweep/place.h"
#include "sweep/receipt.h"
#include "sweep/watch.h"
#include "timing/autorate.h"

/*
 * A watch. It notes what each epoch of the controller sent; the epochs that lost something are sent
 * again when everything else has gone out, at the rate that proved to be safe. Targets that have
 * answered are asked once more as canaries.
 */
#define STEER_CANARIES 4096  /* known and not yet asked */
#define STEER_ASKED    65536 /* in a run */

struct steer_epoch {
	uint64_t id;
	struct receipt_pieces sent; /* owned */
};

struct steer {
	struct autorate_conf conf;
	struct autorate a;
	struct autorate_seen seen;
	const struct sweep_facts *facts; /* borrowed while it runs */
	bool on, finished;
	uint64_t cooldown_ns, quiet_ns;
	/* epochs without a verdict; the last is going on */
	struct steer_epoch epochs[AUTORATE_EPOCHS + 2];
	unsigned n_epochs;
	struct receipt_pieces sent; /* until the last of them began; owned */
	struct receipt_pieces lost; /* to be sent again; owned */
	uint64_t lost_probes;
	/* targets that answered, as a ring of indices */
	uint64_t known[STEER_CANARIES];
	unsigned n_known, known_at;
	struct receipt_pieces asked; /* the canaries; owned */
	struct place place;
};

/* The watch; *s is zeroed, and outlives the run. */
struct sweep_watch steer_watch(struct steer *s);
/* Frees the lists. */
void steer_free(struct steer *s);
