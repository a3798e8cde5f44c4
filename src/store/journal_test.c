/* SPDX-License-Identifier: BSD-2-Clause */
/* A checkpoint written and read: what was learnt is known again, wherever the file was cut. */
#include "store/past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SELF 0x0a000001 /* 10.0.0.1 */

struct place {
	char dir[40], path[64];
	struct journal j;
	struct bus bus;
};

static const struct frame_item args[] = {{"sonde", NULL, 0}};
static const struct frame_start start = {
	.version = SONDE_VERSION, .directory = "/", .seed = 7, .args = {args, 1}};

static void open_place(struct place *p)
{
	struct err e = {0};

	strcpy(p->dir, "/tmp/sonde-journal-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/c", p->dir);
	journal_init(&p->j);
	assert_int_equal(journal_open(&p->j, p->path, true, &e), 0);
	assert_int_equal(journal_begin(&p->j, &start, &e), 0);
	bus_init(&p->bus);
	assert_int_equal(bus_subscribe(&p->bus, journal_put, &p->j, JOURNAL_WANT), 0);
}

static void close_place(struct place *p)
{
	assert_false(bus_failed(&p->bus));
	journal_close(&p->j);
	unlink(p->path);
	assert_int_equal(rmdir(p->dir), 0);
}

/* Whatever the umask: the command line in it may have a password. */
static void test_is_private(void **state)
{
	mode_t mask = umask(0);
	struct place p;
	struct stat st;

	open_place(&p);
	umask(mask);
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	close_place(&p);
}

static struct rec_verdict syn(uint32_t host, uint16_t number, enum port_state state)
{
	return (struct rec_verdict){.addr = addr_v4(host),
		.tech = "syn",
		.port = {.number = number,
			.proto = PROTO_TCP,
			.state = (uint8_t)state,
			.reason = REASON_SYN_ACK,
			.ttl = 61,
			.rtt_ns = number + 1u}};
}

static void put_verdict(struct place *p, struct rec_verdict v)
{
	struct rec_verdicts r = {&v, 1};

	bus_publish(&p->bus, &(struct rec){.kind = REC_VERDICTS, .verdicts = &r});
}

static void put_host(struct place *p, uint32_t host, enum host_state state, bool partial)
{
	struct rec_port open = {.number = 80, .proto = PROTO_TCP, .state = PORT_OPEN};
	struct rec_host h = {.addr = addr_v4(host),
		.state = (uint8_t)state,
		.partial = partial,
		.ports = &open,
		.n_ports = state == HOST_UP};

	bus_publish(&p->bus, &(struct rec){.kind = REC_HOST, .host = &h});
}

/* The checkpoint, opened as the next run does. */
static struct past *reopened(struct place *p)
{
	struct past *past = past_new();
	struct err e = {0};

	journal_close(&p->j);
	assert_non_null(past);
	assert_int_equal(journal_open(&p->j, p->path, false, &e), 0);
	assert_int_equal(past_read(past, &p->j, &e), 0);
	return past;
}

static bool knows(struct past *p, uint32_t host, const char *tech, uint16_t number)
{
	struct addr a = addr_v4(host);
	struct rec_verdict v;

	return past_port(p, &a, tech, number, &v);
}

static enum host_state finished(struct past *p, uint32_t host)
{
	struct addr a = addr_v4(host);

	return past_finished(p, &a);
}

static void test_known(void **state)
{
	struct rec_verdict v = syn(SELF, 443, PORT_FILTERED), got;
	struct rec_verdict self = {.addr = addr_v4(SELF),
		.mac = {{2, 3}},
		.port = {.state = HOST_UP, .reason = REASON_ARP_RESPONSE, .ttl = 9}};
	struct addr a = addr_v4(SELF), other = addr_v4(SELF + 1);
	struct past *past;
	struct place p;

	open_place(&p);
	v.from = other;
	put_verdict(&p, self);
	put_verdict(&p, v);
	put_verdict(&p, syn(SELF, 80, PORT_FILTERED));
	put_verdict(&p, syn(SELF, 80, PORT_OPEN)); /* a late answer */
	put_host(&p, SELF, HOST_UP, true);	   /* as far as the interruption */
	assert_true(p.j.partial);
	past = reopened(&p);
	assert_int_equal(past_start(past)->seed, 7);
	assert_false(past_complete(past));
	assert_int_equal(past_finished(past, &a), HOST_UNKNOWN);
	assert_true(past_host(past, &a, &got));
	assert_int_equal(got.port.reason, REASON_ARP_RESPONSE);
	assert_memory_equal(&got.mac, &self.mac, sizeof(got.mac));
	assert_true(past_port(past, &a, "syn", 443, &got));
	assert_true(addr_eq(&got.from, &other));
	assert_int_equal(got.port.ttl, 61);
	assert_int_equal(got.port.rtt_ns, 444);
	assert_int_equal(got.port.proto, PROTO_TCP);
	assert_true(past_port(past, &a, "syn", 80, &got));
	assert_int_equal(got.port.state, PORT_OPEN);
	assert_false(knows(past, SELF, "syn", 81));
	assert_false(knows(past, SELF, "udp", 80));
	assert_false(knows(past, SELF + 1, "syn", 80));
	past_free(past);
	close_place(&p);
}

struct seen {
	unsigned hosts, found;
};

static int on_replay(void *ctx, const struct rec *r, struct err *e)
{
	struct seen *s = ctx;

	if (r->kind == REC_HOST) /* in the order of the reports */
		assert_int_equal(addr_to_v4(&r->host->addr), SELF + s->hosts++);
	else
		s->found++;
	return 0;
}

