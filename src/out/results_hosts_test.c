/* SPDX-License-Identifier: BSD-2-Clause */
/* Hosts from results: order, merged answers, who is up; sorting beyond memory; what the screen
 * shows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "out/discovered.h"
#include "out/results_hosts.h"
#include "out/results_sort.h"

#define START (UINT64_C(1795215600) * NS_PER_S)

static char path[] = "/tmp/sonde-hosts-XXXXXX";

static struct rec_result answer(uint32_t host, uint16_t port, uint8_t state, uint64_t at)
{
	return (struct rec_result){.addr = addr_v4(0x0a000000 + host),
		.port = {.number = port,
			.proto = PROTO_TCP,
			.state = state,
			.reason = state == PORT_OPEN ? REASON_SYN_ACK : REASON_RESET,
			.ttl = 60,
			.rtt_src = RTT_XDP,
			.rtt_ns = 1000 * at},
		.at_wall_ns = START + at};
}

struct seen {
	struct rec_host host[8];
	struct rec_port ports[8][8];
	struct addr from[8];
	unsigned n;
};

static int take(void *ctx, const struct rec *r, struct err *e)
{
	struct seen *s = ctx;
	const struct rec_host *h = r->host;

	assert_true(s->n < 8 && h->n_ports <= 8);
	s->host[s->n] = *h;
	if (h->n_from)
		s->from[s->n] = h->from[0];
	if (h->n_ports)
		memcpy(s->ports[s->n], h->ports, h->n_ports * sizeof(*h->ports));
	s->n++;
	return 0;
}

static void group(const struct rec_result *v, size_t n, struct results_hosts *c, struct seen *s)
{
	const struct results_head head = {.run = {.args = "x", .start_wall_ns = START}};
	struct rec_results batch = {v, n};
	struct results_writer w;
	struct results_file *f = NULL;
	struct bus bus;

	assert_int_equal(results_writer_create(&w, path, &head, NULL), 0);
	assert_int_equal(results_writer_put(&w, &batch, NULL), 0);
	assert_int_equal(results_writer_close(&w, NULL), 0);
	bus_init(&bus);
	assert_int_equal(bus_subscribe(&bus, take, s, BUS_WANT(REC_HOST)), 0);
	assert_int_equal(results_open(&f, path, NULL), 0);
	assert_int_equal(results_publish_hosts(f, c, &bus, NULL), 0);
	results_close(f);
}

static void test_order(void **state)
{
	struct rec_result v[] = {
		answer(9, 443, PORT_OPEN, 1),
		answer(2, 80, PORT_OPEN, 2),
		answer(9, 22, PORT_CLOSED, 3),
		answer(2, 53, PORT_OPEN, 4),
		answer(1, 80, PORT_OPEN, 5),
		answer(2, 7, PORT_OPEN, 6),
	};
	struct results_hosts c = {.services = NULL};
	struct seen s = {.n = 0};

	v[3].port.proto = PROTO_UDP;
	v[4].addr = addr_from_bytes(6, (uint8_t[16]){0xfd, 1});
	group(v, 6, &c, &s);
	assert_int_equal(s.n, 3);
	assert_int_equal(c.n_hosts, 3);
	assert_int_equal(addr_to_v4(&s.host[0].addr), 0x0a000002);
	assert_int_equal(s.host[0].n_ports, 3);
	assert_int_equal(s.ports[0][0].number, 7);
	assert_int_equal(s.ports[0][1].number, 80);
	assert_int_equal(s.ports[0][2].proto, PROTO_UDP);
	assert_int_equal(s.host[0].state, HOST_UP);
	assert_int_equal(s.host[0].reason, REASON_SYN_ACK);
	assert_int_equal(s.host[0].start_wall_ns, START + 2);
	assert_int_equal(s.host[0].end_wall_ns, START + 6);
	assert_int_equal(s.host[0].latency_ns, 2000);
	assert_int_equal(
		s.host[1].reason, REASON_SYN_ACK); /* the first, though port 22 sorts first */
	assert_int_equal(s.ports[1][0].state, PORT_CLOSED);
	assert_int_equal(s.host[2].addr.family, 6);
}

/* The last state with the first time of those that agree; however they came into the file. */
static void test_repeats(void **state)
{
	struct rec_result v[] = {
		answer(1, 80, PORT_OPEN, 30),
		answer(1, 80, PORT_OPEN, 20),
		answer(1, 80, PORT_CLOSED, 10),
		answer(1, 81, PORT_OPEN, 40),
		answer(1, 81, PORT_CLOSED, 50),
	};
	struct results_hosts c = {.services = NULL};
	struct seen s = {.n = 0};

	group(v, 5, &c, &s);
	assert_int_equal(c.n_repeats, 3);
	assert_int_equal(s.host[0].n_ports, 2);
	assert_int_equal(s.ports[0][0].state, PORT_OPEN);
	assert_int_equal(s.ports[0][0].rtt_ns, 20000);
	assert_int_equal(s.ports[0][1].state, PORT_CLOSED);
}

