/* SPDX-License-Identifier: BSD-2-Clause */
/* Where libraries say what they would otherwise print: a sink given to them. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_BYTES 2048 /* longer messages are cut: a line is for a person */

void log_say(const struct log *l, enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;

	if (!l || !l->write || level > l->max)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	l->write(l->ctx, level, line);
}
