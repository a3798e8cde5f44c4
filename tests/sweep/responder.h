/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the responder's two halves share: the rules, the hash that makes the truth, the counters.
 * bed.py does the same arithmetic.
 *
 * An address is two 64-bit halves, IPv4 as ::ffff:a.b.c.d, so that one rule and one hash serve both
 * families.
 */
#pragma once

#include <stdint.h>

#define RULES_MAX 32
#define CPUS_MAX  16
#define FRAME_MAX 640 /* of an answer that waits in user space */
#define SHARES	  8

/* What is true of (address, port, protocol). Below BADACK a scanner is to record it; from there on
 * what comes is not an answer to it. */
enum state {
	SILENT,
	OPEN,
	CLOSED,
	UNREACH,  /* ICMP port unreachable, from the target */
	ROUTER,	  /* ICMP administratively prohibited, from a router */
	BADACK,	  /* as if open, but acknowledges what nobody sent */
	BADPORT,  /* as if open, but from the port beside */
	ASTRAY,	  /* as if open, but from an address beside */
	BADQUOTE, /* ICMP port unreachable that quotes another sequence number */
};

/* The first one that matches holds. */
struct rule {
	uint64_t hi, lo, mask_hi, mask_lo;
	uint64_t upto[SHARES]; /* cumulative shares of OPEN .. BADQUOTE, of 2^32; the rest is silent
				*/
	uint16_t port_lo, port_hi;
	uint8_t proto; /* 0 any; ICMP has port 0 */
	uint8_t pass;  /* leave it to the kernel */
};

/* All of it is constant to the program, so what is switched off costs nothing. */
struct responder_config {
	uint64_t key, n_rules;
	uint32_t ttl, ttl_spread;	/* TTL of an answer: ttl - hash % spread */
	uint32_t window, window_spread; /* window + hash % spread */
	uint32_t loss_in, loss_out;	/* of 2^32 */
	uint64_t cap_cost,
		cap_burst; /* token bucket: 1/256 ns per answer (0 = no cap), and in all */
	uint64_t record_hi, record_lo, record_hosts, record_port, record_ports; /* hosts 0: none */
	uint64_t tick_ns, ticks;						/* 0: none */
	uint64_t wall_ns;		    /* wall clock minus monotonic clock */
	uint32_t router4, router6[4];	    /* network order */
	uint32_t stamp_mask;		    /* the clock is read for every (mask + 1)th probe */
	uint8_t verify, drop, later, quote; /* quote: bytes after the IPv4 header, 0 = all */
};

/* clang-format off */
#define COUNTERS(X) \
	X(FRAMES, frames)		/* all that came, our protocols or not */ \
	X(PASSED, passed)		/* left to the kernel */ \
	X(UNSERVED, unserved)		/* of them: IP to where no rule is */ \
	X(SYN, syn) X(ACK, ack) X(FLAGS, flags)	/* flags: FIN, NULL, Xmas and the like */ \
	X(RST_OPEN, rst_open)		/* RSTs to where a SYN-ACK came from */ \
	X(RST_OTHER, rst_other) \
	X(UDP, udp) X(ECHO, echo) X(TSTAMP, tstamp) X(SCTP, sctp) X(OTHER, other) \
	X(DISTINCT, distinct)		/* in the recorded space: first probe of a target */ \
	X(REPEATED, repeated)		/* the others */ \
	X(OUTSIDE, outside)		/* not in the recorded space */ \
	X(BAD_SUM, bad_sum)		/* dropped as a real stack does */ \
	X(PARTIAL_SUM, partial_sum)	/* left to the card by the kernel, taken as right */ \
	X(LOST_IN, lost_in) X(LOST_OUT, lost_out) X(LOST_CAP, lost_cap) \
	X(LOST_ROOM, lost_room)		/* the frame could not be made larger: a fault of this program */ \
	X(LOST_RING, lost_ring)		/* user space did not keep up */ \
	X(SYNACK, synack) X(RST, rst) X(ICMP_ERROR, icmp_error) X(UDP_REPLY, udp_reply) X(ICMP_REPLY, icmp_reply) X(SCTP_REPLY, sctp_reply) \
	X(FALSE, false_answers)		/* BADACK and below, whatever their form */ \
	X(LATER, later)			/* answers handed to user space */
/* clang-format on */

enum counter {
#define X(a, b) N_##a,
	COUNTERS(X)
#undef X
		N_COUNTERS
};

struct counters {
	uint64_t n[N_COUNTERS];
	uint64_t first_ns, last_ns; /* of probes */
	uint64_t stamped;
} __attribute__((aligned(64)));

/* In a probe's TCP options; kinds: a bit each. */
struct cursor {
	uint32_t at, kinds, tsval;
};

/* An answer that user space sends when its time has come. */
struct later {
	uint64_t arrived_ns; /* monotonic */
	uint32_t traits;     /* the target's */
	uint32_t len;
	uint8_t frame[FRAME_MAX];
};

static inline uint64_t mix64(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* Low half: decides the state. High half: the target's traits (TTL, window, delay). Port in host
 * order. */
static inline uint64_t truth_hash(uint64_t key, uint64_t hi, uint64_t lo, uint32_t proto_port)
{
	return mix64(key ^ lo ^ hi * 0x9e3779b97f4a7c15 ^ proto_port * 0xd6e8feb86659fd93);
}

static inline uint32_t proto_port(uint8_t proto, uint16_t port)
{
	return (uint32_t)proto << 16 | port;
}

static inline int rule_matches(
	const volatile struct rule *r, uint64_t hi, uint64_t lo, uint8_t proto, uint16_t port)
{
	return ((hi ^ r->hi) & r->mask_hi) == 0 && ((lo ^ r->lo) & r->mask_lo) == 0 &&
	       (r->proto == 0 || r->proto == proto) && port >= r->port_lo && port <= r->port_hi;
}

static inline enum state rule_state(const volatile struct rule *r, uint64_t hash)
{
	for (int i = 0; i < SHARES; i++) {
		if ((hash & 0xffffffff) < r->upto[i])
			return (enum state)(i + 1);
	}
	return SILENT;
}
