/* SPDX-License-Identifier: BSD-2-Clause */
/* The table that tools/gen-payloads makes of data/payloads.txt at build time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* One payload of one port; rows are in ascending order of port, variants of a port in the order of
 * the file. */
struct payload_row {
	uint16_t port;
	uint16_t at, len; /* in payload_bytes */
};

extern const uint8_t payload_bytes[];
extern const struct payload_row payload_rows[];
extern const size_t payload_n_rows;
