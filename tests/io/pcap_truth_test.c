/* SPDX-License-Identifier: BSD-2-Clause */
/* The pcap backend beside tshark: packets, times, lengths and outer addresses of other people's
 * captures (argument: their folder). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/io.h"
#include "pkt/view.h"

/* tshark takes a quarter of a second to start: one file in STRIDE, unless "all" is the second
 * argument. */
enum { STRIDE = 3 };

static const char *folder;
static size_t stride = STRIDE;

/* One line of tshark. */
struct truth {
	uint64_t at_ns;
	unsigned len;
	char protocols[512], src4[64], src6[64];
};

static FILE *tshark(const char *path)
{
	char command[1200];

	snprintf(command, sizeof(command),
		"tshark -n -r '%s' -T fields -E separator='|' -E occurrence=f "
		"-e frame.time_epoch -e frame.len -e frame.protocols -e ip.src -e ipv6.src 2>/dev/null",
		path);
	return popen(command, "r");
}

/* The next field of *line, which moves on; never NULL. */
static const char *field(char **line)
{
	char *f = strsep(line, "|\n");

	return f ? f : "";
}

/* tshark shows pcapng's custom blocks, journal entries and the like as frames of "data" without a
 * time: no packets. */
static bool is_packet(const struct truth *t)
{
	return t->at_ns || strcmp(t->protocols, "data");
}

static bool read_truth(FILE *f, struct truth *t)
{
	char text[2048], *line = text, *dot;
	const char *at;

	if (!fgets(text, sizeof(text), f))
		return false;
	at = field(&line); /* with nine digits of fraction; empty for pcapng's simple packets, which
			      have no time */
	t->at_ns = strtoull(at, &dot, 10) * NS_PER_S;
	if (*dot)
		t->at_ns += strtoull(dot + 1, NULL, 10);
	t->len = (unsigned)atoi(field(&line));
	snprintf(t->protocols, sizeof(t->protocols), "%s", field(&line));
	snprintf(t->src4, sizeof(t->src4), "%s", field(&line));
	snprintf(t->src6, sizeof(t->src6), "%s", field(&line));
	return true;
}

static bool next_truth(FILE *f, struct truth *t)
{
	while (read_truth(f, t))
		if (is_packet(t))
			return true;
	return false;
}

/* 4 or 6 when tshark found that IP right behind the link header, else 0. */
static unsigned outer_ip(const char *protocols)
{
	static const char *const links[] = {
		"eth", "ethertype", "vlan", "ieee8021ad", "sll", "raw", "null", "loop"};
	char copy[512], *rest = copy, *p;
	size_t i;

	snprintf(copy, sizeof(copy), "%s", protocols);
	while ((p = strsep(&rest, ":"))) {
		if (!strcmp(p, "ip"))
			return 4;
		if (!strcmp(p, "ipv6"))
			return 6;
		for (i = 0; i < sizeof(links) / sizeof(links[0]) && strcmp(p, links[i]); i++)
			;
		if (i == sizeof(links) / sizeof(links[0]))
			return 0;
	}
	return 0;
}

static void compare(
	const char *path, unsigned number, const struct io_rx *rx, const struct truth *t)
{
	unsigned family = outer_ip(t->protocols);
	struct addr want = {0};
	struct pkt_view v;

	if (rx->at_ns != t->at_ns)
		fail_msg("%s #%u: time %" PRIu64 ", tshark %" PRIu64, path, number, rx->at_ns,
			t->at_ns);
	if (rx->wire_len > t->len)
		fail_msg("%s #%u: %u bytes, tshark %u with link header", path, number, rx->wire_len,
			t->len);
	if ((rx->kind == IO_RX_IP) != (family != 0))
		fail_msg("%s #%u: %s, tshark %s", path, number,
			rx->kind == IO_RX_IP ? "IP" : "not IP", t->protocols);
	if (!family || addr_parse(family == 4 ? t->src4 : t->src6, &want))
		return; /* too damaged for tshark to show an address */
	(void)pkt_view(rx->data, rx->len, &v);
	if (!addr_eq(&v.src, &want))
		fail_msg("%s #%u: the source is not %s", path, number,
			family == 4 ? t->src4 : t->src6);
}

/* Compares one file; returns its packets, or -1 when its link type is not ours to read. */
static int compare_file(const char *path)
{
	struct io_conf c = {.path = path};
	struct io *io = NULL;
	struct io_rx rx[7];
	struct truth t;
	struct err e = {0};
	unsigned number = 0;
	int n, rc = io_pcap_ops.open(&io, &c, &e);
	FILE *f;

	if (rc == ERR_UNSUPPORTED)
		return -1;
	if (rc)
		fail_msg("%s", e.text);
	f = tshark(path);
	while ((n = io_recv(io, rx, 7, &e)) > 0)
		for (int i = 0; i < n; i++) {
			number++;
			if (!next_truth(f, &t))
				fail_msg("%s: tshark has %u packets only", path, number - 1);
			compare(path, number, &rx[i], &t);
		}
	if (n == 0 && next_truth(f, &t))
		fail_msg("%s: tshark has more than %u packets", path, number);
	pclose(f);
	io_close(io);
	return (int)number;
}

static void test_truth(void **state)
{
	unsigned files = 0, refused = 0, packets = 0;
	char pattern[1024];
	glob_t g;

	snprintf(pattern, sizeof(pattern), "%s/*cap*", folder);
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i += stride) {
		int n = compare_file(g.gl_pathv[i]);

		files += n >= 0;
		refused += n < 0;
		packets += n > 0 ? (unsigned)n : 0;
	}
	globfree(&g);
	print_message("    %u files, %u packets as tshark has them; %u of other link types\n",
		files, packets, refused);
	assert_true(files > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_truth)};

	if (argc > 2 && !strcmp(argv[2], "all"))
		stride = 1;
	folder = argc > 1 ? argv[1] : "../shared/conformance/pcaps/lan";
	if (access(folder, R_OK) || system("command -v tshark >/dev/null")) {
		fprintf(stderr, "skipped: needs tshark and the captures in %s\n", folder);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
