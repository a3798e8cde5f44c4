/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies of FTP servers, whole, in pieces and without end; PORT and EPRT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "pkt/ftp.h"

/* Feeds a text in pieces of `step` bytes and writes the replies as "code:text;", '!' for bad. */
static void feed(const char *text, size_t step, char out[512])
{
	struct ftp_reader r = {0};
	struct ftp_reply reply;
	size_t len = strlen(text), used;

	*out = '\0';
	for (size_t at = 0; at < len; at += used) {
		size_t n = len - at < step ? len - at : step;

		switch (ftp_read(&r, (const uint8_t *)text + at, n, &used, &reply)) {
		case FTP_REPLY:
			snprintf(out + strlen(out), 512 - strlen(out), "%u:%s;", reply.code,
				reply.text);
			break;
		case FTP_BAD:
			strcat(out, "!");
			return;
		case FTP_PART:
			assert_int_equal(used, n);
		}
	}
}

static void replies_are_read(void **state)
{
	/* clang-format off */
	static const char *const rows[][2] = {
		{ "220 ready\r\n",                                          "220:ready;" },
		{ "226\r\n",                                                "226:;" },
		{ "220 ready\n331 who\r\n",                                 "220:ready;331:who;" },
		{ "150 here\r\n226 sent\r\n",                               "150:here;226:sent;" },
		/* RFC 959 4.2's own example of several lines */
		{ "123-First line\r\nSecond line\r\n  234 A line beginning with numbers\r\n123 The last line\r\n",
		  "123:The last line;" },
		{ "220-a\r\n226 no\r\n220-b\r\n220 end\r\n",                "220:end;" },
		{ "\r\n220 after an empty line\r\n",                        "220:after an empty line;" },
		{ "SSH-2.0-OpenSSH\r\n",                                    "!" },
		{ "2200 ready\r\n",                                         "!" },
		{ "020 ready\r\n",                                          "!" },
		{ "22 ready\r\n",                                           "!" },
		{ "500 no\r\nHTTP/1.1 400\r\n",                             "500:no;!" },
		{ "220 unfinished",                                         "" },
	};
	/* clang-format on */
	char got[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t step = 1; step < 20; step += 3) {
			feed(rows[i][0], step, got);
			assert_string_equal(got, rows[i][1]);
		}
}

static void floods_are_bounded(void **state)
{
	uint8_t flood[4096];
	struct ftp_reader r = {0};
	struct ftp_reply reply;
	size_t used, total = 0;
	enum ftp_got got;

	memset(flood, 'x', sizeof(flood));
	memcpy(flood, "220 ", 4);
	assert_int_equal(ftp_read(&r, flood, sizeof(flood), &used, &reply), FTP_PART);
	assert_int_equal(ftp_read(&r, (const uint8_t *)"\n", 1, &used, &reply), FTP_REPLY);
	assert_true(strlen(reply.text) < FTP_TEXT_MAX);
	memcpy(flood, "220-\n", 5);
	do {
		got = ftp_read(&r, flood, sizeof(flood), &used, &reply);
		total += used;
	} while (got == FTP_PART);
	assert_int_equal(got, FTP_BAD);
	assert_int_equal(total, FTP_REPLY_MAX + 1);
}

static void port_commands(void **state)
{
	struct addr v4 = addr_v4(0xc0000201), v6;
	char text[FTP_PORT_TEXT];

	assert_int_equal(addr_parse("1080::8:800:200c:417a", &v6), 0);
	ftp_port_command(&v4, 6446, false, text);
	assert_string_equal(text, "PORT 192,0,2,1,25,46");
	/* the examples of RFC 2428 2 */
	v4 = addr_v4(0x84eb0102);
	ftp_port_command(&v4, 6275, true, text);
	assert_string_equal(text, "EPRT |1|132.235.1.2|6275|");
	v6.zone = 7; /* our name of the link means nothing there */
	ftp_port_command(&v6, 5282, false, text);
	assert_string_equal(text, "EPRT |2|1080::8:800:200c:417a|5282|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_are_read),
		cmocka_unit_test(floods_are_bounded),
		cmocka_unit_test(port_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
