/* SPDX-License-Identifier: BSD-2-Clause */
/* Build-time generator, not installed: the option table as manual page section and shell
 * completions. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/opts.h"
#include "model/field.h"

/* Names, units and meanings of the fields of hosts, ports and results, from the schema. */
static void fields(struct buf *out)
{
	static const struct {
		const char *record, *heading;
	} groups[] = {
		{"host", "Of a host (with host_ before the name where a port is shown)"},
		{"port", "Of a port"},
		{"result", "Of a result of a sweep, and in files of \\fB\\-oB\\fR"},
		{"coverage", "Of a sweep as a whole: the member \\fBsweep\\fR of the end (and the "
			     "progress) in \\fB\\-oD\\fR and \\fB\\-oJ\\fR"},
	};

	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		buf_fmt(out, ".SS \"%s\"\n", groups[g].heading);
		for (size_t i = 0; i < n_rec_fields; i++) {
			const struct rec_field *f = &rec_fields[i];

			if (strcmp(f->record, groups[g].record) == 0)
				buf_fmt(out, ".TP\n\\fB%s\\fR\n%s\n", f->name, f->doc);
		}
	}
}

/* Copies the template with its lines @OPTIONS@, @COMMANDS@ and @FIELDS@ filled in. */
static int man_page(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	char text[1024];

	if (!f) {
		perror(path);
		return -1;
	}
	while (fgets(text, sizeof(text), f)) {
		if (strcmp(text, "@OPTIONS@\n") == 0) {
			opt_man(&scan_opts, out);
		} else if (strcmp(text, "@COMMANDS@\n") == 0) {
			for (const struct cmd *c = commands; c->name; c++)
				buf_fmt(out, ".TP\n\\fB%s\\fR\n%s.\n", c->name, c->help);
		} else if (strcmp(text, "@FIELDS@\n") == 0) {
			fields(out);
		} else if (strncmp(text, ".TH ", 4) == 0) {
			buf_fmt(out, ".TH SONDE 1 \"\" \"Sonde %s\" \"User Commands\"\n",
				SONDE_VERSION);
		} else {
			buf_str(out, text);
		}
	}
	fclose(f);
	return 0;
}

/* Every name, a tab, and "yes" or what would be there: what the tests compare documents with. */
static void table(struct buf *out)
{
	for (size_t i = 0; i < scan_opts.n_rows; i++) {
		const struct opt_row *r = &scan_opts.rows[i];

		for (size_t k = 0; k < OPT_NAMES_MAX && r->names[k]; k++)
			buf_fmt(out, "%s\t%s\n", r->names[k], r->absent ? r->absent : "yes");
	}
}

static int generate(const char *what, const char *arg, struct buf *out)
{
	struct opt_word words[16];

	if (strcmp(what, "man") == 0)
		return man_page(arg, out);
	if (strcmp(what, "completion") == 0)
		return opt_completion(&scan_opts, arg, cmd_words(words, 16), out);
	table(out);
	return 0;
}

int main(int argc, char **argv)
{
	struct buf out = {0};

	if (argc != 3) {
		fputs("usage: sonde-gen man TEMPLATE | completion SHELL | table -\n", stderr);
		return EXIT_USAGE;
	}
	if (generate(argv[1], argv[2], &out) < 0) {
		buf_free(&out);
		return EXIT_FAILED;
	}
	return cmd_print(&out);
}
