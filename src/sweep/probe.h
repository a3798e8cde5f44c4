/* SPDX-License-Identifier: BSD-2-Clause */
/* From an index of the sweep to the frame that goes out: one text for the kernel and for us. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sweep/bytes.h"
#include "sweep/proof.h"

/* BPF defines this before, as a look-up that may give NULL. */
#ifndef SWEEP_PORT
#define SWEEP_PORT(ports, i) (&(ports)[i])
#endif

/* Whom a probe is for. */
struct probe_target {
	uint64_t hi, lo; /* the address as two numbers; IPv4: hi 0, lo in host order */
	uint64_t host;	 /* its index in the space */
	uint16_t port, tmpl;
};

/* TCP flags of RFC 9293 that decide where the proof goes and what comes back. */
enum { PROBE_FIN = 1, PROBE_SYN = 2, PROBE_RST = 4, PROBE_ACK = 16 };

/* Offset of the time stamp in a TCP header with a Linux client's options. */
#define PROBE_TSVAL 28

/*
 * The target of index < job.perm.n: shuffled, then host by host, each with all ports in turn.
 * `rows` and `ports` are the tables of user space; BPF's are maps, and NULL is passed. False: a
 * table has no such element (BPF only).
 */
SWEEP_INLINE bool probe_index(const struct sweep_job *j, const struct space_rows *rows,
	const struct sweep_port *ports, uint64_t index, struct probe_target *to)
{
	uint64_t value = perm_at(&j->perm, index), which = 0;
	const struct sweep_port *port;
	uint32_t v4 = 0;
	bool found;

	to->host = value;
	if (j->n_ports > 1) { /* a division costs more than all else here */
		to->host = value / j->n_ports;
		which = value - to->host * j->n_ports;
	}
	port = SWEEP_PORT(ports, (uint32_t)which);
	if (!port)
		return false;
	to->port = port->port;
	to->tmpl = port->tmpl;
	if (j->family == 6)
		return space_find6(&j->space, rows, to->host, &to->hi, &to->lo);
	found = space_find4(&j->space, rows, to->host, &v4);
	to->hi = 0;
	to->lo = v4;
	return found;
}

/* Offset of the transport header. */
SWEEP_INLINE uint32_t probe_l4(const struct sweep_job *j)
{
	return j->l3 + (j->family == 6 ? 40u : 20u);
}

/* The template into the frame, 8 bytes at a time; both have room for t->len rounded up. */
#ifndef PROBE_COPY
#define PROBE_COPY(frame, t) memcpy(frame, (t)->data, (t)->len)
#endif

/* What the 8 bytes that differ from the template add to the CRC32c. */
SWEEP_INLINE uint32_t probe_crc(
	const struct sweep_job *j, uint32_t crc, uint32_t ports, uint32_t tag)
{
	uint64_t d = __builtin_bswap32(ports) | (uint64_t)__builtin_bswap32(tag) << 32;

	for (unsigned i = 0; i < 16; i++)
		crc ^= j->crc[i][d >> 4 * i & 15];
	return crc;
}

/* Destination and identification of an IPv4 header, or destination of an IPv6 one. */
SWEEP_INLINE void probe_ip(const struct sweep_job *j, const struct sweep_template *t,
	const struct probe_target *to, uint16_t id, uint8_t *ip)
{
	if (j->family == 6) {
		bytes_put64(ip + 24, to->hi);
		bytes_put64(ip + 32, to->lo);
		return;
	}
	bytes_put16(ip + 4, id);
	bytes_put32(ip + 16, (uint32_t)to->lo);
	bytes_put16(ip + 10, bytes_checksum((uint64_t)t->csum_ip + id + (uint32_t)to->lo));
}

/* What the destination adds to the sum over the pseudo-header. */
SWEEP_INLINE uint64_t probe_pseudo(const struct sweep_job *j, const struct probe_target *to)
{
	if (j->family == 4) /* ICMP has no pseudo-header */
		return j->kind == SWEEP_ECHO || j->kind == SWEEP_TSTAMP ? 0 : to->lo;
	return (to->hi >> 32) + (uint32_t)to->hi + (to->lo >> 32) + (uint32_t)to->lo;
}

/* TCP ports, numbers and time; returns the sum of what was written. */
SWEEP_INLINE uint64_t probe_tcp(
	const struct sweep_job *j, uint32_t ports, uint32_t word, uint32_t tsval, uint8_t *l4)
{
	uint64_t sum = (uint64_t)ports + word;

	bytes_put32(l4, ports);
	bytes_put32(l4 + 4, word); /* quotations have no more than this */
	if (j->tcp_flags & PROBE_ACK) {
		bytes_put32(l4 + 8, word);
		sum += word;
	}
	if (j->tcp_options == 20) {
		bytes_put32(l4 + PROBE_TSVAL, tsval);
		sum += tsval;
	}
	return sum;
}

/*
 * Makes the probe in `frame` (t->len bytes, and room for what PROBE_COPY rounds up to). now_ns:
 * CLOCK_MONOTONIC, 0 when job.timed is 0. The destination of the link header stays the template's.
 * Returns the probe's hash, for the digest.
 */
SWEEP_INLINE uint64_t probe_write(const struct sweep_job *j, const struct sweep_template *t,
	const struct probe_target *to, uint32_t mark, uint64_t now_ns, uint8_t *frame)
{
	uint64_t hash = proof_hash(j, to->hi, to->lo, to->port, mark), sum;
	uint32_t word = proof_word(j, hash, mark, now_ns), tsval = proof_tsval(hash, now_ns);
	uint32_t ports = (uint32_t)proof_sport(j, hash, mark) << 16 | to->port;
	uint8_t *l4 = frame + probe_l4(j);
	uint16_t check;

	PROBE_COPY(frame, t);
	probe_ip(j, t, to, (uint16_t)(hash >> 48), frame + j->l3);
	if (j->kind == SWEEP_SCTP_INIT) {
		bytes_put32(l4, ports);
		bytes_put32(l4 + 16, word);
		BYTES_PUT(uint32_t, l4 + 8, BYTES_LE32(probe_crc(j, t->csum_l4, ports, word)));
		return hash;
	}
	sum = t->csum_l4 + probe_pseudo(j, to);
	if (j->kind == SWEEP_TCP) {
		sum += probe_tcp(j, ports, word, tsval, l4);
		bytes_put16(l4 + 16, bytes_checksum(sum));
	} else if (j->kind == SWEEP_UDP) {
		bytes_put32(l4, ports);
		check = bytes_checksum(sum + ports);
		bytes_put16(l4 + 6, check ? check : 0xffff); /* 0 would mean none: RFC 768 */
	} else { /* identifier and sequence number, then the first data or the originate time */
		bytes_put32(l4 + 4, word);
		bytes_put32(l4 + 8, tsval);
		bytes_put16(l4 + 2, bytes_checksum(sum + word + tsval));
	}
	return hash;
}
