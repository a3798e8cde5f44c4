/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes read by the packet codecs, answers made by them, and what is not an answer. */
#include "sweep/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/be.h"
#include "base/rng.h"
#include "pkt/build.h"
#include "pkt/csum.h"
#include "pkt/view.h"
#include "sweep/answer.h"
#include "sweep/dedup.h"
#include "sweep/templates.h"

#define N_PORTS 5
#define NOW	UINT64_C(987654321012345)

/* A kind of probe and how it is made. */
struct shape {
	uint8_t kind, family, flags, options, timed, fixed;
	uint16_t l3;
};

struct bed {
	struct sweep_job job;
	struct templates t;
	struct space_row4 row4[2];
	struct space_row6 row6[2];
	uint32_t hint[5];
	struct space_rows rows;
	uint8_t frame[SWEEP_FRAME_MAX], reply[SWEEP_FRAME_MAX];
	struct probe_target to;
	struct pkt_view probe;
};

/* clang-format off */
static const struct shape shapes[] = {
	/* kind            family flags options timed fixed l3 */
	{SWEEP_TCP,        4, TCP_SYN,                     20, 1, 0, 14},
	{SWEEP_TCP,        4, TCP_SYN,                      4, 1, 0, 14},
	{SWEEP_TCP,        4, TCP_SYN,                      0, 0, 0, 0},
	{SWEEP_TCP,        6, TCP_SYN,                     20, 1, 0, 14},
	{SWEEP_TCP,        4, TCP_SYN,                     20, 1, 1, 18},
	{SWEEP_TCP,        6, TCP_ACK,                      0, 1, 0, 22},
	{SWEEP_TCP,        4, TCP_ACK,                      0, 0, 0, 14},
	{SWEEP_TCP,        4, TCP_FIN,                      0, 1, 0, 14},
	{SWEEP_TCP,        4, 0,                            0, 1, 0, 14},
	{SWEEP_TCP,        6, TCP_FIN | TCP_PSH | TCP_URG,  0, 1, 0, 14},
	{SWEEP_TCP,        4, TCP_FIN | TCP_ACK,            0, 1, 0, 14},
	{SWEEP_UDP,        4, 0,                            0, 0, 0, 14},
	{SWEEP_UDP,        6, 0,                            0, 0, 0, 14},
	{SWEEP_SCTP_INIT,  4, 0,                            0, 1, 0, 14},
	{SWEEP_SCTP_INIT,  6, 0,                            0, 0, 0, 14},
	{SWEEP_ECHO,       4, 0,                            0, 1, 0, 14},
	{SWEEP_ECHO,       6, 0,                            0, 1, 0, 14},
	{SWEEP_ECHO,       4, 0,                            0, 0, 0, 0},
	{SWEEP_TSTAMP,     4, 0,                            0, 1, 0, 14},
};
/* clang-format on */
#define N_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static const uint16_t port_list[N_PORTS] = {80, 53, 443, 1, 65535};

static bool has_ports(const struct shape *s)
{
	return s->kind != SWEEP_ECHO && s->kind != SWEEP_TSTAMP;
}

/* Two ranges of 40 and 60 addresses. */
static void make_space(struct bed *b)
{
	b->row4[0] = (struct space_row4){0, 0x0a0000f0};
	b->row4[1] = (struct space_row4){40, 0xc0a80000};
	b->row6[0] = (struct space_row6){0, 0x20010db800000000, 0xfffffffffffffff0};
	b->row6[1] = (struct space_row6){40, 0xfd00000000000001, 7};
	b->hint[0] = 0;
	for (int i = 1; i < 5; i++)
		b->hint[i] = i > 2;
	b->hint[2] = 1;
	b->rows = (struct space_rows){b->row4, b->row6, b->hint};
	b->job.space = (struct space_view){100, 2, 4, 5, b->job.family};
}

