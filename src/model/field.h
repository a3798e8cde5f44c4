/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of the records: one row a field feeds JSON, NDJSON, CSV, SQL and the manual. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/rec.h"

enum field_type {
	FIELD_TEXT, /* untrusted text or NULL */
	FIELD_UINT,
	FIELD_REAL,
	FIELD_BOOL,
	FIELD_TIME, /* wall nanoseconds; JSON: RFC 3339 text */
	FIELD_NS,   /* a duration in nanoseconds */
	FIELD_ADDR,
	FIELD_MAC,
	FIELD_ADDRS, /* a list of addresses; JSON: an array, CSV: separated by blanks */
};

struct field_value {
	enum field_type type;
	bool present; /* false: unknown; JSON null or left out, CSV empty */
	union {
		const char *text;
		uint64_t u;
		double real;
		bool flag;
		struct addr addr;
		struct mac mac;
		struct {
			const struct addr *v; /* borrowed from the record */
			size_t n;
		} addrs;
	};
};

/* A row: `get` reads one field of a record of this kind (rec_host, rec_port in its host, ...).
 * Pure. */
struct rec_field {
	const char *record; /* "host" "port" "result" "run" "end" "note" "progress" ... */
	const char *name;   /* "rtt_ns" */
	enum field_type type;
	const char *unit; /* "ns", "" */
	const char *doc;  /* one sentence for the manual */
	struct field_value (*get)(
		const void *rec, const struct rec_host *host /* for "port" rows, else NULL */);
	/* the words that a text can be, by number from 0, "" for a gap, NULL behind the last; NULL:
	 * any text */
	const char *(*word)(unsigned i);
};

/* Grouped by record, each group in the order in which formats show it; the first row of a group
 * names the record. */
extern const struct rec_field rec_fields[];
extern const size_t n_rec_fields;
