/* SPDX-License-Identifier: BSD-2-Clause */
/* Options: finding the row that a word of the command line or a key of a file means. */
#include "base/opt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/str.h"

#define SUGGEST_LEN_MAX 32 /* longer words are no slip of a known name */

/* A walk over argv. */
struct parse {
	const struct opt_table *t;
	int argc, at; /* at: the word in hand */
	const char *const *argv;
	struct opt_uses *out;
	struct err *e;
};

/* A row under one of its names. */
struct match {
	const struct opt_row *row;
	const char *as;
};

/* ---- what was found ----------------------------------------------------------------------- */

/* Room for one more element of `size` bytes in an array that grows by powers of two. */
static int grow(void *array, size_t n, size_t size)
{
	void **at = array;
	void *more;

	if (n && (n & (n - 1)))
		return 0;
	more = reallocarray(*at, n ? n * 2 : 1, size);
	if (!more)
		return -ENOMEM;
	*at = more;
	return 0;
}

static int add_use(struct opt_uses *u, struct match m, const char *value, struct err *e)
{
	if (m.row->absent)
		return err_set(e, ERR_UNSUPPORTED,
			"%s (%s) is not in this version of Sonde; leave it out", m.as,
			m.row->absent);
	if (grow(&u->v, u->n, sizeof(*u->v)) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	u->v[u->n++] = (struct opt_use){.row = m.row, .as = m.as, .value = value};
	return 0;
}

static int add_word(struct opt_uses *u, const char *word, struct err *e)
{
	if (grow(&u->words, u->n_words, sizeof(*u->words)) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	u->words[u->n_words++] = word;
	return 0;
}

static char *own(struct opt_uses *u, const char *text)
{
	if (grow(&u->owned, u->n_owned, sizeof(*u->owned)) < 0)
		return NULL;
	u->owned[u->n_owned] = strdup(text);
	return u->owned[u->n_owned] ? u->owned[u->n_owned++] : NULL;
}

void opt_uses_free(struct opt_uses *u)
{
	for (size_t i = 0; i < u->n_owned; i++)
		free(u->owned[i]);
	free(u->owned);
	free(u->words);
	free(u->v);
	memset(u, 0, sizeof(*u));
}

/* ---- names -------------------------------------------------------------------------------- */

static const char *bare(const char *name)
{
	return name + strspn(name, "-");
}

/* The rows' names in order; *i counts through them. */
static bool next_name(const struct opt_table *t, size_t *i, struct match *m)
{
	while (*i < t->n_rows * OPT_NAMES_MAX) {
		m->row = &t->rows[*i / OPT_NAMES_MAX];
		m->as = m->row->names[*i % OPT_NAMES_MAX];
		(*i)++;
		if (m->as)
			return true;
	}
	return false;
}

const struct opt_row *opt_find(const struct opt_table *t, const char *name)
{
	struct match m;

	for (size_t i = 0; next_name(t, &i, &m);) {
		if (strcmp(m.as, name) == 0)
			return m.row;
	}
	return NULL;
}

/* "--a, --b or --c": the names that begin with the given text. */
static int ambiguous(const struct parse *p, const char *text, size_t len)
{
	struct buf b = {0};
	struct match m;
	int rc;

	for (size_t i = 0; next_name(p->t, &i, &m);) {
		if (strncmp(bare(m.as), text, len) == 0)
			buf_fmt(&b, "%s%s", b.len ? " " : "", m.as);
	}
	rc = err_set(p->e, ERR_USAGE, "%.*s could be any of %s; write more of it",
		(int)(text + len - p->argv[p->at]), p->argv[p->at], buf_text(&b));
	buf_free(&b);
	return rc;
}

/* The row whose name is, or alone begins with, text[0..len): 1, 0 if none, or an error if several
 * do. */
static int find_long(const struct parse *p, const char *text, size_t len, struct match *out)
{
	struct match m, prefix = {0};
	bool several = false;

	for (size_t i = 0; next_name(p->t, &i, &m);) {
		const char *name = bare(m.as);

		if (strncmp(name, text, len) != 0 || strlen(name) < 2)
			continue;
		if (!name[len]) {
			*out = m;
			return 1;
		}
		several |= prefix.row && prefix.row != m.row;
		prefix = prefix.row ? prefix : m;
	}
	if (several)
		return ambiguous(p, text, len);
	*out = prefix;
	return prefix.row != NULL;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance: insertions, deletions and substitutions; only two rows of the matrix are
 * kept. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[2][SUGGEST_LEN_MAX + 1], n = strlen(b), i;

	if (n > SUGGEST_LEN_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		rows[0][j] = j;
	for (i = 1; a[i - 1]; i++) {
		size_t *up = rows[(i - 1) & 1], *row = rows[i & 1];

		row[0] = i;
		for (size_t j = 1; j <= n; j++)
			row[j] =
				min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
	}
	return rows[(i - 1) & 1][n];
}

/* The nearest name that is built, or NULL. */
static const char *suggest(const struct opt_table *t, const char *text)
{
	size_t best = strlen(text) > 5 ? 4 : 2; /* at most 3 slips, 1 in a short word */
	const char *name = NULL;
	struct match m;

	for (size_t i = 0; next_name(t, &i, &m);) {
		size_t d = strlen(bare(m.as)) > 2 && !m.row->absent ? distance(text, bare(m.as))
								    : best;

		if (d < best) {
			best = d;
			name = m.as;
		}
	}
	return name;
}

static int unknown(struct err *e, const struct opt_table *t, const char *word)
{
	const char *text = bare(word);
	size_t len = strcspn(text, "=");
	char key[SUGGEST_LEN_MAX + 1];
	struct buf shown = {0};
	const char *near;
	int rc;

	snprintf(key, sizeof(key), "%.*s", (int)(len < SUGGEST_LEN_MAX ? len : SUGGEST_LEN_MAX),
		text);
	near = suggest(t, key);
	str_term(&shown, word, strnlen(word, 80));
	if (near)
		rc = err_set(e, ERR_USAGE, "%s: there is no such option; did you mean %s?",
			buf_text(&shown), near);
	else
		rc = err_set(e, ERR_USAGE, "%s: there is no such option; see %s --help",
			buf_text(&shown), t->command ? t->command : "sonde");
	buf_free(&shown);
	return rc;
}

/* ---- the command line ----------------------------------------------------------------------- */

/* The value of a row that needs one: what is glued to it, or the next word. */
static int take_value(struct parse *p, struct match m, const char *glued)
{
	if (m.row->absent || glued)
		return add_use(p->out, m, glued, p->e);
	if (p->at + 1 >= p->argc)
		return err_set(p->e, ERR_USAGE, "%s needs a value: %s %s", m.as, m.as, m.row->meta);
	return add_use(p->out, m, p->argv[++p->at], p->e);
}

static int parse_long(struct parse *p, struct match m, const char *value)
{
	if (m.row->arg == OPT_ARG)
		return take_value(p, m, value);
	if (m.row->arg == OPT_NO_ARG && value && !m.row->absent)
		return err_set(p->e, ERR_USAGE, "%s takes no value; write it without \"=\"", m.as);
	return add_use(p->out, m, value, p->e);
}

/* The longest one-dash name with a value that `text` begins with: "p80", "PS22". */
static bool find_glued(const struct opt_table *t, const char *text, struct match *out)
{
	struct match m;
	size_t best = 0;

	for (size_t i = 0; next_name(t, &i, &m);) {
		size_t len = strlen(m.as) - 1;

		if (m.as[1] == '-' || m.row->arg == OPT_NO_ARG || len <= best ||
			strncmp(m.as + 1, text, len) != 0)
			continue;
		best = len;
		*out = m;
	}
	return best > 0;
}

/* The one-dash name text[0..len) of a row, or NULL. */
static bool find_short(const struct opt_table *t, const char *text, size_t len, struct match *m)
{
	for (size_t i = 0; next_name(t, &i, m);) {
		if (m->as[1] != '-' && strlen(m->as) == len + 1 &&
			strncmp(m->as + 1, text, len) == 0)
			return true;
	}
	return false;
}

static bool has_clusters(const struct opt_table *t, char first)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		if ((t->rows[i].flags & OPT_CLUSTER) && t->rows[i].names[0][1] == first)
			return true;
	}
	return false;
}

/* "sSU": each letter after the first is a row of its own. */
static int parse_cluster(struct parse *p, const char *text)
{
	int rc = 0;

	if (!text[1])
		return err_set(p->e, ERR_USAGE, "-%c needs letters behind it, as in -%cS or -%cn",
			*text, *text, *text);
	for (const char *c = text + 1; *c && rc == 0; c++) {
		char name[3] = {*text, *c, '\0'};
		struct match m;

		if (find_short(p->t, name, 2, &m) && (m.row->flags & OPT_CLUSTER))
			rc = add_use(p->out, m, NULL, p->e);
		else
			rc = unknown(p->e, p->t, p->argv[p->at]);
	}
	return rc;
}

/* Whether names that take a glued value begin so ("-PS22"): then "-Pq" is a slip, not -P and -q. */
static bool begins_glued(const struct opt_table *t, char first)
{
	struct match m;

	for (size_t i = 0; next_name(t, &i, &m);) {
		if (m.row->arg == OPT_ARG_GLUED && m.as[1] == first && m.as[2])
			return true;
	}
	return false;
}

/* Glued one-letter options, the last of which may have a value. */
static int parse_short(struct parse *p, const char *text)
{
	struct match m;
	int rc = 0;

	for (; *text && rc == 0; text++) {
		if (find_glued(p->t, text, &m)) {
			const char *value = text + strlen(m.as) - 1;

			value = *value ? value : NULL;
			/* "-oZ" is no file "Z" but a format that does not exist */
			if (value && (m.row->flags & OPT_FILE) && strlen(m.as) == 2)
				return unknown(p->e, p->t, p->argv[p->at]);
			return m.row->arg == OPT_ARG ? take_value(p, m, value)
						     : add_use(p->out, m, value, p->e);
		}
		if (find_short(p->t, text, strlen(text), &m))
			return add_use(p->out, m, NULL, p->e);
		if (has_clusters(p->t, *text))
			return parse_cluster(p, text);
		if (!find_short(p->t, text, 1, &m) || (text[1] && begins_glued(p->t, *text)))
			return unknown(p->e, p->t, p->argv[p->at]);
		rc = add_use(p->out, m, NULL, p->e);
	}
	return rc;
}

static int parse_option(struct parse *p)
{
	const char *word = p->argv[p->at];
	bool two_dashes = word[1] == '-';
	const char *text = word + 1 + two_dashes;
	size_t len = strcspn(text, "=");
	struct match m = {0};
	int rc = 0;

	if (two_dashes || len > 1)
		rc = find_long(p, text, len, &m);
	if (rc < 0)
		return rc;
	if (rc > 0)
		return parse_long(p, m, text[len] ? text + len + 1 : NULL);
	return two_dashes ? unknown(p->e, p->t, word) : parse_short(p, text);
}

int opt_parse(const struct opt_table *t, int argc, const char *const *argv, struct opt_uses *out,
	struct err *e)
{
	struct parse p = {.t = t, .argc = argc, .argv = argv, .out = out, .e = e};
	bool only_words = false;
	int rc = 0;

	for (; p.at < argc && rc == 0; p.at++) {
		const char *word = argv[p.at];

		if (!only_words && strcmp(word, "--") == 0)
			only_words = true;
		else if (only_words || word[0] != '-' || !word[1])
			rc = add_word(out, word, e);
		else
			rc = parse_option(&p);
	}
	return rc;
}

/* ---- the configuration file ----------------------------------------------------------------- */

static bool one_of(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strcasecmp(text, *words) == 0)
			return true;
	}
	return false;
}

