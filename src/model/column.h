/* SPDX-License-Identifier: BSD-2-Clause */
/* Columns: the fields of a row of results, by the names that --fields and --where know. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/field.h"

/*
 * A row is a port of a host (struct rec_port and its rec_host) or a result of a sweep (struct
 * rec_result). Names are those of the schema: of the port or the result as they stand; of the host
 * with "host_" before them, or without where no field of the port has the name. A duration
 * "rtt_ns" may be asked for in other units, as "rtt_us", "rtt_ms" and "rtt_s".
 */
enum column_rows { COLUMN_PORTS, COLUMN_RESULTS };

#define COLUMNS_MAX	64
#define COLUMN_NAME_MAX 32

struct column {
	const struct rec_field *field;
	bool of_host;
	unsigned digits;	    /* of a duration: decimals of its unit, 0 (ns), 3, 6 or 9 (s) */
	char name[COLUMN_NAME_MAX]; /* as headings show it */
};

struct columns {
	enum column_rows rows;
	size_t n;
	struct column v[COLUMNS_MAX];
};

/* All columns of such a row in the order of the schema, the host's first. */
void columns_all(struct columns *c, enum column_rows rows);
/* The columns of a list "addr,port,rtt_ms". ERR_USAGE, saying which name is unknown or comes twice
 * and what there is. */
int columns_parse(
	struct columns *c, enum column_rows rows, const char *list, struct err *e) MUST_CHECK;
/* The column of that name (len bytes); false: there is none. */
bool column_find(struct column *c, enum column_rows rows, const char *name, size_t len);
/* Appends the names that there are, separated by ", ". */
void column_names(enum column_rows rows, struct buf *b);
/* The value for a row: `row` is a rec_port, with its host, or a rec_result, with NULL. */
static inline struct field_value column_get(
	const struct column *c, const void *row, const struct rec_host *host)
{
	return c->of_host ? c->field->get(host, NULL) : c->field->get(row, host);
}
