/* SPDX-License-Identifier: BSD-2-Clause */
/* The blocks of a pcapng file (draft-ietf-opsawg-pcapng). */
#include "out/pcapng_block.h"

#include <string.h>

#include "out/frame.h"

/*
 * Every block (section 3.1):
 *
 *	type (4) | length of it all (4) | body, padded to 4 | options | length again (4)
 *
 * and every option (section 3.5): code (2) | length (2) | value, padded to 4; the list ends with
 * code 0. The byte order is the writer's choice; readers see it by BYTE_ORDER.
 */
enum block {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6
};

/* Options: 1 means the same in every block, the others are the block's own. */
enum { OPT_END = 0, OPT_COMMENT = 1 };
enum { SHB_USERAPPL = 4, IF_NAME = 2, IF_TSRESOL = 9, EPB_FLAGS = 2 };
enum { ISB_STARTTIME = 2, ISB_ENDTIME = 3, ISB_USRDELIV = 8 };

enum { INBOUND = 1, OUTBOUND = 2 }; /* of EPB_FLAGS (4.3.1) */

#define BYTE_ORDER_MAGIC  0x1a2b3c4du
#define LINKTYPE_ETHERNET 1
#define NANOSECONDS	  9 /* of IF_TSRESOL: 10^-9 */
#define OPTION_MAX	  65535

static void le(struct buf *b, uint64_t value, unsigned bytes)
{
	for (; bytes; bytes--, value >>= 8)
		buf_char(b, (char)value);
}

static void pad(struct buf *b, size_t len)
{
	for (; len % 4; len++)
		buf_char(b, 0);
}

/* Returns where the block begins. */
static size_t begin(struct buf *b, enum block type)
{
	size_t at = b->len;

	le(b, type, 4);
	le(b, 0, 4);
	return at;
}

static void end(struct buf *b, size_t at)
{
	size_t len;

	le(b, OPT_END, 4);
	len = b->len - at + 4;
	le(b, len, 4);
	for (unsigned i = 0; i < 4 && !b->failed; i++)
		b->data[at + 4 + i] = (char)(len >> 8 * i);
}

static void option(struct buf *b, unsigned code, const void *value, size_t len)
{
	if (len > OPTION_MAX)
		len = OPTION_MAX;
	le(b, code, 2);
	le(b, len, 2);
	buf_add(b, value, len);
	pad(b, len);
}

static void option_text(struct buf *b, unsigned code, const char *text)
{
	if (text)
		option(b, code, text, strlen(text));
}

/* A time is two words, the high one first whatever the byte order (4.3). */
static void time_words(struct buf *b, uint64_t ns)
{
	le(b, ns >> 32, 4);
	le(b, ns, 4);
}

static void option_time(struct buf *b, unsigned code, uint64_t ns)
{
	le(b, code, 2);
	le(b, 8, 2);
	time_words(b, ns);
}

void pcapng_section(struct buf *b, const char *program, const char *comment)
{
	size_t at = begin(b, BLOCK_SECTION);

	le(b, BYTE_ORDER_MAGIC, 4);
	le(b, 1, 2); /* version 1.0 */
	le(b, 0, 2);
	le(b, UINT64_MAX, 8); /* length of the section: not said */
	option_text(b, SHB_USERAPPL, program);
	option_text(b, OPT_COMMENT, comment);
	end(b, at);
}

void pcapng_interface(struct buf *b, const char *name)
{
	static const uint8_t resolution = NANOSECONDS;
	size_t at = begin(b, BLOCK_INTERFACE);

	le(b, LINKTYPE_ETHERNET, 2);
	le(b, 0, 2);
	le(b, 0, 4); /* packets are not cut here */
	option_text(b, IF_NAME, name);
	option(b, IF_TSRESOL, &resolution, 1);
	end(b, at);
}

void pcapng_packet(struct buf *b, uint32_t interface, const struct rec_packet *p)
{
	size_t at = begin(b, BLOCK_PACKET);

	le(b, interface, 4);
	time_words(b, p->wall_ns);
	le(b, p->len + FRAME_HEADER, 4);
	le(b, p->wire_len + FRAME_HEADER, 4);
	frame_add(b, p);
	pad(b, p->len + FRAME_HEADER);
	le(b, EPB_FLAGS, 2);
	le(b, 4, 2);
	le(b, p->sent ? OUTBOUND : INBOUND, 4);
	option_text(b, OPT_COMMENT, p->verdict);
	end(b, at);
}

void pcapng_statistics(struct buf *b, uint32_t interface, const struct pcapng_count *c)
{
	size_t at = begin(b, BLOCK_STATISTICS);

	le(b, interface, 4);
	time_words(b, c->last_ns);
	option_time(b, ISB_STARTTIME, c->first_ns);
	option_time(b, ISB_ENDTIME, c->last_ns);
	le(b, ISB_USRDELIV, 2);
	le(b, 8, 2);
	le(b, c->n, 8);
	end(b, at);
}
