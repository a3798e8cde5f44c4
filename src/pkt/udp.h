/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP headers (RFC 768). */
#pragma once

#include "pkt/rd.h"
#include "pkt/wr.h"

#define UDP_MIN 8

struct udp_hdr {
	uint16_t sport, dport;
	uint16_t len;	/* header and payload, as claimed */
	uint16_t check; /* 0 = none (IPv4 only) */
};

/* Reads the header; r is then at the payload, limited to what `len` claims where all of it is
 * there. False: cut off, or a length below 8. */
bool udp_read(struct rd *r, struct udp_hdr *h);
/* Writes the header, all fields as given. */
void udp_write(struct wr *w, const struct udp_hdr *h);
