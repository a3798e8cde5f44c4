/* SPDX-License-Identifier: BSD-2-Clause */
/* The option parser on a table of its own. */
#include "base/opt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "base/opt_doc.h"

struct into {
	bool flag, other;
	int constant, choice, level;
	unsigned bits;
	const char *text, *glued;
	uint64_t number, time;
	double real;
	struct opt_list list;
};

#define TO(m) .lands = offsetof(struct into, m)

/* clang-format off */
static const struct opt_row rows[] = {
	{ { "-n" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(flag), .help = "flag" },
	{ { "-x", "--exclusive" }, OPT_NO_ARG, OPT_FLAG, NULL, TO(other), .excl = 1, .help = "other" },
	{ { "-4" }, OPT_NO_ARG, OPT_CONST, NULL, TO(constant), .value = 4, .excl = 1, .help = "four" },
	{ { "-sA" }, OPT_NO_ARG, OPT_BITS, NULL, TO(bits), .value = 1, .flags = OPT_CLUSTER, .help = "a" },
	{ { "-sB" }, OPT_NO_ARG, OPT_BITS, NULL, TO(bits), .value = 2, .flags = OPT_CLUSTER, .help = "b" },
	{ { "-sC" }, OPT_NO_ARG, OPT_FLAG, NULL, .flags = OPT_CLUSTER, .help = "c", .absent = "scripts" },
	{ { "-Pn", "-P0" }, OPT_NO_ARG, OPT_BITS, NULL, TO(bits), .value = 8, .help = "p" },
	{ { "-PS" }, OPT_ARG_GLUED, OPT_TEXT, "PORTS", TO(glued), .def = "80", .help = "glued" },
	{ { "-p", "--ports" }, OPT_ARG, OPT_TEXT, "PORTS", TO(text), .flags = OPT_ONCE, .help = "ports" },
	{ { "--number" }, OPT_ARG, OPT_UINT, "N", TO(number), .min = 1, .max = 100, .help = "number" },
	{ { "--max-rate" }, OPT_ARG, OPT_REAL, "N", TO(real), .max = 1, .flags = OPT_ABOVE | OPT_BELOW, .help = "real" },
	{ { "--max-time" }, OPT_ARG, OPT_TIME, "TIME", TO(time), .min = 0.005, .bare_max = 50, .help = "time" },
	{ { "-T" }, OPT_ARG, OPT_CHOICE, "T", TO(choice), .choices = "slow|normal|fast", .help = "template" },
	{ { "-v", "--verbose" }, OPT_ARG_GLUED, OPT_LEVEL, "N", TO(level), .help = "level" },
	{ { "-oX" }, OPT_ARG, OPT_ADD, "FILE", TO(list), .value = 7, .flags = OPT_FILE, .help = "file" },
	{ { "--config" }, OPT_ARG, OPT_TEXT, "FILE", TO(text), .flags = OPT_NO_CONF, .help = "conf" },
	{ { "--gone" }, OPT_ARG, OPT_TEXT, "X", .help = "g", .absent = "time travel" },
};
/* clang-format on */

static const char *const groups[] = {"All"};
static const struct opt_table table = {rows, sizeof(rows) / sizeof(rows[0]), groups, 1};

struct run {
	struct opt_uses conf, args;
	struct into into;
	struct err e;
	int rc;
};

/* Parses and applies the words up to NULL. */
static void go(struct run *r, const char *const *argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	r->rc = opt_parse(&table, argc, argv, &r->args, &r->e);
	if (r->rc == 0)
		r->rc = opt_apply(&r->conf, &r->args, &r->into, &r->e);
}

static void done(struct run *r)
{
	opt_uses_free(&r->conf);
	opt_uses_free(&r->args);
	memset(r, 0, sizeof(*r));
}

#define GO(r, ...) go(r, (const char *[]){__VA_ARGS__, NULL})

static void test_spellings(void **state)
{
	struct run r = {0};

	GO(&r, "a", "-nvv", "-p80", "-sAB", "-Pn", "-PS22,80", "--num=7", "-max-time", "250ms",
		"-T", "Fast", "b", "--", "-n");
	assert_int_equal(r.rc, 0);
	assert_true(r.into.flag);
	assert_int_equal(r.into.level, 2);
	assert_string_equal(r.into.text, "80");
	assert_int_equal(r.into.bits, 1 | 2 | 8);
	assert_string_equal(r.into.glued, "22,80");
	assert_int_equal(r.into.number, 7);
	assert_int_equal(r.into.time, 250 * NS_PER_MS);
	assert_int_equal(r.into.choice, 2);
	assert_int_equal(r.args.n_words, 3);
	assert_string_equal(r.args.words[2], "-n");
	done(&r);
	GO(&r, "-PS", "-p", "-5", "-T1", "--ver", "-v3", "-", "-oXfile", "-oX", "-");
	assert_int_equal(r.rc, 0);
	assert_string_equal(r.into.glued, "80");
	assert_string_equal(r.into.text, "-5");
	assert_int_equal(r.into.choice, 1);
	assert_int_equal(r.into.level, 3);
	assert_string_equal(r.args.words[0], "-");
	assert_int_equal(r.into.list.n, 2);
	assert_string_equal(r.into.list.v[0].text, "file");
	assert_int_equal(r.into.list.v[1].row->value, 7);
	done(&r);
	GO(&r, "-v0");
	assert_int_equal(r.into.level, OPT_LEVEL_ZERO);
	done(&r);
	GO(&r, "-v0", "-v");
	assert_int_equal(r.into.level, 1);
	done(&r);
}

/* Each is refused with a message that has the given words in it. */
static void test_refusals(void **state)
{
	static const struct {
		const char *argv[5];
		const char *words;
	} cases[] = {
		{{"--exclusiv", "-4"}, "--exclusive and -4 exclude"},
		{{"--numbr", "5"}, "did you mean --number?"},
		{{"--max", "5"}, "--max-rate --max-time"},
		{{"-sAQ"}, "-sAQ: there is no such option"},
		{{"-s"}, "needs letters"},
		{{"-Pq"}, "-Pq: there is no such option"},
		{{"-p"}, "-p needs a value"},
		{{"-p1", "--ports", "2"}, "-p was given before"},
		{{"-p", ""}, "empty"},
		{{"-n=1"}, "-n=1: there is no such option"},
		{{"--exclusive=1"}, "takes no value"},
		{{"--number", "0"}, "from 1 to 100"},
		{{"--number", "101"}, "from 1 to 100"},
		{{"--number", "1x"}, "from 1 to 100"},
		{{"--max-rate", "0"}, "above 0"},
		{{"--max-rate", "1"}, "below 1"},
		{{"--max-time", "1ms"}, "at least 5ms"},
		{{"--max-time", "50"}, "50ms or 50s"},
		{{"--max-time", "-1"}, "not a time"},
		{{"--max-time", "1d"}, "not a time"},
		{{"-T3"}, "0 to 2"},
		{{"-Tfas"}, "slow|normal|fast"},
		{{"-vx"}, "not a number"},
		{{"-v11"}, "0 to 10"},
		{{"-oX", "-x"}, "./-x"},
		{{"-sC"}, "-sC (scripts) is not in this version"},
		{{"-sACB"}, "-sC (scripts)"},
		{{"--gone"}, "--gone (time travel)"},
		{{"--number", "\033[2J"}, "\\x1B[2J"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run r = {0};

		go(&r, cases[i].argv);
		if (r.rc == 0 || !strstr(r.e.text, cases[i].words))
			fail_msg("%s %s: %d \"%s\" lacks \"%s\"", cases[i].argv[0],
				cases[i].argv[1] ? cases[i].argv[1] : "", r.rc, r.e.text,
				cases[i].words);
		assert_true(r.rc == ERR_USAGE || r.rc == ERR_UNSUPPORTED);
		assert_null(strchr(r.e.text, '\n'));
		done(&r);
	}
}

static int key(struct run *r, const char *name, const char *value, const char *where)
{
	return opt_key(&table, name, value, where, &r->conf, &r->e);
}

static void test_keys(void **state)
{
	struct run r = {0};

	assert_int_equal(key(&r, "number", "5", "f:1"), 0);
	assert_int_equal(key(&r, "n", "yes", "f:2"), 0);
	assert_int_equal(key(&r, "exclusive", "on", "f:3"), 0);
	assert_int_equal(key(&r, "verbose", "2", "f:4"), 0);
	assert_int_equal(key(&r, "PS", "yes", "f:5"), 0);
	assert_int_equal(key(&r, "n", "no", "g:1"), 0);
	assert_int_equal(key(&r, "number", "6", "g:2"), 0);
	GO(&r, "-4", "-v");
	assert_int_equal(r.rc, 0);
	assert_false(r.into.flag); /* taken back by the second file */
	assert_int_equal(r.into.number, 6);
	assert_false(r.into.other); /* -4 excludes it */
	assert_int_equal(r.into.constant, 4);
	assert_int_equal(r.into.level, 1); /* the command line wins, it does not add up */
	assert_string_equal(r.into.glued, "80");
	done(&r);
	assert_int_equal(
		key(&r, "number", "x", "f:9"), 0); /* values are looked at when they count */
	GO(&r, "a");
	assert_int_equal(r.rc, ERR_USAGE);
	assert_non_null(strstr(r.e.text, "f:9: --number x: "));
	done(&r);
}

static void test_bad_keys(void **state)
{
	struct run r = {0};

	assert_int_equal(key(&r, "numbr", "5", "f:1"), ERR_USAGE);
	assert_non_null(strstr(r.e.text, "f:1: numbr: "));
	assert_int_equal(key(&r, "num", "5", "f:2"), ERR_USAGE); /* no prefixes in files */
	assert_int_equal(key(&r, "config", "x", "f:3"), ERR_USAGE);
	assert_int_equal(key(&r, "n", "maybe", "f:4"), ERR_USAGE);
	assert_int_equal(key(&r, "gone", "x", "f:5"), ERR_UNSUPPORTED);
	assert_non_null(strstr(r.e.text, "f:5: --gone (time travel)"));
	done(&r);
}

static void test_documents(void **state)
{
	static const struct opt_word words[] = {{"doctor", "it's fine"}, {NULL, NULL}};
	struct buf b = {0};

	opt_help(&table, &b);
	assert_non_null(strstr(buf_text(&b), "\n  -p, --ports PORTS            ports\n"));
	assert_non_null(strstr(buf_text(&b), "-PS[PORTS]"));
	buf_clear(&b);
	opt_man(&table, &b);
	assert_non_null(strstr(
		buf_text(&b), ".TP\n\\fB\\-p\\fR, \\fB\\-\\-ports\\fR \\fIPORTS\\fR\nports.\n"));
	buf_clear(&b);
	assert_int_equal(opt_completion(&table, "fish", words, &b), 0);
	assert_non_null(strstr(buf_text(&b), "'it\\'s fine'"));
	assert_null(strstr(buf_text(&b), "gone"));
	assert_int_equal(opt_completion(&table, "csh", words, &b), ERR_USAGE);
	buf_free(&b);
}

static void test_list_is_bounded(void **state)
{
	const char *argv[2 * (OPT_LIST_MAX + 1) + 1] = {NULL};
	struct run r = {0};

	for (size_t i = 0; i < 2 * (OPT_LIST_MAX + 1); i += 2) {
		argv[i] = "-oX";
		argv[i + 1] = "a";
	}
	go(&r, argv);
	assert_int_equal(r.rc, ERR_USAGE);
	assert_int_equal(r.into.list.n, OPT_LIST_MAX);
	done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_list_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
