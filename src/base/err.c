/* SPDX-License-Identifier: BSD-2-Clause */
/* One error: a negative code for the program, one line of text for the person. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

PRINTF(2, 0)
static void append(struct err *e, const char *fmt, va_list ap)
{
	size_t len = strlen(e->text);

	vsnprintf(e->text + len, sizeof(e->text) - len, fmt, ap);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return code;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int cause = errno ? errno : EIO; /* a failure must never come out as 0 */
	size_t len;
	va_list ap;

	if (!e)
		return -cause;
	e->code = -cause;
	e->text[0] = '\0';
	va_start(ap, fmt);
	append(e, fmt, ap);
	va_end(ap);
	len = strlen(e->text);
	snprintf(e->text + len, sizeof(e->text) - len, ": %s", strerror(cause));
	return -cause;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->text)];
	size_t len;
	va_list ap;

	if (!e)
		return -EINVAL;
	memcpy(old, e->text, sizeof(old));
	e->text[0] = '\0';
	va_start(ap, fmt);
	append(e, fmt, ap);
	va_end(ap);
	len = strlen(e->text);
	/* When both do not fit, the end of the cause is lost, not the subject. */
	snprintf(e->text + len, sizeof(e->text) - len, ": %s", old);
	return e->code;
}
