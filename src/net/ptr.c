/* SPDX-License-Identifier: BSD-2-Clause */
/* The reverse tree of DNS: the name to ask for, the name in the answer (RFC 1035, RFC 3596). */
#include "net/ptr.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * c-ares has a parser for PTR answers, but it throws away what is not a proper host name; a scanner
 * shows what is there, escaped. So only its decompression of names is used, and this cursor with
 * its sticky error.
 */
struct cursor {
	const uint8_t *message;
	size_t len, at;
	bool failed;
};

const char *ptr_name(const struct addr *a, char out[PTR_NAME_MAX])
{
	size_t n = 0;

	for (size_t i = addr_len(a); i-- > 0;) {
		if (a->family == 4)
			n += (size_t)snprintf(out + n, PTR_NAME_MAX - n, "%u.", a->b[i]);
		else
			n += (size_t)snprintf(
				out + n, PTR_NAME_MAX - n, "%x.%x.", a->b[i] & 15, a->b[i] >> 4);
	}
	snprintf(out + n, PTR_NAME_MAX - n, "%s", a->family == 4 ? "in-addr.arpa" : "ip6.arpa");
	return out;
}

static void skip(struct cursor *c, size_t n)
{
	if (n > c->len - c->at)
		c->failed = true;
	else
		c->at += n;
}

static unsigned take_u16(struct cursor *c)
{
	size_t at = c->at;

	skip(c, 2);
	return c->failed ? 0 : (unsigned)c->message[at] << 8 | c->message[at + 1];
}

/* NULL when it is malformed. */
static char *take_name(struct cursor *c)
{
	char *name = NULL;
	long used;

	if (c->failed || c->at >= c->len ||
		ares_expand_name(c->message + c->at, c->message, (int)c->len, &name, &used) !=
			ARES_SUCCESS) {
		c->failed = true;
		return NULL;
	}
	skip(c, (size_t)used);
	return name;
}

static void skip_name(struct cursor *c)
{
	ares_free_string(take_name(c));
}

/*
 * A name has at most 255 bytes on the wire (RFC 1035, 3.1), so 253 in text, an escape counting as
 * one. c-ares lets a chain of pointers make longer ones.
 */
static bool is_too_long(const char *name)
{
	size_t n = 0;

	for (; *name; n++) {
		if (*name++ != '\\' || !*name)
			continue;
		name += strspn(name, "0123456789") >= 3 ? 3 : 1;
	}
	return n > 253;
}

/* Reads one record; returns its target when it is a PTR. */
static char *take_record(struct cursor *c)
{
	unsigned type, class, len;
	size_t data;
	char *name;

	skip_name(c);
	type = take_u16(c);
	class = take_u16(c);
	skip(c, 4); /* TTL */
	len = take_u16(c);
	data = c->at;
	skip(c, len);
	if (c->failed || type != ns_t_ptr || class != ns_c_in)
		return NULL;
	c->at = data;
	name = take_name(c);
	if (!name || !is_too_long(name))
		return name;
	ares_free_string(name);
	c->failed = true;
	return NULL;
}

char *ptr_find(const uint8_t *message, size_t len)
{
	struct cursor c = {.message = message, .len = len};
	unsigned questions, answers;
	char *name = NULL;

	skip(&c, 4); /* id, flags: c-ares has looked at them */
	questions = take_u16(&c);
	answers = take_u16(&c);
	skip(&c, 4);
	for (; questions && !c.failed; questions--) {
		skip_name(&c);
		skip(&c, 4);
	}
	for (; answers && !c.failed && !name; answers--)
		name = take_record(&c);
	return name;
}
