/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing bytes for the wire. */
#include "pkt/wr.h"

#include <string.h>

#include "base/be.h"

struct wr wr_init(void *buf, size_t cap)
{
	return (struct wr){.buf = buf, .cap = cap, .ok = true};
}

size_t wr_len(const struct wr *w)
{
	return w->ok ? w->len : 0;
}

uint8_t *wr_room(struct wr *w, size_t n)
{
	uint8_t *at;

	if (!w->ok || w->cap - w->len < n) {
		w->ok = false;
		return NULL;
	}
	at = w->buf + w->len;
	w->len += n;
	return at;
}

void wr_u8(struct wr *w, uint8_t v)
{
	uint8_t *at = wr_room(w, 1);

	if (at)
		at[0] = v;
}

void wr_u16be(struct wr *w, uint16_t v)
{
	uint8_t *at = wr_room(w, 2);

	if (at)
		be_put16(at, v);
}

void wr_u32be(struct wr *w, uint32_t v)
{
	uint8_t *at = wr_room(w, 4);

	if (at)
		be_put32(at, v);
}

void wr_bytes(struct wr *w, const void *data, size_t n)
{
	uint8_t *at = n ? wr_room(w, n) : NULL;

	if (at)
		memcpy(at, data, n);
}

void wr_zero(struct wr *w, size_t n)
{
	uint8_t *at = n ? wr_room(w, n) : NULL;

	if (at)
		memset(at, 0, n);
}

void wr_patch16be(struct wr *w, size_t at, uint16_t v)
{
	if (!w->ok || w->len < 2 || at > w->len - 2)
		w->ok = false;
	else
		be_put16(w->buf + at, v);
}
