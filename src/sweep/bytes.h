/* SPDX-License-Identifier: BSD-2-Clause */
/* Big-endian numbers in packets, for code that runs in the kernel as well as here. */
#pragma once

#include <stdint.h>

/* The verifier follows pointers into packets through one function, not through calls. */
#define SWEEP_INLINE static inline __attribute__((always_inline))

/*
 * The verifier wants plain loads and stores (packets may lie at any address where Linux calls
 * unaligned access efficient, and clang would take bytes one by one); user space has memcpy.
 */
#ifdef __bpf__
#define BYTES_GET(type, p)    (*(const type *)(const void *)(p))
#define BYTES_PUT(type, p, v) (*(type *)(void *)(p) = (v))
#define BYTES_AGAIN(p)	      (*(const volatile uint8_t *)(p)) /* loads once more */
#define BYTES_HIDE(v)	      asm volatile("" : "+r"(v))       /* what the compiler knows of v */
#else
#include <string.h>
#define BYTES_AGAIN(p) (*(p))
#define BYTES_HIDE(v)  ((void)0)
#define BYTES_GET(type, p)                                                                         \
	({                                                                                         \
		type v_;                                                                           \
		memcpy(&v_, p, sizeof(v_));                                                        \
		v_;                                                                                \
	})
#define BYTES_PUT(type, p, v)                                                                      \
	({                                                                                         \
		type v_ = v;                                                                       \
		memcpy(p, &v_, sizeof(v_));                                                        \
	})
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTES_SWAP(bits, v) __builtin_bswap##bits(v)
#define BYTES_LE32(v)	    (v)
#else
#define BYTES_SWAP(bits, v) (v)
#define BYTES_LE32(v)	    __builtin_bswap32(v)
#endif

/* The number in the bytes at p, which must be there. */
SWEEP_INLINE uint16_t bytes_get16(const uint8_t *p)
{
	return BYTES_SWAP(16, BYTES_GET(uint16_t, p));
}

SWEEP_INLINE uint32_t bytes_get32(const uint8_t *p)
{
	return BYTES_SWAP(32, BYTES_GET(uint32_t, p));
}

SWEEP_INLINE uint64_t bytes_get64(const uint8_t *p)
{
	return BYTES_SWAP(64, BYTES_GET(uint64_t, p));
}

SWEEP_INLINE void bytes_put16(uint8_t *p, uint16_t v)
{
	BYTES_PUT(uint16_t, p, BYTES_SWAP(16, v));
}

SWEEP_INLINE void bytes_put32(uint8_t *p, uint32_t v)
{
	BYTES_PUT(uint32_t, p, BYTES_SWAP(32, v));
}

SWEEP_INLINE void bytes_put64(uint8_t *p, uint64_t v)
{
	BYTES_PUT(uint64_t, p, BYTES_SWAP(64, v));
}

/* Folds a sum of 16- and 32-bit words (RFC 1071: the width does not matter) into the checksum. */
SWEEP_INLINE uint16_t bytes_checksum(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
