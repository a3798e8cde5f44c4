/* SPDX-License-Identifier: BSD-2-Clause */
/* One error: a negative code for the program, one line of text for the person. */
#pragma once

#include <stdbool.h>

/*
 * Every fallible function returns 0 (or a count) on success and a negative code on failure: -errno
 * for a refusal of the system, one of these otherwise. Where a `struct err *` is taken it may be
 * NULL; it is filled once, where the subject (file, option, address) is known, and says what
 * failed, on what, why and what to do. Libraries never print.
 */
enum err_code {
	ERR_USAGE = -2001,	 /* bad option, target, port: exit code 2 */
	ERR_PARSE = -2002,	 /* malformed bytes or text that the user did not type */
	ERR_UNSUPPORTED = -2003, /* named, known, not to be had here or not yet built */
	ERR_RESOLVE = -2004,	 /* a name has no address */
	ERR_NOROUTE = -2005,	 /* the kernel has no way to the destination */
	ERR_CLOSED = -2006,	 /* the interface or file behind the handle is gone */
};

struct err {
	int code;	/* 0 = nothing happened */
	char text[512]; /* one line, no newline, already complete */
};

#define MUST_CHECK   __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Sets code and text; returns `code` so that `return err_set(...)` reads well. `e` may be NULL. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF(3, 4);
/* As err_set with code -errno; ": " and strerror(errno) are appended. */
int err_sys(struct err *e, const char *fmt, ...) PRINTF(2, 3);
/* Puts "context: " in front of the text that is there; returns e->code. With `e` NULL: -EINVAL, so
 * that a failure stays one. */
int err_prefix(struct err *e, const char *fmt, ...) PRINTF(2, 3);
