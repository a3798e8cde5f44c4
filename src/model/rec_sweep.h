/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sweep covered: a part of its records. */
#pragma once

#include <stdint.h>

/* What a sweep has done so far, or in all. */
struct rec_coverage {
	uint64_t total;		/* probes of all shards, passes apart */
	uint64_t first, behind; /* of these, this run's: indices [first, behind) */
	uint64_t planned;	/* to be sent by this part of the run: all passes, and the sample */
	uint64_t sent, skipped; /* probes; targets that are known not to be there */
	uint64_t unsent;	/* probes that could not leave, or were lost on this machine */
	uint64_t answers;	/* validated, without duplicates */
	uint64_t unlisted;	/* of these, of kinds that the plan counts and does not report */
	uint64_t duplicates;
	uint64_t forged;  /* in our window, but without a probe's proof; with wrong flags; cut */
	uint64_t late;	  /* after the time that counts */
	uint64_t no_room; /* true or false: lost on this machine before they were looked at */
	uint64_t resets;  /* RSTs of ours, by which half-open connections end */
	uint64_t open, closed, other;  /* results, by state */
	double rate_pps;	       /* while probes were sent */
	const char *sender, *receiver; /* what carried it: "xdp-live", "packet-ring", "xdp" */
};

/* Answers per probe sent, 0 to 1; 0 when none was sent. */
static inline double rec_hit_rate(const struct rec_coverage *c)
{
	return c->sent ? (double)c->answers / (double)c->sent : 0;
}
