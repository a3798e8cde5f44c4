/* SPDX-License-Identifier: BSD-2-Clause */
/* Filters over the rows of results: --where 'state = open and rtt_ms < 5'. */
#pragma once

#include "model/column.h"

/*
 *	or      = and { "or" and }
 *	and     = not { "and" not }
 *	not     = "not" not | "(" or ")" | "has" field | field | test
 *	test    = field ("=" | "!=" | "<" | "<=" | ">" | ">=") value
 *	        | field ["not"] "in" ( value | "(" value { "," value } ")" )
 *
 * A field is a column's name, or that of a duration without its unit (rtt), which is then compared
 * with values that have one (5ms). A field alone must be true or false by itself. Values: numbers
 * (with "in" also ranges, 8000-8100), words or texts in quotes ' or ", addresses (with "in" also
 * prefixes), times as in RFC 3339. What is unknown of a row makes each test of it false, also "!=";
 * "not (...)" of that is true.
 */
struct where;

/* *out is owned: where_free. ERR_USAGE, the text beginning with "column N"; -ENOMEM. */
int where_parse(
	struct where **out, enum column_rows rows, const char *text, struct err *e) MUST_CHECK;
void where_free(struct where *w); /* NULL is fine */
/* Whether the filter asks for this word (letters as in the schema) of the field of that name, as
 * `state = closed` and `state in (open, closed)` do. */
bool where_asks(const struct where *w, const char *field, const char *word);
/* Whether the filter lets the row pass (see column_get). Pure; no allocation. */
bool where_match(const struct where *w, const void *row, const struct rec_host *host);
