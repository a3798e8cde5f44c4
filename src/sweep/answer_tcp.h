/* SPDX-License-Identifier: BSD-2-Clause */
/* SYN-ACKs and RSTs: one text for the kernel and for us. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sweep/answer_proof.h"

#define ANSWER_OPTIONS 16 /* TCP options that are looked at: 40 bytes hold no more that matter */

/*
 * The length of the TCP option that begins with `kind` and `size`; 0: there are no more. Without a
 * branch, and out of the compiler's sight: the verifier follows each way through a loop for itself
 * unless the ways lead to the same numbers, and it forgets numbers that come out of arithmetic.
 */
SWEEP_INLINE uint32_t answer_option_len(uint8_t kind, uint8_t size)
{
	uint64_t len = size, other = kind ^ 1u; /* 1: no operation, a single byte */

	BYTES_HIDE(other);
	other = (0 - other) >> 63;
	BYTES_HIDE(other);
	return (uint32_t)(len * other + 1 - other);
}

/* Reads one TCP option at p (RFC 9293 3.2, RFC 7323, RFC 2018); returns its length, 0: the end. */
SWEEP_INLINE uint32_t answer_option(const uint8_t *p, const uint8_t *end, struct answer *a)
{
	uint32_t head;

	if (p + 2 > end || p[0] == 0)
		return 0;
	head = bytes_get16(p);
	if (head == 0x0204 && p + 4 <= end) {
		a->hit.options |= SWEEP_OPT_MSS;
		a->hit.mss = bytes_get16(p + 2);
	} else if (head == 0x0303 && p + 3 <= end) {
		a->hit.options |= SWEEP_OPT_WSCALE;
		a->hit.wscale = p[2];
	} else if (head == 0x0402) {
		a->hit.options |= SWEEP_OPT_SACK;
	} else if (head == 0x080a && p + 10 <= end) {
		a->hit.options |= SWEEP_OPT_TSTAMP;
		a->echo = bytes_get32(p + 6);
		a->has_echo = a->echo != 0;
	}
	return answer_option_len(BYTES_AGAIN(p), BYTES_AGAIN(p + 1));
}

/* The options of the TCP header at l4; cut ones are those of a cut frame. */
SWEEP_INLINE void answer_options(const uint8_t *l4, const uint8_t *end, struct answer *a)
{
	uint32_t left = (l4[12] >> 4) * 4, len;
	const uint8_t *p = l4 + 20;

	for (int i = 0; i < ANSWER_OPTIONS; i++) {
		len = answer_option(p, end, a);
		if (len == 0 || len > 40 || left < 20 + len)
			break;
		left -= len;
		p += len;
	}
	a->echo = proof_tsecr(a->hash, a->echo);
}

/*
 * What the acknowledged number proves. A SYN and a FIN count one each (RFC 9293 3.4); a RST may
 * leave them out, as some stacks do. A RST to an ACK has our acknowledgement as its sequence
 * number.
 */
SWEEP_INLINE bool answer_tcp_proof(const struct sweep_job *j, const uint8_t *l4, uint32_t mark,
	uint64_t hi_lo[2], struct answer *a)
{
	uint32_t counted = !!(j->tcp_flags & PROBE_SYN) + !!(j->tcp_flags & PROBE_FIN), word;
	bool rst = l4[13] & PROBE_RST;

	a->ack = bytes_get32(l4 + 8);
	word = rst && j->tcp_flags & PROBE_ACK ? bytes_get32(l4 + 4) : a->ack - counted;
	answer_mark(j, mark, word, a);
	if (!answer_target(j, hi_lo[0], hi_lo[1], a))
		return false;
	return answer_word(j, word, a) || (rst && answer_word(j, a->ack, a));
}

SWEEP_INLINE int answer_tcp(const struct sweep_job *j, const struct answer_ip *ip,
	const uint8_t *end, uint32_t mark, struct answer *a)
{
	const uint8_t *l4 = ip->l4;
	uint64_t from[2] = {ip->src_hi, ip->src_lo};
	uint32_t header;
	uint8_t flags;

	if (l4 + 20 > end)
		return SWEEP_BAD_FORM;
	header = (l4[12] >> 4) * 4;
	if (header < 20 || header > ip->len)
		return SWEEP_BAD_FORM;
	flags = l4[13] & (PROBE_SYN | PROBE_RST | PROBE_ACK | PROBE_FIN);
	if (!(flags & PROBE_RST) && flags != (PROBE_SYN | PROBE_ACK))
		return SWEEP_BAD_FLAGS;
	if (!answer_tcp_proof(j, l4, mark, from, a))
		return SWEEP_BAD_COOKIE;
	a->hit.answer = flags & PROBE_RST ? SWEEP_RST : SWEEP_SYNACK;
	a->hit.window = bytes_get16(l4 + 14);
	if (a->hit.answer == SWEEP_SYNACK)
		answer_options(l4, end, a);
	return ANSWER_VALID;
}
