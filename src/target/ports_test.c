/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and frequencies of ports, loaded tables, and the port grammar against the nmap of this
 * machine. More rounds: ports_test ROUNDS SEED.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/rng.h"
#include "target/ports.h"

#define TCP  (1u << PORTS_TCP)
#define UDP  (1u << PORTS_UDP)
#define SCTP (1u << PORTS_SCTP)
#define IP   (1u << PORTS_IP)

static unsigned rounds = 120;
static uint64_t seed = 20261120;

static struct services *open_table(const char *file)
{
	struct services *s;
	struct err e = { 0 };

	if (services_open(&s, file, &e) < 0)
		fail_msg("%s", e.text);
	return s;
}

/* "tcp:2:22,80 udp:1:53" of the classes, or "refused". */
static void build(const struct port_request *rq, struct buf *out)
{
	static const char *const names[] = { "tcp", "udp", "sctp", "ip" };
	struct err e = { 0 };
	struct port_set set;

	if (port_set_build(&set, rq, &e) < 0) {
		assert_int_equal(e.code, ERR_USAGE);
		buf_str(out, "refused");
		return;
	}
	for (unsigned c = 0; c < PORT_CLASSES; c++) {
		char *text = port_list_text(&set.of[c]);

		if (rq->classes & 1u << c)
			buf_fmt(out, "%s%s:%u:%s", out->len ? " " : "", names[c], set.of[c].n,
				text);
		free(text);
	}
	port_set_free(&set);
}

static void check(const struct services *s, struct port_request rq, const char *expected)
{
	struct buf got;

	rq.services = s;
	buf_init(&got);
	build(&rq, &got);
	assert_string_equal(buf_text(&got), expected);
	buf_free(&got);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void test_names(void **state)
{
	static const struct {
		enum port_class class;
		uint16_t port;
		const char *name;
	} known[] = {
		{ PORTS_TCP, 22, "ssh" },
		{ PORTS_TCP, 80, "http" },
		{ PORTS_TCP, 443, "https" },
		{ PORTS_TCP, 8080, "http-alt" },
		{ PORTS_UDP, 53, "domain" },
		{ PORTS_UDP, 161, "snmp" },
		{ PORTS_SCTP, 2905, "m3ua" },
		{ PORTS_TCP, 65535, NULL },
		{ PORTS_TCP, 0, NULL },
		{ PORTS_IP, 1, "icmp" },
		{ PORTS_IP, 6, "tcp" },
		{ PORTS_IP, 58, "ipv6-icmp" },
		{ PORTS_IP, 132, "sctp" },
		{ PORTS_IP, 255, NULL },
		{ PORTS_TCP, 3306, "mysql" },
	};
	struct services *s = open_table(NULL);

	assert_string_equal(services_source(s), "built in");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const char *name = services_name(s, known[i].class, known[i].port);

		if (known[i].name)
			assert_string_equal(name, known[i].name);
		else
			assert_null(name);
	}
	services_free(s);
}

