/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 headers (RFC 791). */
#pragma once

#include "base/addr.h"
#include "pkt/rd.h"
#include "pkt/wr.h"

#define IPV4_MIN 20

struct ipv4_hdr {
	struct addr src, dst;
	uint8_t hdr_len; /* bytes, options included: 20..60 */
	uint8_t tos;
	uint16_t total_len; /* bytes, header included, as the packet claims */
	uint16_t id;
	bool df, mf;
	uint16_t frag_offset; /* bytes */
	uint8_t ttl, proto;
	uint16_t check;		/* as received; ipv4_write computes it */
	const uint8_t *options; /* borrowed; hdr_len - 20 bytes */
};

/* One option (RFC 791 3.1). */
struct ipv4_opt {
	uint8_t type;	     /* 0 end and 1 no-operation are not reported */
	const uint8_t *data; /* borrowed, after type and length */
	uint8_t len;	     /* of data */
};

/* Reads a header, options included; r is then at the payload (not yet limited to total_len). False:
 * too short, not version 4, header length below 20. */
bool ipv4_read(struct rd *r, struct ipv4_hdr *h);
/* Writes the header with its checksum; hdr_len and total_len as given, options of hdr_len - 20
 * bytes padded by the caller. */
void ipv4_write(struct wr *w, const struct ipv4_hdr *h);
/* The next option of a cursor over the options; false at the end or at a broken length (then r->ok
 * is false). */
bool ipv4_opt_next(struct rd *r, struct ipv4_opt *o);
