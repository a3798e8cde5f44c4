/* SPDX-License-Identifier: BSD-2-Clause */
/* A scope file. */
#include "target/scope.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "target/spec.h"

#define FILE_MAX                                                                                   \
	(1u << 20) /* bytes; longer lists of networks are no scope that anybody has read           \
		    */
#define BLANKS " \t\r"

struct reading {
	struct scope *s;
	unsigned line;
	bool in_section, seen;
	struct err *e;
};

static int refuse(const struct reading *r, const char *what, const char *why)
{
	return err_set(r->e, ERR_USAGE, "%s:%u: \"%.60s\" %s", r->s->where, r->line, what, why);
}

static void trim(char *text)
{
	size_t len = strlen(text);

	while (len && strchr(BLANKS, text[len - 1]))
		text[--len] = '\0';
}

/* ---- settings -------------------------------------------------------------------------------- */

static int take_networks(struct reading *r, char *value)
{
	struct spec_rules rules = {0}; /* both families, no names */
	char *network;

	while ((network = strsep(&value, ","))) {
		struct err why = {0};

		network += strspn(network, BLANKS);
		trim(network);
		if (!*network || spec_exclusion(&r->s->networks, network, &rules, &why) < 0)
			return refuse(r, network, "is no address, network or range");
		if (r->s->networks.n_octets)
			return refuse(r, network, "is too many ranges at once; write networks");
	}
	return 0;
}

static int take_until(struct reading *r, char *value)
{
	struct tm tm = {0};
	const char *end = strptime(value, "%Y-%m-%d", &tm);
	bool day = end && !*end;
	struct tm written;
	time_t at;

	if (end && *end)
		end = strptime(end, " %H:%M", &tm);
	written = tm;
	at = timegm(&tm); /* makes 2 March of 30 February */
	if (!end || *end || tm.tm_mday != written.tm_mday)
		return refuse(r, value, "is no date; write 2026-12-31 or 2026-12-31 18:00 (UTC)");
	at += day ? 24 * 60 * 60 : 0;
	if (at < 0 || (uint64_t)at > UINT64_MAX / NS_PER_S)
		return refuse(r, value, "is no date that a permission could have");
	r->s->until_wall_ns = (uint64_t)at * NS_PER_S;
	return 0;
}

static int take_contact(struct reading *r, char *value)
{
	if (strlen(value) >= SCOPE_CONTACT_MAX)
		return refuse(r, value, "is too long; 127 characters are possible");
	memcpy(r->s->contact, value, strlen(value) + 1);
	return 0;
}

static int take_rate(struct reading *r, char *value)
{
	if (str_double(value, &r->s->max_rate) || r->s->max_rate <= 0)
		return refuse(r, value, "is no number of packets a second");
	return 0;
}

static int take_ports(struct reading *r, char *value)
{
	r->s->has_ports = true;
	/* numbers only: names would need a services table */
	if (value[strspn(value, "0123456789,-")] ||
		port_list_parse(&r->s->ports, value, PORTS_TCP, NULL, NULL) < 0)
		return refuse(r, value, "is no list of ports, as in 80,443,8000-8100");
	return 0;
}

/* clang-format off */
static const struct {
	const char *key;
	size_t line; /* offset of the member */
	bool several;
	int (*take)(struct reading *r, char *value);
} settings[] = {
	{"networks", offsetof(struct scope, line_networks), true, take_networks},
	{"until", offsetof(struct scope, line_until), false, take_until},
	{"contact", offsetof(struct scope, line_contact), false, take_contact},
	{"max-rate", offsetof(struct scope, line_rate), false, take_rate},
	{"ports", offsetof(struct scope, line_ports), false, take_ports},
};
/* clang-format on */
#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

