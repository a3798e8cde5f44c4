/* SPDX-License-Identifier: BSD-2-Clause */
/* Look-ups against a responder of our own: parallel, late, failing and hostile answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/resolve.h"

/* The responder is a process that answers by fixed rules and keeps count where the test sees it. */

#define DELAY_NS    (100 * NS_PER_MS)
#define MAX_WAITING 512

struct seen {
	unsigned questions;
	unsigned most_waiting; /* questions held back at once */
};

static struct seen *seen; /* shared with the responder */
static pid_t responder;

struct answer {
	uint64_t due_ns;
	int fd;
	struct sockaddr_in to;
	uint8_t bytes[1200];
	size_t len;
};

static void put(struct answer *a, const void *bytes, size_t len)
{
	memcpy(a->bytes + a->len, bytes, len);
	a->len += len;
}

static void put_u16(struct answer *a, unsigned v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	put(a, b, 2);
}

/* An answer of this type about the question's name (or whatever the pointer points at). */
static void put_record(
	struct answer *a, unsigned owner, unsigned type, const void *data, size_t len)
{
	put_u16(a, 0xc000 | owner);
	put_u16(a, type);
	put_u16(a, 1);
	put(a, "\0\0\0\x3c", 4);
	put_u16(a, (unsigned)len);
	put(a, data, len);
	a->bytes[7]++;
}

#define PUT_PTR(a, literal) put_record(a, 12, 12, literal, sizeof(literal))

static void put_delayed_name(struct answer *a, const char *labels)
{
	char name[64];
	int len;

	/* "y.x.0.10.in-addr.arpa" -> "h-<y>-<x>.example" */
	len = snprintf(name + 1, sizeof(name) - 1, "h-%.*s-%.*s", labels[0], labels + 1,
		labels[labels[0] + 1], labels + labels[0] + 2);
	name[0] = (char)len;
	memcpy(name + 1 + len, "\7example", 9);
	put_record(a, 12, 12, name, (size_t)len + 10);
	a->due_ns += DELAY_NS;
}

static void set_rcode(struct answer *a, unsigned rcode)
{
	a->bytes[3] = (uint8_t)((a->bytes[3] & 0xf0) | rcode);
}

/* What stands under <n>.0.1.10.in-addr.arpa. False: silence. */
static bool answer_ptr(struct answer *a, unsigned n)
{
	static const char longest[] =
		"\x3f"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"\x3f"
		"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
		"\x3f"
		"ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
		"\x3d"
		"ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";

	switch (n) {
	case 1:
		set_rcode(a, 3);
		return true;
	case 2:
		set_rcode(a, 2);
		return true;
	case 3:
		return false;
	case 4:
		PUT_PTR(a, "\x0b\x1b[31m\x00<&>\x07\xff\x07"
			   "example");
		return true;
	case 5: /* RFC 2317: an alias into another zone, and the record there */
		put_record(a, 12, 5,
			"\1"
			"5\4range\4glue",
			12);
		return true;
	case 6:
		return true;
	case 7: /* a name that points at itself */
		put_record(a, 12, 12, "\xc0\x29", 2);
		return true;
	case 8:
		PUT_PTR(a, longest);
		return true;
	case 9:
		PUT_PTR(a, "\x05"
			   "caf\xc3\xa9\x07"
			   "example");
		return true;
	case 10:
		PUT_PTR(a, "");
		return true;
	case 11:
		set_rcode(a, 5);
		return true;
	case 12:
		PUT_PTR(a, "\x05"
			   "a.b\\c\x07"
			   "example");
		return true;
	case 13: /* claims a record that is not there */
		a->bytes[7] = 1;
		return true;
	case 14:
		PUT_PTR(a, "\x04_ok-\x07"
			   "example");
		return true;
	default:
		set_rcode(a, 3);
		return true;
	}
}

static bool is_name(const uint8_t *question, const char *name, size_t len)
{
	return memcmp(question, name, len) == 0;
}

#define IS(q, literal) is_name(q, literal, sizeof(literal))

