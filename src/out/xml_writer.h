/* SPDX-License-Identifier: BSD-2-Clause */
/* A fragment of XML in memory, written by libxml2's xmlTextWriter; foreign text is cleaned on the
 * way in. */
#pragma once

#include <libxml/xmlwriter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "out/out_text.h"

struct xml_writer {
	xmlTextWriterPtr writer; /* NULL when memory ran out */
	xmlBufferPtr memory;
	bool failed; /* sticky */
};

/* An empty fragment; must be followed by xml_writer_fini, also when memory runs out. */
void xml_writer_init(struct xml_writer *w);
/* Appends the fragment to `out` (elements still open are left so) and frees the writer. 0 or
 * -ENOMEM. */
int xml_writer_fini(struct xml_writer *w, struct buf *out) MUST_CHECK;

/* Opens an element; its attributes come next. */
void xml_begin(struct xml_writer *w, const char *element);
/* Closes the element opened last. */
void xml_end(struct xml_writer *w);
/* An attribute of the element just begun; `value` is foreign text, NULL writes nothing. */
void xml_attr(struct xml_writer *w, const char *name, const char *value);
void xml_attr_u64(struct xml_writer *w, const char *name, uint64_t value);
void xml_attr_fmt(struct xml_writer *w, const char *name, const char *fmt, ...) PRINTF(3, 4);
/* Our own markup, not escaped. */
void xml_raw(struct xml_writer *w, const char *markup);
/* Foreign text with the five predefined entities, where no element is open (the stylesheet
 * instruction). */
void xml_escaped(struct xml_writer *w, const char *text);
/* Foreign text inside a comment: "--" may not stand there (XML 1.0, 2.5) and becomes "-&#45;", as
 * nmap writes it. */
void xml_comment_text(struct xml_writer *w, const char *text);
/* The time as ctime writes it, as attribute `name`, or raw when that is NULL. */
void xml_time_c(struct xml_writer *w, const char *name, uint64_t wall_ns);
