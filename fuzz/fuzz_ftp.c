/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: what an FTP server says, cut into reads by its first byte. */
#include <stdlib.h>
#include <string.h>

#include "pkt/ftp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ftp_reader r = {0};
	struct ftp_reply reply;
	size_t step, used;

	if (size == 0)
		return 0;
	step = data[0] + 1u;
	for (size_t at = 1; at < size; at += used) {
		size_t len = size - at < step ? size - at : step;
		enum ftp_got got = ftp_read(&r, data + at, len, &used, &reply);

		if (used > len || (got == FTP_PART && used != len))
			abort();
		if (got == FTP_BAD)
			break;
		if (got == FTP_REPLY && (reply.code < 100 || reply.code > 599 ||
						memchr(reply.text, '\n', strlen(reply.text))))
			abort();
	}
	return 0;
}
