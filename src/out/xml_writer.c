/* SPDX-License-Identifier: BSD-2-Clause */
/* A fragment of XML in memory, written by libxml2's xmlTextWriter; foreign text is cleaned on the
 * way in. */
#include "out/xml_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

void xml_writer_init(struct xml_writer *w)
{
	w->failed = false;
	w->writer = NULL;
	w->memory = xmlBufferCreate();
	if (w->memory) {
		xmlBufferSetAllocationScheme(w->memory, XML_BUFFER_ALLOC_DOUBLEIT);
		w->writer = xmlNewTextWriterMemory(w->memory, 0);
	}
	if (!w->writer)
		w->failed = true;
}

int xml_writer_fini(struct xml_writer *w, struct buf *out)
{
	int rc;

	/* Freeing the writer would close what is open: the bytes are taken before. */
	if (!w->failed && xmlTextWriterFlush(w->writer) < 0)
		w->failed = true;
	if (!w->failed)
		buf_add(out, xmlBufferContent(w->memory), (size_t)xmlBufferLength(w->memory));
	rc = w->failed || out->failed ? -ENOMEM : 0;
	if (w->writer)
		xmlFreeTextWriter(w->writer);
	if (w->memory)
		xmlBufferFree(w->memory);
	return rc;
}

static void check(struct xml_writer *w, int rc)
{
	if (rc < 0)
		w->failed = true;
}

void xml_begin(struct xml_writer *w, const char *element)
{
	if (!w->failed)
		check(w, xmlTextWriterStartElement(w->writer, BAD_CAST element));
}

void xml_end(struct xml_writer *w)
{
	if (!w->failed)
		check(w, xmlTextWriterEndElement(w->writer));
}

void xml_attr(struct xml_writer *w, const char *name, const char *value)
{
	struct buf clean;

	if (w->failed || !value)
		return;
	buf_init(&clean);
	out_utf8(&clean, value, true);
	check(w, clean.failed ? -1
			      : xmlTextWriterWriteAttribute(
					w->writer, BAD_CAST name, BAD_CAST buf_text(&clean)));
	buf_free(&clean);
}

void xml_attr_fmt(struct xml_writer *w, const char *name, const char *fmt, ...)
{
	struct buf text;
	va_list ap;

	buf_init(&text);
	va_start(ap, fmt);
	buf_vfmt(&text, fmt, ap);
	va_end(ap);
	xml_attr(w, name, buf_text(&text));
	buf_free(&text);
}

void xml_attr_u64(struct xml_writer *w, const char *name, uint64_t value)
{
	xml_attr_fmt(w, name, "%" PRIu64, value);
}

void xml_raw(struct xml_writer *w, const char *markup)
{
	if (!w->failed)
		check(w, xmlTextWriterWriteRaw(w->writer, BAD_CAST markup));
}

void xml_escaped(struct xml_writer *w, const char *text)
{
	xmlChar *escaped;
	struct buf clean;

	buf_init(&clean);
	out_utf8(&clean, text, true);
	escaped = clean.failed ? NULL : xmlEncodeSpecialChars(NULL, BAD_CAST buf_text(&clean));
	if (escaped)
		xml_raw(w, (const char *)escaped);
	else
		w->failed = true;
	xmlFree(escaped);
	buf_free(&clean);
}

void xml_comment_text(struct xml_writer *w, const char *text)
{
	struct buf clean, out;
	char last = '\0';

	buf_init(&clean);
	buf_init(&out);
	out_utf8(&clean, text, true);
	for (const char *p = buf_text(&clean); *p; last = *p++) {
		if (*p == '-' && last == '-')
			buf_str(&out, "&#45;");
		else
			buf_char(&out, *p);
	}
	xml_raw(w, buf_text(&out));
	w->failed |= clean.failed || out.failed;
	buf_free(&clean);
	buf_free(&out);
}

void xml_time_c(struct xml_writer *w, const char *name, uint64_t wall_ns)
{
	struct buf t;

	buf_init(&t);
	out_time_c(&t, wall_ns);
	if (name)
		xml_attr(w, name, buf_text(&t));
	else
		xml_raw(w, buf_text(&t));
	buf_free(&t);
}
