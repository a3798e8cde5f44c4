/* SPDX-License-Identifier: BSD-2-Clause */
/* The same question to any backend: one probe, one answer. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "io/io.h"
#include "pkt/view.h"

enum { ASK_PORT_LO = 40000, ASK_PORT_HI = 49999 };

enum answer { SILENCE, OPEN, CLOSED, UNREACHABLE, NOT_CARRIED, FAILED };

/* A backend with the two ends of its network. */
struct subject {
	const char *name;
	struct io *io;
	struct addr self4, self6, peer4, peer6;
	struct mac self_mac, peer_mac;
	uint32_t ifindex;
	uint16_t sport; /* of the next question; counts up */
	uint64_t next_id;
	uint64_t patience_ns;
	/* of the last answer */
	uint64_t sent_ns, at_ns;
	uint8_t at_src;
	int error;
	struct mac from;
};

/* family 4 or 6, proto PROTO_TCP (a SYN or a connect) or PROTO_UDP. */
enum answer ask(struct subject *s, unsigned family, uint8_t proto, uint16_t dport);
/* Who has the peer's IPv4 address? OPEN with s->from set, SILENCE, NOT_CARRIED. */
enum answer ask_arp(struct subject *s);
/* Writes a SYN of the subject into buf; returns its length. */
size_t ask_syn(const struct subject *s, unsigned family, uint16_t sport, uint16_t dport,
	uint8_t buf[1500]);
/* The io_tx of an IP packet of the subject. */
struct io_tx ask_tx(const struct subject *s, unsigned family, const uint8_t *data, size_t len);
const char *answer_name(enum answer a);
