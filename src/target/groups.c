/* SPDX-License-Identifier: BSD-2-Clause */
/* Named groups of networks from a table of text. */
#include "target/groups.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/str.h"

#define FILE_MAX (8u << 20) /* bytes; AWS's whole list is 2 MB of JSON */
#define BLANKS	 " \t\r"

struct reading {
	struct net_groups *out;
	const char *where;
	unsigned line;
	struct err *e;
};

static int refuse(const struct reading *r, const char *what, const char *why)
{
	return err_set(r->e, ERR_USAGE, "%s:%u: \"%.60s\" %s", r->where, r->line, what, why);
}

static struct net_group *find(const struct net_groups *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++) {
		if (strcasecmp(g->v[i].name, name) == 0)
			return &g->v[i];
	}
	return NULL;
}

const struct net_group *groups_find(const struct net_groups *g, const char *name)
{
	return find(g, name);
}

/* The group of that name, made when it is new; NULL: refused. */
static struct net_group *group_of(const struct reading *r, const char *name)
{
	struct net_group *g = find(r->out, name);
	struct net_group *more;

	if (g)
		return g;
	if (strlen(name) >= GROUP_NAME_MAX ||
		name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")]) {
		refuse(r, name,
			"is no name of a group: small letters, digits and dashes, 31 at most");
		return NULL;
	}
	if (r->out->n == GROUPS_MAX) {
		refuse(r, name, "is one group too many; there can be 60");
		return NULL;
	}
	more = reallocarray(r->out->v, r->out->n + 1, sizeof(*more));
	if (!more) {
		err_set(r->e, -ENOMEM, "%s: out of memory", r->where);
		return NULL;
	}
	r->out->v = more;
	g = &more[r->out->n++];
	*g = (struct net_group){0};
	memcpy(g->name, name, strlen(name) + 1);
	return g;
}

static int take_network(const struct reading *r, struct net_group *g, char *network)
{
	char *slash = strchr(network, '/');
	uint64_t bits = 0, width;
	struct block b, own;
	struct addr a;

	if (slash)
		*slash = '\0';
	if (addr_parse(network, &a) || a.zone)
		return refuse(r, network,
			"is no address; write group and network, as in: example 192.0.2.0/24");
	width = a.family == 4 ? 32 : 128;
	if (!slash)
		bits = width;
	else if (str_u64(slash + 1, 0, width, &bits))
		return refuse(r, slash + 1, "is no prefix length of this address");
	block_from_prefix(&b, &a, (unsigned)bits);
	block_from_prefix(&own, &a, (unsigned)width);
	if (b.first != own.first)
		return refuse(r, network, "has bits behind its prefix length");
	if (addr_set_take(&g->set, &b) < 0)
		return err_set(r->e, -ENOMEM, "%s: out of memory", r->where);
	return 0;
}

static int take_line(const struct reading *r, char *line)
{
	char *rest = line, *name, *value, *more;
	struct net_group *g;

	line[strcspn(line, "#")] = '\0';
	rest += strspn(rest, BLANKS);
	if (!*rest)
		return 0;
	name = strtok_r(rest, BLANKS, &rest);
	value = strtok_r(NULL, BLANKS, &rest);
	more = value ? strtok_r(NULL, BLANKS, &rest) : NULL;
	if (!value || more)
		return refuse(r, more ? more : name,
			"is out of place; write group and network, as in: example 192.0.2.0/24");
	if (strcmp(name, "date") == 0) {
		if (strlen(value) >= sizeof(r->out->date))
			return refuse(r, value, "is no date");
		memcpy(r->out->date, value, strlen(value) + 1);
		return 0;
	}
	g = group_of(r, name);
	return g ? take_network(r, g, value) : r->e ? r->e->code : ERR_USAGE;
}

int groups_parse(
	struct net_groups *out, const char *where, const char *text, size_t len, struct err *e)
{
	struct reading r = {.out = out, .where = where, .e = e};
	const char *end = text + len;
	int rc = 0;

	*out = (struct net_groups){0};
	while (text < end && rc == 0) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		char line[256];
		size_t n;

		stop = stop ? stop : end;
		n = (size_t)(stop - text);
		r.line++;
		snprintf(line, sizeof(line), "%.*s", n < sizeof(line) ? (int)n : 255, text);
		if (n >= sizeof(line) && !strchr(line, '#'))
			rc = refuse(&r, line, "is the beginning of a line that is too long");
		else
			rc = take_line(&r, line);
		text = stop + 1;
	}
	for (size_t i = 0; i < out->n; i++)
		addr_set_seal(&out->v[i].set);
	if (rc < 0)
		groups_free(out);
	return rc;
}

int groups_read(struct net_groups *out, const char *path, struct err *e)
{
	FILE *f = fopen(path, "re");
	struct buf text = {0};
	int rc;

	*out = (struct net_groups){0};
	rc = f ? buf_read(&text, f, FILE_MAX) : -errno;
	if (rc < 0)
		rc = err_set(e, ERR_USAGE, "cannot read \"%s\": %s", path, strerror(-rc));
	else
		rc = groups_parse(out, path, buf_text(&text), text.len, e);
	buf_free(&text);
	if (f)
		fclose(f);
	return rc;
}

void groups_free(struct net_groups *g)
{
	for (size_t i = 0; i < g->n; i++)
		addr_set_free(&g->v[i].set);
	free(g->v);
	*g = (struct net_groups){0};
}