static bool answer_forward(struct answer *a, const uint8_t *q, unsigned type)
{
	static const uint8_t v6[16] = {0xfd, [15] = 1};

	if (IS(q, "\4slow\7example"))
		return false;
	if (IS(q, "\3bad\7example")) {
		set_rcode(a, 2);
	} else if (IS(q, "\3web\7example")) {
		if (type == 28)
			put_record(a, 12, 28, v6, 16);
		if (type == 1)
			put_record(a, 12, 1, "\x0a\x02\x00\x02", 4);
		if (type == 1)
			put_record(a, 12, 1, "\x0a\x02\x00\x01", 4);
	} else if (IS(q, "\3dup\7example") && type == 1) {
		put_record(a, 12, 1, "\x0a\x02\x00\x07", 4);
		put_record(a, 12, 1, "\x0a\x02\x00\x07", 4);
	} else if (!IS(q, "\3dup\7example")) {
		set_rcode(a, 3);
	}
	return true;
}

/* A query is 12 bytes of header and one question: labels, type, class. */
static bool make_answer(struct answer *a, size_t len)
{
	uint8_t *q = a->bytes + 12;
	size_t name_len = strnlen((char *)q, len - 12);
	unsigned type = (unsigned)q[name_len + 1] << 8 | q[name_len + 2];

	a->len = 12 + name_len + 5;
	a->bytes[2] |= 0x84;
	a->bytes[3] = 0x80;
	memset(a->bytes + 6, 0, 6);
	if (type != 12)
		return answer_forward(a, q, type);
	if (strstr((char *)q, "\1"
			      "0\2"
			      "10\7in-addr"))
		put_delayed_name(a, (char *)q);
	else if (strstr((char *)q, "\1"
				   "0\1"
				   "1\2"
				   "10\7in-addr"))
		return answer_ptr(a, (unsigned)atoi((char *)q + 1));
	else if (IS(q, "\1"
		       "5\4range\4glue"))
		PUT_PTR(a, "\5glued\7example");
	else if (strstr((char *)q, "\3ip6"))
		PUT_PTR(a, "\3six\7example");
	else
		set_rcode(a, 3);
	return true;
}

static int bind_port(unsigned port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0)
		_exit(1);
	return fd;
}

struct waiting {
	unsigned n;
	struct answer list[MAX_WAITING];
};

static void take_question(int fd, struct waiting *w)
{
	struct answer *a = &w->list[w->n];
	socklen_t to_len = sizeof(a->to);
	ssize_t len;

	memset(a, 0, sizeof(*a));
	len = recvfrom(fd, a->bytes, 512, 0, (struct sockaddr *)&a->to, &to_len);
	if (len < 17)
		return;
	a->fd = fd;
	a->due_ns = clock_now(clock_real());
	seen->questions++;
	if (!make_answer(a, (size_t)len) || w->n == MAX_WAITING - 1)
		return;
	if (++w->n > seen->most_waiting)
		seen->most_waiting = w->n;
}

static void send_due(struct waiting *w)
{
	for (unsigned i = 0; i < w->n;) {
		struct answer *a = &w->list[i];

		if (a->due_ns > clock_now(clock_real())) {
			i++;
			continue;
		}
		sendto(a->fd, a->bytes, a->len, 0, (struct sockaddr *)&a->to, sizeof(a->to));
		*a = w->list[--w->n];
	}
}

static void respond(int ready_fd)
{
	static struct waiting waiting;
	struct pollfd fds[2] = {
		{.fd = bind_port(53), .events = POLLIN}, {.fd = bind_port(5300), .events = POLLIN}};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(ready_fd, "", 1) != 1)
		_exit(1);
	for (;;) {
		poll(fds, 2, 2);
		for (unsigned i = 0; i < 2; i++)
			if (fds[i].revents & POLLIN)
				take_question(fds[i].fd, &waiting);
		send_due(&waiting);
	}
}

/* The namespaces have loopback only, and an /etc/hosts and /etc/resolv.conf of our own. */