/* Finished hosts are published again, once a report, and do not grow the file. */
static void test_replay(void **state)
{
	struct seen seen = {0};
	struct past *past;
	struct place p;
	uint64_t end;

	open_place(&p);
	for (unsigned i = 0; i < 3; i++) {
		put_verdict(&p, syn(SELF + i, 80, PORT_OPEN));
		put_host(&p, SELF + i, i == 1 ? HOST_DOWN : HOST_UP, false);
	}
	past = reopened(&p);
	end = past_end(past);
	assert_int_equal(
		bus_subscribe(&p.bus, on_replay, &seen, BUS_WANT(REC_HOST) | BUS_WANT(REC_FOUND)),
		0);
	assert_int_equal(past_replay(past, &p.bus, NULL), 0);
	assert_int_equal(seen.hosts, 3);
	assert_int_equal(seen.found, 2);
	assert_false(knows(past, SELF, "syn", 80));
	assert_int_equal(finished(past, SELF), HOST_UP);
	assert_int_equal(finished(past, SELF), HOST_UNKNOWN); /* named twice, finished once */
	assert_int_equal(finished(past, SELF + 1), HOST_DOWN);
	past_free(past);
	past = reopened(&p);
	assert_int_equal(past_end(past), end);
	past_free(past);
	close_place(&p);
}

/* SIGKILL may cut the last write anywhere: what stood before it is there, and the next run goes on.
 */
static void test_cut(void **state)
{
	uint64_t after[8];
	struct err e = {0};
	struct past *past;
	struct place p;
	struct stat st;

	open_place(&p);
	for (unsigned i = 0; i < 8; i++) {
		after[i] = p.j.end;
		put_verdict(&p, syn(SELF, (uint16_t)i, PORT_OPEN));
	}
	for (uint64_t len = p.j.end; len >= after[0]; len--) {
		unsigned whole = 0;

		while (whole < 7 && len >= after[whole + 1])
			whole++;
		whole += len == p.j.end && whole == 7;
		assert_int_equal(truncate(p.path, (off_t)len), 0);
		past = reopened(&p);
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(knows(past, SELF, "syn", (uint16_t)i), i < whole);
		assert_true(whole == 8 || past_end(past) == after[whole]);
		p.j.end = 0; /* not the end any more */
		past_free(past);
	}
	past = reopened(&p);
	assert_int_equal(journal_continue(&p.j, past_end(past), &e), 0);
	past_free(past);
	put_verdict(&p, syn(SELF, 999, PORT_OPEN));
	past = reopened(&p);
	assert_true(knows(past, SELF, "syn", 999));
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(past_end(past), st.st_size);
	past_free(past);
	close_place(&p);
}

static void test_finish(void **state)
{
	struct err e = {0};
	struct past *past;
	struct place p;

	open_place(&p);
	assert_int_equal(journal_finish(&p.j, false, &e), 0);
	past = reopened(&p);
	assert_true(past_complete(past));
	past_free(past);
	assert_int_equal(journal_finish(&p.j, true, &e), 0);
	assert_int_equal(access(p.path, F_OK), -1);
	close_place(&p);
}

/* A run that still goes on, and files that are something else. */
static void test_refused(void **state)
{
	static const char *const texts[] = {"", "# Nmap 7.93 scan\n", "sonde checkpoint 1\n",
		"sonde checkpoint 9\nxxxxxxxxxxx", "sonde checkpoint 1\n\1\2\3\4\5\6\7\10\11"};
	struct journal other;
	struct err e = {0};
	struct place p;

	open_place(&p);
	journal_init(&other);
	assert_int_equal(journal_open(&other, p.path, false, &e), ERR_USAGE);
	assert_non_null(strstr(e.text, "has not ended"));
	journal_close(&other);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct past *past = past_new();

		assert_int_equal(ftruncate(p.j.fd, 0), 0);
		assert_int_equal(write(p.j.fd, texts[i], strlen(texts[i])), strlen(texts[i]));
		assert_int_equal(past_read(past, &p.j, &e), ERR_USAGE);
		past_free(past);
	}
	close_place(&p);
}

/* All ports of some hosts, many hosts: look-ups that were linear would not end within the test's
 * time limit. */
static void test_many(void **state)
{
	struct rec_verdict v[512];
	struct past *past;
	struct place p;

	open_place(&p);
	for (uint32_t host = 0; host < 4; host++) {
		for (uint32_t at = 0; at < 65536; at += 512) {
			struct rec_verdicts r = {v, 512};

			for (uint32_t i = 0; i < 512; i++)
				v[i] = syn(SELF + host, (uint16_t)(at + i), PORT_CLOSED);
			bus_publish(&p.bus, &(struct rec){.kind = REC_VERDICTS, .verdicts = &r});
		}
	}
	for (uint32_t host = 0; host < 200000; host++)
		put_host(&p, SELF + 256 + host, HOST_DOWN, false);
	past = reopened(&p);
	for (uint32_t host = 0; host < 4; host++)
		for (uint32_t port = 0; port < 65536; port++)
			assert_true(knows(past, SELF + host, "syn", (uint16_t)port));
	for (uint32_t host = 0; host < 200000; host++)
		assert_int_equal(finished(past, SELF + 256 + host), HOST_DOWN);
	past_free(past);
	close_place(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_private),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_finish),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