static void take_back(struct opt_uses *u, const struct opt_row *row)
{
	size_t kept = 0;

	for (size_t i = 0; i < u->n; i++) {
		if (u->v[i].row != row)
			u->v[kept++] = u->v[i];
	}
	u->n = kept;
}

static bool find_key(const struct opt_table *t, const char *key, struct match *m)
{
	for (size_t i = 0; next_name(t, &i, m);) {
		if (strcmp(bare(m->as), key) == 0)
			return true;
	}
	return false;
}

/* Adds a use whose texts live as long as the uses. */
static int add_owned(
	struct opt_uses *u, struct match m, const char *value, const char *where, struct err *e)
{
	const char *kept = value ? own(u, value) : NULL;
	const char *place = own(u, where);
	int rc;

	if (!place || (value && !kept))
		return err_set(e, -ENOMEM, "out of memory");
	rc = add_use(u, m, kept, e);
	if (rc < 0)
		return err_prefix(e, "%s", where);
	u->v[u->n - 1].where = place;
	return 0;
}

int opt_key(const struct opt_table *t, const char *key, const char *value, const char *where,
	struct opt_uses *out, struct err *e)
{
	static const char *const yes[] = {"yes", "true", "on", "1", NULL};
	static const char *const no[] = {"no", "false", "off", "0", NULL};
	struct match m;

	if (!find_key(t, key, &m)) {
		unknown(e, t, key);
		return err_prefix(e, "%s", where);
	}
	if (m.row->flags & OPT_NO_CONF)
		return err_set(e, ERR_USAGE,
			"%s: %s: only the command line can say this; take it out", where, key);
	if (m.row->arg == OPT_ARG)
		return add_owned(out, m, value, where, e);
	if (m.row->type != OPT_LEVEL && one_of(value, no)) {
		take_back(out, m.row);
		return 0;
	}
	if (m.row->type != OPT_LEVEL && one_of(value, yes))
		return add_owned(out, m, NULL, where, e);
	if (m.row->arg == OPT_NO_ARG)
		return err_set(e, ERR_USAGE, "%s: %s takes yes or no", where, key);
	return add_owned(out, m, value, where, e);
}
