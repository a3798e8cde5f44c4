/* SPDX-License-Identifier: BSD-2-Clause */
/* The command table, help and version. */
#include "cmd/cmd.h"

#include <ares.h>
#include <jansson.h>
#include <libxml/xmlversion.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/opts.h"

/* clang-format off */
const struct cmd commands[] = {
	{ "scan",    "scan targets (what is done without a command)",             cmd_scan },
	{ "doctor",  "say what this machine and this user can do, and for TARGET how", cmd_doctor },
	{ "convert", "write what a binary file (-oB) or a sweep's checkpoint holds in other formats", cmd_convert },
	{ "verify",  "check the receipts of sweeps: was everything sent",         cmd_verify },
	{ "help",    "print the options",                                         cmd_help },
	{ "version", "print the version and those of the libraries",              cmd_version },
	{ NULL, NULL, NULL },
};
/* clang-format on */

const struct cmd *cmd_find(int *argc, char **argv)
{
	for (const struct cmd *c = commands; c->name && *argc > 1; c++) {
		if (strcmp(argv[1], c->name) != 0)
			continue;
		memmove(argv + 1, argv + 2,
			(size_t)(*argc - 1) * sizeof(*argv)); /* the NULL at the end as well */
		(*argc)--;
		return c;
	}
	return &commands[0];
}

const struct opt_word *cmd_words(struct opt_word *words, unsigned n)
{
	unsigned i;

	for (i = 0; i + 1 < n && commands[i].name; i++)
		words[i] = (struct opt_word){commands[i].name, commands[i].help};
	words[i] = (struct opt_word){NULL, NULL};
	return words;
}

int cmd_code(const struct err *e)
{
	return e->code == ERR_USAGE || e->code == ERR_UNSUPPORTED ? EXIT_USAGE : EXIT_FAILED;
}

int cmd_fail(const struct err *e)
{
	struct buf b = {0};

	str_term(&b, e->text, strlen(e->text));
	fprintf(stderr, "sonde: %s\n", buf_text(&b));
	buf_free(&b);
	return cmd_code(e);
}

int cmd_print(struct buf *b)
{
	bool ok = !b->failed && fwrite(buf_text(b), 1, b->len, stdout) == b->len;

	if (fflush(stdout) != 0)
		ok = false;
	if (!ok)
		perror("sonde: standard output");
	buf_free(b);
	return ok ? EXIT_OK : EXIT_FAILED;
}

int cmd_help(int argc, char **argv)
{
	struct buf b = {0};

	buf_str(&b,
		"Sonde " SONDE_VERSION " - network scanner in nmap's dialect\n\n"
		"Usage: sonde [scan] [OPTIONS] TARGET...\n"
		"       sonde doctor [OPTIONS] [TARGET]\n"
		"       sonde convert FILE [OPTIONS OF OUTPUT]\n"
		"       sonde verify [OPTIONS] RECEIPT...\n"
		"       sonde help | version\n\n"
		"TARGET: name, 192.0.2.1, 192.0.2.0/24, 10.0.0-3.1-5,7, fd00::1 (with -6), fe80::1%eth0\n");
	opt_help(&scan_opts, &b);
	buf_str(&b,
		"\nKeys of the configuration file are the names without dashes. More: man sonde\n");
	return cmd_print(&b);
}

void cmd_libraries(struct buf *out)
{
	buf_fmt(out, "c-ares %s, jansson %s, libxml2 %s, %s", ares_version(NULL),
		jansson_version_str(), LIBXML_DOTTED_VERSION, pcap_lib_version());
}

/* The second line is what python3-nmap and others look for before they believe that `nmap` is
 * there. */
int cmd_version(int argc, char **argv)
{
	struct buf b = {0};

	buf_str(&b,
		"Sonde version " SONDE_VERSION "\n"
		"Nmap version 7.93 ( https://nmap.org ) is the one whose options, XML and grepable output Sonde follows\n");
	buf_str(&b, "Libraries: ");
	cmd_libraries(&b);
	buf_char(&b, '\n');
	return cmd_print(&b);
}
