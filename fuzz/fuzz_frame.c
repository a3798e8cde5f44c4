/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: the body of a checkpoint's frame; what can be read is the same when it is written
 * and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf one = {0}, two = {0};
	struct frame f, again = {0};

	if (frame_decode(&f, data, size) == 0) {
		frame_write(&one, &f);
		if (frame_read(&again, (const uint8_t *)buf_text(&one), one.len) < 0)
			abort();
		frame_write(&two, &again);
		if (one.len != two.len || memcmp(one.data, two.data, one.len) != 0)
			abort();
	}
	frame_free(&f);
	frame_free(&again);
	buf_free(&one);
	buf_free(&two);
	return 0;
}
