/* SPDX-License-Identifier: BSD-2-Clause */
/* SCTP common header and chunks (RFC 9260). */
#pragma once

#include "pkt/rd.h"
#include "pkt/wr.h"

#define SCTP_MIN	     12
#define SCTP_INIT_LEN	     20 /* without parameters */
#define SCTP_COOKIE_ECHO_LEN 8	/* with a cookie of four bytes */

enum sctp_chunk_type {
	SCTP_DATA = 0,
	SCTP_INIT = 1,
	SCTP_INIT_ACK = 2,
	SCTP_HEARTBEAT = 4,
	SCTP_ABORT = 6,
	SCTP_SHUTDOWN = 7,
	SCTP_ERROR = 9,
	SCTP_COOKIE_ECHO = 10,
};

struct sctp_hdr {
	uint16_t sport, dport;
	uint32_t vtag;
	uint32_t check; /* CRC32c as csum_crc32c gives it: the field is little-endian on the wire
			   (RFC 9260 appendix A) */
};

struct sctp_chunk {
	uint8_t type, flags;
	const uint8_t *data; /* borrowed, after the 4-byte chunk header */
	uint16_t len;	     /* of data */
};

/* Fields of INIT and INIT ACK. */
struct sctp_init {
	uint32_t tag, window, tsn;
	uint16_t out_streams, in_streams;
};

/* Reads the common header; r is then at the first chunk. False: cut off. */
bool sctp_read(struct rd *r, struct sctp_hdr *h);
/* The next chunk and past its padding; false at the end, or at a length below 4 or beyond the end
 * (then r->ok is false). */
bool sctp_chunk_next(struct rd *r, struct sctp_chunk *c);
/* Reads the fixed part of an INIT or INIT ACK chunk. */
bool sctp_init_read(const struct sctp_chunk *c, struct sctp_init *i);
/* Writes the common header with a checksum of 0; sctp_seal puts the right one over everything
 * written since `at`, where that header begins. */
void sctp_write(struct wr *w, const struct sctp_hdr *h);
void sctp_init_write(struct wr *w, const struct sctp_init *i);
void sctp_seal(struct wr *w, size_t at);
