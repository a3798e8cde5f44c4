/* SPDX-License-Identifier: BSD-2-Clause */
/* The bus: engines publish records, whoever wants them subscribes. Synchronous, single-threaded, in
 * order of subscription. */
#pragma once

#include "base/err.h"
#include "model/rec.h"

#define BUS_SUBSCRIBERS_MAX 32
#define BUS_WANT(kind)	    (1u << (kind))
#define BUS_WANT_ALL	    (~0u)

/* A sink. 0, or a negative code with `e` filled (a full disk): it is then taken off the bus, and
 * the error is kept. */
typedef int (*bus_fn)(void *ctx, const struct rec *r, struct err *e);

struct bus {
	struct {
		bus_fn fn;
		void *ctx;
		unsigned want;
		bool dead;
	} sub[BUS_SUBSCRIBERS_MAX];
	unsigned n;
	struct err first_error; /* code 0 while every sink is well */
};

void bus_init(struct bus *b); /* no subscribers; nothing to free */
/* 0, or ERR_USAGE when the table is full. `ctx` is borrowed until the bus is no longer used. */
int bus_subscribe(struct bus *b, bus_fn fn, void *ctx, unsigned want) MUST_CHECK;
/* Hands `r` to every living subscriber that wants its kind. Errors go to first_error, not to the
 * engine. */
void bus_publish(struct bus *b, const struct rec *r);
/* Shorthand: publishes a REC_NOTE. */
void bus_note(struct bus *b, enum log_level level, const char *fmt, ...) PRINTF(3, 4);
