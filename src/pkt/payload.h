/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP payloads that a server of a port answers; from data/payloads.txt, compiled in. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Payloads known for a destination port (host order); 0: an empty datagram is all that can be sent.
 */
unsigned payload_count(uint16_t port);
/* Payload `variant` (0 is the most telling one) of a port and its length in bytes; NULL and 0 when
 * there is none. The bytes are constant. */
const uint8_t *payload_for(uint16_t port, unsigned variant, size_t *len);
/* The n-th port that has payloads, in ascending order, 0-based; 0 behind the last. For tests and
 * listings. */
uint16_t payload_port_at(unsigned n);
