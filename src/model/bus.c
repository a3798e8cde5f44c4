/* SPDX-License-Identifier: BSD-2-Clause */
/* The bus: engines publish records, whoever wants them subscribes. */
#include "model/bus.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void bus_init(struct bus *b)
{
	memset(b, 0, sizeof(*b));
}

int bus_subscribe(struct bus *b, bus_fn fn, void *ctx, unsigned want)
{
	if (b->n == BUS_SUBSCRIBERS_MAX)
		return ERR_USAGE;
	b->sub[b->n].fn = fn;
	b->sub[b->n].ctx = ctx;
	b->sub[b->n].want = want;
	b->sub[b->n].error.code = 0;
	b->n++;
	return 0;
}

static void keep_error(struct err *kept, int code, const struct err *e)
{
	*kept = *e;
	kept->code = code;
	if (!e->text[0])
		snprintf(kept->text, sizeof(kept->text), "an output failed (code %d)", code);
}

bool bus_failed(const struct bus *b)
{
	for (unsigned i = 0; i < b->n; i++)
		if (b->sub[i].error.code)
			return true;
	return false;
}

bool bus_alive(const struct bus *b)
{
	for (unsigned i = 0; i < b->n; i++)
		if (!b->sub[i].error.code)
			return true;
	return false;
}

void bus_publish(struct bus *b, const struct rec *r)
{
	for (unsigned i = 0; i < b->n; i++) {
		struct err e = {0};
		int rc;

		if (b->sub[i].error.code || !(b->sub[i].want & BUS_WANT(r->kind)))
			continue;
		rc = b->sub[i].fn(b->sub[i].ctx, r, &e);
		if (rc < 0)
			keep_error(&b->sub[i].error, rc, &e);
	}
}

void bus_note(struct bus *b, enum log_level level, const char *fmt, ...)
{
	char text[2048];
	struct rec_note note = {.level = level, .text = text};
	struct rec r = {.kind = REC_NOTE, .note = &note};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	bus_publish(b, &r);
}
