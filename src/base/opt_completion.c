/* SPDX-License-Identifier: BSD-2-Clause */
/* Options: completion scripts for bash, zsh and fish. */
#include <string.h>

#include "base/opt_doc.h"

static bool wants_file(const struct opt_row *r)
{
	return r->meta && (strcmp(r->meta, "FILE") == 0 || strcmp(r->meta, "DIR") == 0);
}

static bool wants_interface(const struct opt_row *r)
{
	return r->meta && strcmp(r->meta, "IFACE") == 0;
}

/* Appends the text with a backslash before each of `special`. */
static void quoted(struct buf *out, const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			buf_char(out, '\\');
		buf_char(out, *text);
	}
}

/* Appends "a b c" of "a|b|c". */
static void choice_words(struct buf *out, const char *choices)
{
	for (; *choices; choices++)
		buf_char(out, *choices == '|' ? ' ' : *choices);
}

/* "-e|--interface" of every row that `is` true for; false if there is none. */
static bool bash_pattern(
	const struct opt_table *t, bool (*is)(const struct opt_row *), struct buf *out)
{
	size_t before = out->len;

	for (size_t i = 0; i < t->n_rows; i++) {
		const struct opt_row *r = &t->rows[i];

		for (size_t k = 0; k < OPT_NAMES_MAX && r->names[k] && !r->absent &&
				   r->arg == OPT_ARG && is(r);
			k++)
			buf_fmt(out, "%s%s", out->len > before ? "|" : "", r->names[k]);
	}
	return out->len > before;
}

static void bash_choices(const struct opt_table *t, struct buf *out)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct opt_row *r = &t->rows[i];

		if (!r->choices || r->absent)
			continue;
		buf_char(out, '\t');
		for (size_t k = 0; k < OPT_NAMES_MAX && r->names[k]; k++)
			buf_fmt(out, "%s%s", k ? "|" : "", r->names[k]);
		buf_str(out, ") COMPREPLY=($(compgen -W \"");
		choice_words(out, r->choices);
		buf_str(out, "\" -- \"$cur\")); return ;;\n");
	}
}

static void bash(const struct opt_table *t, const struct opt_word *words, struct buf *out)
{
	buf_str(out, "# bash completion of sonde, made from its option table\n_sonde()\n{\n"
		     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		     "\tCOMPREPLY=()\n\tcase $prev in\n\t");
	if (bash_pattern(t, wants_file, out))
		buf_str(out, ") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n\t");
	if (bash_pattern(t, wants_interface, out))
		buf_str(out,
			") COMPREPLY=($(compgen -W \"$(ls /sys/class/net)\" -- \"$cur\")); return ;;\n");
	bash_choices(t, out);
	buf_str(out, "\tesac\n\tif [[ $cur == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"");
	for (size_t i = 0; i < t->n_rows; i++) {
		for (size_t k = 0; k < OPT_NAMES_MAX && t->rows[i].names[k] && !t->rows[i].absent;
			k++)
			buf_fmt(out, "%s ", t->rows[i].names[k]);
	}
	buf_str(out,
		"\" -- \"$cur\"))\n\telif ((COMP_CWORD == 1)); then\n\t\tCOMPREPLY=($(compgen -A hostname -W \"");
	for (; words->name; words++)
		buf_fmt(out, "%s ", words->name);
	buf_str(out,
		"\" -- \"$cur\"))\n\telse\n\t\tCOMPREPLY=($(compgen -A hostname -- \"$cur\"))\n\tfi\n}\n"
		"complete -o filenames -F _sonde sonde\n");
}

/* What zsh offers for the value: ":PORTS:", ":FILE:_files". */
static void zsh_value(const struct opt_row *r, struct buf *out)
{
	if (r->arg == OPT_NO_ARG)
		return;
	buf_fmt(out, "%s:%s:", r->arg == OPT_ARG_GLUED ? ":" : "", r->meta);
	if (wants_file(r)) {
		buf_str(out, "_files");
	} else if (wants_interface(r)) {
		buf_str(out, "_net_interfaces");
	} else if (r->choices) {
		buf_char(out, '(');
		choice_words(out, r->choices);
		buf_char(out, ')');
	}
}

static void zsh_row(const struct opt_row *r, struct buf *out)
{
	for (size_t k = 0; k < OPT_NAMES_MAX && r->names[k]; k++) {
		bool glued = r->arg == OPT_ARG_GLUED;

		buf_fmt(out, "\t\t'*%s%s[", r->names[k], glued ? "-" : "");
		for (const char *c = r->help; *c; c++) {
			if (*c == '\'')
				buf_str(out, "'\\''");
			else
				quoted(out, (char[]){*c, '\0'}, "[]:\\");
		}
		buf_char(out, ']');
		zsh_value(r, out);
		buf_str(out, "' \\\n");
	}
}

static void zsh(const struct opt_table *t, const struct opt_word *words, struct buf *out)
{
	buf_str(out, "#compdef sonde\n# zsh completion of sonde, made from its option table\n"
		     "_sonde_words()\n{\n\t((CURRENT == 2)) && compadd --");
	for (; words->name; words++)
		buf_fmt(out, " %s", words->name);
	buf_str(out, "\n\t_hosts\n}\n_sonde()\n{\n\t_arguments \\\n");
	for (size_t i = 0; i < t->n_rows; i++) {
		if (!t->rows[i].absent)
			zsh_row(&t->rows[i], out);
	}
	buf_str(out, "\t\t'*:command or target:_sonde_words'\n}\n_sonde \"$@\"\n");
}

static void fish_row(const struct opt_row *r, struct buf *out)
{
	for (size_t k = 0; k < OPT_NAMES_MAX && r->names[k]; k++) {
		const char *name = r->names[k];
		const char *kind = name[1] == '-' ? "-l " : name[2] ? "-o " : "-s ";

		buf_fmt(out, "complete -c sonde %s%s -d '", kind, name + strspn(name, "-"));
		quoted(out, r->help, "'\\");
		buf_char(out, '\'');
		if (r->arg == OPT_ARG)
			buf_str(out, wants_file(r) ? " -r -F" : " -x");
		if (wants_interface(r))
			buf_str(out, " -a '(ls /sys/class/net)'");
		if (r->choices) {
			buf_str(out, " -a '");
			choice_words(out, r->choices);
			buf_char(out, '\'');
		}
		buf_char(out, '\n');
	}
}

static void fish(const struct opt_table *t, const struct opt_word *words, struct buf *out)
{
	buf_str(out,
		"# fish completion of sonde, made from its option table\ncomplete -c sonde -f\n"
		"complete -c sonde -a '(__fish_print_hostnames)'\n");
	for (; words->name; words++) {
		buf_fmt(out, "complete -c sonde -n __fish_use_subcommand -a %s -d '", words->name);
		quoted(out, words->help, "'\\");
		buf_str(out, "'\n");
	}
	for (size_t i = 0; i < t->n_rows; i++) {
		if (!t->rows[i].absent)
			fish_row(&t->rows[i], out);
	}
}

int opt_completion(
	const struct opt_table *t, const char *shell, const struct opt_word *words, struct buf *out)
{
	if (strcmp(shell, "bash") == 0)
		bash(t, words, out);
	else if (strcmp(shell, "zsh") == 0)
		zsh(t, words, out);
	else if (strcmp(shell, "fish") == 0)
		fish(t, words, out);
	else
		return err_set(NULL, ERR_USAGE, "%s", shell);
	return 0;
}