/* Every entry of Debian's own list (netbase, from IANA) is found by its name. */
static void test_etc_services(void **state)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp" };
	FILE *f = fopen("/etc/services", "re");
	struct services *s;
	char line[400], name[100], protocol[20];
	unsigned port, n = 0;

	if (!f)
		skip();
	s = open_table(NULL);
	while (fgets(line, sizeof(line), f)) {
		struct port_list l;
		struct err e;
		bool found = false, ours = false;

		if (sscanf(line, "%99s %u/%19s", name, &port, protocol) != 3 || name[0] < 'a' ||
			name[0] > 'z')
			continue;
		for (unsigned c = 0; c < 3; c++) {
			if (strcmp(protocol, protocols[c]) != 0)
				continue;
			ours = true;
			if (port_list_parse(&l, name, (enum port_class)c, s, &e) < 0)
				continue;
			for (uint32_t i = 0; i < l.n; i++)
				found = found || l.ports[i] == port;
			port_list_free(&l);
		}
		if (ours && !found)
			fail_msg("%s %u/%s is not found", name, port, protocol);
		n += ours;
	}
	assert_true(n > 250);
	fclose(f);
	services_free(s);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static void test_lists(void **state)
{
	struct services *s = open_table(NULL);
	struct port_list l, empty = { 0 };
	struct err e = { 0 };
	uint16_t *ranked;
	char *text;

	assert_int_equal(
		port_list_parse(&l, "100-103,22,80,443,1-2,65535,60001", PORTS_TCP, s, &e), 0);
	text = port_list_text(&l);
	assert_string_equal(text, "1-2,22,80,100-103,443,60001,65535");
	free(text);
	/* the order of --top-ports; ports without a rank last */
	ranked = port_list_by_rank(&l, PORTS_TCP, s);
	assert_int_equal(ranked[0], 80);
	assert_int_equal(ranked[1], 443);
	assert_int_equal(ranked[2], 22);
	assert_int_equal(ranked[l.n - 2], 60001);
	assert_int_equal(ranked[l.n - 1], 65535);
	free(ranked);
	port_list_free(&l);
	text = port_list_text(&empty);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(port_list_parse(&l, "T:22", PORTS_TCP, s, &e), ERR_USAGE);
	assert_int_equal(port_list_parse(&l, "", PORTS_TCP, s, &e), ERR_USAGE);
	assert_int_equal(port_list_parse(&l, "256", PORTS_IP, s, &e), ERR_USAGE);
	assert_int_equal(port_list_parse(&l, "icmp,17", PORTS_IP, s, &e), 0);
	text = port_list_text(&l);
	assert_string_equal(text, "1,17");
	free(text);
	port_list_free(&l);
	services_free(s);
}

/* The message names the part that is wrong. */
static void test_messages(void **state)
{
	static const struct {
		const char *spec, *part;
	} bad[] = {
		{ "22,,23", "\",23\"" },
		{ "80,nosuchname", "nosuchname" },
		{ "5-1", "5-1" },
		{ "70000", "70000" },
		{ "22,[80,[81]]", "[81]]" },
		{ "t:22", "t:22" },
	};
	struct services *s = open_table(NULL);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct port_request rq = {
			.spec = bad[i].spec, .ratio = -1, .classes = TCP, .services = s
		};
		struct err e = { 0 };
		struct port_set set;

		assert_int_equal(port_set_build(&set, &rq, &e), ERR_USAGE);
		if (!strstr(e.text, bad[i].part))
			fail_msg("%s", e.text);
	}
	services_free(s);
}

/* ---- loaded tables --------------------------------------------------------------------------- */

static const char path[] = "ports_test.services";

static void put_file(const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* nmap 7.93 was asked the same with --datadir. */
static void test_files(void **state)
{
	struct services *s;

	put_file(
		"# c\na\t5/tcp\t0.5 # x\nb 3/tcp 0.5\nc\t9/tcp\t0.5\nd 1/tcp 1/4\na 5/tcp 0.9\nq 7/udp 0.1\r\nz 8/dccp 0.9\nHTTP 2/tcp 0\n");
	s = open_table(path);
	assert_string_equal(services_source(s), path);
	assert_string_equal(services_name(s, PORTS_TCP, 5), "a");
	assert_null(services_name(s, PORTS_TCP, 22));
	assert_string_equal(services_name(s, PORTS_IP, 6), "tcp");
	check(s, (struct port_request){ .ratio = -1, .classes = TCP, .top = 1 }, "tcp:1:5");
	check(s, (struct port_request){ .ratio = -1, .classes = TCP, .top = 2 }, "tcp:2:3,5");
	check(s, (struct port_request){ .ratio = 0.3, .classes = TCP }, "tcp:3:3,5,9");
	check(s, (struct port_request){ .ratio = 0.25, .classes = TCP }, "tcp:4:1,3,5,9");
	check(s, (struct port_request){ .ratio = 0, .classes = TCP | UDP },
		"tcp:5:1-3,5,9 udp:1:7");
	check(s, (struct port_request){ .ratio = -1, .classes = TCP | UDP | SCTP },
		"tcp:5:1-3,5,9 udp:1:7 sctp:0:");
	check(s, (struct port_request){ .ratio = -1, .classes = TCP, .spec = "http,[5-]" },
		"tcp:3:2,5,9");
	check(s, (struct port_request){ .ratio = -1, .classes = IP, .fast = true },
		"ip:147:0-144,253-254");
	services_free(s);
	/* without frequencies: the privileged ports and what is named */
	put_file("a\t5/tcp\nb\t3000/tcp\nu 7/udp\nu 5000/udp\n");
	s = open_table(path);
	check(s, (struct port_request){ .ratio = -1, .classes = TCP | UDP | SCTP },
		"tcp:1025:1-1024,3000 udp:1025:1-1024,5000 sctp:1024:1-1024");
	check(s, (struct port_request){ .ratio = -1, .classes = TCP | UDP, .fast = true },
		"tcp:2:5,3000 udp:2:7,5000");
	check(s, (struct port_request){ .ratio = -1, .classes = TCP, .top = 1 }, "refused");
	services_free(s);
	unlink(path);
}

static void test_bad_files(void **state)
{
	static const char *const bad[] = { "", "a\n", "a 5\n", "a 70000/tcp 0.1\n", "a 5/tcp 1\n",
		"a 5/tcp x\n", "a 5/tcp -0.1\n", "a 5/tcp 1/0\n", "a x/tcp\n", "a 5/tcp 1/1\n" };
	struct services *s = NULL;
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_file(bad[i]);
		assert_int_equal(services_open(&s, path, &e), ERR_USAGE);
		assert_non_null(strstr(e.text, path));
	}
	unlink(path);
	assert_int_equal(services_open(&s, "/nonexistent/services", &e), ERR_USAGE);
	assert_int_equal(services_open(&s, "/", &e), ERR_USAGE);
}

