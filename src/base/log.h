/* SPDX-License-Identifier: BSD-2-Clause */
/* Where libraries say what they would otherwise print: a sink given to them. */
#pragma once

#include <stdint.h>

#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };

struct log {
	enum log_level max; /* messages above are not formatted at all */
	/* Takes one line without newline. */
	void (*write)(void *ctx, enum log_level level, const char *text);
	void *ctx;
};

/* `l` may be NULL: nothing is said. */
void log_say(const struct log *l, enum log_level level, const char *fmt, ...) PRINTF(3, 4);
