/* SPDX-License-Identifier: BSD-2-Clause */
/* What proves an answer to be ours, and carries the send time: one text for the kernel and for us.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/sip.h"
#include "bpfobj/sweep_abi.h"
#include "sweep/bytes.h"

/*
 * A probe is remembered by nobody. Its hash H = SipHash-1-3 of (target, port, mark, kind) under the
 * run's key is spread over what the target must send back:
 *
 *	source port	12 bits: mark (3), H (9); all kinds with ports
 *	proof		32 bits, echoed in acknowledgement numbers, verification tags, ICMP
 *			identifier and sequence number, and quotations:
 *			timed:    H (10), send time in ticks + H (22)
 *			untimed:  H (32)
 *	time stamp	32 bits, echoed by SYN-ACKs (TCP option) and ICMP replies (first data):
 *			send time in ns + H; its upper 22 bits must tell the same time as the proof
 *
 * Where no source port is ours to choose (ICMP, -g) the mark takes the first 3 bits of the proof.
 *
 * A stranger who knows the ports in use passes a RST off as ours once in 2^19 tries (timed) or 2^41
 * (untimed), a SYN-ACK once in 2^41; with a fixed source port the 9 bits are missing, and with UDP,
 * where nothing but the port comes back, they are all there is: once in 2^9.
 */
SWEEP_INLINE uint64_t proof_hash(
	const struct sweep_job *j, uint64_t hi, uint64_t lo, uint16_t port, uint32_t mark)
{
	uint64_t what = (uint64_t)j->kind << 51 | (uint64_t)mark << 48 | (uint64_t)port << 32;

	return j->family == 6 ? sip13_3(j->key0, j->key1, lo, hi, what)
			      : sip13_1(j->key0, j->key1, what | (uint32_t)lo);
}

/* The source port of a probe, host order. */
static inline uint16_t proof_sport(const struct sweep_job *j, uint64_t hash, uint32_t mark)
{
	if (j->sport_fixed)
		return j->sport_base;
	return (uint16_t)(j->sport_base | mark << SWEEP_PORT_BITS |
			  (hash & ((1u << SWEEP_PORT_BITS) - 1)));
}

/* Whether the port is in our window, and the mark that it carries (none: SWEEP_PLAIN). */
static inline bool proof_window(const struct sweep_job *j, uint16_t sport, uint32_t *mark)
{
	uint16_t window = (1u << (SWEEP_PORT_BITS + SWEEP_MARK_BITS)) - 1;

	*mark = j->sport_fixed ? (uint32_t)SWEEP_PLAIN : (sport & window) >> SWEEP_PORT_BITS;
	return (j->sport_fixed ? sport : sport & ~window) == j->sport_base;
}

#define PROOF_TIME_MASK ((1u << SWEEP_TIME_BITS) - 1)

/* Whether the word has to carry the mark, as no source port of ours does (ICMP, -g). */
static inline bool proof_marks(const struct sweep_job *j)
{
	return j->sport_fixed || j->kind == SWEEP_ECHO || j->kind == SWEEP_TSTAMP;
}

#define PROOF_MARK_SHIFT (32 - SWEEP_MARK_BITS)

/* The hash's part of the word: all of it, or all but the mark in front. */
static inline uint32_t proof_base(const struct sweep_job *j, uint64_t hash, uint32_t mark)
{
	uint32_t h = (uint32_t)(hash >> SWEEP_PORT_BITS);

	return proof_marks(j) ? (h & ((1u << PROOF_MARK_SHIFT) - 1)) | mark << PROOF_MARK_SHIFT : h;
}

/* The 32 bits that come back; now_ns: CLOCK_MONOTONIC when the probe is made. */
static inline uint32_t proof_word(
	const struct sweep_job *j, uint64_t hash, uint32_t mark, uint64_t now_ns)
{
	uint32_t h = proof_base(j, hash, mark);

	if (!j->timed)
		return h;
	return (h & ~PROOF_TIME_MASK) |
	       (((uint32_t)(now_ns >> SWEEP_TICK_SHIFT) + h) & PROOF_TIME_MASK);
}

/* Whether the word is the probe's; *ticks its send time modulo 2^22, 0 when it has none. */
static inline bool proof_check(
	const struct sweep_job *j, uint64_t hash, uint32_t mark, uint32_t word, uint32_t *ticks)
{
	uint32_t h = proof_base(j, hash, mark);

	*ticks = j->timed ? (word - h) & PROOF_TIME_MASK : 0;
	return j->timed ? !((word ^ h) & ~PROOF_TIME_MASK) : word == h;
}

/* The TCP time stamp of the probe, and the send time in ns modulo 2^32 that an echo tells. */
static inline uint32_t proof_tsval(uint64_t hash, uint64_t now_ns)
{
	return (uint32_t)now_ns + (uint32_t)(hash >> 32);
}

static inline uint32_t proof_tsecr(uint64_t hash, uint32_t echo)
{
	return echo - (uint32_t)(hash >> 32);
}
