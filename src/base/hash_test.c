/* SPDX-License-Identifier: BSD-2-Clause */
/* SipHash-2-4 against the reference vectors of its authors (key 00..0f, message 00..n-1; also what
 * OpenSSL prints). */
#include "base/hash.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* clang-format off */
static const struct { size_t len; uint64_t hash; } vectors[] = {
	{ 0,  UINT64_C(0x726fdb47dd0e0e31) }, { 1,  UINT64_C(0x74f839c593dc67fd) },
	{ 7,  UINT64_C(0xab0200f58b01d137) }, { 8,  UINT64_C(0x93f5f5799a932462) },
	{ 15, UINT64_C(0xa129ca6149be45e5) }, { 16, UINT64_C(0x3f2acc7f57c29bdb) },
	{ 63, UINT64_C(0x958a324ceb064572) },
};
/* clang-format on */

static void reference_vectors(void **state)
{
	const struct hash_key key = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
	uint8_t message[64];

	for (unsigned i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_int_equal(hash_sip(&key, message, vectors[i].len), vectors[i].hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reference_vectors) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
