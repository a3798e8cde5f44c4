/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sweep's programs in the kernel and its user space share: fixed layouts, native byte order.
 */
#pragma once

#include <stdint.h>

#include "target/perm.h"
#include "target/space_find.h"

#define SWEEP_FRAME_MAX 1304 /* bytes of a template with its link header; a multiple of 8 */
#define SWEEP_LINK_MAX	22   /* Ethernet with two VLAN tags */
#define SWEEP_PORTS_MAX 65536
#define SWEEP_SENDERS	64   /* at most; one a CPU; a power of two */
#define SWEEP_CPUS	1024 /* as many are told apart; a power of two */

/* What is sent; which TCP flags is job.tcp_flags' to say. */
enum sweep_kind { SWEEP_TCP, SWEEP_UDP, SWEEP_SCTP_INIT, SWEEP_ECHO, SWEEP_TSTAMP, SWEEP_KINDS };

/*
 * What a probe is for, 3 bits of its source port. Which answers come up to user space hangs on it:
 * of marks other than SWEEP_PLAIN all of them, so that loss can be counted.
 */
enum sweep_mark {
	SWEEP_PLAIN,   /* first pass */
	SWEEP_SAMPLED, /* first pass, of the sample that is probed again */
	SWEEP_RECHECK, /* the sample, again */
	SWEEP_CANARY,  /* a target known to answer, for --rate auto */
	SWEEP_PASS,    /* further passes: SWEEP_PASS + (pass - 1) % 4 */
	SWEEP_MARKS = 8
};
#define SWEEP_MARK_BITS	 3
#define SWEEP_PORT_BITS	 9  /* of the cookie in the source port */
#define SWEEP_SEQ_BITS	 10 /* of the cookie in the sequence number, beside the time */
#define SWEEP_TIME_BITS	 22 /* of the time in the sequence number */
#define SWEEP_TICK_SHIFT 10 /* a tick is 1,024 ns: times are known modulo 4.295 s */

/* Kinds of answers: what it was, not yet what it means. */
enum sweep_answer {
	SWEEP_SYNACK,
	SWEEP_RST,
	SWEEP_DATA, /* UDP: any datagram */
	SWEEP_INIT_ACK,
	SWEEP_ABORT,
	SWEEP_REPLY, /* ICMP echo or timestamp reply */
	SWEEP_ERROR, /* ICMP or ICMPv6 error that quotes our probe */
	SWEEP_ANSWERS
};

/* Why something that came to our window is not an answer. */
enum sweep_reject {
	SWEEP_BAD_COOKIE, /* not from a probe of ours: forged, backscatter, a foreign scan */
	SWEEP_BAD_FLAGS,  /* TCP flags that answer nothing */
	SWEEP_BAD_TIME,	  /* time stamps that contradict each other, or older than job.late_ns */
	SWEEP_BAD_FORM,	  /* cut, or lengths that lie */
	SWEEP_DUPLICATE,  /* an answer that was taken already */
	SWEEP_NO_ROOM,	  /* a true answer that could not be handed up: lost, and said */
	SWEEP_REJECTS
};

/* The plan of the sweep, constant during the run. */
struct sweep_job {
	struct perm perm;	 /* over space.count * n_ports */
	struct space_view space; /* the hosts */
	uint64_t key0, key1;
	uint32_t n_ports; /* 1 where the kind has none: port 0 */
	uint8_t family;	  /* 4 or 6 */
	uint8_t kind;	  /* enum sweep_kind */
	uint8_t tcp_flags;
	uint8_t timed;	      /* the send time travels in the sequence number */
	uint8_t tcp_options;  /* bytes of them: 0, 4 (MSS) or 20 (as Linux) */
	uint8_t sport_fixed;  /* -g: no cookie and no mark in the source port */
	uint8_t per_host_mac; /* the neighbours' table holds each host's link address */
	uint8_t reset;	      /* answer SYN-ACKs with a RST, in XDP */
	uint16_t sport_base;  /* a multiple of 4,096 unless fixed; host order */
	uint16_t l3;	      /* offset of the IP header: 0 without link header, 14, 18, 22 */
	uint32_t wanted;      /* bit 1 << enum sweep_answer: handed up for SWEEP_PLAIN, too */
	uint32_t late_ns;     /* longest round trip that counts, below 4.29 s */
	uint32_t ifindex;
	uint64_t src_hi, src_lo; /* our address as numbers; IPv4: hi 0, lo in host order */
	/* SCTP: what nibble n (0 = low) of byte i of the 8 changed ones adds to the CRC32c, at
	 * [2 * i + n]: it is linear. Bytes: ports, then initiate tag. */
	uint32_t crc[16][16];
};

