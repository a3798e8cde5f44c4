/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed 64-bit hash for cookies and hash tables fed
 * by strangers. Two rounds a word of eight bytes (little endian), four at the end; the last word
 * carries the length modulo 256 in its top byte.
 */
#include "base/hash.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotl(uint64_t x, unsigned k)
{
	return x << k | x >> (64 - k);
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 = rotl(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t m)
{
	s->v3 ^= m;
	sip_round(s);
	sip_round(s);
	s->v0 ^= m;
}

static inline uint64_t load_le(const uint8_t *p, size_t len)
{
	uint64_t m = 0;

	for (size_t i = 0; i < len; i++)
		m |= (uint64_t)p[i] << (8 * i);
	return m;
}

uint64_t hash_sip(const struct hash_key *k, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t left = len;
	struct sip s = {
		/* "somepseudorandomlygeneratedbytes", the constants of the paper */
		.v0 = k->k0 ^ UINT64_C(0x736f6d6570736575),
		.v1 = k->k1 ^ UINT64_C(0x646f72616e646f6d),
		.v2 = k->k0 ^ UINT64_C(0x6c7967656e657261),
		.v3 = k->k1 ^ UINT64_C(0x7465646279746573),
	};

	for (; left >= 8; left -= 8, p += 8)
		sip_word(&s, load_le(p, 8));
	sip_word(&s, load_le(p, left) | (uint64_t)len << 56);
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