static const char hosts_text[] = "127.0.0.1 localhost\n"
				 "::1 localhost ip6-localhost\n"
				 "# comment 10.3.0.9 never\n"
				 "10.3.0.1\tfirst.lab first # the first one\n"
				 "10.3.0.1 second.lab\n"
				 "10.3.0.2 both.lab\n"
				 "fd00:3::2 both.lab\n"
				 "10.3.0.3 odd<script>.lab\n"
				 "not-an-address name\n"
				 "10.3.0.4\n";

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool replace_file(const char *path, const char *text)
{
	char file[] = "/tmp/resolve_test.XXXXXX";
	int fd = mkstemp(file);
	bool ok;

	if (fd < 0)
		return false;
	close(fd);
	ok = chmod(file, 0644) == 0 && write_file(file, text) &&
	     mount(file, path, NULL, MS_BIND, NULL) == 0;
	unlink(file);
	return ok;
}

static bool loopback_up(void)
{
	struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool enter_namespaces(void)
{
	char map[64];
	unsigned uid = geteuid();

	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) < 0)
			return false;
		snprintf(map, sizeof(map), "0 %u 1", uid);
		if (!write_file("/proc/self/setgroups", "deny") ||
			!write_file("/proc/self/uid_map", map))
			return false;
	}
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && loopback_up() &&
	       replace_file("/etc/hosts", hosts_text) &&
	       replace_file(
		       "/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n");
}

static bool start_responder(void)
{
	int ready[2];
	char byte;

	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED || pipe(ready) < 0)
		return false;
	responder = fork();
	if (responder == 0)
		respond(ready[1]);
	close(ready[1]);
	return read(ready[0], &byte, 1) == 1 && close(ready[0]) == 0;
}

struct result {
	unsigned answers;
	char name[1100];	/* of the last answer; "-" = none */
	struct resolver *again; /* ask this one again from inside the callback, once */
};

static void on_name(void *ctx, const struct addr *addr, const char *name)
{
	struct result *res = ctx;
	struct resolver *again = res->again;

	res->answers++;
	snprintf(res->name, sizeof(res->name), "%s", name ? name : "-");
	res->again = NULL;
	if (again)
		assert_int_equal(resolver_reverse(again, addr, on_name, res), 0);
}

static struct resolver *open_resolver(const struct resolver_conf *c)
{
	struct resolver *r;
	struct err e = {0};

	if (resolver_open(&r, c, &e) < 0)
		fail_msg("%s", e.text);
	memset(seen, 0, sizeof(*seen));
	return r;
}

