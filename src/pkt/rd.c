/* SPDX-License-Identifier: BSD-2-Clause */
/* The less travelled readers; the ones that run several times a packet are inline in the header. */
#include "pkt/rd.h"

#include <string.h>

struct rd rd_sub(struct rd *r, size_t n)
{
	const uint8_t *at = rd_bytes(r, n);
	struct rd sub = rd_init(at, at ? n : 0);

	sub.ok = r->ok;
	return sub;
}

void rd_copy(struct rd *r, void *out, size_t n)
{
	const uint8_t *at = rd_bytes(r, n);

	if (at && n)
		memcpy(out, at, n);
	else if (n)
		memset(out, 0, n);
}

uint64_t rd_u64be(struct rd *r)
{
	struct rd eight = rd_sub(r, 8);
	uint64_t high = rd_u32be(&eight);

	return high << 32 | rd_u32be(&eight);
}