static int take_setting(struct reading *r, const char *key, char *value)
{
	for (size_t i = 0; i < N_SETTINGS; i++) {
		unsigned *line = (void *)((char *)r->s + settings[i].line);

		if (strcmp(settings[i].key, key) != 0)
			continue;
		if (*line && !settings[i].several)
			return refuse(r, key, "was given before");
		*line = *line ? *line : r->line;
		return *value ? settings[i].take(r, value) : refuse(r, key, "has no value");
	}
	return refuse(r, key, "is unknown; there are networks, until, contact, max-rate and ports");
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* A comment begins the line or stands behind a blank. */
static void cut_comment(char *line)
{
	for (char *c = line; *c; c++) {
		if ((*c == '#' || *c == ';') && (c == line || strchr(BLANKS, c[-1]))) {
			*c = '\0';
			return;
		}
	}
}

static int take_line(struct reading *r, char *line)
{
	char *equals;

	line += strspn(line, BLANKS);
	cut_comment(line);
	trim(line);
	if (!*line)
		return 0;
	if (*line == '[') {
		if (strcmp(line, "[scope]") != 0 || r->seen)
			return refuse(r, line, "is out of place; there is one section, [scope]");
		r->in_section = r->seen = true;
		return 0;
	}
	equals = strchr(line, '=');
	if (!equals || !r->in_section)
		return refuse(r, line,
			r->in_section ? "is not \"key = value\"" : "stands before [scope]");
	*equals = '\0';
	trim(line);
	return take_setting(r, line, equals + 1 + strspn(equals + 1, BLANKS));
}

static int check_whole(const struct scope *s, struct err *e)
{
	const char *lack = !s->line_networks  ? "networks"
			   : !s->line_until   ? "until"
			   : !s->line_contact ? "contact"
					      : NULL;

	if (!lack)
		return 0;
	return err_set(e, ERR_USAGE, "%s: \"%s\" is missing in [scope]", s->where, lack);
}

int scope_parse(struct scope *s, const char *where, const char *text, size_t len, struct err *e)
{
	struct reading r = {.s = s, .e = e};
	char *copy = malloc(len + 1), *rest = copy;
	int rc = 0;

	*s = (struct scope){.where = strdup(where)};
	if (!copy || !s->where) {
		free(copy);
		return err_set(e, -ENOMEM, "out of memory");
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strlen(copy) < len) /* what follows would be left unread */
		rc = err_set(e, ERR_USAGE, "%s is no text: it has a NUL byte", where);
	while (rc == 0 && rest) {
		r.line++;
		rc = take_line(&r, strsep(&rest, "\n"));
	}
	free(copy);
	addr_set_seal(&s->networks);
	return rc < 0 ? rc : check_whole(s, e);
}

int scope_read(struct scope *s, const char *path, struct err *e)
{
	FILE *f = fopen(path, "re");
	struct buf text = {0};
	int rc;

	*s = (struct scope){0};
	rc = f ? buf_read(&text, f, FILE_MAX) : -errno;
	if (rc < 0)
		rc = err_set(e, ERR_USAGE, "cannot read the scope \"%s\": %s", path, strerror(-rc));
	else
		rc = scope_parse(s, path, buf_text(&text), text.len, e);
	buf_free(&text);
	if (f)
		fclose(f);
	return rc;
}

void scope_free(struct scope *s)
{
	free(s->where);
	addr_set_free(&s->networks);
	port_list_free(&s->ports);
	*s = (struct scope){0};
}

/* ---- the check ------------------------------------------------------------------------------- */

static bool holds_port(const struct port_list *l, uint16_t port)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (l->ports[i] == port)
			return true;
	}
	return false;
}

static int check_ports(const struct scope *s, const struct scope_use *u, struct err *e)
{
	for (uint32_t i = 0; s->has_ports && u->ports && i < u->ports->n; i++) {
		if (!holds_port(&s->ports, u->ports->ports[i]))
			return err_set(e, ERR_USAGE,
				"%s:%u: \"ports\" does not hold port %u; leave it out or widen the scope",
				s->where, s->line_ports, u->ports->ports[i]);
	}
	return 0;
}

int scope_check(const struct scope *s, const struct scope_use *u, struct err *e)
{
	char text[ADDR_TEXT_MAX];
	struct addr outside;

	if (u->now_wall_ns >= s->until_wall_ns)
		return err_set(e, ERR_USAGE,
			"%s:%u: the permission has expired; ask %.60s for a new one", s->where,
			s->line_until, s->contact);
	if (space_first_outside(u->space, &s->networks, u->spared, &outside))
		return err_set(e, ERR_USAGE,
			"%s:%u: \"networks\" does not hold %s; leave it out or widen the scope",
			s->where, s->line_networks, addr_text(&outside, text));
	if (s->max_rate > 0 && u->rate_pps > s->max_rate)
		return err_set(e, ERR_USAGE,
			"%s:%u: \"max-rate\" is %g packets a second, and %g are asked for; use --rate",
			s->where, s->line_rate, s->max_rate, u->rate_pps);
	return check_ports(s, u, e);
}