static struct addr parse(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void ask(struct resolver *r, struct addr a, struct result *res)
{
	assert_int_equal(resolver_reverse(r, &a, on_name, res), 0);
}

static void drive(struct resolver *r)
{
	uint64_t end = clock_now(clock_real()) + 60 * NS_PER_S;

	while (resolver_pending(r)) {
		struct pollfd fds[16];
		size_t n = resolver_fds(r, fds, 16);
		uint64_t wait_ns = resolver_timeout_ns(r);

		assert_true(clock_now(clock_real()) < end);
		assert_true(n > 0 || wait_ns != UINT64_MAX);
		poll(fds, (nfds_t)n, wait_ns > NS_PER_S ? 1000 : (int)(wait_ns / NS_PER_MS));
		resolver_step(r);
	}
}

/* Asks for n addresses 10.0.x.y, whose answers come after DELAY_NS each. */
static void ask_many(struct resolver *r, unsigned n, struct result *results)
{
	for (unsigned i = 0; i < n; i++)
		ask(r, addr_v4(0x0a000000 + i), &results[i]);
	assert_int_equal(resolver_pending(r), n);
	drive(r);
	for (unsigned i = 0; i < n; i++) {
		char want[32];

		snprintf(want, sizeof(want), "h-%u-%u.example", i % 256, i / 256);
		assert_int_equal(results[i].answers, 1);
		assert_string_equal(results[i].name, want);
	}
}

static void test_parallel(void **state)
{
	struct result results[300] = {0};
	struct resolver *r = open_resolver(&(struct resolver_conf){0});

	ask_many(r, 300, results);
	assert_in_range(seen->most_waiting, 32, 64);
	assert_int_equal(seen->questions, 300);
	resolver_free(r);
}

static void test_in_flight(void **state)
{
	struct result results[40] = {0};
	struct resolver *r = open_resolver(&(struct resolver_conf){.in_flight = 8});

	ask_many(r, 40, results);
	assert_in_range(seen->most_waiting, 4, 8);
	resolver_free(r);
}

static void test_system_parallel(void **state)
{
	struct result results[40] = {0}, hosts = {0};
	struct resolver *r = open_resolver(&(struct resolver_conf){.system = true});

	ask_many(r, 40, results);
	assert_in_range(seen->most_waiting, 4, 16);
	ask(r, parse("10.3.0.1"), &hosts);
	drive(r);
	assert_string_equal(hosts.name, "first.lab");
	ask(r, parse("10.1.0.1"), &hosts);
	drive(r);
	assert_string_equal(hosts.name, "-");
	resolver_free(r);
}

static void test_joined_and_cached(void **state)
{
	struct result res = {0};
	struct resolver *r = open_resolver(&(struct resolver_conf){0});

	for (unsigned i = 0; i < 50; i++)
		ask(r, parse("10.0.0.7"), &res);
	drive(r);
	assert_int_equal(res.answers, 50);
	ask(r, parse("10.0.0.7"), &res);
	assert_int_equal(res.answers, 50); /* never from inside the question */
	res.again = r;
	drive(r);
	assert_int_equal(res.answers, 52);
	ask(r, parse("10.1.0.1"), &res);
	drive(r);
	ask(r, parse("10.1.0.1"), &res);
	drive(r);
	assert_string_equal(res.name, "-");
	assert_int_equal(seen->questions, 2);
	resolver_free(r);
}

static void test_answers(void **state)
{
	/* clang-format off */
	static const struct {
		const char *addr, *name;
	} rows[] = {
		{ "10.1.0.1", "-" },
		{ "10.1.0.2", "-" },
		{ "10.1.0.4", "\\027\\09131m\\000\\060\\038\\062\\007\\255.example" },
		{ "10.1.0.5", "-" },
		{ "10.1.0.6", "-" },
		{ "10.1.0.7", "-" },
		{ "10.1.0.9", "caf\\195\\169.example" },
		{ "10.1.0.10", "-" },
		{ "10.1.0.11", "-" },
		{ "10.1.0.12", "a\\046b\\092c.example" },
		{ "10.1.0.13", "-" },
		{ "10.1.0.14", "_ok-.example" },
		{ "fd00::5", "six.example" },
		{ "10.3.0.1", "first.lab" },
		{ "10.3.0.3", "odd\\060script\\062.lab" },
		{ "10.3.0.4", "-" },
		{ "10.3.0.9", "-" },
		{ "127.0.0.1", "localhost" },
		{ "::1", "localhost" },
	};
	/* clang-format on */
	struct resolver *r = open_resolver(&(struct resolver_conf){0});

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct result res = {0};

		ask(r, parse(rows[i].addr), &res);
		drive(r);
		assert_int_equal(res.answers, 1);
		if (strcmp(res.name, rows[i].name) != 0)
			fail_msg("%s: %s, should be %s", rows[i].addr, res.name, rows[i].name);
	}
	resolver_free(r);
}

static void test_longest(void **state)
{
	struct result res = {0};
	struct resolver *r = open_resolver(&(struct resolver_conf){0});

	ask(r, parse("10.1.0.8"), &res);
	drive(r);
	assert_int_equal(strlen(res.name), 253);
	assert_int_equal(strspn(res.name, "abcd."), 253);
	resolver_free(r);
}

static void test_timeout(void **state)
{
	struct result res = {0};
	struct resolver *r =
		open_resolver(&(struct resolver_conf){.timeout_ns = 50 * NS_PER_MS, .tries = 3});

	ask(r, parse("10.1.0.3"), &res);
	drive(r);
	assert_string_equal(res.name, "-");
	assert_int_equal(seen->questions, 3);
	resolver_free(r);
}

