/* SPDX-License-Identifier: BSD-2-Clause */
/* Fragments against bytes made by hand from RFC 791 and RFC 8200, and put together again by a
 * second implementation. */
#include "pkt/fragment.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/rng.h"
#include "pkt/csum.h"

/* One 20-byte payload in fragments of 8: RFC 791 3.1's fields, header sums by the definition. */
static void test_ipv4_by_hand(void **state)
{
	static const uint8_t packet[] = {0x45, 0x10, 0, 40, 0x12, 0x34, 0x40, 0, 61, 6, 0, 0, 10, 0,
		0, 1, 10, 0, 0, 2, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
		'n', 'o', 'p', 'q', 'r', 's', 't'};
	static const struct {
		uint8_t total, flags, offset;
		const char *data;
	} want[] = {{28, 0x20, 0, "abcdefgh"}, {28, 0x20, 1, "ijklmnop"}, {24, 0, 2, "qrst"}};
	struct fragmented f = {packet, sizeof(packet), 8, 0};

	assert_int_equal(fragment_count(&f), 3);
	for (unsigned k = 0; k < 3; k++) {
		uint8_t out[64], head[20];
		struct wr w = wr_init(out, sizeof(out));

		memcpy(head, packet, 20);
		head[3] = want[k].total;
		head[6] = want[k].flags;
		head[7] = want[k].offset;
		fragment_cut(&f, k, &w);
		assert_int_equal(w.len, want[k].total);
		assert_int_equal(csum_finish(csum_add(0, out, 20)), 0);
		memset(out + 10, 0, 2);
		assert_memory_equal(out, head, 20);
		assert_memory_equal(out + 20, want[k].data, w.len - 20);
	}
}

/* RFC 8200 4.5: next header 44, payload length, and the eight bytes of the fragment header. */
static void test_ipv6_by_hand(void **state)
{
	uint8_t packet[40 + 20] = {
		0x60, 0x12, 0x34, 0x56, 0, 20, 17, 55, 0xfd, [23] = 1, 0xfd, [39] = 2};
	static const uint8_t want[3][10] = {
		{0, 16, 17, 0, 0, 0x01, 0xde, 0xad, 0xbe, 0xef},
		{0, 16, 17, 0, 0, 0x09, 0xde, 0xad, 0xbe, 0xef},
		{0, 12, 17, 0, 0, 0x10, 0xde, 0xad, 0xbe, 0xef},
	};
	struct fragmented f = {packet, sizeof(packet), 8, 0xdeadbeef};

	for (unsigned i = 0; i < 20; i++)
		packet[40 + i] = (uint8_t)i;
	assert_int_equal(fragment_count(&f), 3);
	for (unsigned k = 0; k < 3; k++) {
		uint8_t out[64];
		struct wr w = wr_init(out, sizeof(out));

		fragment_cut(&f, k, &w);
		assert_int_equal(w.len, 48 + (k < 2 ? 8 : 4));
		assert_memory_equal(out, packet, 4);
		assert_memory_equal(out + 4, want[k], 2);
		assert_int_equal(out[6], 44);
		assert_int_equal(out[7], 55);
		assert_memory_equal(out + 8, packet + 8, 32);
		assert_memory_equal(out + 40, want[k] + 2, 8);
		assert_memory_equal(out + 48, packet + 40 + 8 * k, w.len - 48);
	}
}

/* RFC 791 3.1: source routes and security have the copy bit, record route and time stamp do not. */
static void test_copied_options(void **state)
{
	static const uint8_t packet[20 + 12 + 16] = {0x48, 0, 0, 48, 0, 1, 0, 0, 9, 6, 0, 0, 10, 0,
		0, 1, 10, 0, 0, 2, 1, 7, 3, 4, 0x83, 7, 4, 1, 2, 3, 4, 0};
	static const uint8_t later[8] = {0x83, 7, 4, 1, 2, 3, 4, 0};
	struct fragmented f = {packet, sizeof(packet), 8, 0};
	uint8_t out[64];
	struct wr w = wr_init(out, sizeof(out));

	fragment_cut(&f, 0, &w);
	assert_int_equal(w.len, 20 + 12 + 8);
	assert_memory_equal(out + 20, packet + 20, 12);
	w = wr_init(out, sizeof(out));
	fragment_cut(&f, 1, &w);
	assert_int_equal(w.len, 20 + 8 + 8);
	assert_int_equal(out[0], 0x47);
	assert_memory_equal(out + 20, later, 8);
	assert_int_equal(csum_finish(csum_add(0, out, 28)), 0);
}

static void test_whole(void **state)
{
	uint8_t packet[28] = {0x45, 0, 0, 28}, out[64];
	struct fragmented f = {packet, sizeof(packet), 8, 0};
	struct wr w = wr_init(out, sizeof(out));

	assert_int_equal(fragment_count(&f), 1);
	fragment_cut(&f, 0, &w);
	assert_int_equal(w.len, 28);
	assert_memory_equal(out, packet, 28);
	f.mtu = 0;
	assert_int_equal(fragment_count(&f), 1);
	f = (struct fragmented){(const uint8_t *)"\x45", 1, 8, 0};
	assert_int_equal(fragment_count(&f), 1);
}

/* Puts the fragment where its own header says it belongs; returns the bytes of the payload when
 * this was the last one. */
static size_t place(const uint8_t *frag, size_t len, uint8_t *payload)
{
	bool v6 = frag[0] >> 4 == 6;
	size_t head = v6 ? 48 : (size_t)(frag[0] & 15) * 4;
	unsigned field = (unsigned)(v6 ? frag[42] << 8 | frag[43] : frag[6] << 8 | frag[7]);
	unsigned offset = v6 ? field & 0xfff8 : (field & 0x1fff) * 8;
	bool more = v6 ? field & 1 : field & 0x2000;

	memcpy(payload + offset, frag + head, len - head);
	return more ? 0 : offset + len - head;
}

static void test_put_together(void **state)
{
	uint8_t packet[1500], payload[1500], out[1600];
	struct rng rng;

	rng_seed(&rng, 1);
	for (unsigned round = 0; round < 2000; round++) {
		bool v6 = round & 1;
		size_t head = v6 ? 40 : 20, n = 1 + rng_below(&rng, 1400), got = 0;
		struct fragmented f = {
			packet, head + n, (uint16_t)(8 * (1 + rng_below(&rng, 40))), 1};
		unsigned count;

		for (size_t i = 0; i < head + n; i++)
			packet[i] = (uint8_t)rng_u64(&rng);
		packet[0] = v6 ? 0x60 : 0x45;
		count = fragment_count(&f);
		assert_int_equal(count, (n + f.mtu - 1) / f.mtu);
		memset(payload, 0, sizeof(payload));
		for (unsigned k = count; count > 1 && k-- > 0;) {
			struct wr w = wr_init(out, sizeof(out));
			size_t end;

			fragment_cut(&f, k, &w);
			end = place(out, w.len, payload);
			got = end ? end : got;
		}
		if (count == 1)
			continue;
		assert_int_equal(got, n);
		assert_memory_equal(payload, packet + head, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4_by_hand),
		cmocka_unit_test(test_ipv6_by_hand),
		cmocka_unit_test(test_copied_options),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_put_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
