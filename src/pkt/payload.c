/* SPDX-License-Identifier: BSD-2-Clause */
/* Look-up in the payload table. */
#include "pkt/payload.h"

#include "pkt/payload_rows.h"

/* Index of the first row of `port` or of a higher one. */
static size_t first_row(uint32_t port)
{
	size_t low = 0;
	size_t high = payload_n_rows;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (payload_rows[mid].port < port)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

unsigned payload_count(uint16_t port)
{
	return (unsigned)(first_row((uint32_t)port + 1) - first_row(port));
}

const uint8_t *payload_for(uint16_t port, unsigned variant, size_t *len)
{
	size_t i = first_row(port) + variant;

	*len = 0;
	if (i >= payload_n_rows || payload_rows[i].port != port)
		return NULL;
	*len = payload_rows[i].len;
	return payload_bytes + payload_rows[i].at;
}

uint16_t payload_port_at(unsigned n)
{
	size_t i = 0;

	while (n-- && i < payload_n_rows)
		i = first_row((uint32_t)payload_rows[i].port + 1);
	return i < payload_n_rows ? payload_rows[i].port : 0;
}
