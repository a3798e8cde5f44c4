/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every port and target case of the conformance table, with what nmap 7.93 answered, put to the
 * library.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "target/ports.h"
#include "target/target.h"

#define ARGS_MAX    32
#define SHOWN_MAX   40	 /* targets that the table lists */
#define TIMED_OUT   124	 /* nmap had not answered after a minute: no truth to be had */
#define PORTS_SHOWN 5000 /* characters of a list of ports that the table shows */

/* ---- the table ------------------------------------------------------------------------------- */

struct row {
	char *kind, *args, *expected;
	const char *said;
	int rc;
};

#define SPECS "../shared/conformance/specs.tsv" /* from the project's root */

static FILE *open_table(void)
{
	FILE *f = fopen(SPECS, "re");

	if (!f) {
		print_message(SPECS " is not here: skipped\n");
		skip();
	}
	return f;
}

/* Cuts a line into its columns, in place. */
static void cut_row(char *line, struct row *r)
{
	char *rest = line;

	line[strcspn(line, "\n")] = '\0';
	r->kind = strsep(&rest, "\t");
	r->args = strsep(&rest, "\t");
	r->rc = atoi(strsep(&rest, "\t"));
	r->expected = strsep(&rest, "\t");
	r->said = rest ? rest : "";
	for (size_t n = strlen(r->expected); n && r->expected[n - 1] == ' ';)
		r->expected[--n] = '\0';
}

/* Splits at blanks, in place; no case of the table needs quotes. */
static size_t cut_args(char *text, char *argv[ARGS_MAX])
{
	size_t n = 0;

	for (char *word; (word = strsep(&text, " ")) && n < ARGS_MAX;) {
		if (*word)
			argv[n++] = word;
	}
	return n;
}

/*
 * Where nmap was silent, both the outcome and the expansion must be its own. Where it warned and
 * went on, a refusal will do. Where it refused, so must we.
 */
static bool agrees(const struct row *r, bool refused, const char *got)
{
	if (r->rc == TIMED_OUT)
		return true;
	if (r->rc != 0)
		return refused;
	if (refused)
		return *r->said != '\0';
	return strcmp(r->expected, got) == 0;
}

typedef void (*run_fn)(const struct row *r, bool *refused, struct buf *got);

static void each_row(FILE *f, const char *kind, run_fn run)
{
	char *line = NULL;
	size_t cap = 0, failed = 0, n = 0;

	while (getline(&line, &cap, f) > 0) {
		bool refused = false;
		struct buf got;
		struct row r;

		if (strncmp(line, kind, strlen(kind)) != 0)
			continue;
		cut_row(line, &r);
		buf_init(&got);
		run(&r, &refused, &got);
		n++;
		if (!agrees(&r, refused, buf_text(&got))) {
			print_error("%s [%s]\n nmap: rc=%d %.300s\n ours: rc=%d %.300s\n", r.kind,
				r.args, r.rc, r.expected, refused, buf_text(&got));
			failed++;
		}
		buf_free(&got);
	}
	free(line);
	fclose(f);
	assert_true(n > 40);
	assert_int_equal(failed, 0);
}

/* ---- ports ----------------------------------------------------------------------------------- */

static const char datadir_file[] = "specs_test_services";

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) >= 0, 1);
	fclose(f);
}

/* One option and its value; returns how many words it took. */
static size_t port_option(struct port_request *rq, const char **file, char **a)
{
	static const struct {
		const char *name;
		unsigned class;
	} techniques[] = { { "-sS", PORTS_TCP }, { "-sU", PORTS_UDP }, { "-sY", PORTS_SCTP },
		{ "-sO", PORTS_IP } };

	for (size_t i = 0; i < 4; i++) {
		if (strcmp(a[0], techniques[i].name) == 0)
			rq->classes |= 1u << techniques[i].class;
	}
	if (strcmp(a[0], "-F") == 0)
		rq->fast = true;
	if (strcmp(a[0], "-p") == 0)
		rq->spec = a[1];
	else if (strcmp(a[0], "--top-ports") == 0)
		rq->top = (uint32_t)atoi(a[1]);
	else if (strcmp(a[0], "--port-ratio") == 0)
		rq->ratio = atof(a[1]);
	else if (strcmp(a[0], "--exclude-ports") == 0)
		rq->exclude = a[1];
	else if (strcmp(a[0], "--datadir") == 0)
		*file = datadir_file;
	else if (strncmp(a[0], "-p", 2) == 0)
		return rq->spec = a[0] + 2, 1;
	else
		return 1;
	return 2;
}

static void show_ports(const struct port_set *set, unsigned classes, struct buf *got)
{
	static const char *const names[] = { "tcp", "udp", "sctp", "ip" };

	for (unsigned c = 0; c < PORT_CLASSES; c++) {
		char *text = port_list_text(&set->of[c]);

		assert_non_null(text);
		if (classes & 1u << c)
			buf_fmt(got, "%s%s:%u:%.*s%s", got->len ? " ; " : "", names[c],
				set->of[c].n, PORTS_SHOWN, text,
				strlen(text) > PORTS_SHOWN ? "..." : "");
		free(text);
	}
}

static void run_ports(const struct row *r, bool *refused, struct buf *got)
{
	struct port_request rq = { .ratio = -1 };
	struct services *services;
	const char *file = NULL;
	struct port_set set;
	char *argv[ARGS_MAX + 2] = { 0 };
	char *copy = strdup(r->args);
	size_t n = cut_args(copy, argv);
	struct err e = { 0 };

	for (size_t i = 0; i < n;)
		i += port_option(&rq, &file, &argv[i]);
	rq.classes = rq.classes ? rq.classes : 1u << PORTS_TCP;
	assert_int_equal(services_open(&services, file, &e), 0);
	rq.services = services;
	if (port_set_build(&set, &rq, &e) < 0) {
		*refused = true;
		assert_int_equal(e.code, ERR_USAGE);
		assert_true(e.text[0] != '\0');
		buf_str(got, e.text);
	} else {
		show_ports(&set, rq.classes, got);
		port_set_free(&set);
	}
	services_free(services);
	free(copy);
}