static void test_servers(void **state)
{
	static const char *const lists[] = {
		"127.0.0.1:5300", " 127.0.0.9 , 127.0.0.1", "[::1]:9,127.0.0.1:5300"};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct result res = {0};
		struct resolver *r = open_resolver(&(struct resolver_conf){.servers = lists[i]});

		ask(r, parse("10.1.0.14"), &res);
		drive(r);
		assert_string_equal(res.name, "_ok-.example");
		resolver_free(r);
	}
}

static void test_free_answers(void **state)
{
	struct result res[3] = {0};
	struct resolver *r = open_resolver(&(struct resolver_conf){.in_flight = 1});

	ask(r, parse("10.1.0.3"), &res[0]);
	ask(r, parse("10.0.0.1"), &res[1]);
	resolver_step(r);
	ask(r, parse("10.0.0.1"), &res[2]);
	assert_int_equal(resolver_pending(r), 3);
	resolver_free(r);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(res[i].answers, 1);
		assert_string_equal(res[i].name, "-");
	}
}

/* The question under way goes on, unheard; the one that waited was never sent: not "no name". */
static void test_cancel(void **state)
{
	struct result res[3] = {0};
	struct resolver *r = open_resolver(&(struct resolver_conf){.in_flight = 1});

	ask(r, parse("10.0.0.1"), &res[0]);
	ask(r, parse("10.0.0.2"), &res[1]);
	resolver_step(r);
	resolver_cancel(r);
	assert_int_equal(resolver_pending(r), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(res[i].answers, 1);
		assert_string_equal(res[i].name, "-");
	}
	ask(r, parse("10.0.0.1"), &res[0]);
	ask(r, parse("10.0.0.2"), &res[1]);
	drive(r);
	assert_string_equal(res[0].name, "h-1-0.example");
	assert_string_equal(res[1].name, "h-2-0.example");
	assert_int_equal(seen->questions, 2);
	ask(r, parse("10.0.0.1"), &res[2]); /* known, not yet delivered */
	resolver_cancel(r);
	assert_string_equal(res[2].name, "h-1-0.example");
	resolver_cancel(r);
	resolver_free(r);
	assert_int_equal(res[0].answers, 2);
}

static void test_system_free(void **state)
{
	struct result res = {0};
	struct resolver *r = open_resolver(&(struct resolver_conf){.system = true});

	ask(r, parse("10.0.0.99"), &res);
	resolver_step(r);
	resolver_free(r);
	assert_int_equal(res.answers, 1);
	usleep(400000); /* lets the thread come home, for the leak checker */
}

static void test_silent_until_step(void **state)
{
	struct result res = {0};
	struct pollfd fds[4];
	struct resolver *r = open_resolver(&(struct resolver_conf){0});

	assert_int_equal(resolver_fds(r, fds, 4), 0);
	assert_true(resolver_timeout_ns(r) == UINT64_MAX);
	ask(r, parse("10.0.0.1"), &res);
	assert_true(resolver_timeout_ns(r) == 0);
	assert_int_equal(seen->questions, 0);
	drive(r);
	assert_int_equal(seen->questions, 1);
	resolver_free(r);
}

/* "a b" of the addresses, or the code. */
static const char *forward(struct resolver *r, const char *name, unsigned family, char out[256])
{
	char text[ADDR_TEXT_MAX];
	struct addr *list;
	struct err e = {0};
	int n = resolver_forward(r, name, family, &list, &e);

	out[0] = '\0';
	for (int i = 0; i < n; i++)
		snprintf(out + strlen(out), 256 - strlen(out), "%s%s", i ? " " : "",
			addr_text(&list[i], text));
	if (n < 0) {
		assert_int_equal(n, ERR_RESOLVE);
		snprintf(out, 256, "! %.200s", e.text);
	}
	free(list);
	return out;
}

static void check_forward(struct resolver *r, const char *name, unsigned family, const char *want)
{
	char out[256];

	forward(r, name, family, out);
	if (*want == '!' ? !strstr(out, want + 1) || *out != '!' : strcmp(out, want) != 0)
		fail_msg("%s (IPv%u): %s, should be %s", name, family, out, want);
}