/* ---- against nmap ---------------------------------------------------------------------------- */

static void skip_without_nmap(void)
{
	if (system("unshare -n nmap --version 2>/dev/null | grep -q 'version 7\\.93'") != 0) {
		print_message("no nmap 7.93 here, or no right to make a namespace: skipped\n");
		skip();
	}
}

/* Without a target nothing is sent, but the ports are listed. */
static void ask_nmap(const char *args, struct buf *out)
{
	char command[600], line[100000], protocol[20], ports[90000];
	unsigned n;
	FILE *f;
	int status;

	snprintf(command, sizeof(command), "unshare -n nmap -n -Pn %s -oX - 2>/dev/null", args);
	f = popen(command, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		const char *at = strstr(line, " protocol=\"");

		if (strncmp(line, "<scaninfo", 9) != 0 || !at)
			continue;
		ports[0] = '\0';
		assert_true(
			sscanf(at,
				" protocol=\"%19[a-z]\" numservices=\"%u\" services=\"%89999[^\"]",
				protocol, &n, ports) >= 2);
		buf_fmt(out, "%s%s:%u:%s", out->len ? " " : "", protocol, n, ports);
	}
	status = pclose(f);
	if (status != 0) {
		buf_clear(out);
		buf_str(out, "refused");
	}
}

static bool compare(struct port_request rq, const char *args)
{
	struct buf ours, theirs;
	bool same;

	buf_init(&ours);
	buf_init(&theirs);
	build(&rq, &ours);
	ask_nmap(args, &theirs);
	same = strcmp(buf_text(&ours), buf_text(&theirs)) == 0;
	if (!same)
		print_error("%s\nours: %.300s\nnmap: %.300s\n", args, buf_text(&ours),
			buf_text(&theirs));
	buf_free(&ours);
	buf_free(&theirs);
	return same;
}

static void test_frequencies(void **state)
{
	static const uint32_t tops[] = { 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 999, 1000, 1001,
		2000, 5000, 8366, 10000, 65535 };
	static const char *const ratios[] = { "0", "0.000005", "0.00001", "0.000013", "0.00005",
		"0.0001", "0.00037", "0.001", "0.0042", "0.01", "0.05", "0.1", "0.13", "0.2", "0.3",
		"0.48", "0.5", "0.9" };
	struct services *s;
	unsigned differ = 0;
	char args[100];

	skip_without_nmap();
	s = open_table(NULL);
	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
		snprintf(args, sizeof(args), "-sS -sU -sY --top-ports %u", tops[i]);
		differ += !compare((struct port_request){ .top = tops[i],
					   .ratio = -1,
					   .classes = TCP | UDP | SCTP,
					   .services = s },
			args);
	}
	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
		snprintf(args, sizeof(args), "-sS -sU -sY --port-ratio %s", ratios[i]);
		differ += !compare((struct port_request){ .ratio = atof(ratios[i]),
					   .classes = TCP | UDP | SCTP,
					   .services = s },
			args);
	}
	differ += !compare(
		(struct port_request){ .ratio = -1, .classes = TCP | UDP | SCTP, .services = s },
		"-sS -sU -sY");
	differ += !compare(
		(struct port_request){
			.ratio = -1, .fast = true, .classes = TCP | UDP | SCTP, .services = s },
		"-sS -sU -sY -F");
	differ += !compare(
		(struct port_request){
			.ratio = -1, .spec = "[0-]", .classes = TCP | UDP | SCTP, .services = s },
		"-sS -sU -sY -p '[0-]'");
	services_free(s);
	assert_int_equal(differ, 0);
}

