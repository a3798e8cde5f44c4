/* SPDX-License-Identifier: BSD-2-Clause */
/* The services table: names by port, ports by name, frequencies. */
#include "target/services.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "target/service_file.h"

#define NAME_MAX_CMP 128 /* names are compared up to this length */

struct services {
	const struct service_table *table;
	/* IP protocols are always the compiled-in ones, whose texts are in that table's pool */
	struct service_file file;
	char *source; /* owned; NULL: built in */
};

int services_open(struct services **out, const char *file, struct err *e)
{
	struct services *s = calloc(1, sizeof(*s));
	int rc = 0;

	if (!s)
		return err_set(e, -ENOMEM, "no memory for the services table");
	s->table = &services_builtin;
	if (file) {
		rc = service_file_read(&s->file, file, e);
		s->table = &s->file.table;
		s->source = strdup(file);
		if (rc == 0 && !s->source)
			rc = err_set(e, -ENOMEM, "no memory for the services table");
	}
	if (rc < 0)
		services_free(s);
	else
		*out = s;
	return rc;
}

void services_free(struct services *s)
{
	if (!s)
		return;
	service_file_fini(&s->file);
	free(s->source);
	free(s);
}

const char *services_source(const struct services *s)
{
	return s->source ? s->source : "built in";
}

const struct service_table *services_table(const struct services *s)
{
	return s->table;
}

/* The table that knows this class. */
static const struct service_table *table_of(const struct services *s, enum port_class c)
{
	return c == PORTS_IP ? &services_builtin : s->table;
}

const char *services_name(const struct services *s, enum port_class c, uint16_t port)
{
	const struct service_table *t = table_of(s, c);
	const struct service_name *v = t->of[c].names;
	uint32_t low = 0, high = t->of[c].n_names;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (v[mid].port < port)
			low = mid + 1;
		else
			high = mid;
	}
	return low < t->of[c].n_names && v[low].port == port ? t->pool + v[low].text : NULL;
}

bool services_known(const struct services *s, enum port_class c, uint16_t port)
{
	const uint32_t *known = table_of(s, c)->of[c].known;

	return known[port / 32] >> port % 32 & 1;
}

uint32_t services_n_at_ratio(const struct services *s, enum port_class c, double ratio)
{
	const struct service_class *k = &s->table->of[c];
	uint32_t n = 0;

	if (c == PORTS_IP || !(ratio > 0))
		return k->n_ranked;
	if (k->ratios) {
		while (n < k->n_ranked && k->ratios[n] >= ratio)
			n++;
		return n;
	}
	for (uint32_t i = 0; i < s->table->n_curve && s->table->curve[i].ratio >= ratio; i++)
		n = s->table->curve[i].n[c];
	return n;
}

/* ---- by name --------------------------------------------------------------------------------- */

static void to_lower(char out[NAME_MAX_CMP], const char *text)
{
	size_t i = 0;

	for (; text[i] && i < NAME_MAX_CMP - 1; i++)
		out[i] = (char)tolower((unsigned char)text[i]);
	out[i] = '\0';
}

struct match {
	const struct services *s;
	enum port_class class;
	char mask[NAME_MAX_CMP];
	bool wild;
	void (*fn)(void *ctx, uint16_t port);
	void *ctx;
	unsigned calls;
};

static void offer(struct match *m, uint16_t port, const char *name)
{
	char lower[NAME_MAX_CMP];

	to_lower(lower, name);
	if (!str_glob(m->mask, lower) || (m->wild && !services_known(m->s, m->class, port)))
		return;
	m->fn(m->ctx, port);
	m->calls++;
}

/* Known ports without a name answer to "unknown". */
static void offer_unnamed(struct match *m)
{
	if (!str_glob(m->mask, "unknown"))
		return;
	for (uint32_t p = 0; p < 65536; p++) {
		uint16_t port = (uint16_t)p;

		if (services_known(m->s, m->class, port) && !services_name(m->s, m->class, port))
			offer(m, port, "unknown");
	}
}

unsigned services_match(const struct services *s, enum port_class c, const char *mask,
	void (*fn)(void *ctx, uint16_t port), void *ctx)
{
	const struct service_table *t = table_of(s, c);
	const struct service_class *k = &t->of[c];
	struct match m = { .s = s, .class = c, .wild = strpbrk(mask, "*?"), .fn = fn, .ctx = ctx };

	to_lower(m.mask, mask);
	for (uint32_t i = 0; i < k->n_names; i++)
		offer(&m, k->names[i].port, t->pool + k->names[i].text);
	for (uint32_t i = 0; i < k->n_aliases; i++)
		offer(&m, k->aliases[i].port, t->pool + k->aliases[i].text);
	offer_unnamed(&m);
	return m.calls;
}
