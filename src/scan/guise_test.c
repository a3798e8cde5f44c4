/* SPDX-License-Identifier: BSD-2-Clause */
/* What a probe looks like in disguise: checksums by pkt_view_checksum, fields by pkt_view. */
#include "scan/guise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "pkt/build.h"
#include "pkt/csum.h"
#include "pkt/sctp.h"
#include "pkt/view.h"

struct fixture {
	struct plan_wire wire;
	struct guise guise;
	struct io_tx tx;
	uint8_t probe[PROBE_MAX], buf[GUISE_MAX];
	struct io_tx out;
};

static struct addr at(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct build_ip header(bool v6)
{
	return (struct build_ip){.src = at(v6 ? "fd00::1" : "10.0.0.1"),
		.dst = at(v6 ? "fd00::9" : "10.0.0.9"),
		.ttl = 61,
		.id = 0x1234};
}

static void finish(struct fixture *f, const struct build_ip *ip, size_t len)
{
	f->guise.wire = &f->wire;
	f->tx = (struct io_tx){
		.kind = IO_TX_IP, .data = f->probe, .len = (uint32_t)len, .dst = ip->dst};
	assert_true(len > 0);
}

static void make_tcp(struct fixture *f, bool v6)
{
	struct build_ip ip = header(v6);
	struct build_tcp t = {.sport = 40000,
		.dport = 80,
		.seq = 7,
		.flags = TCP_SYN,
		.payload = (const uint8_t *)"0123456789abcdef",
		.payload_len = 16};

	ip.options = f->wire.ip_options.len ? f->wire.ip_options.bytes : NULL;
	ip.options_len = f->wire.ip_options.len;
	finish(f, &ip, build_tcp(f->probe, sizeof(f->probe), &ip, &t));
}

static struct pkt_view view(const struct fixture *f)
{
	struct pkt_view v;

	assert_int_equal(pkt_view(f->out.data, f->out.len, &v), 0);
	return v;
}

/* Ours at its place, everything else equal, sums right, the target's own address left out. */
static void test_decoys(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		const char *const names[2][4] = {{"10.0.0.5", "10.0.0.9", "192.0.2.7", "10.0.0.1"},
			{"fd00::5", "fd00::9", "2001:db8::7", "fd00::1"}};
		struct fixture f = {.wire = {.n_decoys = 3, .me = 2}};
		const unsigned order[] = {0, 3, 2};

		for (int i = 0; i < 3; i++)
			f.wire.decoys[i] = at(names[v6][i]);
		make_tcp(&f, v6);
		assert_int_equal(guise_count(&f.guise, &f.tx), 3);
		for (unsigned k = 0; k < 3; k++) {
			bool ours = guise_make(&f.guise, &f.tx, 99, k, &f.out, f.buf);
			struct addr want = at(names[v6][order[k]]);
			struct pkt_view v = view(&f);

			assert_int_equal(ours, k == 1);
			assert_true(addr_eq(&v.src, &want));
			assert_true(pkt_view_checksum(f.out.data, f.out.len));
			assert_int_equal(v.ttl, 61);
			assert_int_equal(v.l4.seq, 7);
			assert_int_equal(v.l4.payload_len, 16);
		}
	}
}

/* A UDP sum that comes out as 0 is written as all ones (RFC 768). */
static void test_udp_sums(void **state)
{
	struct build_ip ip = header(false);
	struct fixture f = {.wire = {.n_decoys = 1, .me = 1}};

	for (unsigned port = 1; port < 65536; port++) {
		struct build_udp u = {.sport = 40000, .dport = (uint16_t)port};

		f.wire.decoys[0] = at("10.0.0.77");
		finish(&f, &ip, build_udp(f.probe, sizeof(f.probe), &ip, &u));
		guise_make(&f.guise, &f.tx, 1, 0, &f.out, f.buf);
		assert_true(pkt_view_checksum(f.out.data, f.out.len));
		assert_true(f.out.data[26] || f.out.data[27]);
		f.wire.badsum = true;
		guise_make(&f.guise, &f.tx, 1, 0, &f.out, f.buf);
		assert_false(pkt_view_checksum(f.out.data, f.out.len));
		assert_true(f.out.data[26] || f.out.data[27]);
		f.wire.badsum = false;
	}
}

static const struct build_sctp sctp_probe = {.sport = 1, .dport = 2, .chunk = SCTP_INIT, .tag = 3};

