/* SPDX-License-Identifier: BSD-2-Clause */
/* Records as JSON objects, field by field from the table in model/field.c. */
#pragma once

#include "base/buf.h"
#include "model/rec.h"
#include "out/out.h"

/*
 * Appends the object of one record ("run", "note", "progress", "end", ...): {"field":value,...}.
 * Unknown values are left out. With `type` the object begins with "type":"<record>". 0 or -ENOMEM.
 */
int json_record(struct buf *b, const char *record, const void *rec, bool type) MUST_CHECK;
/* The same with the object "sweep" in it, unless c is NULL. */
int json_swept(struct buf *b, const char *record, const void *rec, const struct rec_coverage *c,
	bool type) MUST_CHECK;
/* Appends the run with its list "scaninfo"; with `open` the closing brace is left to the caller. */
int json_run(struct buf *b, const struct rec_run *run, bool type, bool open) MUST_CHECK;
/* Appends a host with its list "ports", all ports that out_shows_port shows. */
int json_host(
	struct buf *b, const struct rec_host *h, const struct out_conf *conf, bool type) MUST_CHECK;