static unsigned below(struct rng *rng, unsigned n)
{
	return (unsigned)rng_below(rng, n);
}

/* Pieces of the grammar, most of them in legal places. Names are those that both tables have. */
static void put_item(struct rng *rng, struct buf *b)
{
	static const char *const names[] = { "ssh", "http", "https", "domain", "ftp*", "smtp",
		"http-m*", "snmp", "m?sql", "nosuch", "*", "SSH" };
	static const char *const odd[] = { "-", "0", "65535", "65536", "[]", "[", "]",
		"T:", "U:", "S:", "P:", "t:", " ", ";", "--", "0x5", "" };

	switch (below(rng, 9)) {
	case 0:
		buf_str(b, names[below(rng, sizeof(names) / sizeof(names[0]))]);
		break;
	case 1:
		buf_str(b, odd[below(rng, sizeof(odd) / sizeof(odd[0]))]);
		break;
	case 2:
		buf_fmt(b, "%u-%u", below(rng, 500), below(rng, 2000));
		break;
	case 3:
		buf_fmt(b, below(rng, 2) ? "-%u" : "%u-", below(rng, 500));
		break;
	case 4:
		buf_fmt(b, "[%u-%u]", below(rng, 100), 100 + below(rng, 100));
		break;
	case 5:
		buf_fmt(b, "%c:%u", "TUSP"[below(rng, 4)], below(rng, 300));
		break;
	default:
		buf_fmt(b, "%u", below(rng, 1100));
	}
}

static void put_spec(struct rng *rng, struct buf *b)
{
	unsigned n = 1 + below(rng, 4);

	buf_clear(b);
	for (unsigned i = 0; i < n; i++) {
		if (i && below(rng, 12))
			buf_char(b, ',');
		if (below(rng, 15) == 0)
			buf_char(b, " []"[below(rng, 3)]);
		put_item(rng, b);
	}
	if (below(rng, 12) == 0)
		buf_char(b, below(rng, 2) ? ',' : ' ');
}

static void test_grammar(void **state)
{
	static const struct {
		unsigned classes;
		const char *args;
	} techniques[] = { { TCP, "-sS" }, { UDP, "-sU" }, { TCP | UDP, "-sS -sU" },
		{ TCP | UDP | SCTP, "-sS -sU -sY" }, { IP, "-sO" } };
	struct services *s;
	unsigned differ = 0;
	struct rng rng;
	struct buf spec;

	skip_without_nmap();
	s = open_table(NULL);
	rng_seed(&rng, seed);
	buf_init(&spec);
	for (unsigned i = 0; i < rounds; i++) {
		unsigned k = below(&rng, 5), extra = below(&rng, 6);
		struct port_request rq = {
			.ratio = -1, .classes = techniques[k].classes, .services = s
		};
		char args[400];

		put_spec(&rng, &spec);
		rq.spec = extra == 1 ? "1-255" : buf_text(&spec);
		rq.exclude = extra == 1 ? buf_text(&spec) : NULL;
		rq.top = extra == 2 ? 1 + below(&rng, 30) : 0;
		snprintf(args, sizeof(args), "%s %s '%s'", techniques[k].args,
			extra == 1 ? "-p 1-255 --exclude-ports" : "-p", buf_text(&spec));
		if (rq.top)
			snprintf(args + strlen(args), sizeof(args) - strlen(args),
				" --top-ports %u", rq.top);
		differ += !compare(rq, args);
	}
	buf_free(&spec);
	services_free(s);
	assert_int_equal(differ, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_etc_services),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_frequencies),
		cmocka_unit_test(test_grammar),
	};

	if (argc == 3) {
		rounds = (unsigned)atoi(argv[1]);
		seed = (uint64_t)atoll(argv[2]);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
