/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: link headers of capture files; the first byte chooses the link type. */
#include <stdint.h>
#include <stdlib.h>

#include "io/pcap_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pcap_link l;

	if (size < 2)
		return 0;
	if (pcap_link_parse((int)(data[0] | data[1] << 8), data + 2, size - 2, &l) == 0 &&
		l.payload > size - 2)
		abort();
	return 0;
}
