/* SPDX-License-Identifier: BSD-2-Clause */
/* The bus: order, wishes, and a sink that fails. */
#include "model/bus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

struct sink {
	char *trail; /* shared: who was called, in order */
	char name;
	int rc;
	unsigned calls;
};

static int take(void *ctx, const struct rec *r, struct err *e)
{
	struct sink *s = ctx;

	s->calls++;
	strncat(s->trail, &s->name, 1);
	return s->rc ? err_set(e, s->rc, "sink %c is full", s->name) : 0;
}

static void order_and_wishes(void **state)
{
	char trail[32] = "";
	struct sink a = { trail, 'a' }, b = { trail, 'b' }, c = { trail, 'c' };
	struct rec_end end = { 0 };
	struct rec r = { .kind = REC_END, .end = &end };
	struct bus bus;

	bus_init(&bus);
	assert_int_equal(bus_subscribe(&bus, take, &a, BUS_WANT_ALL), 0);
	assert_int_equal(bus_subscribe(&bus, take, &b, BUS_WANT(REC_NOTE)), 0);
	assert_int_equal(bus_subscribe(&bus, take, &c, BUS_WANT(REC_END) | BUS_WANT(REC_NOTE)), 0);
	bus_publish(&bus, &r);
	assert_string_equal(trail, "ac");
	bus_note(&bus, LOG_WARN, "x");
	assert_string_equal(trail, "acabc");
}

static void failing_sink_is_taken_off(void **state)
{
	char trail[32] = "";
	struct sink a = { trail, 'a', -ENOSPC }, b = { trail, 'b' }, c = { trail, 'c', -EPIPE };
	struct bus bus;

	bus_init(&bus);
	assert_int_equal(bus_subscribe(&bus, take, &a, BUS_WANT_ALL), 0);
	assert_int_equal(bus_subscribe(&bus, take, &b, BUS_WANT_ALL), 0);
	assert_int_equal(bus_subscribe(&bus, take, &c, BUS_WANT_ALL), 0);
	bus_note(&bus, LOG_WARN, "one");
	bus_note(&bus, LOG_WARN, "two");
	assert_string_equal(trail, "abcb");
	assert_true(bus_failed(&bus));
	assert_true(bus_alive(&bus)); /* b is */
	assert_int_equal(bus.sub[0].error.code, -ENOSPC);
	assert_string_equal(bus.sub[0].error.text, "sink a is full");
	assert_int_equal(bus.sub[1].error.code, 0);
	assert_string_equal(bus.sub[2].error.text, "sink c is full");
}

static int fail_silently(void *ctx, const struct rec *r, struct err *e)
{
	return -EIO;
}

static void an_error_always_has_a_text(void **state)
{
	struct bus bus;

	bus_init(&bus);
	assert_int_equal(bus_subscribe(&bus, fail_silently, NULL, BUS_WANT_ALL), 0);
	bus_note(&bus, LOG_WARN, "x");
	assert_false(bus_alive(&bus));
	assert_int_equal(bus.sub[0].error.code, -EIO);
	assert_true(strlen(bus.sub[0].error.text) > 0);
}

static int keep_note(void *ctx, const struct rec *r, struct err *e)
{
	assert_int_equal(r->kind, REC_NOTE);
	snprintf(ctx, 64, "%d %s", (int)r->note->level, r->note->text);
	return 0;
}

static void notes_are_formatted(void **state)
{
	char text[64] = "";
	struct bus bus;

	bus_init(&bus);
	assert_int_equal(bus_subscribe(&bus, keep_note, text, BUS_WANT(REC_NOTE)), 0);
	bus_note(&bus, LOG_INFO, "port %d of %s", 80, "web1");
	assert_string_equal(text, "2 port 80 of web1");
}

static void table_has_an_end(void **state)
{
	struct bus bus;

	bus_init(&bus);
	for (unsigned i = 0; i < BUS_SUBSCRIBERS_MAX; i++)
		assert_int_equal(bus_subscribe(&bus, fail_silently, NULL, 0), 0);
	assert_int_equal(bus_subscribe(&bus, fail_silently, NULL, 0), ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_wishes),
		cmocka_unit_test(failing_sink_is_taken_off),
		cmocka_unit_test(an_error_always_has_a_text),
		cmocka_unit_test(notes_are_formatted),
		cmocka_unit_test(table_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