static void test_badsum(void **state)
{
	struct fixture f = {.wire = {.badsum = true}};
	struct build_ip ip = header(false);

	for (int v6 = 0; v6 < 2; v6++) {
		make_tcp(&f, v6);
		assert_int_equal(guise_count(&f.guise, &f.tx), 1);
		assert_true(guise_make(&f.guise, &f.tx, 1, 0, &f.out, f.buf));
		assert_false(pkt_view_checksum(f.out.data, f.out.len));
	}
	finish(&f, &ip, build_sctp(f.probe, sizeof(f.probe), &ip, &sctp_probe));
	guise_make(&f.guise, &f.tx, 1, 0, &f.out, f.buf);
	assert_false(pkt_view_checksum(f.out.data, f.out.len));
	/* the IP header stays right, or nobody would see the rest */
	assert_int_equal(csum_finish(csum_add(0, f.out.data, 20)), 0);
}

static void test_adler32(void **state)
{
	struct fixture f = {.wire = {.adler32 = true}};
	struct build_ip ip = header(false);
	uint8_t zeroed[PROBE_MAX];
	uint32_t want;

	finish(&f, &ip, build_sctp(f.probe, sizeof(f.probe), &ip, &sctp_probe));
	guise_make(&f.guise, &f.tx, 1, 0, &f.out, f.buf);
	memcpy(zeroed, f.probe, f.tx.len);
	memset(zeroed + 28, 0, 4);
	want = csum_adler32(zeroed + 20, f.tx.len - 20);
	for (int i = 0; i < 4; i++)
		assert_int_equal(f.out.data[28 + i], (uint8_t)(want >> (24 - 8 * i)));
}

/* Copies times fragments; one identification a copy, none twice and none of the technique's. */
static void test_decoys_in_fragments(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct fixture f = {.wire = {.n_decoys = 1, .me = 0, .mtu = 24}};
		uint32_t ids[4];

		f.wire.decoys[0] = at(v6 ? "fd00::5" : "10.0.0.5");
		make_tcp(&f, v6);
		assert_int_equal(guise_count(&f.guise, &f.tx), 4);
		for (unsigned k = 0; k < 4; k++) {
			bool ours = guise_make(&f.guise, &f.tx, 5, k, &f.out, f.buf);
			struct pkt_view v = view(&f);
			const uint8_t *b = f.out.data;

			assert_int_equal(ours, k < 2);
			assert_true(v.fragment);
			assert_int_equal(v.frag_offset, k % 2 ? 24 : 0);
			assert_int_equal(v.more_fragments, k % 2 == 0);
			ids[k] = v6 ? (uint32_t)b[44] << 24 | (uint32_t)(b[45] << 16 | b[46] << 8 | b[47])
				    : v.ip_id;
		}
		assert_int_equal(ids[0], ids[1]);
		assert_int_equal(ids[2], ids[3]);
		assert_int_not_equal(ids[0], ids[2]);
		assert_true(ids[0] && ids[2] && (v6 || ids[0] != 0x1234));
		guise_make(&f.guise, &f.tx, 6, 0, &f.out, f.buf);
		if (!v6)
			assert_int_not_equal(view(&f).ip_id, ids[0]);
	}
}

/* RFC 791 3.1: to the first hop, the last entry is the destination, which the sum counts. */
static void test_source_route(void **state)
{
	struct fixture f = {0};
	struct addr hop = at("10.0.0.200");

	assert_int_equal(ipopt_parse("L 10.0.0.200 10.0.0.201", &f.wire.ip_options, NULL), 0);
	assert_true(guise_wanted(&f.wire));
	make_tcp(&f, false);
	guise_make(&f.guise, &f.tx, 1, 0, &f.out, f.buf);
	assert_memory_equal(f.out.data + 16, hop.b, 4);
	assert_memory_equal(
		f.out.data + 20, "\x01\x83\x0b\x04\x0a\x00\x00\xc9\x0a\x00\x00\x09", 12);
	assert_true(addr_eq(&f.out.dst, &hop));
	assert_true(pkt_view_checksum(f.out.data, f.out.len));
}

/* Without these nothing could be sent: they stay as they are. */
static void test_neighbours_untouched(void **state)
{
	struct fixture f = {.wire = {.n_decoys = 1, .me = 1, .mtu = 8, .badsum = true}};
	struct build_ip ip = header(true);
	struct mac mac = {{2, 0, 0, 0, 0, 1}};

	f.wire.decoys[0] = at("fd00::5");
	finish(&f, &ip, build_nd_solicit(f.probe, sizeof(f.probe), &mac, &ip.src, &ip.dst));
	assert_int_equal(guise_count(&f.guise, &f.tx), 1);
	assert_true(guise_make(&f.guise, &f.tx, 1, 0, &f.out, f.buf));
	assert_ptr_equal(f.out.data, f.probe);
	f.tx.kind = IO_TX_LINK;
	assert_int_equal(guise_count(&f.guise, &f.tx), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decoys),
		cmocka_unit_test(test_udp_sums),
		cmocka_unit_test(test_badsum),
		cmocka_unit_test(test_adler32),
		cmocka_unit_test(test_decoys_in_fragments),
		cmocka_unit_test(test_source_route),
		cmocka_unit_test(test_neighbours_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