/* A router that answers does not show that the host is up; an echo reply is no port. */
static void test_others(void **state)
{
	struct rec_result v[] = {answer(1, 80, PORT_FILTERED, 1), answer(2, 0, PORT_OPEN, 2)};
	struct results_hosts c = {.services = NULL};
	struct seen s = {.n = 0};

	v[0].port.from = 1;
	v[0].from = addr_v4(0x0a0000fe);
	v[1].port.proto = PROTO_ICMP;
	v[1].port.reason = REASON_ECHO_REPLY;
	group(v, 2, &c, &s);
	assert_int_equal(s.host[0].reason, REASON_USER_SET);
	assert_int_equal(s.host[0].latency_ns, 0);
	assert_int_equal(s.ports[0][0].from, 1);
	assert_true(addr_eq(&s.from[0], &v[0].from));
	assert_int_equal(s.host[1].n_ports, 0);
	assert_false(s.host[1].ports_scanned);
	assert_int_equal(s.host[1].reason, REASON_ECHO_REPLY);
}

static void test_where(void **state)
{
	struct rec_result v[] = {answer(1, 80, PORT_OPEN, 1), answer(2, 80, PORT_CLOSED, 1)};
	struct where *w = NULL;
	struct seen s = {.n = 0};
	struct results_hosts c;

	assert_int_equal(where_parse(&w, COLUMN_RESULTS, "state = open", NULL), 0);
	c = (struct results_hosts){.where = w};
	group(v, 2, &c, &s);
	assert_int_equal(s.n, 1);
	where_free(w);
}

/* Three times what the array holds, and some. */
static void test_sort(void **state)
{
	const uint32_t n = 3 * (SORT_MEMORY / 24) + 12345;
	uint8_t item[24] = {0}, last[24] = {0};
	struct sort *s = NULL;
	const void *next;
	uint64_t sum = 0, count = 0;

	assert_int_equal(sort_new(&s, sizeof(item), 4, NULL), 0);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t x = i * 2654435761u;

		for (int k = 0; k < 4; k++)
			item[k] = (uint8_t)(x >> (24 - 8 * k));
		memcpy(item + 4, &i, 4);
		sum += i;
		assert_int_equal(sort_add(s, item, NULL), 0);
	}
	while (sort_next(s, &next, NULL) > 0) {
		uint32_t i;

		if (count++ && memcmp(last, next, 4) >= 0)
			fail_msg("item %u is not in order", (unsigned)count);
		memcpy(last, next, sizeof(last));
		memcpy(&i, last + 4, 4);
		sum -= i;
	}
	assert_int_equal(count, n);
	assert_int_equal(sum, 0);
	sort_free(s);
}

static unsigned lines(const struct buf *b)
{
	unsigned n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

/* A terminal gets a bounded number of lines a second, and is told of the rest; a pipe gets all. */
static void test_discovered(void **state)
{
	struct discovered few = {.limited = true}, all = {.limited = false};
	struct buf b = {0};

	for (uint32_t i = 0; i < 1000; i++) {
		struct rec_result r = answer(i, 80, i % 2 ? PORT_OPEN : PORT_CLOSED, 0);

		r.at_wall_ns = START + i / 500 * NS_PER_S;
		discovered_put(&few, &b, &(struct rec_results){&r, 1});
	}
	discovered_rest(&few, &b);
	assert_int_equal(lines(&b), 2 * DISCOVERED_PER_S + 2);
	assert_non_null(strstr(buf_text(&b), "Discovered open port 80/tcp on 10.0.0.1\n"));
	assert_null(strstr(buf_text(&b), "10.0.0.2\n"));
	assert_non_null(strstr(buf_text(&b), "... and 225 more;"));
	buf_clear(&b);
	for (uint32_t i = 0; i < 1000; i++) {
		struct rec_result r = answer(i, 80, PORT_OPEN, 0);

		discovered_put(&all, &b, &(struct rec_results){&r, 1});
	}
	discovered_rest(&all, &b);
	assert_int_equal(lines(&b), 1000);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_where),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_discovered),
	};
	int fd = mkstemp(path), rc;

	if (fd < 0)
		return 1;
	close(fd);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return rc;
}
