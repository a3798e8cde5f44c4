/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration files through libinih, which is told the lines by us so that we know their numbers.
 */
#include "cmd/conf.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

#define FILE_MAX (1u << 20) /* bytes; a longer file is no configuration */

struct reading {
	const struct opt_table *t;
	const char *name;
	const char *at, *end;
	int line;     /* the one in inih's hands */
	int too_long; /* first line that does not fit inih's buffer, 0 = none */
	int failed;   /* first line that the option table refused */
	int *lines;   /* for each row the line that said it, negative when it said no; 0 = none */
	struct opt_uses *out;
	struct err *e;
};

/* inih's fgets. Leading blanks are left out: inih would take such a line as the previous value's
 * continuation. */
static char *next_line(char *line, int size, void *ctx)
{
	struct reading *r = ctx;
	const char *start, *stop;
	size_t len;

	if (r->at >= r->end)
		return NULL;
	r->line++;
	stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
	stop = stop ? stop : r->end;
	for (start = r->at; start < stop && (*start == ' ' || *start == '\t');)
		start++;
	len = (size_t)(stop - start);
	if (len + 2 > (size_t)size) {
		r->too_long = r->too_long ? r->too_long : r->line;
		len = 0;
	}
	memcpy(line, start, len);
	memcpy(line + len, "\n", 2);
	r->at = stop < r->end ? stop + 1 : r->end;
	return line;
}

static int refuse(struct reading *r, const char *text)
{
	return err_set(r->e, ERR_USAGE, "%s:%d: %s", r->name, r->line, text);
}

/* The row of a key that opt_key has taken. */
static size_t row_of(const struct opt_table *t, const char *key)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		for (size_t k = 0; k < OPT_NAMES_MAX && t->rows[i].names[k]; k++) {
			const char *name = t->rows[i].names[k];

			if (strcmp(name + strspn(name, "-"), key) == 0)
				return i;
		}
	}
	return 0;
}

/* Within one file there is no order that a reader could rely on: repetitions and contradictions are
 * mistakes. */
static int check_again(struct reading *r, const char *key, bool active)
{
	size_t at = row_of(r->t, key);
	const struct opt_row *row = &r->t->rows[at];

	if (r->lines[at])
		return err_set(r->e, ERR_USAGE,
			"%s:%d: %s was given before, in line %d; leave out one", r->name,
			r->line, key, abs(r->lines[at]));
	for (size_t i = 0; active && row->excl && i < r->t->n_rows; i++) {
		if (r->lines[i] > 0 && r->t->rows[i].excl == row->excl)
			return err_set(r->e, ERR_USAGE,
				"%s:%d: %s and %s (line %d) exclude each other; choose one",
				r->name, r->line, key, r->t->rows[i].names[0], r->lines[i]);
	}
	r->lines[at] = active ? r->line : -r->line;
	return 0;
}

/* inih's handler: 1 = fine, 0 = error in this line. */
static int take_setting(void *ctx, const char *section, const char *key, const char *value)
{
	struct reading *r = ctx;
	struct buf where = {0};
	size_t before = r->out->n;
	int rc;

	if (r->failed)
		return 0;
	buf_fmt(&where, "%s:%d", r->name, r->line);
	if (*section && strcmp(section, "scan") != 0)
		rc = refuse(r, "the only section is [scan]");
	else
		rc = opt_key(r->t, key, value, buf_text(&where), r->out, r->e);
	buf_free(&where);
	if (rc == 0)
		rc = check_again(r, key, r->out->n > before);
	if (rc < 0)
		r->failed = r->line;
	return rc == 0;
}

static int parse(struct reading *r)
{
	int bad = ini_parse_stream(next_line, r, take_setting, r);

	if (r->too_long && (bad <= 0 || r->too_long < bad)) {
		r->line = r->too_long;
		return refuse(r, "the line is too long; use a file option such as excludefile");
	}
	if (bad > 0 && bad != r->failed) {
		r->line = bad;
		return refuse(r, "not \"key = value\", a [section] or a # comment");
	}
	if (bad < 0)
		return err_set(r->e, -ENOMEM, "%s: out of memory", r->name);
	return bad > 0 ? ERR_USAGE : 0;
}

int conf_parse(const struct opt_table *t, const char *name, const char *text, size_t len,
	struct opt_uses *out, struct err *e)
{
	struct reading r = {
		.t = t, .name = name, .at = text, .end = text + len, .out = out, .e = e};
	int rc;

	if (memchr(text, '\0', len))
		return err_set(e, ERR_USAGE, "%s: not a text file", name);
	r.lines = calloc(t->n_rows, sizeof(*r.lines));
	rc = r.lines ? parse(&r) : err_set(e, -ENOMEM, "%s: out of memory", name);
	free(r.lines);
	return rc;
}

int conf_read(const struct opt_table *t, const char *path, struct opt_uses *out, struct err *e)
{
	FILE *f = fopen(path, "re");
	struct buf text = {0};
	int rc;

	if (!f && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	rc = f ? buf_read(&text, f, FILE_MAX) : -errno;
	if (rc < 0)
		rc = err_set(e, ERR_USAGE, "%s: cannot read the configuration: %s", path,
			strerror(-rc));
	else
		rc = conf_parse(t, path, buf_text(&text), text.len, out, e);
	if (f)
		fclose(f);
	buf_free(&text);
	return rc < 0 ? rc : 1;
}

/* A home that this user may not enter is somebody else's: setpriv and friends leave $HOME as it was. */
static bool foreign(const char *home)
{
	return access(home, X_OK) != 0 && errno == EACCES;
}

const char *conf_user_path(char path[CONF_PATH_MAX])
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n = 0;

	/* XDG Base Directory Specification: a relative path there is to be ignored */
	if (xdg && xdg[0] == '/')
		n = snprintf(path, CONF_PATH_MAX, "%s/sonde/sonde.conf", xdg);
	else if (home && home[0] == '/' && !foreign(home))
		n = snprintf(path, CONF_PATH_MAX, "%s/.config/sonde/sonde.conf", home);
	if (n <= 0 || n >= CONF_PATH_MAX)
		path[0] = '\0';
	return path;
}