static void make_bed(struct bed *b, const struct shape *s)
{
	static const uint16_t none[1] = {0};
	struct template_conf conf = {.src_mac = {{2, 0, 0, 0, 0, 1}},
		.dst_mac = {{2, 0, 0, 0, 0, 2}},
		.vlan = {100, 200},
		.ttl = 61,
		.contact = "abuse@example.org"};
	struct sweep_job *j = &b->job;

	memset(b, 0, sizeof(*b));
	j->kind = s->kind;
	j->family = s->family;
	j->tcp_flags = s->flags;
	j->tcp_options = s->options;
	j->timed = s->timed;
	j->sport_fixed = s->fixed;
	j->sport_base = s->fixed ? 5353 : 40960;
	j->l3 = s->l3;
	j->late_ns = 4000000000u;
	j->key0 = 0x0123456789abcdef;
	j->key1 = 0xfedcba9876543210;
	j->n_ports = has_ports(s) ? N_PORTS : 1;
	j->src_lo = s->family == 4 ? 0x0a000001 : 0x42;
	j->src_hi = s->family == 4 ? 0 : 0xfd00000000000000;
	make_space(b);
	perm_init(&j->perm, j->space.count * j->n_ports, 7);
	assert_int_equal(templates_make(&b->t, j, has_ports(s) ? port_list : none, &conf, NULL), 0);
}

/* The probe of an index; its view is of the IP packet. Returns the frame's length. */
static size_t probe(struct bed *b, uint64_t index, uint32_t mark, uint64_t now)
{
	const struct sweep_template *t;

	assert_true(probe_index(&b->job, &b->rows, b->t.ports, index, &b->to));
	t = &b->t.v[b->to.tmpl];
	probe_write(&b->job, t, &b->to, mark, b->job.timed ? now : 0, b->frame);
	assert_int_equal(pkt_view(b->frame + b->job.l3, t->len - (size_t)b->job.l3, &b->probe), 0);
	return t->len;
}

static struct addr target_addr(const struct bed *b)
{
	struct addr a = addr_v4((uint32_t)b->to.lo);

	if (b->job.family == 4)
		return a;
	a = (struct addr){.family = 6};
	for (int i = 0; i < 8; i++) {
		a.b[i] = (uint8_t)(b->to.hi >> (56 - 8 * i));
		a.b[8 + i] = (uint8_t)(b->to.lo >> (56 - 8 * i));
	}
	return a;
}

static void each_index_is_another_target(void **state)
{
	struct bed b;

	for (size_t s = 0; s < N_SHAPES; s++) {
		uint8_t met[100 * N_PORTS] = {0};
		uint64_t n;

		make_bed(&b, &shapes[s]);
		n = b.job.perm.n;
		for (uint64_t i = 0; i < n; i++) {
			uint32_t k = 0;

			probe(&b, i, SWEEP_PLAIN, NOW);
			while (has_ports(&shapes[s]) && port_list[k] != b.to.port)
				k++;
			assert_int_equal(met[b.to.host * b.job.n_ports + k]++, 0);
		}
		templates_free(&b.t);
	}
}

static void probes_are_right_packets(void **state)
{
	struct bed b;

	for (size_t s = 0; s < N_SHAPES; s++) {
		make_bed(&b, &shapes[s]);
		for (uint64_t i = 0; i < b.job.perm.n; i++) {
			size_t len = probe(&b, i, i % SWEEP_MARKS, NOW + i * 7919);
			struct addr to = target_addr(&b);

			assert_true(pkt_view_checksum(b.frame + b.job.l3, len - b.job.l3));
			assert_true(addr_eq(&b.probe.dst, &to));
			assert_int_equal(b.probe.ttl, 61);
			assert_int_equal(b.probe.l4.has_ports, has_ports(&shapes[s]));
			if (has_ports(&shapes[s]))
				assert_int_equal(b.probe.l4.dport, b.to.port);
			if (shapes[s].kind == SWEEP_TCP)
				assert_int_equal(b.probe.l4.flags, shapes[s].flags);
		}
		templates_free(&b.t);
	}
}

/* The answer in b->reply behind the probe's own link header; returns its length. */
static size_t finish(struct bed *b, size_t len)
{
	assert_true(len > 0);
	memcpy(b->reply, b->frame, b->job.l3);
	return b->job.l3 + len;
}

static uint8_t *transport(struct bed *b)
{
	return b->frame + probe_l4(&b->job);
}

static struct build_ip back(const struct bed *b)
{
	return (struct build_ip){.src = b->probe.dst, .dst = b->probe.src, .ttl = 55};
}

/* A RST of a closed port, a SYN-ACK of an open one; to flags other than SYN the latter is silent.
 */