/*
 * One frame to be patched: destination address, ports, proof, time and checksums are zero in it,
 * and csum_ip and csum_l4 are the sums (RFC 1071, of big-endian words) of all else, pseudo-header
 * included. UDP has one a payload. Beyond len there are zeros.
 */
struct sweep_template {
	uint16_t len; /* of the frame from the link header on */
	uint16_t l4;  /* offset of the transport header */
	uint32_t csum_ip;
	uint32_t csum_l4; /* SCTP: the CRC32c, as a number whose low byte is sent first */
	uint32_t pad;
	uint8_t data[SWEEP_FRAME_MAX];
};

/* A port of the list: its number and the template that it is probed with. */
struct sweep_port {
	uint16_t port, tmpl; /* host order */
};

/* What a sender is doing; one a sender, shared. The owner of each member alone writes it. */
struct sweep_ctl {
	/* user space */
	uint64_t end;	 /* first index not to be sent */
	uint64_t stride; /* from one index to the next */
	uint64_t gap_q8; /* ns from probe to probe, 8 fractional bits; 0 = as fast as it goes */
	uint64_t sample_mask,
		sample_at; /* index & mask == at: mark SWEEP_SAMPLED (mark PLAIN only) */
	uint32_t mark;	   /* enum sweep_mark */
	uint32_t stop;	   /* not 0: send nothing more */
	/* the sender */
	uint64_t next;		/* first index not yet sent */
	uint64_t due_q8;	/* when the next probe may leave, ns with 8 fractional bits */
	uint64_t sent, skipped; /* frames made; hosts without link address */
	uint64_t digest;	/* sum of the probes' hashes modulo 2^64: what really was sent */
	uint64_t stamp_ns;	/* last reading of the clock */
	uint64_t turn, waits;	/* probes made; turns let pass as the results' ring was full */
	uint64_t pad[2];
};

/* Counters; in the kernel one a CPU. */
struct sweep_counts {
	uint64_t frames;		 /* that came to our window, or quoted it */
	uint64_t answers[SWEEP_ANSWERS]; /* validated, without duplicates */
	uint64_t rejects[SWEEP_REJECTS];
	uint64_t resets;	      /* RSTs of our own that were sent */
	uint64_t tx_sent, tx_dropped; /* by the driver's word, where it can be had */
	uint64_t pad[15];
};

/* TCP options of a SYN-ACK: RESULT_ of model/rec.h, whose header does not compile for BPF. */
enum { SWEEP_OPT_MSS = 1, SWEEP_OPT_WSCALE = 2, SWEEP_OPT_SACK = 4, SWEEP_OPT_TSTAMP = 8 };

/* A validated answer on its way up. */
struct sweep_hit {
	uint64_t at_ns;	      /* arrival, CLOCK_MONOTONIC */
	uint8_t addr[16];     /* the target, network order; IPv4 in the first 4 */
	uint8_t from[16];     /* who sent it: the target or, for errors, a router */
	uint32_t rtt_ns;      /* 0 = unknown */
	uint16_t port;	      /* of the target; host order */
	uint16_t window, mss; /* host order; mss 0 = none */
	uint8_t answer;	      /* enum sweep_answer */
	uint8_t mark;	      /* enum sweep_mark */
	uint8_t ttl;
	uint8_t wscale, options; /* SWEEP_OPT_ bits */
	uint8_t icmp_type, icmp_code;
	uint8_t pad[3];
};

/* Proof of the path: whether the next hop was heard. */
struct sweep_path {
	uint64_t hi, lo; /* its address as numbers; IPv4: hi 0, lo in host order */
	uint32_t wait;	 /* set by user space: look for it */
	uint32_t seen;	 /* set by the receiver */
	uint32_t pass;	 /* set by user space: SYN-ACKs go on to the local stack, which resets */
	uint32_t pad;
};

/* Answers met already: buckets of four exact keys, the newest first (IPv6: 64-bit hashes). */
struct sweep_bucket {
	uint64_t key[4];
};
