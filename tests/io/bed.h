/* SPDX-License-Identifier: BSD-2-Clause */
/* The bed of the conformance tests: every backend on the lab, on loopback, or on the simulator,
 * ready to be asked. */
#pragma once

#include <stdbool.h>

#include "ask.h"
#include "io/io.h"
#include "lab.h"

enum { BURST = 2000 };

extern struct lab lab;

/* A configuration with the tests' window of source ports. */
struct io_conf bed_conf(void);
/* Opens a backend towards the lab's peer; a failure fails the test. io_close(s.io). */
struct subject bed_subject(const char *name, const struct io_ops *ops, const struct io_conf *c);
/* The same towards our own host over loopback. */
struct subject bed_on_loopback(const char *name, const struct io_ops *ops);
/* Runs a check over all rows of the table that are networks. */
void bed_each(void (*check)(struct subject *));
/* Fails the test when an answer is another than wanted; NOT_CARRIED is always right. */
void bed_expect(const struct subject *s, const char *question, enum answer got, enum answer want);
/* BURST probes to closed ports, in one go: each is answered once, or counted as dropped. read_late:
 * nothing is received before all are sent. */
void bed_burst(struct subject *s, bool read_late);
/* cmocka_run_group_tests in a lab that is brought up and down, or 77. */
#define bed_run(tests) (bed_up() ? cmocka_run_group_tests(tests, NULL, bed_down) : 77)
bool bed_up(void);
int bed_down(void **state);
