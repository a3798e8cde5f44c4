/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's half of a sweep: programs that make probes in live frames and check answers in XDP.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"
#include "bpfobj/sweep_abi.h"

/* What the programs work on; everything is copied at opening. */
struct sweep_bpf_conf {
	const struct sweep_job *job;
	const struct sweep_port *ports; /* job->n_ports */
	const struct sweep_template *tmpls;
	unsigned n_tmpls;
	const struct space_rows *rows; /* of job->space */
	const struct mac *neighbours;  /* job->space.count when job->per_host_mac; all zero: none */
	unsigned senders;	       /* struct sweep_ctl to be had; 0: the receiver alone */
	size_t ring_bytes;	       /* of results on their way up; a power of two, 0 = 16 MiB */
	size_t dedup; /* answers remembered, rounded up to a power of two; 0: none */
};

struct sweep_bpf;

/* Whether this kernel and user can: 0, or a negative code with cause and remedy. `live`: with the
 * generator (Linux 5.18), else the receiver alone. */
int sweep_bpf_probe(bool live, struct err *e);
/* Loads and fills the maps; nothing is attached. *out is owned: sweep_bpf_close. */
int sweep_bpf_open(
	struct sweep_bpf **out, const struct sweep_bpf_conf *c, struct err *e) MUST_CHECK;
/*
 * Puts the receiver on job.ifindex by a link that goes with the process: native XDP, or generic
 * where the driver has none. -EBUSY when another program is there; it stays. *how is "native" or
 * "generic", constant.
 */
int sweep_bpf_attach(struct sweep_bpf *b, const char **how, struct err *e) MUST_CHECK;
/*
 * Whether live frames reach the other end: asks the next hop for its link address by ARP or ND
 * through the generator's way out and waits for the answer, a second at most. Drivers drop live
 * frames without a word where the far end of a veth has neither XDP nor GRO. 0 or -ENETUNREACH.
 */
int sweep_bpf_path(struct sweep_bpf *b, const struct addr *next_hop, struct err *e) MUST_CHECK;
/* The way out does not work: the local stack gets the SYN-ACKs and resets them, in place of our own
 * RSTs, which would be lost without a word. */
void sweep_bpf_pass_synacks(struct sweep_bpf *b);
/* The sender's control block, shared with the kernel; borrowed. */
struct sweep_ctl *sweep_bpf_ctl(struct sweep_bpf *b, unsigned sender);
/*
 * Sends what the control block says, on the one CPU that the calling thread is bound to; blocks
 * until next >= end or stop is set (0, some 30 ms later), or a signal of someone else came
 * (-EINTR). It uses the CPU whole, whatever the pace. SIGURG, which nobody else may use, ends the
 * call inside.
 */
int sweep_bpf_transmit(struct sweep_bpf *b, unsigned sender, struct err *e);
/*
 * For tests: the next frame of the control block as the generator in the kernel makes it, sent to
 * nobody, stamped with ctl->stamp_ns. Returns its length (at most SWEEP_FRAME_MAX), 0: none now.
 */
int sweep_bpf_frame(struct sweep_bpf *b, unsigned sender, uint8_t *frame, struct err *e);
/* Takes up to n results, waiting up to timeout_ms for the first; returns how many. One thread. */
int sweep_bpf_poll(struct sweep_bpf *b, struct sweep_hit *v, unsigned n, int timeout_ms);
/* Adds the sums of all CPUs. */
void sweep_bpf_counts(struct sweep_bpf *b, struct sweep_counts *add);
/* Detaches everything; NULL is fine. */
void sweep_bpf_close(struct sweep_bpf *b);
