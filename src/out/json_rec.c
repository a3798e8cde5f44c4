/* SPDX-License-Identifier: BSD-2-Clause */
/* Records as JSON objects, field by field from the table in model/field.c. */
#include "out/json_rec.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "model/field.h"
#include "out/out_base.h"
#include "out/out_text.h"

/*
 * Objects are made and dumped one record at a time, and a host's ports one port at a time: a host with 65,535 ports must
 * not stand in memory as a tree. jansson escapes; out_utf8 has made the text valid before.
 */

static json_t *text_value(const char *text)
{
	struct buf clean;
	json_t *j = NULL;

	buf_init(&clean);
	out_utf8(&clean, text, false);
	if (!clean.failed)
		j = json_string(buf_text(&clean));
	buf_free(&clean);
	return j;
}

static json_t *time_value(uint64_t wall_ns)
{
	struct buf t;
	json_t *j;

	buf_init(&t);
	out_time_rfc3339(&t, wall_ns);
	j = json_string(buf_text(&t));
	buf_free(&t);
	return j;
}

static json_t *addr_list(const struct addr *v, size_t n)
{
	json_t *list = json_array();
	char ip[ADDR_TEXT_MAX];

	for (size_t i = 0; list && i < n; i++) {
		if (json_array_append_new(list, json_string(addr_text(&v[i], ip))) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* New reference, or NULL when memory ran out. */
static json_t *value_of(const struct field_value *v)
{
	char text[ADDR_TEXT_MAX];

	switch (v->type) {
	case FIELD_TEXT:
		return text_value(v->text);
	case FIELD_REAL:
		return json_real(v->real);
	case FIELD_BOOL:
		return json_boolean(v->flag);
	case FIELD_TIME:
		return time_value(v->u);
	case FIELD_ADDR:
		return json_string(addr_text(&v->addr, text));
	case FIELD_MAC:
		return json_string(mac_text(&v->mac, text));
	case FIELD_ADDRS:
		return addr_list(v->addrs.v, v->addrs.n);
	default: /* FIELD_UINT, FIELD_NS: JSON numbers of jansson are signed 64 bit; ours are below 2^63 */
		return json_integer((json_int_t)v->u);
	}
}

static int add_fields(json_t *object, const char *record, const void *rec, const struct rec_host *host)
{
	for (size_t i = 0; i < n_rec_fields; i++) {
		const struct rec_field *f = &rec_fields[i];
		struct field_value v;

		if (strcmp(f->record, record) != 0)
			continue;
		v = f->get(rec, host);
		if (v.present && json_object_set_new_nocheck(object, f->name, value_of(&v)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int dump_piece(const char *data, size_t len, void *b)
{
	buf_add(b, data, len);
	return 0;
}

static int dump(struct buf *b, const char *record, const void *rec, const struct rec_host *host, bool type)
{
	json_t *object = json_object();
	int rc = -ENOMEM;

	if (!object)
		goto out;
	if (type && json_object_set_new_nocheck(object, "type", json_string(record)) < 0)
		goto out;
	if (add_fields(object, record, rec, host) < 0)
		goto out;
	if (json_dump_callback(object, dump_piece, b, JSON_COMPACT) == 0 && !b->failed)
		rc = 0;
out:
	json_decref(object);
	return rc;
}

int json_record(struct buf *b, const char *record, const void *rec, bool type)
{
	return dump(b, record, rec, NULL, type);
}

/* Takes the closing brace off again, so that a list can be added to the object. */
static void reopen(struct buf *b)
{
	b->len--;
	b->data[b->len] = '\0';
}

static json_t *scaninfo_list(const struct rec_run *run)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < run->n_info; i++) {
		const struct rec_scaninfo *s = &run->info[i];
		json_t *row = json_pack("{s:s, s:s, s:I, s:s}", "type", s->type, "proto", proto_name(s->proto),
			"n_ports", (json_int_t)s->n_ports, "services", s->services);

		if (json_array_append_new(list, row) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

int json_run(struct buf *b, const struct rec_run *run, bool type, bool open)
{
	json_t *list = scaninfo_list(run);
	int rc = list ? dump(b, "run", run, NULL, type) : -ENOMEM;

	if (rc == 0) {
		reopen(b);
		buf_str(b, ",\"scaninfo\":");
		if (json_dump_callback(list, dump_piece, b, JSON_COMPACT) < 0 || b->failed)
			rc = -ENOMEM;
		if (!open)
			buf_char(b, '}');
	}
	json_decref(list);
	return rc;
}

int json_host(struct buf *b, const struct rec_host *h, const struct out_conf *conf, bool type)
{
	int rc = dump(b, "host", h, NULL, type);
	bool first = true;

	if (rc < 0)
		return rc;
	reopen(b);
	buf_str(b, ",\"ports\":[");
	for (size_t i = 0; i < h->n_ports && rc == 0; i++) {
		if (!out_shows_port(conf, &h->ports[i]))
			continue;
		if (!first)
			buf_char(b, ',');
		first = false;
		rc = dump(b, "port", &h->ports[i], h, false);
	}
	buf_str(b, "]}");
	return b->failed ? -ENOMEM : rc;
}
