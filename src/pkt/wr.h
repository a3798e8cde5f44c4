/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing bytes for the wire: a cursor whose error sticks; nothing is ever written beyond the
 * buffer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `len` bytes of `buf` are written, `cap` is all there is; after a write that did not fit `ok` is
 * false for good and nothing changes any more. */
struct wr {
	uint8_t *buf;
	size_t len, cap;
	bool ok;
};

/* A cursor at the start of a caller's buffer, borrowed. */
struct wr wr_init(void *buf, size_t cap);
/* Bytes written, or 0 after an error: what an encoder returns. */
size_t wr_len(const struct wr *w);
/* Room for n bytes, to be filled by the caller, or NULL. */
uint8_t *wr_room(struct wr *w, size_t n);
/* Appends; the numbers are given in host order and written big-endian. */
void wr_u8(struct wr *w, uint8_t v);
void wr_u16be(struct wr *w, uint16_t v);
void wr_u32be(struct wr *w, uint32_t v);
void wr_bytes(struct wr *w, const void *data, size_t n);
void wr_zero(struct wr *w, size_t n);
/* Overwrites two bytes written earlier at `at` (lengths and checksums known only at the end). */
void wr_patch16be(struct wr *w, size_t at, uint16_t v);
