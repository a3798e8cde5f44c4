/* SPDX-License-Identifier: BSD-2-Clause */
/* The blocks of pcapng byte by byte, as draft-ietf-opsawg-pcapng draws them, and the ring of two
 * files. (Other people's programs read whole files in tests/clients.) */
#include "out/pcapng_block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "out/formats.h"

static const struct rec_packet packet = {
	.wall_ns = UINT64_C(0x1122334455667788),
	.text = "words",
	.data = (const uint8_t *)"\x45\xaa\xbb",
	.len = 3,
	.wire_len = 5,
	.ethertype = 0x0800,
	.src_mac = {{1, 2, 3, 4, 5, 6}},
	.dst_mac = {{7, 8, 9, 10, 11, 12}},
	.interface = "eth0",
	.verdict = "yes",
};

static void assert_bytes(struct buf *b, const uint8_t *want, size_t len)
{
	assert_false(b->failed);
	assert_int_equal(b->len, len);
	assert_memory_equal(b->data, want, len);
	buf_free(b);
}

static void test_section(void **state)
{
	static const uint8_t want[] = {0x0a, 0x0d, 0x0d, 0x0a, 48, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a,
		1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 4, 0, 5, 0, 'S', 'o', 'n', 'd',
		'e', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0};
	struct buf b = {0};

	pcapng_section(&b, "Sonde", "");
	assert_bytes(&b, want, sizeof(want));
}

static void test_interface(void **state)
{
	static const uint8_t want[] = {1, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 4, 0,
		'e', 't', 'h', '0', 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0};
	struct buf b = {0};

	pcapng_interface(&b, "eth0");
	assert_bytes(&b, want, sizeof(want));
}

static void test_packet(void **state)
{
	static const uint8_t want[] = {6, 0, 0, 0, 72, 0, 0, 0, 2, 0, 0, 0, 0x44, 0x33, 0x22, 0x11,
		0x88, 0x77, 0x66, 0x55, 17, 0, 0, 0, 19, 0, 0, 0, 7, 8, 9, 10, 11, 12, 1, 2, 3, 4,
		5, 6, 8, 0, 0x45, 0xaa, 0xbb, 0, 0, 0, 2, 0, 4, 0, 1, 0, 0, 0, 1, 0, 3, 0, 'y', 'e',
		's', 0, 0, 0, 0, 0, 72, 0, 0, 0};
	struct buf b = {0};

	pcapng_packet(&b, 2, &packet);
	assert_bytes(&b, want, sizeof(want));
}

static void test_statistics(void **state)
{
	static const uint8_t want[] = {5, 0, 0, 0, 64, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0,
		2, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 0, 3, 0, 8, 0, 0, 0, 0, 0, 9, 0, 0, 0, 8, 0, 8, 0,
		7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0};
	struct pcapng_count c = {.first_ns = 8, .last_ns = 9, .n = 7};
	struct buf b = {0};

	pcapng_statistics(&b, 1, &c);
	assert_bytes(&b, want, sizeof(want));
}

/* ---- the ring ------------------------------------------------------------------------------- */

/* Counts the packet blocks of a file that must be whole blocks from begin to end; 0 when there is
 * no file. */
static unsigned packets_in(const char *path, long *size)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");
	unsigned n = 0;
	uint32_t head[2];

	*size = 0;
	if (!f)
		return 0;
	*size = (long)fread(data, 1, sizeof(data), f);
	fclose(f);
	for (long at = 0; at < *size; at += (long)head[1]) {
		memcpy(head, data + at, sizeof(head));
		assert_true(head[1] >= 12 && at + (long)head[1] <= *size);
		assert_memory_equal(data + at + head[1] - 4, &head[1], 4);
		n += head[0] == 6;
	}
	return n;
}

static void test_ring(void **state)
{
	enum { LIMIT = 128 << 10, PACKETS = 5000 };
	char path[] = "/tmp/sonde-pcapng-XXXXXX", old[sizeof(path) + 2];
	int fd = mkstemp(path);
	struct out_conf c = {.path = path, .limit = LIMIT};
	struct rec_run run = {.version = "0", .args = "sonde"};
	struct out *o;
	struct err e;
	unsigned n, kept = 0, last = 0;
	long size, old_size;

	assert_true(fd >= 0 && close(fd) == 0);
	snprintf(old, sizeof(old), "%s.1", path);
	assert_int_equal(out_pcapng.open(&o, &c, &e), 0);
	assert_int_equal(out_pcapng.put(o, &(struct rec){.kind = REC_RUN, .run = &run}, &e), 0);
	for (unsigned i = 0; i < PACKETS; i++) {
		const struct rec r = {.kind = REC_PACKET, .packet = &packet};

		assert_int_equal(out_pcapng.put(o, &r, &e), 0);
		if (i % 100 && i + 1 < PACKETS)
			continue;
		n = packets_in(path, &size);
		kept = n + packets_in(old, &old_size);
		assert_true(n > 0 && size <= LIMIT && old_size <= LIMIT);
		assert_true(old_size == 0 ? kept == i + 1 : kept >= last / 2);
		last = kept;
	}
	assert_true(old_size > LIMIT - 8192 && kept < PACKETS);
	assert_int_equal(out_pcapng.close(o, &e), 0);
	unlink(path);
	unlink(old);
}

static void test_no_ring_in_a_pipe(void **state)
{
	struct out_conf c = {.path = "/dev/null", .limit = 1 << 20};
	struct out *o;
	struct err e;

	assert_int_equal(out_pcapng.open(&o, &c, &e), ERR_USAGE);
	c.limit = 0;
	assert_int_equal(out_pcapng.open(&o, &c, &e), 0);
	assert_int_equal(out_pcapng.close(o, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section),
		cmocka_unit_test(test_interface),
		cmocka_unit_test(test_packet),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_no_ring_in_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
