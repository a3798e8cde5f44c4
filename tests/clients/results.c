/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes invented results of a sweep, any number of them, for tests and measurements: results
 * FORMAT PATH N [OPTION...] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "out/out.h"
#include "out/results_file.h"
#include "out/sieve.h"

/*
 * Result i is a function of i alone (convert.py has the same function): the program reads nothing.
 * FORMAT is one of out_formats, or "spool": the file as a sweep keeps it. Options: v6, icmp
 * (answers by routers), repeats (few addresses), batch=N, sync (the spool, every batch),
 * fields=LIST, where=FILTER, cut (no end), open, screen.
 */
#define START (UINT64_C(1795215600) * NS_PER_S)

struct world {
	bool v6, icmp, repeats, sync, cut;
	size_t batch;
	struct columns columns;
	struct sieve sieve;
	struct out_conf conf;
};

/* Steele, Lea, Flood: SplitMix64. */
static uint64_t mix(uint64_t i)
{
	uint64_t z = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static struct addr make_addr(const struct world *w, uint64_t x)
{
	uint32_t low = w->repeats ? x & 0xff : x & 0xffffff;
	uint8_t b[16] = {0x20, 0x01, 0x0d, 0xb8};

	if (!w->v6)
		return addr_v4(0x0a000000 | low);
	for (int i = 0; i < 4; i++)
		b[12 + i] = (uint8_t)(low >> (24 - 8 * i));
	return addr_from_bytes(6, b);
}

static void make_result(struct rec_result *r, const struct world *w, uint64_t i)
{
	static const uint16_t ports[] = {22, 25, 53, 80, 443, 3389, 8080, 49152};
	uint64_t x = mix(i), y = mix(x);
	bool is_open = y % 4 != 0;

	memset(r, 0, sizeof(*r));
	r->addr = make_addr(w, x);
	r->port.number = ports[x >> 40 & 7];
	r->port.proto = PROTO_TCP;
	r->port.state = is_open ? PORT_OPEN : PORT_CLOSED;
	r->port.reason = is_open ? REASON_SYN_ACK : REASON_RESET;
	r->port.ttl = (uint8_t)(32 + (y >> 8) % 200);
	r->port.rtt_ns = y >> 16 & 1 ? 50000 + (y >> 20) % 100000000 : 0;
	r->port.rtt_src = r->port.rtt_ns ? RTT_XDP : RTT_NONE;
	r->at_wall_ns = START + i * 1000 + (x >> 50);
	r->window = (uint16_t)(y >> 32);
	if (is_open) {
		r->options = (uint8_t)(y >> 48 & 15);
		r->mss = r->options & RESULT_MSS ? 1460 : 0;
		r->wscale = r->options & RESULT_WSCALE ? 7 : 0;
		r->check = (uint8_t)((y >> 52) % 6);
	}
	if (w->icmp && x % 16 == 0) {
		*r = (struct rec_result){
			.addr = r->addr, .port = r->port, .at_wall_ns = r->at_wall_ns};
		r->port.state = PORT_FILTERED;
		r->port.reason = REASON_ADMIN_PROHIBITED;
		r->port.from = 1;
		r->from = make_addr(w, x >> 3);
	}
}

static bool option(struct world *w, const char *o, struct err *e)
{
	struct where *filter = NULL;

	w->v6 |= strcmp(o, "v6") == 0;
	w->icmp |= strcmp(o, "icmp") == 0;
	w->repeats |= strcmp(o, "repeats") == 0;
	w->sync |= strcmp(o, "sync") == 0;
	w->cut |= strcmp(o, "cut") == 0;
	w->conf.open_only |= strcmp(o, "open") == 0;
	w->conf.screen |= strcmp(o, "screen") == 0;
	if (strncmp(o, "batch=", 6) == 0)
		w->batch = strtoul(o + 6, NULL, 10);
	if (strncmp(o, "fields=", 7) == 0) {
		w->conf.columns = &w->columns;
		return columns_parse(&w->columns, COLUMN_RESULTS, o + 7, e) == 0;
	}
	if (strncmp(o, "where=", 6) == 0 && where_parse(&filter, COLUMN_RESULTS, o + 6, e) < 0)
		return false;
	w->sieve.where = filter ? filter : w->sieve.where;
	return true;
}

/* ---- where they go --------------------------------------------------------------------------- */

struct sink {
	const struct out_ops *ops; /* NULL: the spool */
	struct out *out;
	struct results_writer spool;
	struct err e;
};

static const struct rec_scaninfo info = {"syn", PROTO_TCP, 8, "22,25,53,80,443,3389,8080,49152"};
static const struct rec_run run = {.program = "sonde",
	.version = "0.1.0",
	.args = "sonde --sweep 10.0.0.0/8",
	.start_wall_ns = START,
	.info = &info,
	.n_info = 1,
	.privileged = true};

static int sink_open(struct sink *s, const struct world *w, const char *path)
{
	const struct results_head head = {.run = run, .plan = "seed 1"};

	if (!s->ops)
		return results_writer_create(&s->spool, path, &head, &s->e);
	return s->ops->open(&s->out, &w->conf, &s->e) < 0
		       ? -1
		       : s->ops->put(s->out, &(struct rec){.kind = REC_RUN, .run = &run}, &s->e);
}

static int sink_put(struct sink *s, struct world *w, const struct rec_results *batch)
{
	struct rec in = {.kind = REC_RESULTS, .results = batch}, passed;
	int rc;

	if (!s->ops) {
		rc = results_writer_put(&s->spool, batch, &s->e);
		return rc == 0 && w->sync ? results_writer_sync(&s->spool, &s->e) : rc;
	}
	rc = sieve_put(&w->sieve, &in, &passed, &s->e);
	return rc > 0 ? s->ops->put(s->out, &passed, &s->e) : rc;
}

static int sink_close(struct sink *s, const struct world *w, uint64_t n)
{
	struct rec_end end = {.end_wall_ns = START + n * 1000,
		.elapsed_ns = n * 1000,
		.hosts_total = 1 << 24,
		.probes_sent = 8 << 24,
		.replies = n};
	int rc = 0;

	if (!s->ops) {
		rc = w->cut ? 0 : results_writer_end(&s->spool, &end, &s->e);
		return rc < 0 ? rc : results_writer_close(&s->spool, &s->e);
	}
	if (!w->cut)
		rc = s->ops->put(s->out, &(struct rec){.kind = REC_END, .end = &end}, &s->e);
	return rc < 0 ? rc : s->ops->close(s->out, &s->e);
}

static int write_all(struct sink *s, struct world *w, uint64_t n)
{
	struct rec_result *v = calloc(w->batch, sizeof(*v));
	uint64_t i = 0;
	int rc = v ? 0 : -1;

	while (rc == 0 && i < n) {
		struct rec_results batch = {.v = v};

		for (; batch.n < w->batch && i < n; i++)
			make_result(&v[batch.n++], w, i);
		rc = sink_put(s, w, &batch);
	}
	free(v);
	return rc;
}

int main(int argc, char **argv)
{
	struct world w = {.batch = 4096};
	struct sink s = {.ops = argc > 3 ? out_format_by_name(argv[1]) : NULL};
	uint64_t n = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	struct timespec a, b;
	bool good = argc > 3;

	for (int i = 4; i < argc && good; i++)
		good = option(&w, argv[i], &s.e);
	if (!good) {
		fprintf(stderr, "%s\n", s.e.text[0] ? s.e.text : "usage: results FORMAT PATH N");
		return 2;
	}
	w.conf.path = argv[2];
	w.conf.results = true;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	if (sink_open(&s, &w, argv[2]) < 0 || write_all(&s, &w, n) < 0 ||
		sink_close(&s, &w, n) < 0) {
		fprintf(stderr, "%s\n", s.e.text);
		return 1;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	fprintf(stderr, "%.0f ns of CPU a result\n",
		((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) /
			(double)(n ? n : 1));
	where_free((struct where *)w.sieve.where);
	sieve_free(&w.sieve);
	return 0;
}
