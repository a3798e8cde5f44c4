/* SPDX-License-Identifier: BSD-2-Clause */
/* Columns: the fields of a row of results, by the names that --fields and --where know. */
#include "model/column.h"

#include <stdio.h>
#include <string.h>

#define HOST_PREFIX "host_"

static const char *row_record(enum column_rows rows)
{
	return rows == COLUMN_PORTS ? "port" : "result";
}

static bool belongs(const struct rec_field *f, const char *record)
{
	return strcmp(f->record, record) == 0;
}

static void set(struct column *c, const struct rec_field *f, bool of_host)
{
	c->field = f;
	c->of_host = of_host;
	c->digits = 0;
	snprintf(c->name, sizeof(c->name), "%s%s", of_host ? HOST_PREFIX : "", f->name);
}

static void add_record(struct columns *c, const char *record, bool of_host)
{
	for (size_t i = 0; i < n_rec_fields && c->n < COLUMNS_MAX; i++)
		if (belongs(&rec_fields[i], record))
			set(&c->v[c->n++], &rec_fields[i], of_host);
}

void columns_all(struct columns *c, enum column_rows rows)
{
	c->rows = rows;
	c->n = 0;
	if (rows == COLUMN_PORTS)
		add_record(c, "host", true);
	add_record(c, row_record(rows), false);
}

/* "rtt_ms" is "rtt_ns" in another unit: its decimals, or -1 when the names differ. */
static int digits_of(const struct rec_field *f, const char *name, size_t len)
{
	static const struct {
		const char *suffix;
		int digits;
	} units[] = {{"us", 3}, {"ms", 6}, {"s", 9}};
	size_t stem = strlen(f->name) - 2; /* without "ns" */

	if (strlen(f->name) == len && memcmp(f->name, name, len) == 0)
		return 0;
	if (f->type != FIELD_NS || len <= stem || memcmp(f->name, name, stem) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].suffix) == len - stem &&
			memcmp(units[i].suffix, name + stem, len - stem) == 0)
			return units[i].digits;
	return -1;
}

static bool find_in(
	struct column *c, const char *record, bool of_host, const char *name, size_t len)
{
	for (size_t i = 0; i < n_rec_fields; i++) {
		const struct rec_field *f = &rec_fields[i];
		int digits = belongs(f, record) ? digits_of(f, name, len) : -1;

		if (digits < 0)
			continue;
		set(c, f, of_host);
		c->digits = (unsigned)digits;
		if (digits > 0)
			snprintf(c->name, sizeof(c->name), "%s%.*s", of_host ? HOST_PREFIX : "",
				(int)len, name);
		return true;
	}
	return false;
}

bool column_find(struct column *c, enum column_rows rows, const char *name, size_t len)
{
	const size_t prefix = strlen(HOST_PREFIX);

	if (len >= COLUMN_NAME_MAX - prefix)
		return false;
	if (find_in(c, row_record(rows), false, name, len))
		return true;
	if (rows != COLUMN_PORTS)
		return false;
	if (len > prefix && memcmp(name, HOST_PREFIX, prefix) == 0)
		return find_in(c, "host", true, name + prefix, len - prefix);
	return find_in(c, "host", true, name, len);
}

void column_names(enum column_rows rows, struct buf *b)
{
	struct columns all;

	columns_all(&all, rows);
	for (size_t i = 0; i < all.n; i++)
		buf_fmt(b, "%s%s", i ? ", " : "", all.v[i].name);
}

/* The whole list would not fit into a line for ports: their own fields, and that the host has
 * some. */
static int unknown(enum column_rows rows, const char *name, size_t len, struct err *e)
{
	struct columns own = {.n = 0};
	struct buf b = {0};

	add_record(&own, row_record(rows), false);
	for (size_t i = 0; i < own.n; i++)
		buf_fmt(&b, "%s%s", i ? " " : "", own.v[i].name);
	err_set(e, ERR_USAGE, "there is no field \"%.*s\"; there are %s%s",
		len > 40 ? 40 : (int)len, name, buf_text(&b),
		rows == COLUMN_PORTS ? ", and host_addr and more of the host (man sonde, FIELDS)"
				     : ", and durations as _us, _ms and _s");
	buf_free(&b);
	return ERR_USAGE;
}

static int add_name(struct columns *c, const char *name, size_t len, struct err *e)
{
	struct column *it = &c->v[c->n];

	if (len == 0)
		return err_set(e, ERR_USAGE, "a name is empty; write them as in addr,port,state");
	if (c->n == COLUMNS_MAX)
		return err_set(e, ERR_USAGE, "more than %d fields; name fewer", COLUMNS_MAX);
	if (!column_find(it, c->rows, name, len))
		return unknown(c->rows, name, len, e);
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].name, it->name) == 0)
			return err_set(e, ERR_USAGE, "%s is named twice; leave out one", it->name);
	c->n++;
	return 0;
}

int columns_parse(struct columns *c, enum column_rows rows, const char *list, struct err *e)
{
	int rc = 0;

	c->rows = rows;
	c->n = 0;
	for (const char *at = list; rc == 0; at++) {
		const char *name = at + strspn(at, " \t");
		size_t len = strcspn(name, ",");

		at = name + len;
		while (len && (name[len - 1] == ' ' || name[len - 1] == '\t'))
			len--;
		rc = add_name(c, name, len, e);
		if (!*at)
			break;
	}
	return rc;
}