static size_t tcp_answer(struct bed *b, const struct shape *s, bool open)
{
	uint8_t options[20] = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 9};
	struct build_ip h = back(b);
	struct build_tcp t = {.sport = b->probe.l4.dport,
		.dport = b->probe.l4.sport,
		.seq = s->flags & TCP_ACK ? b->probe.l4.ack : 0x11223344,
		.flags = s->flags & TCP_ACK ? TCP_RST : TCP_RST | TCP_ACK,
		.window = 4321};

	if (open && s->flags != TCP_SYN)
		return 0;
	if (!(s->flags & TCP_ACK))
		t.ack = b->probe.l4.seq + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN);
	if (open) {
		t.flags = TCP_SYN | TCP_ACK;
		memcpy(options + 12, transport(b) + PROBE_TSVAL, s->options == 20 ? 4 : 0);
		t.options = options;
		t.options_len = s->options;
	}
	return finish(b, build_tcp(b->reply + s->l3, sizeof(b->reply) - s->l3, &h, &t));
}

/* INIT ACK or ABORT with the initiate tag of the probe. */
static size_t sctp_answer(struct bed *b, const struct shape *s, bool open)
{
	struct build_ip h = back(b);
	size_t len = build_sctp(b->reply + s->l3, sizeof(b->reply) - s->l3, &h,
		&(struct build_sctp){
			.sport = b->probe.l4.dport, .dport = b->probe.l4.sport, .chunk = 1});
	uint8_t *l4 = b->reply + probe_l4(&b->job);

	memcpy(l4 + 4, transport(b) + 16, 4);
	l4[12] = open ? 2 : 6;
	return finish(b, len);
}

static size_t udp_answer(struct bed *b, const struct shape *s)
{
	struct build_ip h = back(b);

	return finish(b, build_udp(b->reply + s->l3, sizeof(b->reply) - s->l3, &h,
				 &(struct build_udp){
					 .sport = b->probe.l4.dport, .dport = b->probe.l4.sport}));
}

/* The same again with another type, the other way round. */
static size_t echo_answer(struct bed *b, const struct shape *s)
{
	uint8_t *ip = b->frame + s->l3, *out = b->reply + s->l3;
	bool v6 = s->family == 6;
	struct build_ip h = back(b);
	size_t len = (size_t)(v6 ? 40 + be_get16(ip + 4) : be_get16(ip + 2));

	memcpy(out, ip, len);
	memcpy(out + (v6 ? 8 : 12), h.src.b, addr_len(&h.src));
	memcpy(out + (v6 ? 24 : 16), h.dst.b, addr_len(&h.dst));
	b->reply[probe_l4(&b->job)] = s->kind == SWEEP_TSTAMP ? 14 : v6 ? 129 : 0;
	out[v6 ? 7 : 8] = 55;
	return finish(b, len);
}

/* What a target of the shape answers, open or closed; 0: it is silent. */
static size_t answer_of(struct bed *b, const struct shape *s, bool open)
{
	if (s->kind == SWEEP_TCP)
		return tcp_answer(b, s, open);
	if (s->kind == SWEEP_SCTP_INIT)
		return sctp_answer(b, s, open);
	if (!open)
		return 0;
	return s->kind == SWEEP_UDP ? udp_answer(b, s) : echo_answer(b, s);
}

/* The probe's IP packet quoted by a router, cut behind `l4_len` bytes of its transport part. */
static size_t quoted(struct bed *b, const struct shape *s, size_t l4_len)
{
	uint8_t packet[200] = {0};
	size_t quote = (s->family == 6 ? 40u : 20u) + l4_len;
	struct build_ip h = back(b);

	h.src.b[3] ^= 0x40;
	packet[0] = s->family == 6 ? 1 : 3;
	packet[1] = 1;
	memcpy(packet + 8, b->frame + s->l3, quote);
	return finish(b, build_bare(b->reply + s->l3, sizeof(b->reply) - s->l3, &h,
				 s->family == 6 ? 58 : 1, packet, 8 + quote));
}

static int verdict(const struct bed *b, size_t len, uint64_t now, struct answer *a)
{
	int got = answer_read(&b->job, b->reply, b->reply + len, a);

	return got == ANSWER_VALID ? answer_time(&b->job, a, now) : got;
}

static void expect(struct bed *b, const struct shape *s, const struct answer *a, uint64_t rtt)
{
	struct addr to = target_addr(b);

	assert_memory_equal(a->hit.addr, to.b, 16);
	assert_int_equal(a->hit.port, b->to.port);
	assert_int_equal(a->hit.ttl, 55);
	if (!s->timed || s->kind == SWEEP_UDP || !a->timed)
		assert_int_equal(a->hit.rtt_ns, 0);
	else if (a->has_echo)
		assert_int_equal(a->hit.rtt_ns, rtt);
	else
		assert_in_range(a->hit.rtt_ns, rtt, rtt + 1023);
}

