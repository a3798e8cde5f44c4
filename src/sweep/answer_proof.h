/* SPDX-License-Identifier: BSD-2-Clause */
/* What an answer is and what proves it: one text for the kernel and for us. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sweep/answer_ip.h"
#include "sweep/bytes.h"
#include "sweep/probe.h"
#include "sweep/proof.h"

/*
 * Results beside enum sweep_reject: nothing to do with us, which the local stack is to have, and an
 * answer that is proven.
 */
enum { ANSWER_PASS = -1, ANSWER_VALID = SWEEP_REJECTS };

struct answer {
	struct sweep_hit hit; /* at_ns and rtt_ns are answer_time's */
	uint64_t hash;	      /* of the probe */
	uint32_t v4;	      /* the target's address again, host order */
	uint32_t ticks;	      /* send time as the proof tells it */
	uint32_t echo;	      /* send time in ns modulo 2^32 as the time stamp tells it */
	uint32_t ack;	      /* of a SYN-ACK: where a RST has to be */
	uint16_t sport;	      /* ours */
	bool timed, has_echo; /* ticks and echo mean something */
};

/* IP protocol of the probes. */
SWEEP_INLINE uint8_t answer_proto(const struct sweep_job *j)
{
	if (j->kind == SWEEP_TCP)
		return 6;
	if (j->kind == SWEEP_UDP)
		return 17;
	if (j->kind == SWEEP_SCTP_INIT)
		return 132;
	return j->family == 6 ? 58 : 1;
}

SWEEP_INLINE bool answer_has_ports(const struct sweep_job *j)
{
	return j->kind != SWEEP_ECHO && j->kind != SWEEP_TSTAMP;
}

/* Notes the target and hashes the probe that went to it; false: not with this source port. */
SWEEP_INLINE bool answer_target(
	const struct sweep_job *j, uint64_t hi, uint64_t lo, struct answer *a)
{
	if (j->family == 6) {
		bytes_put64(a->hit.addr, hi);
		bytes_put64(a->hit.addr + 8, lo);
	} else {
		bytes_put32(a->hit.addr, (uint32_t)lo);
	}
	a->v4 = (uint32_t)lo;
	a->hash = proof_hash(j, hi, lo, a->hit.port, a->hit.mark);
	return !answer_has_ports(j) || a->sport == proof_sport(j, a->hash, a->hit.mark);
}

/* Whether the word proves the probe; notes the send time in it. */
SWEEP_INLINE bool answer_word(const struct sweep_job *j, uint32_t word, struct answer *a)
{
	a->timed = j->timed;
	return proof_check(j, a->hash, a->hit.mark, word, &a->ticks);
}

/* Notes the mark: of the source port, or of the word where the port has none. */
SWEEP_INLINE void answer_mark(
	const struct sweep_job *j, uint32_t from_port, uint32_t word, struct answer *a)
{
	a->hit.mark = (uint8_t)(proof_marks(j) ? word >> PROOF_MARK_SHIFT : from_port);
}