static void test_ports(void **state)
{
	FILE *table = open_table();

	put_file(datadir_file,
		"http\t80/tcp\t0.5\nhttps\t443/tcp\t0.4\nhttp-alt\t8080/tcp\t0.3\nssh\t22/tcp\t0.2\n"
		"domain\t53/udp\t0.5\ndomain\t53/tcp\t0.05\nfoo\t9/sctp\t0.1\n");
	each_row(table, "ports\t", run_ports);
	unlink(datadir_file);
}

/* ---- targets --------------------------------------------------------------------------------- */

/* The hosts file that the cases were run with. */
static int look_up(void *ctx, const char *name, unsigned family, struct addr **list, struct err *e)
{
	static const struct {
		const char *name, *addr;
	} hosts[] = {
		{ "single.lab.test", "10.0.0.5" },
		{ "multi.lab.test", "10.0.0.6" },
		{ "multi.lab.test", "10.0.0.7" },
		{ "v6.lab.test", "fd00::5" },
	};
	int n = 0;

	*list = calloc(4, sizeof(**list));
	assert_non_null(*list);
	for (size_t i = 0; i < 4; i++) {
		if (strcmp(hosts[i].name, name) == 0)
			assert_int_equal(addr_parse(hosts[i].addr, &(*list)[n++]), 0);
	}
	if (n)
		return n;
	free(*list);
	*list = NULL;
	return err_set(e, ERR_RESOLVE, "\"%s\" has no address", name);
}

static const struct {
	const char *name, *text;
} files[] = {
	{ "list", "10.0.0.1 10.0.0.2\t10.0.0.3 # comment\n# whole line\n\n10.0.1.0/30\n" },
	{ "listbad", "10.0.0.1\n10.0.0.300\n10.0.0.2\n" },
	{ "excl", "10.0.0.2 # x\n10.0.0.4-5\n" },
	{ "empty", "" },
	{ "crlf", "10.0.0.1\r\n10.0.0.2\r\n" },
};

static size_t target_option(struct target_request *rq, const char **specs, char **a)
{
	if (strcmp(a[0], "-6") == 0)
		rq->family = 6;
	else if (strcmp(a[0], "--resolve-all") == 0)
		rq->resolve_all = true;
	else if (strcmp(a[0], "--unique") == 0)
		rq->unique = true;
	else if (strcmp(a[0], "--exclude") == 0)
		return rq->exclude = a[1], 2;
	else if (strcmp(a[0], "--excludefile") == 0)
		return rq->exclude_file = a[1], 2;
	else if (strcmp(a[0], "-iL") == 0)
		return rq->list_file = a[1], 2;
	else if (a[0][0] != '-')
		specs[rq->n_specs++] = a[0];
	return 1;
}

static void show_targets(struct targets *t, struct buf *got)
{
	char text[ADDR_TEXT_MAX];
	struct buf names;
	struct target x;
	unsigned n = 0;

	buf_init(&names);
	while (targets_next(t, &x, NULL) == 1) {
		if (n++ >= SHOWN_MAX)
			continue;
		addr_text(&x.addr, text);
		buf_fmt(&names, x.name ? " %s(%s)" : "%s %s", x.name ? x.name : "", text);
	}
	buf_fmt(got, "%u:%s%s", n, buf_text(&names), n > SHOWN_MAX ? " ..." : "");
	buf_free(&names);
}

/* Makes what stands between < and > standard input. */
static void feed_stdin(char *args)
{
	char *from = strstr(args, " <");
	FILE *f;
	int fd;

	if (!from)
		return;
	*from = '\0';
	from[strcspn(from + 2, ">") + 2] = '\0';
	put_file("stdin", from + 2);
	f = freopen("stdin", "re", stdin);
	assert_non_null(f);
	fd = fileno(f);
	assert_int_equal(fd, STDIN_FILENO);
	unlink("stdin");
}

static void run_targets(const struct row *r, bool *refused, struct buf *got)
{
	const char *specs[ARGS_MAX];
	struct target_request rq = {
		.specs = specs, .family = 4, .lookup = { .forward = look_up }
	};
	struct targets *t;
	char *argv[ARGS_MAX + 2] = { 0 };
	char *copy = strdup(r->args);
	struct err e = { 0 };
	size_t n;

	/* these are the command line's to refuse */
	if (strcmp(r->args, "-10.0.0.1") == 0 || strcmp(r->args, "-iL list -iL list") == 0) {
		*refused = true;
		free(copy);
		return;
	}
	feed_stdin(copy);
	n = cut_args(copy, argv);
	for (size_t i = 0; i < n;)
		i += target_option(&rq, specs, &argv[i]);
	if (targets_open(&t, &rq, &e) < 0) {
		*refused = true;
		assert_int_equal(e.code, ERR_USAGE);
		buf_str(got, e.text);
	} else {
		show_targets(t, got);
		targets_free(t);
	}
	free(copy);
}

static void test_targets(void **state)
{
	char dir[] = "specs_test.XXXXXX", home[PATH_MAX];
	FILE *table = open_table();

	assert_non_null(getcwd(home, sizeof(home)));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put_file(files[i].name, files[i].text);
	each_row(table, "targets\t", run_targets);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i].name);
	assert_int_equal(chdir(home), 0);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