static void answers_are_taken_with_their_time(void **state)
{
	static const uint8_t kinds[SWEEP_KINDS][2] = {{SWEEP_RST, SWEEP_SYNACK}, {0, SWEEP_DATA},
		{SWEEP_ABORT, SWEEP_INIT_ACK}, {0, SWEEP_REPLY}, {0, SWEEP_REPLY}};
	struct answer a;
	struct bed b;

	for (size_t s = 0; s < N_SHAPES; s++) {
		make_bed(&b, &shapes[s]);
		for (uint64_t i = 0; i < 2 * b.job.perm.n; i++) {
			uint64_t rtt = 1 + i * 4000037 % 3999999999, now = NOW + i * 104729;
			uint32_t mark = s == 4 || has_ports(&shapes[s]) ? i % 8 : i % 7;
			size_t len;

			probe(&b, i / 2, mark, now);
			len = answer_of(&b, &shapes[s], i & 1);
			if (!len)
				continue;
			assert_int_equal(verdict(&b, len, now + rtt, &a), ANSWER_VALID);
			assert_int_equal(a.hit.answer, kinds[shapes[s].kind][i & 1]);
			assert_int_equal(a.hit.mark, mark);
			expect(&b, &shapes[s], &a, rtt);
		}
		templates_free(&b.t);
	}
}

static void options_of_a_synack_are_read(void **state)
{
	struct answer a;
	struct bed b;

	make_bed(&b, &shapes[0]);
	probe(&b, 3, 0, NOW);
	assert_int_equal(verdict(&b, answer_of(&b, &shapes[0], true), NOW + 5, &a), ANSWER_VALID);
	assert_int_equal(a.hit.options, 15);
	assert_int_equal(a.hit.mss, 1460);
	assert_int_equal(a.hit.wscale, 9);
	assert_int_equal(a.hit.window, 4321);
	assert_int_equal(a.hit.rtt_ns, 5);
	templates_free(&b.t);
}

static void quotations_are_taken(void **state)
{
	struct answer a;
	struct bed b;

	for (size_t s = 0; s < N_SHAPES; s++) {
		make_bed(&b, &shapes[s]);
		for (uint64_t i = 0; i < b.job.perm.n; i++) {
			bool whole = i & 1;
			size_t len = probe(&b, i, i % 8, NOW), l4 = len - b.job.l3;

			l4 -= shapes[s].family == 6 ? 40 : 20;
			len = quoted(&b, &shapes[s], whole && l4 < 60 ? l4 : 8);
			assert_int_equal(verdict(&b, len, NOW + 77777, &a), ANSWER_VALID);
			assert_int_equal(a.hit.answer, SWEEP_ERROR);
			assert_int_equal(a.hit.icmp_code, 1);
			assert_memory_not_equal(a.hit.from, a.hit.addr, 16);
			expect(&b, &shapes[s], &a, 77777);
		}
		templates_free(&b.t);
	}
}

/* Each bit of the bytes that prove something, the peer's address and port included. */
static void one_wrong_bit_is_one_too_many(void **state)
{
	struct answer a;
	struct bed b;

	for (size_t s = 0; s < N_SHAPES; s++) {
		const struct shape *sh = &shapes[s];
		size_t l4 = sh->l3 + (sh->family == 6 ? 40u : 20u), len;

		if (sh->kind == SWEEP_UDP) /* 9 bits of the port are all it has */
			continue;
		make_bed(&b, sh);
		for (uint64_t i = 0; i < 40; i++) {
			size_t word =
				l4 + (sh->kind == SWEEP_TCP && !(sh->flags & TCP_ACK) ? 8 : 4);
			unsigned taken = 0, most;

			probe(&b, i, i % 8, NOW);
			len = answer_of(&b, sh, sh->kind >= SWEEP_ECHO);
			for (size_t bit = 0; bit < 32; bit++) {
				b.reply[word + bit / 8] ^= 1 << bit % 8;
				taken += verdict(&b, len, NOW + 1000, &a) == ANSWER_VALID;
				b.reply[word + bit / 8] ^= 1 << bit % 8;
			}
			/* another time, where nothing else tells it; a RST that counts no SYN */
			most = sh->kind >= SWEEP_ECHO ? 0 : sh->timed ? 22 : sh->kind == SWEEP_TCP;
			assert_in_range(taken, 0, most);
			for (size_t bit = 0; has_ports(sh) && !sh->fixed && bit < 32; bit++) {
				b.reply[l4 + bit / 8] ^= 1 << bit % 8;
				assert_int_not_equal(
					verdict(&b, len, NOW + 1000, &a), ANSWER_VALID);
				b.reply[l4 + bit / 8] ^= 1 << bit % 8;
			}
		}
		templates_free(&b.t);
	}
}

