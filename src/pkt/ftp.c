/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FTP replies (RFC 959 4.2): one line "226 text", or several of which the first is "226-text" and
 * the last "226 text" with the same code; what stands between may look like anything.
 */
#include "pkt/ftp.h"

#include <stdio.h>
#include <string.h>

/* "226" and then a blank, a hyphen or the end; 0 for what is no such line. */
static uint16_t code_of(const char *line)
{
	for (unsigned i = 0; i < 3; i++)
		if (line[i] < '0' || line[i] > '9')
			return 0;
	if (line[0] < '1' || line[0] > '5' || (line[3] && line[3] != ' ' && line[3] != '-'))
		return 0;
	return (uint16_t)((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

/* A line is complete. */
static enum ftp_got line_end(struct ftp_reader *r, struct ftp_reply *out)
{
	uint16_t code;

	while (r->n && (r->line[r->n - 1] == '\r' || r->line[r->n - 1] == ' '))
		r->n--;
	r->line[r->n] = '\0';
	code = code_of(r->line);
	if (!code && !r->many && r->n)
		return FTP_BAD;
	r->n = 0;
	if (!code || (r->many && code != r->many) || (r->many && r->line[3] == '-'))
		return FTP_PART;
	if (r->line[3] == '-') {
		r->many = code;
		return FTP_PART;
	}
	r->many = 0;
	r->total = 0;
	out->code = code;
	snprintf(out->text, sizeof(out->text), "%s", r->line[3] ? r->line + 4 : "");
	return FTP_REPLY;
}

enum ftp_got ftp_read(
	struct ftp_reader *r, const uint8_t *p, size_t len, size_t *used, struct ftp_reply *out)
{
	enum ftp_got got = FTP_PART;
	size_t i = 0;

	while (i < len && got == FTP_PART) {
		uint8_t c = p[i++];

		if (++r->total > FTP_REPLY_MAX)
			got = FTP_BAD;
		else if (c == '\n')
			got = line_end(r, out);
		else if (r->n + 1u < sizeof(r->line))
			r->line[r->n++] = c ? (char)c : ' ';
	}
	*used = i;
	return got;
}

void ftp_port_command(const struct addr *a, uint16_t port, bool extended, char text[FTP_PORT_TEXT])
{
	struct addr bare = *a;
	char host[ADDR_TEXT_MAX];

	bare.zone = 0; /* means nothing to the server */
	if (a->family == 4 && !extended)
		snprintf(text, FTP_PORT_TEXT, "PORT %u,%u,%u,%u,%u,%u", a->b[0], a->b[1], a->b[2],
			a->b[3], port >> 8, port & 0xff);
	else
		snprintf(text, FTP_PORT_TEXT, "EPRT |%d|%s|%u|", a->family == 6 ? 2 : 1,
			addr_text(&bare, host), port);
}
