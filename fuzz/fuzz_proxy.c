/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: what a proxy answers; the first two bytes choose its kind and how it is cut into
 * reads. */
#include <stdlib.h>

#include "pkt/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_talk t = {0};
	struct proxy p = {0};
	size_t step, used, total = 0;

	if (size < 2)
		return 0;
	p.kind = (enum proxy_kind)(data[0] % 4);
	p.at.has_user = data[0] & 4;
	step = data[1] + 1u;
	for (size_t at = 2; at < size; at += used) {
		size_t len = size - at < step ? size - at : step;
		int error = 0;
		enum proxy_heard heard = proxy_hear(&p, &t, data + at, len, &used, &error);

		total += used;
		if (used > len || (heard == PROXY_MORE && used != len) ||
			(error && heard != PROXY_DONE) || total > PROXY_HTTP_MAX + 1)
			abort();
		if (heard != PROXY_MORE && heard != PROXY_NEXT)
			break;
	}
	return 0;
}
