/* SPDX-License-Identifier: BSD-2-Clause */
/* Text: numbers and durations as users type them, escaping of hostile text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Whole-string integer in [min, max], decimal or 0x hex. 0, or ERR_PARSE without touching out. */
int str_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out) MUST_CHECK;
/* Whole-string finite decimal number. 0 or ERR_PARSE. */
int str_double(const char *s, double *out) MUST_CHECK;
/*
 * A time as nmap users type it: a non-negative number (strtod's grammar, so 1e3 and 0x10 too) with
 * an optional unit ms, s, m, h (either case; none = seconds). Nothing else may follow. 0 or
 * ERR_PARSE.
 */
int str_duration_ns(const char *s, uint64_t *out_ns) MUST_CHECK;
/* Wildcard match with * and ?; no classes. */
bool str_glob(const char *pattern, const char *text);
/* Appends text for a terminal: printable ASCII and valid printable UTF-8 as they are, everything
 * else (ESC, C1, bidi marks, bad UTF-8) as \xHH. */
void str_term(struct buf *b, const char *text, size_t len);
/* Appends "84.1us" style: three or more significant digits, units ns us ms s. */
void str_rtt(struct buf *b, uint64_t ns);