static void test_forward(void **state)
{
	struct resolver *r = open_resolver(&(struct resolver_conf){.timeout_ns = 100 * NS_PER_MS});
	char out[256];

	check_forward(r, "web.example", 4, "10.2.0.2 10.2.0.1");
	check_forward(r, "web.example", 6, "fd00::1");
	forward(r, "web.example", 0, out);
	assert_true(strstr(out, "10.2.0.2 10.2.0.1") && strstr(out, "fd00::1"));
	check_forward(r, "dup.example", 0, "10.2.0.7");
	check_forward(r, "dup.example", 6, "!no address of this kind");
	check_forward(r, "nx.example", 0, "!no such name");
	check_forward(r, "bad.example", 0, "!failed or refused");
	check_forward(r, "slow.example", 0, "!in time");
	check_forward(r, "first.lab", 0, "10.3.0.1");
	check_forward(r, "both.lab", 4, "10.3.0.2");
	check_forward(r, "both.lab", 6, "fd00:3::2");
	resolver_free(r);
}

static void test_forward_system(void **state)
{
	struct resolver *r = open_resolver(&(struct resolver_conf){.system = true});

	check_forward(r, "web.example", 6, "fd00::1");
	check_forward(r, "both.lab", 4, "10.3.0.2");
	check_forward(r, "nx.example", 0, "!nx.example");
	check_forward(r, "0x0a000001", 0, "10.0.0.1");
	resolver_free(r);
}

/* What inet_aton(3) says of numbers; nothing of this may reach a server. */
static void test_numbers(void **state)
{
	struct resolver *r = open_resolver(&(struct resolver_conf){0});

	check_forward(r, "1", 0, "0.0.0.1");
	check_forward(r, "10.0.0", 0, "10.0.0.0");
	check_forward(r, "10.1", 4, "10.0.0.1");
	check_forward(r, "0x0a000001", 0, "10.0.0.1");
	check_forward(r, "010.0.0.1", 0, "8.0.0.1");
	check_forward(r, "192.0.2.7", 0, "192.0.2.7");
	check_forward(r, "2001:DB8::1", 0, "2001:db8::1");
	check_forward(r, "fe80::1%lo", 6, "fe80::1%lo");
	check_forward(r, "192.0.2.7", 6, "!IPv6 was asked for");
	check_forward(r, "2001:db8::1", 4, "!IPv4 was asked for");
	check_forward(r, "256.1.1.1", 0, "!neither");
	check_forward(r, "1.2.3.4.5", 0, "!neither");
	check_forward(r, "1.2.3.4 x", 0, "!neither");
	check_forward(r, "fe80::1%none", 0, "!neither");
	check_forward(r, "", 0, "!neither");
	check_forward(r, "a..b", 0, "!neither");
	check_forward(r, ".", 0, "!neither");
	check_forward(r, "\x1b[31mred", 0, "!\\027\\09131mred");
	check_forward(r, "caf\xc3\xa9.example", 0, "!xn--");
	assert_int_equal(seen->questions, 0);
	resolver_free(r);
}

static int stop_responder(void **state)
{
	kill(responder, SIGKILL);
	waitpid(responder, NULL, 0);
	return 0;
}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silent_until_step), cmocka_unit_test(test_parallel),
		cmocka_unit_test(test_in_flight),	  cmocka_unit_test(test_system_parallel),
		cmocka_unit_test(test_joined_and_cached), cmocka_unit_test(test_answers),
		cmocka_unit_test(test_longest),		  cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_free_answers),	  cmocka_unit_test(test_system_free),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_forward),		  cmocka_unit_test(test_forward_system),
		cmocka_unit_test(test_numbers),
	};
	/* clang-format on */

	if (!enter_namespaces()) {
		fprintf(stderr, "skipped: no namespaces of our own to be had here\n");
		return 77;
	}
	if (!start_responder())
		return 1;
	return cmocka_run_group_tests(tests, NULL, stop_responder);
}
