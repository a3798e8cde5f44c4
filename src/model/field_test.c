/* SPDX-License-Identifier: BSD-2-Clause */
/* The field schema keeps its promises: names, groups, types, and what is unknown. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "model/field.h"

static const struct rec_field *row(const char *record, const char *name)
{
	for (size_t i = 0; i < n_rec_fields; i++) {
		if (!strcmp(rec_fields[i].record, record) && !strcmp(rec_fields[i].name, name))
			return &rec_fields[i];
	}
	fail_msg("no field %s.%s", record, name);
	return NULL;
}

/* Formats, SQL and the manual use a name as it stands. */
static void test_names(void **state)
{
	for (size_t i = 0; i < n_rec_fields; i++) {
		const struct rec_field *f = &rec_fields[i];

		assert_int_equal(strspn(f->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(f->name));
		assert_ptr_equal(row(f->record, f->name), f); /* unique in its record */
		assert_int_equal(f->doc[strlen(f->doc) - 1], '.');
		assert_true((f->type == FIELD_NS) == (strcmp(f->unit, "ns") == 0));
		if (f->type == FIELD_NS)
			assert_string_equal(f->name + strlen(f->name) - 3, "_ns");
	}
}

static void test_groups_are_contiguous(void **state)
{
	static const char *const order[] = {"host", "port", "result", "trace", "hop", "run", "end",
		"coverage", "note", "progress"};
	size_t group = 0;

	for (size_t i = 0; i < n_rec_fields; i++) {
		if (strcmp(rec_fields[i].record, order[group]) != 0)
			group++;
		assert_true(group < sizeof(order) / sizeof(order[0]));
		assert_string_equal(rec_fields[i].record, order[group]);
	}
	assert_int_equal(group, sizeof(order) / sizeof(order[0]) - 1);
}

/* A getter gives the type that its row promises, also for a record in which nothing is known. */
static void test_types(void **state)
{
	static const uint64_t nothing[64]; /* larger than any record */

	for (size_t i = 0; i < n_rec_fields; i++) {
		struct field_value v = rec_fields[i].get(nothing, NULL);

		assert_int_equal(v.type, rec_fields[i].type);
		if (v.type == FIELD_TEXT)
			assert_true(v.present == (v.text != NULL));
	}
}

/* Unknown is not zero: what was never measured must not appear as a number. */
static void test_unknown(void **state)
{
	static const char *const unknown[][2] = {
		{"host", "name"},
		{"host", "mac"},
		{"host", "latency_ns"},
		{"host", "rttvar_ns"},
		{"host", "reason_ttl"},
		{"host", "latency_source"},
		{"trace", "proto"},
		{"trace", "port"},
		{"hop", "addr"},
		{"hop", "name"},
		{"hop", "rtt_ns"},
		{"hop", "rtt_source"},
		{"port", "rtt_ns"},
		{"port", "rtt_source"},
		{"port", "reason_ip"},
		{"port", "service"},
		{"host", "other_addrs"},
		{"result", "rtt_ns"},
		{"result", "reason_ip"},
		{"result", "at"},
		{"result", "window"},
		{"result", "mss"},
		{"result", "wscale"},
		{"result", "sack"},
		{"result", "check"},
		{"end", "error"},
		{"coverage", "sender"},
		{"progress", "eta_ns"},
	};
	static const uint64_t nothing[64];

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_false(row(unknown[i][0], unknown[i][1])->get(nothing, NULL).present);
}

/* A sweep counts no hosts: 0 would be a lie. */
static void test_hosts_of_a_sweep(void **state)
{
	static const char *const progress[] = {"hosts_done", "hosts_up", "hosts_active"};
	struct rec_coverage c = {.sent = 8, .answers = 2};
	struct rec_end end = {.hosts_total = 7, .hosts_unknown = true, .sweep = &c};
	struct rec_progress p = {.sweep = &c};

	assert_false(row("end", "hosts_up")->get(&end, NULL).present);
	assert_false(row("end", "hosts_down")->get(&end, NULL).present);
	assert_true(row("end", "hosts_total")->get(&end, NULL).present);
	end.hosts_unknown = false;
	assert_true(row("end", "hosts_up")->get(&end, NULL).present);
	for (size_t i = 0; i < sizeof(progress) / sizeof(progress[0]); i++)
		assert_false(row("progress", progress[i])->get(&p, NULL).present);
	p.sweep = NULL;
	assert_true(row("progress", "hosts_up")->get(&p, NULL).present);
	assert_true(row("coverage", "hit_rate")->get(&c, NULL).real == 0.25);
	c.sent = 0;
	assert_true(row("coverage", "hit_rate")->get(&c, NULL).real == 0);
}

static void test_who_answered(void **state)
{
	struct addr router = addr_v4(0x0a000001);
	struct rec_host h = {.from = &router, .n_from = 1};
	struct rec_port p = {.from = 1};
	struct field_value v = row("port", "reason_ip")->get(&p, &h);

	assert_true(v.present);
	assert_true(addr_eq(&v.addr, &router));
	p.from = 2; /* points behind the table */
	assert_false(row("port", "reason_ip")->get(&p, &h).present);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_groups_are_contiguous),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_hosts_of_a_sweep),
		cmocka_unit_test(test_who_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
