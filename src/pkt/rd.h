/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading bytes from the wire: a cursor whose error sticks, so that a decoder runs straight through
 * and asks once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Invariant: `left` bytes at `p` may be read. A read beyond them returns 0 (or NULL), leaves
 * nothing to read and clears `ok` for good, so every value taken while `ok` still held is a true
 * one. The bytes are borrowed. The getters are inline because they run several times a packet.
 */
struct rd {
	const uint8_t *p;
	size_t left;
	bool ok;
};

/* A cursor over `len` bytes; `data` may be NULL when len is 0. */
static inline struct rd rd_init(const void *data, size_t len)
{
	return (struct rd){.p = data, .left = len, .ok = true};
}

/* Makes the cursor fail; what was read before stays true. */
static inline void rd_fail(struct rd *r)
{
	r->left = 0;
	r->ok = false;
}

/* Bytes that can still be read; 0 after an error. */
static inline size_t rd_left(const struct rd *r)
{
	return r->left;
}

/* The next n bytes, borrowed, and moves on; NULL when they are not all there. */
static inline const uint8_t *rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *at = r->p;

	if (r->left < n) {
		rd_fail(r);
		return NULL;
	}
	r->p = n ? at + n : at;
	r->left -= n;
	return at;
}

static inline void rd_skip(struct rd *r, size_t n)
{
	(void)rd_bytes(r, n);
}

/* One byte. */
static inline uint8_t rd_u8(struct rd *r)
{
	const uint8_t *b = rd_bytes(r, 1);

	return b ? b[0] : 0;
}

/* Two bytes, big-endian on the wire, returned in host order; likewise the wider ones. */
static inline uint16_t rd_u16be(struct rd *r)
{
	const uint8_t *b = rd_bytes(r, 2);

	return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

static inline uint32_t rd_u32be(struct rd *r)
{
	const uint8_t *b = rd_bytes(r, 4);

	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

/* At most n bytes remain readable: for a length field inside a larger buffer. Never an error. */
static inline void rd_limit(struct rd *r, size_t n)
{
	if (r->left > n)
		r->left = n;
}

/* Cuts the next n bytes off into a cursor of their own and moves past them; when they are not all
 * there, both have failed. */
struct rd rd_sub(struct rd *r, size_t n);
/* Copies n bytes out; on error `out` is zeroed. */
void rd_copy(struct rd *r, void *out, size_t n);
/* Eight bytes, big-endian on the wire. */
uint64_t rd_u64be(struct rd *r);
