/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's frames beside our own, index by index and byte by byte. */
#include "bpfobj/sweep_bpf.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sweep/probe.h"
#include "sweep/templates.h"

#define N_INDICES 400
#define MANY_ROWS 1000

/* clang-format off */
static const struct shape {
	uint8_t kind, family, flags, options, timed;
	uint16_t l3;
	uint32_t n_ports;
	uint32_t rows;
} shapes[] = {
	/* kind           family flags options timed l3 ports rows */
	{SWEEP_TCP,       4, PROBE_SYN, 20, 1, 14, 1,     1},
	{SWEEP_TCP,       4, PROBE_SYN, 4,  0, 14, 65535, 3},
	{SWEEP_TCP,       4, PROBE_ACK, 0,  1, 18, 7,     MANY_ROWS},
	{SWEEP_TCP,       6, PROBE_SYN, 20, 1, 14, 100,   MANY_ROWS},
	{SWEEP_UDP,       4, 0,         0,  0, 14, 6000,  2},
	{SWEEP_UDP,       6, 0,         0,  0, 22, 200,   1},
	{SWEEP_SCTP_INIT, 4, 0,         0,  1, 14, 10,    5},
	{SWEEP_SCTP_INIT, 6, 0,         0,  0, 14, 10,    5},
	{SWEEP_ECHO,      4, 0,         0,  1, 14, 1,     MANY_ROWS},
	{SWEEP_ECHO,      6, 0,         0,  1, 14, 1,     2},
	{SWEEP_TSTAMP,    4, 0,         0,  1, 14, 1,     1},
};
/* clang-format on */
#define N_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

struct bed {
	struct sweep_job job;
	struct templates t;
	struct space_row4 row4[MANY_ROWS];
	struct space_row6 row6[MANY_ROWS];
	uint32_t hint[MANY_ROWS + 1];
	struct space_rows rows;
	uint16_t ports[SWEEP_PORTS_MAX];
};

/* Row i holds i % 5 + 1 addresses; the hint has a bucket for 8 of them. */
static void make_space(struct bed *b, uint32_t n_rows)
{
	uint64_t first = 0;
	uint32_t row = 0, buckets;

	for (uint32_t i = 0; i < n_rows; i++) {
		b->row4[i] = (struct space_row4){(uint32_t)first, 0x0a000000 + i * 16};
		b->row6[i] = (struct space_row6){first, 0xfd00000000000000 + i, UINT64_MAX - 1};
		first += i % 5 + 1;
	}
	buckets = (uint32_t)((first + 7) / 8);
	for (uint32_t i = 0; i < buckets; i++) {
		while (row + 1 < n_rows && b->row4[row + 1].first_index <= i * 8)
			row++;
		b->hint[i] = row;
	}
	b->hint[buckets] = n_rows - 1;
	b->rows = (struct space_rows){b->row4, b->row6, b->hint};
	b->job.space = (struct space_view){first, n_rows, buckets, 3, b->job.family};
}

static void make_bed(struct bed *b, const struct shape *s)
{
	struct template_conf conf = {
		.src_mac = {{2, 0, 0, 0, 0, 1}}, .dst_mac = {{2, 0, 0, 0, 0, 2}}, .ttl = 64};
	struct sweep_job *j = &b->job;

	memset(b, 0, sizeof(*b));
	*j = (struct sweep_job){.key0 = 0x0123456789abcdef,
		.key1 = 0x1122334455667788,
		.n_ports = s->n_ports,
		.family = s->family,
		.kind = s->kind,
		.tcp_flags = s->flags,
		.timed = s->timed,
		.tcp_options = s->options,
		.sport_base = 53248,
		.l3 = s->l3,
		.src_hi = s->family == 6 ? 0xfd00000000000000 : 0,
		.src_lo = 0x0a000001};
	make_space(b, s->rows);
	for (uint32_t i = 0; i < s->n_ports; i++)
		b->ports[i] = s->n_ports > 1 ? (uint16_t)(i + 1) : 0;
	perm_init(&j->perm, j->space.count * j->n_ports, 99);
	assert_int_equal(templates_make(&b->t, j, b->ports, &conf, NULL), 0);
}

