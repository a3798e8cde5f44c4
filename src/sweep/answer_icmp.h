/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP and ICMPv6 replies and errors: one text for the kernel and for us. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sweep/answer_proof.h"

/* An echo or timestamp reply: the word, then our time (RFC 792, RFC 4443 4.2). */
SWEEP_INLINE int answer_reply(
	const struct sweep_job *j, const struct answer_ip *ip, const uint8_t *end, struct answer *a)
{
	const uint8_t *l4 = ip->l4;
	uint32_t word;

	if (l4 + 8 > end)
		return ANSWER_PASS;
	word = bytes_get32(l4 + 4);
	answer_mark(j, SWEEP_PLAIN, word, a);
	if (!answer_target(j, ip->src_hi, ip->src_lo, a) || !answer_word(j, word, a))
		return ANSWER_PASS; /* a ping of someone else on this machine */
	if (l4 + 12 > end || ip->len < 12)
		return SWEEP_BAD_FORM;
	a->echo = proof_tsecr(a->hash, bytes_get32(l4 + 8));
	a->has_echo = true;
	a->hit.answer = SWEEP_REPLY;
	return ANSWER_VALID;
}

/* The number in a quotation that proves the probe; *there false: it does not reach that far. */
SWEEP_INLINE uint32_t answer_quoted_word(
	const struct sweep_job *j, const uint8_t *l4, const uint8_t *end, bool *there)
{
	if (j->kind == SWEEP_SCTP_INIT) {
		*there = l4 + 20 <= end;
		return *there ? bytes_get32(l4 + 16) : 0;
	}
	*there = j->kind != SWEEP_UDP;
	return bytes_get32(l4 + 4);
}

/* An error that quotes a packet from us: 8 bytes of its transport part suffice (RFC 792). */
SWEEP_INLINE int answer_quote(
	const struct sweep_job *j, const uint8_t *packet, const uint8_t *end, struct answer *a)
{
	struct answer_ip ip;
	const uint8_t *l4;
	uint32_t mark = SWEEP_PLAIN, word;
	bool there, ports = answer_has_ports(j);

	if (!answer_ip(j, packet, end, &ip) || ip.src_lo != j->src_lo || ip.src_hi != j->src_hi ||
		ip.proto != answer_proto(j))
		return ANSWER_PASS;
	l4 = ip.l4;
	if (l4 + 8 > end)
		return ANSWER_PASS;
	if (ports) {
		a->sport = bytes_get16(l4);
		a->hit.port = bytes_get16(l4 + 2);
		if (!proof_window(j, a->sport, &mark))
			return ANSWER_PASS;
	}
	word = answer_quoted_word(j, l4, end, &there);
	if (there)
		answer_mark(j, mark, word, a);
	else
		a->hit.mark = (uint8_t)mark;
	if (!answer_target(j, ip.dst_hi, ip.dst_lo, a) || (there && !answer_word(j, word, a)))
		return ports ? SWEEP_BAD_COOKIE : ANSWER_PASS;
	a->hit.answer = SWEEP_ERROR;
	return ANSWER_VALID;
}

/* ICMP types: unreachable 3, quench 4, time 11, parameter 12; ICMPv6 errors are 1 to 4. */
SWEEP_INLINE bool answer_is_error(const struct sweep_job *j, uint8_t type)
{
	if (j->family == 6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 11 || type == 12;
}

SWEEP_INLINE int answer_icmp(
	const struct sweep_job *j, const struct answer_ip *ip, const uint8_t *end, struct answer *a)
{
	const uint8_t *l4 = ip->l4;
	uint8_t reply = j->kind == SWEEP_TSTAMP ? 14 : j->family == 6 ? 129 : 0;

	if (l4 + 8 > end)
		return ANSWER_PASS;
	a->hit.icmp_type = l4[0];
	a->hit.icmp_code = l4[1];
	if (answer_is_error(j, l4[0]))
		return answer_quote(j, l4 + 8, end, a);
	if (answer_has_ports(j) || l4[0] != reply)
		return ANSWER_PASS;
	return answer_reply(j, ip, end, a);
}
