/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of a sweep as lines of CSV and NDJSON: millions a second. */
#pragma once

#include "base/buf.h"
#include "model/column.h"

/* What is written around the values. */
enum row_style { ROW_CSV, ROW_JSON };

struct row_key {
	char text[COLUMN_NAME_MAX + 4]; /* what stands before the value: ,"name": or a comma */
	size_t len;
};

struct row_form {
	enum row_style style;
	const struct columns *columns; /* borrowed */
	struct row_key keys[COLUMNS_MAX];
	uint64_t second; /* `date` is the text of this one */
	char date[24];	 /* "2026-11-20T23:06:59" */
};

/* Prepares the lines; `columns` is of COLUMN_RESULTS and borrowed. */
void row_init(struct row_form *f, enum row_style style, const struct columns *columns);
/* Appends one line with its end. All texts of a result are our own words and need no quoting. */
void row_add(struct row_form *f, struct buf *b, const struct rec_result *r);
/* Appends a duration in the column's unit, "84.123" of 84123 ns in us. */
void row_duration(struct buf *b, const struct column *c, uint64_t ns);
