/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of text that several formats write: times, latencies, names, cleaned foreign text. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "model/field.h"
#include "model/rec.h"

/* "2026-11-20 23:06 UTC", local time. */
void out_time_minute(struct buf *b, uint64_t wall_ns);
/* "2026-11-20 23:06:59 UTC", local time. */
void out_time_second(struct buf *b, uint64_t wall_ns);
/* "23:06", local time. */
void out_time_clock(struct buf *b, uint64_t wall_ns);
/* "Fri Nov 20 23:06:59 2026", local time: the C library's ctime, never translated. */
void out_time_c(struct buf *b, uint64_t wall_ns);
/* "2026-11-20T23:06:59.123456789Z" (RFC 3339), UTC. */
void out_time_rfc3339(struct buf *b, uint64_t wall_ns);
/* "0:01:05": hours, minutes, seconds. */
void out_time_span(struct buf *b, uint64_t ns);
/* Seconds with two significant digits, as in "0.00031". */
void out_latency(struct buf *b, uint64_t ns);
/* "web1.lab (10.77.0.10)", or the address alone; safe for a terminal. */
void out_name_ip(struct buf *b, const struct rec_host *h);
/* Foreign text, safe for a terminal and a line of a text file: no control character, no newline.
 * NULL adds nothing. */
void out_term(struct buf *b, const char *text);
/* Foreign text as valid UTF-8 without C1 controls and non-characters, which become U+FFFD; with
 * `xml` the C0 controls too that XML 1.0 forbids. */
void out_utf8(struct buf *b, const char *text, bool xml);
/* How a run ended: "done", "interrupted" or "failed". */
const char *out_end_word(const struct rec_end *end);
/* "2 IP addresses (1 host up) scanned in 0.12 seconds"; without the parentheses where hosts were
 * not counted. */
void out_summary(struct buf *b, const struct rec_end *end);
/* "500 of 1000 probes sent at 100/s" */
void out_sent(struct buf *b, const struct rec_coverage *c, double pps);
/* What a sweep did, in three parts with `between` between them, no newline at the end. */
void out_coverage(struct buf *b, const struct rec_coverage *c, const char *between);
/* First and last line of a report: "# Sonde 1.0 scan initiated TIME as: ARGS", "# Sonde done at
 * TIME
 * -- SUMMARY", with `coverage` followed by what a sweep did. */
void out_first_line(struct buf *b, const struct rec_run *run);
void out_last_line(struct buf *b, const struct rec_end *end, bool coverage);
/* A value that no stranger chose and that needs no quotes: any but texts and lists. */
void out_value(struct buf *b, const struct field_value *v);
