/* SPDX-License-Identifier: BSD-2-Clause */
/* Hex capture (-oH): every packet in words and bytes, for people and for text2pcap(1). */
#include "out/formats.h"

#include <stdio.h>

#include "out/frame.h"
#include "out/out_base.h"
#include "out/out_text.h"

/*
 * A packet is a line of words, one of direction and time, and its Ethernet frame, 16 bytes a line:
 *
 *	# 58 bytes by eth0: TCP 10.77.0.2:61000 > 10.77.0.10:22 S
 *	O 2026-11-20T23:00:00.001234567Z
 *	000000  00 0c 29 10 10 10 00 1c 42 02 02 02 08 00 45 00  |..).....B.....E.|
 *
 * "O" went out, "I" came in; the verdict that an answer decided stands at the end of its words.
 * That is what `text2pcap -D -t ISO` reads. Lines that begin with "#" it passes over, so words that
 * look like bytes or offsets do no harm there; the bar has the same use. What connect() did is a
 * line of words only: its packets are the kernel's.
 */

#define PER_LINE 16

static void put_line(struct buf *b, const struct buf *frame, size_t at)
{
	size_t n = frame->len - at < PER_LINE ? frame->len - at : PER_LINE;

	buf_fmt(b, "%06zx ", at);
	for (size_t i = 0; i < PER_LINE; i++) {
		if (i < n)
			buf_fmt(b, " %02x", (uint8_t)frame->data[at + i]);
		else
			buf_str(b, "   ");
	}
	buf_str(b, "  |");
	for (size_t i = 0; i < n; i++) {
		char c = frame->data[at + i];

		buf_char(b, c >= ' ' && c <= '~' ? c : '.');
	}
	buf_str(b, "|\n");
}

static void put_words(struct buf *b, const struct rec_packet *p)
{
	buf_str(b, "# ");
	if (p->data)
		buf_fmt(b, "%u bytes", p->wire_len + FRAME_HEADER);
	else
		out_time_rfc3339(b, p->wall_ns);
	if (p->len < p->wire_len)
		buf_fmt(b, " (%u kept)", p->len + FRAME_HEADER);
	if (p->interface) {
		buf_str(b, " by ");
		out_term(b, p->interface);
	}
	buf_str(b, ": ");
	out_term(b, p->text);
	if (p->verdict) {
		buf_str(b, " = ");
		out_term(b, p->verdict);
	}
	buf_char(b, '\n');
}

static void put_packet(struct buf *b, const struct rec_packet *p)
{
	struct buf frame;

	put_words(b, p);
	if (p->data) {
		buf_str(b, p->sent ? "O " : "I ");
		out_time_rfc3339(b, p->wall_ns);
		buf_char(b, '\n');
		buf_init(&frame);
		frame_add(&frame, p);
		for (size_t at = 0; at < frame.len; at += PER_LINE)
			put_line(b, &frame, at);
		b->failed |= frame.failed;
		buf_free(&frame);
	}
	buf_char(b, '\n');
}

static int render(struct out *o, const struct rec *r)
{
	struct buf *b = &o->body;

	if (r->kind == REC_PACKET) {
		put_packet(b, r->packet);
	} else if (r->kind == REC_RUN) {
		buf_str(b, "# Packets of Sonde ");
		out_term(b, r->run->version);
		buf_str(b, " as: ");
		out_term(b, r->run->args);
		buf_str(b, "\n# To a capture file: text2pcap -D -t ISO THIS-FILE NEW.pcapng\n\n");
	} else {
		buf_str(b, r->end->interrupted ? "# interrupted: " : "# ");
		out_summary(b, r->end);
		buf_char(b, '\n');
	}
	return 0;
}

static const struct out_form form = {
	.size = sizeof(struct out),
	.render = render,
};

static int hex_open(struct out **out, const struct out_conf *c, struct err *e)
{
	return out_base_open(out, &form, c, e);
}

const struct out_ops out_hex = {
	.name = "hex",
	.option = "-oH",
	.want = BUS_WANT(REC_RUN) | BUS_WANT(REC_PACKET) | BUS_WANT(REC_END),
	.open = hex_open,
	.put = out_base_put,
	.close = out_base_close,
};
