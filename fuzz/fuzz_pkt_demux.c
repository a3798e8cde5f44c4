/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a frame for each codec in turn (the first byte chooses), and every iterator over
 * what it found. */
#include <stdlib.h>

#include "pkt/demux.h"
#include "pkt/icmp6.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void iterate(struct rd bytes)
{
	struct icmp_hdr nd_hdr = {.type = ICMP6_ND_ADVERT};
	struct icmp6_nd nd;
	struct tcp_opts all;
	struct ipv4_opt option;
	struct sctp_chunk chunk;
	struct rd r = bytes;
	char text[100];

	tcp_opts_read(bytes.p, bytes.left, &all);
	tcp_opts_text(bytes.p, bytes.left, text, sizeof(text));
	while (ipv4_opt_next(&r, &option))
		;
	r = bytes;
	while (sctp_chunk_next(&r, &chunk)) {
		struct sctp_init init;

		(void)sctp_init_read(&chunk, &init);
	}
	(void)icmp6_nd_read(&nd_hdr, bytes, &nd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pkt_layer layers[DEMUX_LAYERS_MAX];
	struct rd r = rd_init(data, size);
	const struct pkt_codec *first = demux_at(rd_u8(&r));
	size_t n = demux_walk(first ? first : demux_name("eth"), &r, layers);

	for (size_t i = 0; i < n; i++)
		if (layers[i].at < data || layers[i].at + layers[i].len > data + size)
			abort();
	if (r.ok)
		iterate(r);
	return 0;
}
