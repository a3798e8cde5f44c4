/* SPDX-License-Identifier: BSD-2-Clause */
/* Records as JSON objects, field by field from the table in model/field.c. */
#include "out/json_rec.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "model/field.h"
#include "out/out_base.h"
#include "out/out_text.h"
#include "out/row.h"

/*
 * Objects are written field by field and not built as trees: a host may have 65,535 ports, and a
 * tree of them would hold up the engine and fill the memory. The names of fields are ours and need
 * no escaping; foreign text is made valid UTF-8 by out_utf8 and escaped by jansson.
 */

static int dump_piece(const char *data, size_t len, void *b)
{
	buf_add(b, data, len);
	return 0;
}

/* Writes any value and drops it; NULL is a value for which there was no memory. */
static void put_json(struct buf *b, json_t *value)
{
	if (!value || json_dump_callback(value, dump_piece, b, JSON_ENCODE_ANY) < 0)
		b->failed = true;
	json_decref(value);
}

/* Our own words and most names: printable ASCII that JSON does not escape. */
static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	}
	return true;
}

static void put_text(struct buf *b, const char *text)
{
	struct buf clean;

	if (is_plain(text)) {
		buf_char(b, '"');
		buf_str(b, text);
		buf_char(b, '"');
		return;
	}
	buf_init(&clean);
	out_utf8(&clean, text, false);
	put_json(b, clean.failed ? NULL : json_string(buf_text(&clean)));
	buf_free(&clean);
}

static void put_addrs(struct buf *b, const struct addr *v, size_t n)
{
	char ip[ADDR_TEXT_MAX];

	for (size_t i = 0; i < n; i++) {
		buf_char(b, i ? ',' : '[');
		put_text(b, addr_text(&v[i], ip));
	}
	buf_char(b, ']');
}

static void put_value(struct buf *b, const struct field_value *v)
{
	switch (v->type) {
	case FIELD_TEXT:
		put_text(b, v->text);
		break;
	case FIELD_ADDRS:
		put_addrs(b, v->addrs.v, v->addrs.n);
		break;
	case FIELD_TIME:
	case FIELD_ADDR:
	case FIELD_MAC:
		buf_char(b, '"');
		out_value(b, v);
		buf_char(b, '"');
		break;
	default:
		out_value(b, v);
	}
}

static void put_key(struct buf *b, const char *name)
{
	buf_char(b, '"');
	buf_str(b, name);
	buf_str(b, "\":");
}

/* The fields of a host (p == NULL) or port that --fields chose and that are known. */
static int dump_chosen(struct buf *b, const struct columns *columns, const struct rec_host *h,
	const struct rec_port *p, bool type)
{
	const size_t prefix = p ? 0 : strlen("host_");
	char separator = '{';

	if (type) {
		buf_str(b, "{\"type\":\"host\"");
		separator = ',';
	}
	for (size_t i = 0; i < columns->n; i++) {
		const struct column *c = &columns->v[i];
		struct field_value v;

		if (c->of_host != !p)
			continue;
		v = column_get(c, p, h);
		if (!v.present)
			continue;
		buf_char(b, separator);
		put_key(b, c->name + prefix);
		if (v.type == FIELD_NS)
			row_duration(b, c, v.u);
		else
			put_value(b, &v);
		separator = ',';
	}
	if (separator == '{')
		buf_char(b, '{');
	buf_char(b, '}');
	return b->failed ? -ENOMEM : 0;
}

/* {"type":"port","proto":"tcp",...}: the fields that are known. */
static int dump(
	struct buf *b, const char *record, const void *rec, const struct rec_host *host, bool type)
{
	char separator = '{';

	if (type) {
		buf_fmt(b, "{\"type\":\"%s\"", record);
		separator = ',';
	}
	for (size_t i = 0; i < n_rec_fields; i++) {
		const struct rec_field *f = &rec_fields[i];
		struct field_value v;

		if (strcmp(f->record, record) != 0)
			continue;
		v = f->get(rec, host);
		if (!v.present)
			continue;
		buf_char(b, separator);
		put_key(b, f->name);
		put_value(b, &v);
		separator = ',';
	}
	buf_char(b, '}');
	return b->failed ? -ENOMEM : 0;
}

/* Takes the closing brace off again, so that a list can be added to the object. */
static void reopen(struct buf *b)
{
	b->len--;
	b->data[b->len] = '\0';
}

int json_record(struct buf *b, const char *record, const void *rec, bool type)
{
	return dump(b, record, rec, NULL, type);
}

int json_swept(
	struct buf *b, const char *record, const void *rec, const struct rec_coverage *c, bool type)
{
	int rc = dump(b, record, rec, NULL, type);

	if (rc < 0 || !c)
		return rc;
	reopen(b);
	buf_str(b, ",\"sweep\":");
	rc = dump(b, "coverage", c, NULL, false);
	buf_char(b, '}');
	return b->failed ? -ENOMEM : rc;
}

static void put_scaninfo(struct buf *b, const struct rec_run *run)
{
	buf_str(b, ",\"scaninfo\":[");
	for (size_t i = 0; i < run->n_info; i++) {
		const struct rec_scaninfo *s = &run->info[i];

		buf_str(b, i ? ",{\"type\":" : "{\"type\":");
		put_text(b, s->type);
		buf_fmt(b, ",\"proto\":\"%s\",\"n_ports\":%" PRIu32 ",\"services\":",
			proto_name(s->proto), s->n_ports);
		put_text(b, s->services);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

int json_run(struct buf *b, const struct rec_run *run, bool type, bool open)
{
	int rc = dump(b, "run", run, NULL, type);

	if (rc < 0)
		return rc;
	reopen(b);
	put_scaninfo(b, run);
	if (!open)
		buf_char(b, '}');
	return b->failed ? -ENOMEM : 0;
}

static int put_trace(struct buf *b, const struct rec_trace *t)
{
	int rc;

	buf_str(b, ",\"trace\":");
	rc = dump(b, "trace", t, NULL, false);
	if (rc < 0)
		return rc;
	reopen(b);
	buf_str(b, ",\"hops\":[");
	for (size_t i = 0; i < t->n_hops && rc == 0; i++) {
		if (i > 0)
			buf_char(b, ',');
		rc = dump(b, "hop", &t->hops[i], NULL, false);
	}
	buf_str(b, "]}");
	return rc;
}

int json_host(struct buf *b, const struct rec_host *h, const struct out_conf *conf, bool type)
{
	const struct columns *chosen = conf->columns;
	int rc = chosen ? dump_chosen(b, chosen, h, NULL, type) : dump(b, "host", h, NULL, type);
	bool first = true;

	if (rc < 0)
		return rc;
	reopen(b);
	buf_str(b, b->data[b->len - 1] == '{' ? "\"ports\":[" : ",\"ports\":[");
	for (size_t i = 0; i < h->n_ports && rc == 0; i++) {
		if (!out_shows_port(conf, &h->ports[i]))
			continue;
		if (!first)
			buf_char(b, ',');
		first = false;
		rc = chosen ? dump_chosen(b, chosen, h, &h->ports[i], false)
			    : dump(b, "port", &h->ports[i], h, false);
	}
	buf_char(b, ']');
	if (h->trace && !chosen && rc == 0)
		rc = put_trace(b, h->trace);
	buf_char(b, '}');
	return b->failed ? -ENOMEM : rc;
}
