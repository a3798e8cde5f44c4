/* SPDX-License-Identifier: BSD-2-Clause */
/* Checksums against the RFCs' own examples and against sums taken word by word. */
#include "pkt/csum.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/rng.h"

/* RFC 1071 section 3. */
static void test_rfc1071(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	assert_int_equal(csum_finish(csum_add(0, bytes, sizeof(bytes))), (uint16_t)~0xddf2);
}

/* The definition: words one after the other, carry brought round at once. */
static uint16_t by_definition(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2) {
		sum += (uint32_t)p[i] << 8 | (i + 1 < len ? p[i + 1] : 0);
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)~sum;
}

static void test_definition(void **state)
{
	uint8_t bytes[400];
	struct rng rng;

	rng_seed(&rng, 1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)rng_u64(&rng);
	for (size_t at = 0; at < 8; at++)
		for (size_t len = 0; len < 300; len++)
			assert_int_equal(csum_finish(csum_add(0, bytes + at, len)),
				by_definition(bytes + at, len));
	for (size_t cut = 0; cut <= 300; cut += 2)
		assert_int_equal(
			csum_finish(csum_add(csum_add(0, bytes, cut), bytes + cut, 300 - cut)),
			by_definition(bytes, 300));
}

/* Sums that carry at every word. */
static void test_carries(void **state)
{
	static uint8_t ones[65535];

	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(csum_finish(csum_add(0, ones, sizeof(ones) - 1)), 0);
	assert_int_equal(
		csum_finish(csum_add(0, ones, sizeof(ones))), by_definition(ones, sizeof(ones)));
}

/* RFC 1624 section 4: a field changes from 5555 to 3285 under the checksum dd2f; the new one is
 * 0000, not ffff. */
static void test_rfc1624(void **state)
{
	assert_int_equal(csum_replace16(0xdd2f, 0x5555, 0x3285), 0x0000);
}

/* By difference and anew must agree, as one's complement numbers: 0 and ffff are the same there. */
static void test_replace(void **state)
{
	uint8_t bytes[40];
	struct rng rng;

	rng_seed(&rng, 2);
	for (int n = 0; n < 20000; n++) {
		size_t at = rng_below(&rng, 19) * 2;
		uint32_t from, to;
		uint16_t check, patched, anew;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(n % 3 ? rng_u64(&rng) : 0xff * rng_below(&rng, 2));
		check = csum_finish(csum_add(0, bytes, sizeof(bytes)));
		from = (uint32_t)bytes[at] << 24 | (uint32_t)bytes[at + 1] << 16 |
		       (uint32_t)bytes[at + 2] << 8 | bytes[at + 3];
		to = (uint32_t)rng_u64(&rng);
		for (int i = 0; i < 4; i++)
			bytes[at + (size_t)i] = (uint8_t)(to >> (24 - 8 * i));
		patched = csum_replace32(check, from, to);
		anew = csum_finish(csum_add(0, bytes, sizeof(bytes)));
		assert_int_equal(patched % 0xffff, anew % 0xffff);
		assert_int_equal(csum_replace16(csum_replace16(check, (uint16_t)(from >> 16),
							(uint16_t)(to >> 16)),
					 (uint16_t)from, (uint16_t)to),
			patched);
	}
}

/* RFC 3720 B.4 and the check value of CRC-32C. */
static void test_crc32c(void **state)
{
	uint8_t bytes[32] = {0};

	assert_int_equal(csum_crc32c(bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, 32);
	assert_int_equal(csum_crc32c(bytes, 32), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = i;
	assert_int_equal(csum_crc32c(bytes, 32), 0x46dd794e);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = 31 - i;
	assert_int_equal(csum_crc32c(bytes, 32), 0x113fdb5c);
	assert_int_equal(csum_crc32c("123456789", 9), 0xe3069283);
	assert_int_equal(csum_crc32c_part(csum_crc32c("1234", 4), "56789", 5), 0xe3069283);
}

/* RFC 1950 8.2 defines the sum of nothing as 1; the other value is zlib's. */
static void test_adler32(void **state)
{
	assert_int_equal(csum_adler32("", 0), 1);
	assert_int_equal(csum_adler32("Wikipedia", 9), 0x11e60398);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc1071),
		cmocka_unit_test(test_definition),
		cmocka_unit_test(test_carries),
		cmocka_unit_test(test_rfc1624),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_crc32c),
		cmocka_unit_test(test_adler32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
