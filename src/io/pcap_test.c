/* SPDX-License-Identifier: BSD-2-Clause */
/* Capture files of our own making: link headers as tcpdump.org/linktypes.html draws them, damage,
 * refusals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/io.h"
#include "io/pcap_link.h"

/* LINKTYPE_ numbers as they stand in files. */
enum { ETHERNET = 1, NULL_LINK = 0, RAW = 101, SLL = 113, SLL2 = 276, IEEE802_11 = 105 };

/* The classic file header, big-endian, microseconds (draft-ietf-opsawg-pcap 4). */
static void put32(FILE *f, uint32_t v)
{
	const uint8_t b[4] = {
		(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	assert_int_equal(fwrite(b, 1, 4, f), 4);
}

static FILE *file_begin(char path[32], uint32_t linktype)
{
	FILE *f;
	int fd;

	strcpy(path, "/tmp/sonde-pcap-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	f = fdopen(fd, "wb");
	put32(f, 0xa1b2c3d4);
	put32(f, 0x00020004);
	put32(f, 0);
	put32(f, 0);
	put32(f, 65535);
	put32(f, linktype);
	return f;
}

static void packet(FILE *f, uint32_t sec, uint32_t usec, const uint8_t *data, uint32_t len)
{
	put32(f, sec);
	put32(f, usec);
	put32(f, len);
	put32(f, len + 10); /* ten bytes were cut off when it was captured */
	assert_int_equal(fwrite(data, 1, len, f), len);
}

static struct io *open_file(const char *path)
{
	struct io_conf c = {.path = path};
	struct io *io = NULL;
	struct err e = {0};

	if (io_pcap_ops.open(&io, &c, &e))
		fail_msg("%s", e.text);
	return io;
}

static struct io_rx only_packet(
	uint32_t linktype, const uint8_t *data, uint32_t len, uint8_t copy[256])
{
	struct io_rx rx = {0};
	struct io *io;
	char path[32];
	FILE *f = file_begin(path, linktype);

	packet(f, 1000, 250000, data, len);
	fclose(f);
	io = open_file(path);
	assert_int_equal(io_recv(io, &rx, 1, NULL), 1);
	memcpy(copy, rx.data, rx.len);
	rx.data = copy;
	assert_int_equal(rx.at_ns, UINT64_C(1000250000000));
	assert_int_equal(rx.at_src, RTT_NONE);
	assert_false(io->ops->at_end(io));
	assert_int_equal(io_recv(io, &rx, 0, NULL), 0);
	io_close(io);
	unlink(path);
	return rx;
}

static void test_links(void **state)
{
	static const uint8_t ether[] = {
		1, 2, 3, 4, 5, 6, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 8, 0, 0x45, 0x99};
	static const uint8_t vlan[] = {1, 2, 3, 4, 5, 6, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0x88, 0xa8,
		0, 1, 0x81, 0, 0, 2, 0x86, 0xdd, 0x60};
	static const uint8_t arp[] = {1, 2, 3, 4, 5, 6, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 8, 6, 0, 1};
	static const uint8_t llc[] = {
		1, 2, 3, 4, 5, 6, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0, 3, 0x42, 0x42, 3};
	static const uint8_t sll[] = {
		0, 0, 0, 1, 0, 6, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0, 0, 8, 0, 0x45};
	static const uint8_t sll2[] = {
		8, 6, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0, 0, 7};
	static const uint8_t null4[] = {2, 0, 0, 0, 0x45}, null6[] = {30, 0, 0, 0, 0x60},
			     raw6[] = {0x60, 1};
	/* clang-format off */
	static const struct {
		uint32_t linktype;
		const uint8_t *data;
		uint32_t len;
		enum io_rx_kind kind;
		uint16_t ethertype;
		bool mac;
		uint8_t first;
		uint32_t left;
	} cases[] = {
		{ ETHERNET,  ether, sizeof(ether), IO_RX_IP,   0x0800, true,  0x45, 2 },
		{ ETHERNET,  vlan,  sizeof(vlan),  IO_RX_IP,   0x86dd, true,  0x60, 1 },
		{ ETHERNET,  arp,   sizeof(arp),   IO_RX_LINK, 0x0806, true,  0,    2 },
		{ ETHERNET,  llc,   sizeof(llc),   IO_RX_LINK, 0,      true,  0x42, 3 },
		{ ETHERNET,  ether, 13,		   IO_RX_LINK, 0,      false, 1,    13 },
		{ SLL,	     sll,   sizeof(sll),   IO_RX_IP,   0x0800, true,  0x45, 1 },
		{ SLL2,	     sll2,  sizeof(sll2),  IO_RX_LINK, 0x0806, true,  7,    1 },
		{ NULL_LINK, null4, sizeof(null4), IO_RX_IP,   0x0800, false, 0x45, 1 },
		{ NULL_LINK, null6, sizeof(null6), IO_RX_IP,   0x86dd, false, 0x60, 1 },
		{ RAW,	     raw6,  sizeof(raw6),  IO_RX_IP,   0x86dd, false, 0x60, 2 },
	};
	/* clang-format on */
	static const uint8_t mac[6] = {0xa, 0xb, 0xc, 0xd, 0xe, 0xf}, none[6];
	uint8_t copy[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct io_rx rx = only_packet(cases[i].linktype, cases[i].data, cases[i].len, copy);

		assert_int_equal(rx.kind, cases[i].kind);
		assert_int_equal(rx.ethertype, cases[i].ethertype);
		assert_memory_equal(rx.src_mac.b, cases[i].mac ? mac : none, 6);
		assert_int_equal(rx.data[0], cases[i].first);
		assert_int_equal(rx.len, cases[i].left);
		assert_int_equal(rx.wire_len, cases[i].left + 10);
	}
}

/* More than one block of memory holds, taken in gulps: all come, in order, whole. */
static void test_many_large(void **state)
{
	static uint8_t data[60000] = {0x45};
	struct io_rx rx[50];
	unsigned total = 0;
	char path[32];
	FILE *f = file_begin(path, RAW);
	struct io *io;
	int n;

	for (uint32_t i = 0; i < 70; i++) {
		data[1] = (uint8_t)i;
		data[sizeof(data) - 1] = (uint8_t)i;
		packet(f, i, 0, data, sizeof(data));
	}
	fclose(f);
	io = open_file(path);
	while ((n = io_recv(io, rx, 50, NULL)) > 0)
		for (int i = 0; i < n; i++, total++) {
			assert_int_equal(rx[i].len, sizeof(data));
			assert_int_equal(rx[i].data[1], total);
			assert_int_equal(rx[i].data[sizeof(data) - 1], total);
		}
	assert_int_equal(n, 0);
	assert_int_equal(total, 70);
	assert_true(io->ops->at_end(io));
	io_close(io);
	unlink(path);
}

/* Cut in the third packet: two come, then the error, then the end. */
static void test_damaged(void **state)
{
	static const uint8_t data[100] = {0x45};
	struct io_rx rx[10];
	struct err e = {0};
	char path[32];
	FILE *f = file_begin(path, RAW);
	struct io *io;

	for (unsigned i = 0; i < 3; i++)
		packet(f, i, 0, data, sizeof(data));
	fflush(f);
	assert_int_equal(ftruncate(fileno(f), ftell(f) - 50), 0);
	fclose(f);
	io = open_file(path);
	assert_int_equal(io_recv(io, rx, 10, &e), 2);
	assert_false(io->ops->at_end(io));
	assert_int_equal(io_recv(io, rx, 10, &e), ERR_PARSE);
	assert_non_null(strstr(e.text, "damaged"));
	assert_true(io->ops->at_end(io));
	assert_int_equal(io_recv(io, rx, 10, &e), 0);
	io_close(io);
	unlink(path);
}

static void test_refusals(void **state)
{
	struct io_conf c = {.path = NULL};
	struct io *io = NULL;
	struct io_tx t = {.kind = IO_TX_IP};
	struct err e = {0};
	char path[32];

	assert_int_equal(io_pcap_ops.open(&io, &c, &e), -EINVAL);
	c.path = "/nonexistent.pcap";
	assert_int_equal(io_pcap_ops.open(&io, &c, &e), -ENOENT);
	c.path = "/dev/null";
	assert_int_equal(io_pcap_ops.open(&io, &c, &e), ERR_PARSE);
	fclose(file_begin(path, IEEE802_11));
	c.path = path;
	assert_int_equal(io_pcap_ops.open(&io, &c, &e), ERR_UNSUPPORTED);
	assert_non_null(strstr(e.text, "IEEE802_11"));
	assert_null(io);
	unlink(path);
	fclose(file_begin(path, RAW));
	io = open_file(path);
	assert_int_equal(io_send(io, &t, 1, &e), -EINVAL);
	assert_int_equal(io->ops->fd(io), -1);
	io_close(io);
	unlink(path);
}

static void short_header(int dlt, size_t len)
{
	static const uint8_t tagged[40] = {
		0x45, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 6, 0x81, 0, 0, 0, 0x81};
	uint8_t *exact = malloc(len ? len : 1);
	struct pcap_link link;

	assert_non_null(exact);
	memcpy(exact, tagged, len);
	if (!pcap_link_parse(dlt, exact, len, &link))
		assert_true(link.payload <= len);
	free(exact);
}

/* Every length of every header, into exactly that much memory: ASan is the judge. */
static void test_short_headers(void **state)
{
	static const int dlts[] = {0, 1, 12, 108, 113, 228, 229, 276, 999};

	for (size_t i = 0; i < sizeof(dlts) / sizeof(dlts[0]); i++)
		for (size_t len = 0; len <= 40; len++)
			short_header(dlts[i], len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_many_large),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_short_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
