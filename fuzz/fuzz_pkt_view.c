/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a received IP packet: view, checksum, description. */
#include <stdlib.h>
#include <string.h>

#include "pkt/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is borrowed must lie inside the packet. */
static void inside(const struct pkt_l4 *l4, const uint8_t *data, size_t size)
{
	if (l4->payload && (l4->payload < data || l4->payload + l4->payload_len > data + size))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[200];
	struct pkt_view v;

	(void)pkt_view(data, size, &v);
	inside(&v.l4, data, size);
	inside(&v.quote, data, size);
	(void)pkt_view_checksum(data, size);
	(void)pkt_describe(data, size, text, sizeof(text));
	if (strlen(text) >= sizeof(text))
		abort();
	return 0;
}
