/* SPDX-License-Identifier: BSD-2-Clause */
/* A services table read from a file in nmap-services' format. */
#include "target/service_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define FILE_CLASSES 3 /* tcp, udp, sctp */
#define KNOWN_WORDS  2048

/* One line that counted. */
struct entry {
	uint8_t class;
	uint16_t port;
	uint32_t text;
	size_t line;
	double ratio;
};

struct reader {
	const char *path;
	size_t line;
	struct entry *v; /* owned */
	size_t n, cap;
	struct buf pool;
	bool has_ratios;
	struct err *e;
};

static int bad(struct reader *r, const char *what, const char *text)
{
	return err_set(r->e, ERR_USAGE,
		"%s:%zu: %s \"%.60s\" (wanted: name, port/protocol, frequency)", r->path, r->line,
		what, text);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* "80/tcp"; -1: a protocol that is not scanned here. */
static int parse_port(struct reader *r, char *text, uint16_t *port)
{
	static const char *const names[FILE_CLASSES] = { "tcp", "udp", "sctp" };
	char *protocol = strchr(text, '/');
	uint64_t number;

	if (!protocol)
		return bad(r, "no port and protocol:", text);
	*protocol++ = '\0';
	if (str_u64(text, 0, 65535, &number) < 0)
		return bad(r, "not a port:", text);
	*port = (uint16_t)number;
	for (int c = 0; c < FILE_CLASSES; c++) {
		if (strcmp(protocol, names[c]) == 0)
			return c;
	}
	return -1;
}

static int parse_ratio(struct reader *r, char *text, double *out)
{
	char *over = text ? strchr(text, '/') : NULL;
	double parts = 1;
	int rc = 0;

	*out = 0;
	if (!text)
		return 0;
	if (over) {
		*over++ = '\0';
		rc = str_double(over, &parts);
	}
	if (rc < 0 || str_double(text, out) < 0 || !(parts > 0) || !(*out >= 0) ||
		!(*out / parts < 1))
		return bad(r, "not a frequency of 0 or more and below 1:", text);
	*out /= parts;
	r->has_ratios = r->has_ratios || *out > 0;
	return 0;
}

static int keep(struct reader *r, const struct entry *entry)
{
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 1024;
		struct entry *v = reallocarray(r->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		r->v = v;
		r->cap = cap;
	}
	r->v[r->n++] = *entry;
	return 0;
}

static int take_line(struct reader *r, char *line)
{
	static const char blanks[] = " \t\r\n";
	struct entry entry = { .text = (uint32_t)r->pool.len, .line = r->line };
	char *name, *port, *rest = line;
	int class, rc;

	line[strcspn(line, "#")] = '\0';
	name = strtok_r(line, blanks, &rest);
	if (!name)
		return 0;
	port = strtok_r(NULL, blanks, &rest);
	if (!port)
		return bad(r, "nothing behind the name", name);
	class = parse_port(r, port, &entry.port);
	if (class < 0)
		return class == -1 ? 0 : class;
	entry.class = (uint8_t) class;
	rc = parse_ratio(r, strtok_r(NULL, blanks, &rest), &entry.ratio);
	if (rc < 0)
		return rc;
	buf_add(&r->pool, name, strlen(name) + 1);
	return keep(r, &entry);
}

static int read_lines(struct reader *r, FILE *f)
{
	char *line = NULL;
	size_t cap = 0;
	int rc = 0;

	while (rc == 0 && getline(&line, &cap, f) >= 0) {
		r->line++;
		rc = take_line(r, line);
	}
	if (rc == 0 && ferror(f))
		rc = err_set(r->e, ERR_USAGE, "cannot read services file \"%s\": %s", r->path,
			strerror(errno));
	if (rc == 0 && r->pool.failed)
		rc = -ENOMEM;
	free(line);
	return rc;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static int by_port(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

/* Most frequent first; what is equally frequent in the order of the file. */
static int by_ratio(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	if (a->ratio != b->ratio)
		return a->ratio > b->ratio ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

/* The first line of a port counts. */
static void drop_doubles(struct reader *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (n == 0 || r->v[n - 1].class != r->v[i].class ||
			r->v[n - 1].port != r->v[i].port)
			r->v[n++] = r->v[i];
	}
	r->n = n;
}

static int allocate(struct service_file *f, unsigned class, size_t n)
{
	f->names[class] = calloc(n + 1, sizeof(*f->names[class]));
	f->ranked[class] = calloc(n + 1, sizeof(*f->ranked[class]));
	f->ratios[class] = calloc(n + 1, sizeof(*f->ratios[class]));
	f->known[class] = calloc(KNOWN_WORDS, sizeof(*f->known[class]));
	return f->names[class] && f->ranked[class] && f->ratios[class] && f->known[class] ? 0
											  : -ENOMEM;
}

static void fill_names(struct service_file *f, const struct entry *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned c = v[i].class;

		f->names[c][f->table.of[c].n_names++] =
			(struct service_name){ v[i].port, v[i].text };
		f->known[c][v[i].port / 32] |= 1u << v[i].port % 32;
	}
}

static void fill_ranks(struct service_file *f, const struct entry *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned c = v[i].class;
		uint32_t at = f->table.of[c].n_ranked++;

		f->ranked[c][at] = v[i].port;
		f->ratios[c][at] = v[i].ratio;
	}
}

static int fill_table(struct service_file *f, struct reader *r)
{
	int rc = 0;

	qsort(r->v, r->n, sizeof(*r->v), by_port);
	drop_doubles(r);
	for (unsigned c = 0; c < FILE_CLASSES && rc == 0; c++)
		rc = allocate(f, c, r->n);
	if (rc < 0)
		return rc;
	fill_names(f, r->v, r->n);
	qsort(r->v, r->n, sizeof(*r->v), by_ratio);
	fill_ranks(f, r->v, r->n);
	for (unsigned c = 0; c < FILE_CLASSES; c++) {
		f->table.of[c].names = f->names[c];
		f->table.of[c].ranked = f->ranked[c];
		f->table.of[c].ratios = f->ratios[c];
		f->table.of[c].known = f->known[c];
	}
	f->pool = buf_take(&r->pool);
	f->table.pool = f->pool;
	f->table.has_ratios = r->has_ratios;
	return 0;
}

int service_file_read(struct service_file *out, const char *path, struct err *e)
{
	struct reader r = { .path = path, .e = e };
	FILE *f = fopen(path, "re");
	int rc;

	if (!f)
		return err_set(e, ERR_USAGE, "cannot read services file \"%s\": %s", path,
			strerror(errno));
	buf_init(&r.pool);
	rc = read_lines(&r, f);
	if (rc == 0 && r.n == 0)
		rc = err_set(e, ERR_USAGE, "services file \"%s\" names no port", path);
	if (rc == 0)
		rc = fill_table(out, &r);
	if (rc == -ENOMEM)
		err_set(e, rc, "no memory for services file \"%s\"", path);
	fclose(f);
	buf_free(&r.pool);
	free(r.v);
	return rc;
}

void service_file_fini(struct service_file *f)
{
	for (unsigned c = 0; c < PORT_CLASSES; c++) {
		free(f->names[c]);
		free(f->ranked[c]);
		free(f->ratios[c]);
		free(f->known[c]);
	}
	free(f->pool);
}
