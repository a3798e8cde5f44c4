/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP headers and options (RFC 9293). */
#pragma once

#include "pkt/rd.h"
#include "pkt/wr.h"

#define TCP_MIN		20
#define TCP_OPTIONS_MAX 40

enum tcp_opt_kind {
	TCP_OPT_EOL = 0,
	TCP_OPT_NOP = 1,
	TCP_OPT_MSS = 2,
	TCP_OPT_WS = 3,	     /* RFC 7323 2 */
	TCP_OPT_SACK_OK = 4, /* RFC 2018 2 */
	TCP_OPT_SACK = 5,    /* RFC 2018 3 */
	TCP_OPT_TS = 8,	     /* RFC 7323 3 */
	TCP_OPT_MD5 = 19,    /* RFC 2385 */
	TCP_OPT_AO = 29,     /* RFC 5925 */
	TCP_OPT_TFO = 34,    /* RFC 7413 */
};

/* Fields in host order. In a cut-off header (a quotation) the fields that are not there are 0;
 * rd_left before reading tells which. */
struct tcp_hdr {
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t hdr_len; /* bytes, options included */
	uint8_t flags;
	uint16_t window, check, urg;
	const uint8_t *options; /* borrowed; hdr_len - 20 bytes */
};

/* One option as it stands; unknown kinds are kept. */
struct tcp_opt {
	uint8_t kind;
	uint8_t len;	     /* of data */
	const uint8_t *data; /* borrowed, after kind and length */
};

/* What the options say together; the last of several equal ones counts. */
struct tcp_opts {
	bool has_mss, has_ws, sack_ok, has_ts, has_md5, has_ao, has_tfo;
	uint16_t mss; /* bytes */
	uint8_t ws;   /* shift count */
	uint32_t ts_val, ts_ecr;
	uint8_t n_sack; /* blocks */
	uint8_t n_nop, n_unknown;
	bool eol;
	bool broken; /* a length that is below 2, beyond the end, or not its kind's */
};

/* Reads a header with its options; r is then at the payload. False: cut off, or a header length
 * below 20; the fields read so far hold. */
bool tcp_read(struct rd *r, struct tcp_hdr *h);
/* Writes the header, checksum as given; options are hdr_len - 20 bytes padded by the caller. */
void tcp_write(struct wr *w, const struct tcp_hdr *h);
/* The next option, NOP and EOL included (data NULL, len 0); false at the end, behind EOL, or at a
 * broken length (then r->ok is false). */
bool tcp_opt_next(struct rd *r, struct tcp_opt *o);
/* Takes all options of `len` bytes together. */
void tcp_opts_read(const uint8_t *options, size_t len, struct tcp_opts *o);
/* Writes one option; the data's bytes are the caller's. NOP and EOL take no data. */
void tcp_opt_write(struct wr *w, uint8_t kind, const void *data, uint8_t len);
/* Pads to four bytes with NOPs counted from `start` (offset in w where the options began). */
void tcp_opt_pad(struct wr *w, size_t start);
/* "<mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>" of `len` option bytes, tcpdump's words; "" when
 * there are none. Always terminated. */
void tcp_opts_text(const uint8_t *options, size_t len, char *text, size_t text_len);
