/* SPDX-License-Identifier: BSD-2-Clause */
/* SipHash-1-3 of one or three words, for the probes of a sweep: one text for the kernel and for us.
 */
#pragma once

#include <stdint.h>

/*
 * SipHash (Aumasson, Bernstein 2012) with one round a word and three at the end, as the Linux
 * kernel uses it for its tables; hash.h has the longer SipHash-2-4 of bytes. Integers only, no
 * loop, no memory but the state: it compiles for BPF.
 */
struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t sip_rotl(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = sip_rotl(s->v1, 13) ^ s->v0;
	s->v0 = sip_rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = sip_rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = sip_rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = sip_rotl(s->v1, 17) ^ s->v2;
	s->v2 = sip_rotl(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

static inline struct sip sip_begin(uint64_t k0, uint64_t k1)
{
	return (struct sip){k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
}

/* `bytes`: how long the whole message was; `rest`: its last bytes, fewer than 8. */
static inline uint64_t sip_end(struct sip *s, unsigned bytes, uint64_t rest)
{
	sip_word(s, (uint64_t)bytes << 56 | rest);
	s->v2 ^= 0xff;
	sip_round(s);
	sip_round(s);
	sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* The hash of 7 bytes: a number below 2^56, little-endian. */
static inline uint64_t sip13_1(uint64_t k0, uint64_t k1, uint64_t a)
{
	struct sip s = sip_begin(k0, k1);

	return sip_end(&s, 7, a);
}

/* The hash of 23 bytes: two words and a number below 2^56, little-endian. */
static inline uint64_t sip13_3(uint64_t k0, uint64_t k1, uint64_t a, uint64_t b, uint64_t c)
{
	struct sip s = sip_begin(k0, k1);

	sip_word(&s, a);
	sip_word(&s, b);
	return sip_end(&s, 23, c);
}
