/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of a run that are one and the same under two names. */
#include "cmd/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS_MAX 12

/* What files_check says of a command line, and of a checkpoint beside it. */
static int check(const char *line, const char *checkpoint, struct err *e)
{
	const char *argv[WORDS_MAX];
	char *copy = strdup(line), *save = NULL;
	struct outputs w;
	struct opts o;
	int argc = 0, rc;

	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	assert_int_equal(opts_read(&o, argc, argv, e), 0);
	assert_int_equal(outputs_name(&w, &o, 0, e), 0);
	rc = files_check(&o, &w, checkpoint ? checkpoint : o.checkpoint, e);
	assert_int_equal(outputs_close(&w), 0);
	opts_free(&o);
	free(copy);
	return rc;
}

static void make(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	close(fd);
}

/* In a directory with: list, conf (files), hard (a link to list), dangling -> new, sub/ */
static void test_clashes(void **state)
{
	static const struct {
		const char *line, *checkpoint, *said[2]; /* NULL: all is well */
	} cases[] = {
		{"--config conf -iL list -oN list", NULL, {"-iL", "-oN"}},
		{"--config conf -iL ./list -oX sub/../list", NULL, {"-iL", "-oX"}},
		{"--config conf -iL list -oG hard", NULL, {"-iL", "-oG"}},
		{"--config conf --excludefile list -oN list h", NULL, {"--excludefile", "-oN"}},
		{"--config conf --servicedb list -oJ list h", NULL, {"--servicedb", "-oJ"}},
		{"--config conf -oC conf h", NULL, {"--config", "-oC"}},
		{"--config conf -iL list --checkpoint list", NULL, {"-iL", "--checkpoint"}},
		{"--config conf -oN z --checkpoint ./z h", NULL, {"-oN", "--checkpoint"}},
		{"--config conf -oN z -oX z.resume h", "z.resume", {"-oX", "the checkpoint"}},
		{"--config conf -oN z -oX ./z h", NULL, {"-oN", "-oX"}},
		{"--config conf -oN dangling -oX new h", NULL, {"-oN", "-oX"}},
		{"--config conf -oA z -oS z.nmap h", NULL, {"-oN", "-oS"}},
		{"--config conf -oN z.1 --packet-capture z --packet-capture-limit 1M h", NULL,
			{"-oN", "--packet-capture-limit"}},
		{"--config conf -oN z.1 --packet-capture z h", NULL, {NULL, NULL}},
		{"--config conf -iL list --excludefile list -oN z", NULL, {NULL, NULL}},
		{"--config conf -oN nodir/a -oX nodir/b h", NULL, {NULL, NULL}},
		{"--config /dev/null -oN /dev/null h", NULL, {NULL, NULL}},
		{"--config conf -oN /dev/null -oX /dev/null h", NULL, {"-oN", "-oX"}},
	};
	char dir[] = "/tmp/sonde-files-XXXXXX";
	static const char *const made[] = {"list", "conf", "hard", "dangling"};

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	make("list");
	make("conf");
	assert_int_equal(link("list", "hard"), 0);
	assert_int_equal(symlink("new", "dangling"), 0);
	assert_int_equal(mkdir("sub", 0700), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = {0};
		int rc = check(cases[i].line, cases[i].checkpoint, &e);

		if ((rc == 0) != !cases[i].said[0])
			fail_msg("%s: %d %s", cases[i].line, rc, e.text);
		for (size_t k = 0; k < 2 && cases[i].said[k]; k++)
			if (!strstr(e.text, cases[i].said[k]))
				fail_msg("%s: %s", cases[i].line, e.text);
	}
	assert_int_equal(access("new", F_OK), -1); /* nothing was made */
	assert_int_equal(access("z", F_OK), -1);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		assert_int_equal(unlink(made[i]), 0);
	assert_int_equal(rmdir("sub"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
