/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a received frame answers a probe of ours, and what it says: one text for the kernel and
 * for us. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sweep/answer_icmp.h"
#include "sweep/answer_tcp.h"

/* INIT ACK and ABORT carry the initiate tag of the INIT as verification tag (RFC 9260 8.5.1). */
SWEEP_INLINE int answer_sctp(const struct sweep_job *j, const struct answer_ip *ip,
	const uint8_t *end, uint32_t mark, struct answer *a)
{
	const uint8_t *l4 = ip->l4;
	uint32_t word;

	if (l4 + 16 > end || ip->len < 16)
		return SWEEP_BAD_FORM;
	if (l4[12] != 2 && l4[12] != 6)
		return SWEEP_BAD_FLAGS;
	word = bytes_get32(l4 + 4);
	answer_mark(j, mark, word, a);
	if (!answer_target(j, ip->src_hi, ip->src_lo, a) || !answer_word(j, word, a))
		return SWEEP_BAD_COOKIE;
	a->hit.answer = l4[12] == 2 ? SWEEP_INIT_ACK : SWEEP_ABORT;
	return ANSWER_VALID;
}

/* From a port to one of our window. */
SWEEP_INLINE int answer_ports(
	const struct sweep_job *j, const struct answer_ip *ip, const uint8_t *end, struct answer *a)
{
	const uint8_t *l4 = ip->l4;
	uint32_t mark;

	if (l4 + 4 > end || ip->len < 4)
		return ANSWER_PASS;
	a->sport = bytes_get16(l4 + 2);
	if (!proof_window(j, a->sport, &mark))
		return ANSWER_PASS;
	a->hit.port = bytes_get16(l4);
	if (j->kind == SWEEP_TCP)
		return answer_tcp(j, ip, end, mark, a);
	if (j->kind == SWEEP_SCTP_INIT)
		return answer_sctp(j, ip, end, mark, a);
	if (l4 + 8 > end || ip->len < 8)
		return SWEEP_BAD_FORM;
	a->hit.mark = (uint8_t)mark;
	a->hit.answer = SWEEP_DATA;
	return answer_target(j, ip->src_hi, ip->src_lo, a) ? ANSWER_VALID : SWEEP_BAD_COOKIE;
}

/*
 * Reads a received frame of [data, end) as job.l3 says (0: from the IP header on). Returns
 * ANSWER_PASS, an enum sweep_reject, or ANSWER_VALID with all of *a filled but at_ns and rtt_ns:
 * see answer_time. Pure; *a is overwritten. TCP and UDP checksums are the card's or nobody's
 * business: the proof is stronger.
 */
SWEEP_INLINE int answer_read(
	const struct sweep_job *j, const uint8_t *data, const uint8_t *end, struct answer *a)
{
	const uint8_t *packet = answer_packet(j, data, end);
	struct answer_ip ip;

	*a = (struct answer){0};
	if (!packet || !answer_ip(j, packet, end, &ip))
		return ANSWER_PASS;
	if (ip.dst_lo != j->src_lo || ip.dst_hi != j->src_hi)
		return ANSWER_PASS;
	a->hit.ttl = ip.ttl;
	if (j->family == 6) {
		bytes_put64(a->hit.from, ip.src_hi);
		bytes_put64(a->hit.from + 8, ip.src_lo);
	} else {
		bytes_put32(a->hit.from, (uint32_t)ip.src_lo);
	}
	if (ip.proto == (j->family == 6 ? 58 : 1))
		return answer_icmp(j, &ip, end, a);
	if (ip.proto != answer_proto(j))
		return ANSWER_PASS;
	return answer_ports(j, &ip, end, a);
}

/*
 * The arrival, CLOCK_MONOTONIC: fills at_ns and rtt_ns (1 at least) of a valid answer. The time
 * stamp tells the send time to the ns, the proof to 1,024 ns, rounded down. Returns ANSWER_VALID,
 * or SWEEP_BAD_TIME: the two differ, or it is later than job.late_ns.
 */
SWEEP_INLINE int answer_time(const struct sweep_job *j, struct answer *a, uint64_t now_ns)
{
	uint32_t sent = a->has_echo ? a->echo : a->ticks << SWEEP_TICK_SHIFT;
	uint32_t rtt = (uint32_t)now_ns - sent;

	a->hit.at_ns = now_ns;
	if (!a->timed)
		return ANSWER_VALID;
	if (sent >> SWEEP_TICK_SHIFT != a->ticks || rtt > j->late_ns)
		return SWEEP_BAD_TIME;
	a->hit.rtt_ns = rtt ? rtt : 1;
	return ANSWER_VALID;
}
