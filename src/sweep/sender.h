/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways to send a sweep's probes and to take their answers: rows. Private to src/sweep.
 *
 * A sender has lanes, one a thread. A lane is told what to do by its struct sweep_ctl alone, and
 * its numbers are read there.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "bpfobj/sweep_abi.h"
#include "bpfobj/sweep_bpf.h"
#include "io/io.h"
#include "target/space.h"

struct sender;
struct receiver;

/* What both are made for; borrowed while they are open. */
struct sender_conf {
	const struct sweep_job *job;
	const struct sweep_port *ports;
	const struct sweep_template *tmpls;
	unsigned n_tmpls;
	const struct space *space;
	const struct mac *neighbours; /* of each host of the space, when job->per_host_mac */
	struct mac hop_mac;	      /* of the next hop else; zero without Ethernet */
	const char *interface;	      /* the way out; NULL on the simulator */
	const struct mac *mac;	      /* --spoof-mac, or NULL */
	struct clock *clock;
	const struct log *log;
	struct io *sim;	       /* the simulator, or NULL */
	struct sweep_bpf *bpf; /* the kernel's half, opened (xdp-live) and attached (xdp); or NULL
				*/
	bool claimed;	       /* the local stack does not see the answers: RSTs are ours to send */
	unsigned lanes;
	size_t dedup; /* answers that the receiver remembers */
};

/* Life-cycle: open -> any number of lanes' transmit or step, each in a thread of its own -> close.
 */
struct sender_ops {
	const char *name;
	const char *summary; /* one line, for doctor */
	double expect_pps;   /* what one core reached over veth, for the report */
	/* Whether this user can use it on this machine: 0, or a negative code with cause and
	 * remedy. `io` rows ask theirs. */
	int (*probe)(const char *interface, struct err *e);
	/* *out is owned: close. */
	int (*open)(struct sender **out, const struct sender_conf *c, struct err *e);
	struct sweep_ctl *(*ctl)(struct sender *s, unsigned lane);
	/* Sends what the control block says; blocks until next >= end or stop. 0 or a negative
	 * code: the lane is dead. */
	int (*transmit)(struct sender *s, unsigned lane, struct err *e);
	/* At most one batch. *wake_ns: when to come again, UINT64_MAX when the end is reached. NULL
	 * where the kernel does it all: then transmit is all there is. */
	int (*step)(struct sender *s, unsigned lane, uint64_t *wake_ns, struct err *e);
	/* Adds tx_sent and tx_dropped, where it knows. */
	void (*counts)(struct sender *s, struct sweep_counts *add);
	/* The first reason why a probe could not leave, 0 = none: -errno. */
	int (*refusal)(struct sender *s);
	void (*close)(struct sender *s); /* NULL is fine */
};

struct sender {
	const struct sender_ops *ops;
};

/* Rows: "xdp-live", and one for each io backend that takes packets. Ends with NULL. */
extern const struct sender_ops *const sweep_senders[];
extern const struct sender_ops sender_xdp_live, sender_afxdp, sender_packet, sender_raw, sender_sim;
const struct sender_ops *sender_by_name(const char *name);

struct receiver_ops {
	const char *name; /* "xdp", "packet-ring", "sim" */
	uint8_t rtt_src;  /* enum rtt_source: where arrival times come from */
	int (*open)(struct receiver **out, const struct sender_conf *c, struct err *e);
	/* Takes up to n answers, waiting up to timeout_ns when nothing is there; returns how many,
	 * which may be 0 though something came. Negative: it is dead. */
	int (*poll)(struct receiver *r, struct sweep_hit *v, unsigned n, uint64_t timeout_ns);
	/* Whether there is more at once. */
	bool (*more)(struct receiver *r);
	/* Adds all but tx_sent and tx_dropped. */
	void (*counts)(struct receiver *r, struct sweep_counts *add);
	void (*close)(struct receiver *r); /* NULL is fine */
};

struct receiver {
	const struct receiver_ops *ops;
};

/* In XDP, and the same in user space from a packet ring or the simulator. */
extern const struct receiver_ops receiver_xdp, receiver_ring, receiver_sim;
