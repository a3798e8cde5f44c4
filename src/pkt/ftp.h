/* SPDX-License-Identifier: BSD-2-Clause */
/* FTP's control connection: replies as they come in, and the commands that name a data port. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define FTP_TEXT_MAX  200
#define FTP_REPLY_MAX 65536 /* bytes of one reply; more is no FTP server's */

/* A whole reply (RFC 959 4.2): its code, and the text of its last line, hostile and cut. */
struct ftp_reply {
	uint16_t code;
	char text[FTP_TEXT_MAX];
};

/* A reply on its way; all zero at the start of a connection. */
struct ftp_reader {
	char line[FTP_TEXT_MAX + 4]; /* what has come of the line, cut */
	uint16_t n;
	uint16_t many;	/* code of the first of several lines, 0 = none has come */
	uint32_t total; /* bytes of this reply */
};

enum ftp_got {
	FTP_PART,  /* all bytes were used, more must come */
	FTP_REPLY, /* *out is filled; *used bytes were used, call again with the rest */
	FTP_BAD,   /* this is not FTP */
};

/* Takes bytes of the connection. */
enum ftp_got ftp_read(
	struct ftp_reader *r, const uint8_t *p, size_t len, size_t *used, struct ftp_reply *out);

#define FTP_PORT_TEXT 96
/* Writes "PORT h1,h2,h3,h4,p1,p2" (RFC 959 4.1.2; IPv4 only) or, with `extended` or for IPv6,
 * "EPRT |1|address|port|" (RFC 2428 2), without the end of line. `port` is in host order. */
void ftp_port_command(const struct addr *a, uint16_t port, bool extended, char text[FTP_PORT_TEXT]);
