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
		struct err error; /* why it is taken off; code 0: it is well */
	} sub[BUS_SUBSCRIBERS_MAX];
	unsigned n;
};

void bus_init(struct bus *b); /* no subscribers; nothing to free */
/* 0, or ERR_USAGE when the table is full. `ctx` is borrowed until the bus is no longer used. */
int bus_subscribe(struct bus *b, bus_fn fn, void *ctx, unsigned want) MUST_CHECK;
/* Hands `r` to every subscriber that is well and wants its kind. Errors are kept with the
 * subscriber and do not go to the engine. */
void bus_publish(struct bus *b, const struct rec *r);
bool bus_failed(const struct bus *b); /* whether a subscriber did */
bool bus_alive(const struct bus *b);  /* whether a subscriber did not */
/* Shorthand: publishes a REC_NOTE. */
void bus_note(struct bus *b, enum log_level level, const char *fmt, ...) PRINTF(3, 4);
