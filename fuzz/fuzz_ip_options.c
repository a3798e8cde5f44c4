/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IP options as a user writes them; then the same bytes as a packet to be cut: the payloads of the
 * fragments, put together, must be that of the packet.
 */
#include <stdlib.h>
#include <string.h>

#include "pkt/fragment.h"
#include "pkt/ip.h"
#include "pkt/ipopt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_options(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct ipopt o;

	if (!text)
		abort();
	if (ipopt_parse(text, &o, NULL) == 0 && (o.len == 0 || o.len > IPOPT_MAX || o.len % 4))
		abort();
	free(text);
}

static void try_cut(const uint8_t *data, size_t size, uint16_t mtu)
{
	struct fragmented f = {data, size, mtu, 7};
	unsigned n = fragment_count(&f);
	size_t payload = 0, want = size - (size_t)(data[0] >> 4 == 6 ? 40 : (data[0] & 15) * 4);
	uint8_t out[2048 + FRAGMENT_EXTRA];

	for (unsigned k = 0; k < n; k++) {
		struct wr w = wr_init(out, sizeof(out));
		struct rd r;
		struct ip_hdr h;

		fragment_cut(&f, k, &w);
		if (!w.ok || n == 1)
			break;
		r = rd_init(out, w.len);
		if (!ip_read(&r, &h) && data[0] >> 4 == 4)
			abort();
		payload += w.len - (size_t)(data[0] >> 4 == 6 ? 48 : (out[0] & 15) * 4);
		if (data[0] >> 4 == 4 && (h.frag_offset != k * mtu || h.mf != (k + 1 < n)))
			abort();
	}
	if (n > 1 && payload != want)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 2000)
		return 0;
	try_options(data, size);
	try_cut(data + 1, size - 1, (uint16_t)(data[0] & ~7));
	return 0;
}
