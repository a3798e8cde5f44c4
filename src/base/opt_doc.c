/* SPDX-License-Identifier: BSD-2-Clause */
/* Options: help text and manual page section. */
#include "base/opt_doc.h"

#include <string.h>

#define HELP_COLUMN 31 /* where the second column begins */
#define HELP_WIDTH  100

/* "-p, --ports PORTS" */
static void usage_of(const struct opt_row *r, struct buf *out)
{
	for (size_t i = 0; i < OPT_NAMES_MAX && r->names[i]; i++)
		buf_fmt(out, "%s%s", i ? ", " : "", r->names[i]);
	if (r->arg == OPT_ARG)
		buf_fmt(out, " %s", r->meta);
	else if (r->arg == OPT_ARG_GLUED)
		buf_fmt(out, "[%s]", r->meta);
}

/* Appends words, broken at blanks, lines after the first indented. */
static void wrap(struct buf *out, const char *text, size_t column, size_t indent)
{
	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > indent && column + 1 + len > HELP_WIDTH) {
			buf_fmt(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			buf_char(out, ' ');
			column++;
		}
		buf_add(out, text, len);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
	buf_char(out, '\n');
}

static void help_row(const struct opt_row *r, struct buf *out)
{
	struct buf left = {0}, right = {0};

	usage_of(r, &left);
	buf_str(&right, r->help);
	if (r->def && *r->def)
		buf_fmt(&right, " (default: %s)", r->def);
	if (left.len + 4 > HELP_COLUMN)
		buf_fmt(out, "  %s\n%*s", buf_text(&left), HELP_COLUMN, "");
	else
		buf_fmt(out, "  %-*s", HELP_COLUMN - 2, buf_text(&left));
	wrap(out, buf_text(&right), HELP_COLUMN, HELP_COLUMN);
	buf_free(&left);
	buf_free(&right);
}

static bool group_is_built(const struct opt_table *t, size_t group)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		if (t->rows[i].group == group && !t->rows[i].absent)
			return true;
	}
	return false;
}

void opt_help(const struct opt_table *t, struct buf *out)
{
	struct buf absent = {0};

	for (size_t g = 0; g < t->n_groups; g++) {
		if (!group_is_built(t, g))
			continue;
		buf_fmt(out, "\n%s:\n", t->groups[g]);
		for (size_t i = 0; i < t->n_rows; i++) {
			if (t->rows[i].group == g && !t->rows[i].absent)
				help_row(&t->rows[i], out);
		}
	}
	for (size_t i = 0; i < t->n_rows; i++) {
		if (t->rows[i].absent)
			buf_fmt(&absent, " %s", t->rows[i].names[0]);
	}
	if (absent.len)
		buf_str(out, "\nKnown by name, refused because they are not in this version:\n ");
	if (absent.len)
		wrap(out, buf_text(&absent), 1, 2);
	buf_free(&absent);
}

/* Text for roff: backslashes and hyphens escaped; never used at the start of a line. */
static void roff(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			buf_str(out, "\\e");
		else if (*text == '-')
			buf_str(out, "\\-");
		else
			buf_char(out, *text);
	}
}

static void man_names(const struct opt_row *r, struct buf *out)
{
	buf_str(out, ".TP\n");
	for (size_t i = 0; i < OPT_NAMES_MAX && r->names[i]; i++) {
		buf_str(out, i ? ", \\fB" : "\\fB");
		roff(out, r->names[i]);
		buf_str(out, "\\fR");
	}
	if (r->arg != OPT_NO_ARG && r->meta)
		buf_fmt(out, r->arg == OPT_ARG ? " \\fI%s\\fR" : "[\\fI%s\\fR]", r->meta);
	buf_char(out, '\n');
}

/* What the value may be, as far as the row itself knows. */
static void man_range(const struct opt_row *r, struct buf *out)
{
	if (r->choices) {
		buf_str(out, " One of ");
		for (const char *c = r->choices; *c; c++)
			roff(out, *c == '|' ? ", " : (char[]){*c, '\0'});
		buf_char(out, '.');
	} else if (r->type == OPT_UINT) {
		buf_fmt(out, " A whole number from %.0f to %.0f.", r->min, r->max);
	} else if (r->type == OPT_SIZE) {
		buf_fmt(out, " A number of bytes from %.0f to %.0f, or of kibibytes (k), M or G.",
			r->min, r->max);
	} else if (r->type == OPT_REAL) {
		buf_fmt(out, " A number %s %g and %s %g.", r->flags & OPT_ABOVE ? "above" : "from",
			r->min, r->flags & OPT_BELOW ? "below" : "up to", r->max);
	}
	if (r->type == OPT_TIME && r->bare_max > 0)
		buf_fmt(out, " %g seconds and more need a unit.", r->bare_max);
	if (r->def && *r->def) {
		buf_str(out, " Default: ");
		roff(out, r->def);
		buf_char(out, '.');
	}
	buf_char(out, '\n');
}

static void man_row(const struct opt_row *r, struct buf *out)
{
	man_names(r, out);
	roff(out, r->help);
	buf_char(out, '.');
	man_range(r, out);
}

void opt_man(const struct opt_table *t, struct buf *out)
{
	for (size_t g = 0; g < t->n_groups; g++) {
		if (group_is_built(t, g))
			buf_fmt(out, ".SS %s\n", t->groups[g]);
		for (size_t i = 0; i < t->n_rows; i++) {
			if (t->rows[i].group == g && !t->rows[i].absent)
				man_row(&t->rows[i], out);
		}
	}
	buf_str(out, ".SS Known by name only\nThese are refused with exit status 2, "
		     "because this version does not do what they ask for.\n");
	for (size_t i = 0; i < t->n_rows; i++) {
		if (!t->rows[i].absent)
			continue;
		man_names(&t->rows[i], out);
		roff(out, t->rows[i].absent);
		buf_str(out, ".\n");
	}
}
