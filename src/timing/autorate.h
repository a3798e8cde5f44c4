/* SPDX-License-Identifier: BSD-2-Clause */
/* The fastest rate at which nothing is lost (--rate auto): counters in, a rate out. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * A sweep goes through its targets in random order, so the share of probes that are answered is
 * the same at all times, whatever that share is. Where it drops as the rate goes up, and comes back
 * as the rate goes down, answers or probes were lost. Loss that does not depend on the rate lowers
 * the share at every rate, and is no reason to slow down. autorate.c tells how the knee is found.
 *
 * Time is cut into epochs of one rate each, counted from 0. The caller notes where its senders
 * stand when an epoch begins; autorate_lost names the epochs whose probes have to be sent again.
 */

#define AUTORATE_TRACK	256 /* readings remembered, to look a round trip back */
#define AUTORATE_EPOCHS 256 /* at most without a verdict */

struct autorate_conf {
	double start_pps;  /* to begin with */
	double modest_pps; /* up to here no evidence is needed */
	double cap_pps;	   /* never above; more than 0 */
	uint64_t rtt_ns;   /* taken for the round trip until one is known */
};

/* What has been counted since the beginning. Members that the caller does not know stay 0. */
struct autorate_seen {
	uint64_t now_ns;
	uint64_t sent, answered;	      /* probes; validated answers of any kind, once each */
	uint64_t canaries, canaries_answered; /* probes of targets known to answer */
	uint64_t dropped;		      /* by our own queue or driver */
	uint64_t prohibited;		      /* ICMP: administratively prohibited (type 3, code
						 9, 10, 13; ICMPv6 type 1, code 1) */
	uint64_t quenched;		      /* ICMP source quench (type 4) */
	uint64_t stalls;		      /* times that the next hop did not answer ARP or ND */
	uint64_t rtt_ns;		      /* mean of recent answers, 0 = unknown */
};

enum autorate_state {
	AUTORATE_CLIMB, /* doubles */
	AUTORATE_BASE,	/* loss was seen: what is the share far below? */
	AUTORATE_KNEE,	/* between a rate that lost and one that did not */
	AUTORATE_STEADY,
	AUTORATE_RETRY, /* is the knee still where it was? */
};

/* What keeps it from going faster. */
enum autorate_limit {
	AUTORATE_NONE,	 /* nothing yet */
	AUTORATE_FEW,	 /* too few answers to see a loss by */
	AUTORATE_LOSS,	 /* the knee */
	AUTORATE_CAP,	 /* cap_pps */
	AUTORATE_SENDER, /* the sender does not get any faster */
};

/* A reading, or the difference of two. `made` is what was sent until then, `sent` and `canaries`
 * until a round trip earlier. */
struct autorate_point {
	double at_ns, made, sent, answered, canaries, canaries_answered, dropped, prohibited,
		quenched, stalls;
};

struct autorate_epoch {
	uint64_t id;
	double rate;
	bool lost; /* loss was seen in it, or just before it */
};

struct autorate {
	struct autorate_conf conf;
	enum autorate_state state;
	enum autorate_limit limit;
	double rate;	  /* in force */
	double low, high; /* rates: the best without loss, the least with loss (0 = none yet) */
	double loss;	  /* last seen at `high` */
	double reached;	  /* of the last measurement: probes a second */
	double blur;	  /* loss that the last verdict "none" could have overlooked */
	/* the measurement going on */
	uint64_t measure_from_ns, suspect_ns;
	bool measuring;
	struct autorate_point from;
	/* shares without loss that depends on the rate: what was sent, what came back */
	struct autorate_point base;
	bool distrust;		    /* ... and they are to be forgotten without a comparison */
	unsigned setbacks;	    /* losses at a steady rate, one after another */
	double setback_pps;	    /* the rate at the first of them */
	double steady_pps;	    /* the last steady rate */
	double steady_ns, retry_ns; /* how long without loss; how long until the knee is tried */
	/* readings, the oldest overwritten */
	struct autorate_point track[AUTORATE_TRACK];
	unsigned n_track, track_at;
	/* epochs without a verdict, then those that are lost */
	uint64_t epoch;
	struct autorate_epoch open[AUTORATE_EPOCHS];
	unsigned n_open;
	uint64_t again[AUTORATE_EPOCHS];
	unsigned n_again;
};

/* Begins at c->start_pps. */
void autorate_init(struct autorate *a, const struct autorate_conf *c, uint64_t now_ns);
/* Call it every 5 to 50 ms. Returns the rate in force, probes a second (canaries not included).
 * a->epoch has gone up by one or more when the probes from now on belong to a new epoch. */
double autorate_turn(struct autorate *a, const struct autorate_seen *s);
/* An epoch to be sent again, each once; false: none more for now. */
bool autorate_lost(struct autorate *a, uint64_t *epoch);
/* Epochs before this one have had their verdict: they may be forgotten once autorate_lost is
 * empty. */
uint64_t autorate_settled(const struct autorate *a);
/* All is sent and the answers have come: judges what is still open. autorate_lost once more. */
void autorate_finish(struct autorate *a, const struct autorate_seen *s);
/* Appends, in words, at which rate it is and why not faster. */
void autorate_text(const struct autorate *a, struct buf *out);