/* With a time stamp the time is proven, too. */
static void synack_times_must_agree(void **state)
{
	struct answer a;
	struct bed b;
	size_t len, l4 = 14 + 20;

	make_bed(&b, &shapes[0]);
	probe(&b, 11, 0, NOW);
	len = answer_of(&b, &shapes[0], true);
	for (size_t bit = 0; bit < 32; bit++) {
		b.reply[l4 + 8 + bit / 8] ^= 1 << bit % 8;
		assert_int_not_equal(verdict(&b, len, NOW + 4000000, &a), ANSWER_VALID);
		b.reply[l4 + 8 + bit / 8] ^= 1 << bit % 8;
	}
	assert_int_equal(verdict(&b, len, NOW + 4000000000, &a), ANSWER_VALID);
	assert_int_equal(verdict(&b, len, NOW + 4000000001, &a), SWEEP_BAD_TIME);
	templates_free(&b.t);
}

/* No cut frame is valid, none reads beyond its end (valgrind and ASan see to that). */
static void cut_frames_are_refused(void **state)
{
	struct answer a;
	struct bed b;

	for (size_t s = 0; s < N_SHAPES; s++) {
		size_t need;

		make_bed(&b, &shapes[s]);
		probe(&b, 9, 1, NOW);
		need = shapes[s].l3 + (shapes[s].family == 6 ? 40u : 20u) + 8;
		for (int open = 0; open < 2; open++) {
			size_t len = answer_of(&b, &shapes[s], open);

			for (size_t cut = 0; cut < len; cut++) {
				uint8_t *copy = test_malloc(cut + 1);

				memcpy(copy, b.reply, cut);
				if (answer_read(&b.job, copy, copy + cut, &a) == ANSWER_VALID)
					assert_true(cut >= need);
				test_free(copy);
			}
		}
		templates_free(&b.t);
	}
}

static void strangers_go_to_the_stack(void **state)
{
	struct answer a;
	struct bed b;
	size_t len;

	make_bed(&b, &shapes[0]);
	probe(&b, 1, 0, NOW);
	len = answer_of(&b, &shapes[0], true);
	b.reply[14 + 20 + 2] ^= 0x80; /* a port outside our window */
	assert_int_equal(verdict(&b, len, NOW, &a), ANSWER_PASS);
	len = answer_of(&b, &shapes[0], true);
	b.reply[14 + 19] ^= 1; /* to someone else */
	assert_int_equal(verdict(&b, len, NOW, &a), ANSWER_PASS);
	len = answer_of(&b, &shapes[0], true);
	b.reply[14 + 9] = 17; /* UDP */
	assert_int_equal(verdict(&b, len, NOW, &a), ANSWER_PASS);
	len = answer_of(&b, &shapes[0], true);
	b.reply[14 + 20 + 13] = TCP_ACK;
	assert_int_equal(verdict(&b, len, NOW, &a), SWEEP_BAD_FLAGS);
	len = answer_of(&b, &shapes[0], true);
	b.reply[14 + 20 + 12] = 0xf0;
	assert_int_equal(verdict(&b, len, NOW, &a), SWEEP_BAD_FORM);
	templates_free(&b.t);
}

static void the_window_forgets_the_oldest(void **state)
{
	struct sweep_bucket b = {{0}};

	for (uint64_t k = 1; k <= 4; k++)
		assert_false(dedup_met(&b, k));
	for (uint64_t k = 1; k <= 4; k++)
		assert_true(dedup_met(&b, k));
	assert_false(dedup_met(&b, 5));
	assert_true(dedup_met(&b, 2));
	assert_false(dedup_met(&b, 1));
	assert_true(dedup_met(&b, 2));
	assert_true(dedup_met(&b, 5));
	assert_false(dedup_met(&b, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_index_is_another_target),
		cmocka_unit_test(probes_are_right_packets),
		cmocka_unit_test(answers_are_taken_with_their_time),
		cmocka_unit_test(options_of_a_synack_are_read),
		cmocka_unit_test(quotations_are_taken),
		cmocka_unit_test(one_wrong_bit_is_one_too_many),
		cmocka_unit_test(synack_times_must_agree),
		cmocka_unit_test(cut_frames_are_refused),
		cmocka_unit_test(strangers_go_to_the_stack),
		cmocka_unit_test(the_window_forgets_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