static void open_bed(const struct bed *b, struct sweep_bpf **bpf)
{
	struct sweep_bpf_conf conf = {.job = &b->job,
		.ports = b->t.ports,
		.tmpls = b->t.v,
		.n_tmpls = b->t.n,
		.rows = &b->rows,
		.senders = 2,
		.ring_bytes = 1 << 16};
	struct err e = {0};

	if (sweep_bpf_open(bpf, &conf, &e) < 0)
		fail_msg("%s", e.text);
}

/* The frame of the index by both; the kernel's clock reading is given to us. */
static void compare(struct bed *b, struct sweep_bpf *bpf, uint64_t index, uint32_t mark)
{
	struct sweep_ctl *c = sweep_bpf_ctl(bpf, 1);
	uint8_t theirs[SWEEP_FRAME_MAX], ours[SWEEP_FRAME_MAX] = {0};
	struct probe_target to = {0};
	struct err e = {0};
	uint64_t hash, before = c->digest;
	int len;

	c->next = index;
	c->end = index + 1;
	c->stride = 1;
	c->mark = mark;
	c->sample_at = 1; /* no index & 0 is */
	len = sweep_bpf_frame(bpf, 1, theirs, &e);
	if (len < 0)
		fail_msg("%s", e.text);
	assert_true(probe_index(&b->job, &b->rows, b->t.ports, index, &to));
	hash = probe_write(
		&b->job, &b->t.v[to.tmpl], &to, mark, b->job.timed ? c->stamp_ns : 0, ours);
	assert_int_equal(len, b->t.v[to.tmpl].len);
	assert_memory_equal(theirs, ours, (size_t)len);
	assert_int_equal(c->digest - before, hash);
	assert_int_equal(c->next, index + 1);
}

static void frames_are_the_same(void **state)
{
	static struct bed b;
	struct sweep_bpf *bpf;
	cpu_set_t one;

	if (sweep_bpf_probe(true, NULL) < 0)
		skip();
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	for (size_t s = 0; s < N_SHAPES; s++) {
		uint64_t n, step;

		make_bed(&b, &shapes[s]);
		open_bed(&b, &bpf);
		n = b.job.perm.n;
		step = n > N_INDICES ? n / N_INDICES : 1;
		for (uint64_t i = 0; i < n; i += step)
			compare(&b, bpf, i, i % 7);
		compare(&b, bpf, n - 1, 0);
		sweep_bpf_close(bpf);
		templates_free(&b.t);
	}
}

/* Nothing to send: not behind the end, not when stopped, not before it is due. */
static void what_is_not_due_is_not_made(void **state)
{
	static struct bed b;
	uint8_t frame[SWEEP_FRAME_MAX];
	struct sweep_bpf *bpf;
	struct sweep_ctl *c;

	if (sweep_bpf_probe(true, NULL) < 0)
		skip();
	make_bed(&b, &shapes[0]);
	open_bed(&b, &bpf);
	c = sweep_bpf_ctl(bpf, 0);
	c->stride = 1;
	assert_int_equal(sweep_bpf_frame(bpf, 0, frame, NULL), 0);
	c->end = 1;
	c->stop = 1;
	assert_int_equal(sweep_bpf_frame(bpf, 0, frame, NULL), 0);
	c->stop = 0;
	c->gap_q8 = 256;
	c->due_q8 = UINT64_MAX / 4;
	assert_int_equal(sweep_bpf_frame(bpf, 0, frame, NULL), 0);
	assert_int_equal(c->next, 0);
	c->due_q8 = 0;
	assert_int_not_equal(sweep_bpf_frame(bpf, 0, frame, NULL), 0);
	assert_int_equal(c->next, 1);
	assert_int_equal(c->sent, 1);
	sweep_bpf_close(bpf);
	templates_free(&b.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_the_same),
		cmocka_unit_test(what_is_not_due_is_not_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
