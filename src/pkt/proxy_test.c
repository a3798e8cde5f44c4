/* SPDX-License-Identifier: BSD-2-Clause */
/* The words to proxies byte by byte, and answers of every kind, whole, in pieces and without end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "pkt/proxy.h"

static struct proxy proxy_of(enum proxy_kind kind, const char *user, const char *password)
{
	struct proxy p = {.kind = kind};

	p.at.has_user = p.at.has_password = user != NULL;
	if (user) {
		strcpy(p.at.user, user);
		strcpy(p.at.password, password);
	}
	return p;
}

static void expect_said(
	const struct proxy *p, unsigned step, const char *to, const void *want, size_t len)
{
	struct proxy_talk t = {.step = (uint8_t)step};
	uint8_t buf[PROXY_SAY_MAX];
	struct addr dst;

	assert_int_equal(addr_parse(to, &dst), 0);
	assert_int_equal(proxy_say(p, &t, &dst, 443, buf), len);
	assert_memory_equal(buf, want, len);
}

#define SAID(p, step, to, bytes) expect_said(p, step, to, bytes, sizeof(bytes) - 1)

static void messages_are_those_of_the_standards(void **state)
{
	struct proxy s4 = proxy_of(PROXY_SOCKS4, NULL, NULL);
	struct proxy s4a = proxy_of(PROXY_SOCKS4A, "fred", "");
	struct proxy s5 = proxy_of(PROXY_SOCKS5, NULL, NULL);
	struct proxy s5u = proxy_of(PROXY_SOCKS5, "fred", "pw");
	struct proxy http = proxy_of(PROXY_HTTP, NULL, NULL);
	/* RFC 7617 2's example */
	struct proxy httpu = proxy_of(PROXY_HTTP, "Aladdin", "open sesame");

	SAID(&s4, 0, "192.0.2.1", "\4\1\1\xbb\xc0\0\2\1\0");
	SAID(&s4a, 0, "192.0.2.1",
		"\4\1\1\xbb\xc0\0\2\1"
		"fred\0");
	SAID(&s4a, 0, "2001:db8::1",
		"\4\1\1\xbb\0\0\0\1"
		"fred\0"
		"2001:db8::1\0");
	SAID(&s5, 0, "192.0.2.1", "\5\1\0");
	SAID(&s5u, 0, "192.0.2.1", "\5\2\0\2");
	SAID(&s5u, 1, "192.0.2.1",
		"\1\4"
		"fred"
		"\2pw");
	SAID(&s5, 2, "192.0.2.1", "\5\1\0\1\xc0\0\2\1\1\xbb");
	SAID(&s5, 2, "2001:db8::1", "\5\1\0\4\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\1\xbb");
	SAID(&http, 0, "192.0.2.1",
		"CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\n\r\n");
	SAID(&httpu, 0, "2001:db8::1",
		"CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n"
		"Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
}

static void the_longest_message_fits(void **state)
{
	struct proxy p = proxy_of(PROXY_HTTP, "", "");
	struct proxy_talk t = {0};
	uint8_t buf[PROXY_SAY_MAX];
	struct addr dst;

	memset(p.at.user, 'u', AUTHORITY_FIELD - 1);
	memset(p.at.password, 'p', AUTHORITY_FIELD - 1);
	assert_int_equal(addr_parse("2001:db8:1111:2222:3333:4444:5555:6666", &dst), 0);
	for (int kind = PROXY_HTTP; kind <= PROXY_SOCKS5; kind++)
		for (t.step = 0; t.step < 3; t.step++) {
			p.kind = (enum proxy_kind)kind;
			assert_true(proxy_say(&p, &t, &dst, 65535, buf) > 0);
		}
}

/* Feeds an answer in pieces of `step` bytes; *rest is what was not used. */
static enum proxy_heard feed(const struct proxy *p, struct proxy_talk *t, const char *bytes,
	size_t len, size_t step, int *error)
{
	enum proxy_heard heard = PROXY_MORE;
	size_t used;

	for (size_t at = 0; at < len && heard == PROXY_MORE; at += used) {
		heard = proxy_hear(p, t, (const uint8_t *)bytes + at,
			len - at < step ? len - at : step, &used, error);
		if (heard == PROXY_MORE)
			assert_int_equal(used, len - at < step ? len - at : step);
	}
	return heard;
}

#define BYTES(text) text, sizeof(text) - 1

static void answers_mean_what_the_standards_say(void **state)
{
	/* clang-format off */
	static const struct {
		enum proxy_kind kind;
		uint8_t step;
		const char *bytes;
		size_t len;
		enum proxy_heard heard;
		int error;
	} rows[] = {
		{ PROXY_SOCKS4, 0, BYTES("\0\x5a\0\0\0\0\0\0"),                    PROXY_DONE, 0 },
		{ PROXY_SOCKS4, 0, BYTES("\0\x5a\0\0\0\0\0"),                      PROXY_MORE, 0 },
		{ PROXY_SOCKS4, 0, BYTES("\0\x5b\0\0\0\0\0\0"),                    PROXY_DONE, EREMOTEIO },
		{ PROXY_SOCKS4A,0, BYTES("\0\x5d\0\0\0\0\0\0"),                    PROXY_DENIED, 0 },
		{ PROXY_SOCKS4, 0, BYTES("HTTP/1.1 400"),                          PROXY_NOISE, 0 },
		{ PROXY_SOCKS5, 0, BYTES("\5\0"),                                  PROXY_NEXT, 0 },
		{ PROXY_SOCKS5, 0, BYTES("\5\2"),                                  PROXY_NEXT, 0 },
		{ PROXY_SOCKS5, 0, BYTES("\5\xff"),                                PROXY_DENIED, 0 },
		{ PROXY_SOCKS5, 0, BYTES("\5\1"),                                  PROXY_NOISE, 0 },
		{ PROXY_SOCKS5, 0, BYTES("HT"),                                    PROXY_NOISE, 0 },
		{ PROXY_SOCKS5, 1, BYTES("\1\0"),                                  PROXY_NEXT, 0 },
		{ PROXY_SOCKS5, 1, BYTES("\1\1"),                                  PROXY_DENIED, 0 },
		{ PROXY_SOCKS5, 2, BYTES("\5\0\0\1\0\0\0\0\0\0"),                  PROXY_DONE, 0 },
		{ PROXY_SOCKS5, 2, BYTES("\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), PROXY_DONE, 0 },
		{ PROXY_SOCKS5, 2, BYTES("\5\0\0\3\4name\0\0"),                    PROXY_DONE, 0 },
		{ PROXY_SOCKS5, 2, BYTES("\5\0\0\3\4name\0"),                      PROXY_MORE, 0 },
		{ PROXY_SOCKS5, 2, BYTES("\5\1"),                                  PROXY_DONE, EREMOTEIO },
		{ PROXY_SOCKS5, 2, BYTES("\5\2\0\1\0\0\0\0\0\0"),                  PROXY_DONE, EACCES },
		{ PROXY_SOCKS5, 2, BYTES("\5\3\0\1\0\0\0\0\0\0"),                  PROXY_DONE, ENETUNREACH },
		{ PROXY_SOCKS5, 2, BYTES("\5\4\0\1\0\0\0\0\0\0"),                  PROXY_DONE, EHOSTUNREACH },
		{ PROXY_SOCKS5, 2, BYTES("\5\5\0\1\0\0\0\0\0\0"),                  PROXY_DONE, ECONNREFUSED },
		{ PROXY_SOCKS5, 2, BYTES("\5\6\0\1\0\0\0\0\0\0"),                  PROXY_DONE, ETIME },
		{ PROXY_SOCKS5, 2, BYTES("\5\x80"),                                PROXY_DONE, EREMOTEIO },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.1 200 Connection established\r\n\r\n"), PROXY_DONE, 0 },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.0 204\nA: b\n\n"),                PROXY_DONE, 0 },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.1 200 OK\r\nVia: x\r\n"),         PROXY_MORE, 0 },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), PROXY_DONE, 0 },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No"), PROXY_DONE, EREMOTEIO },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.1 403"),                          PROXY_DONE, EACCES },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.1 407"),                          PROXY_DENIED, 0 },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.1 401"),                          PROXY_DENIED, 0 },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.1 405"),                          PROXY_NOISE, 0 },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.1 502"),                          PROXY_DONE, EREMOTEIO },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.1 504"),                          PROXY_DONE, EREMOTEIO },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.1 2x0 OK"),                       PROXY_NOISE, 0 },
		{ PROXY_HTTP,   0, BYTES("HTTP/1.1 099 OK"),                       PROXY_NOISE, 0 },
		{ PROXY_HTTP,   0, BYTES("SSH-2.0-OpenSSH_9.2\r\n"),               PROXY_NOISE, 0 },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t step = 1; step < 40; step += 6) {
			struct proxy p = proxy_of(rows[i].kind, "u", "p");
			struct proxy_talk t = {.step = rows[i].step};
			int error = 0;

			assert_int_equal(feed(&p, &t, rows[i].bytes, rows[i].len, step, &error),
				rows[i].heard);
			assert_int_equal(error, rows[i].error);
		}
}

static void what_follows_the_answer_is_left(void **state)
{
	struct proxy http = proxy_of(PROXY_HTTP, NULL, NULL);
	struct proxy s5 = proxy_of(PROXY_SOCKS5, NULL, NULL);
	struct proxy_talk t = {0}, t5 = {.step = 2};
	size_t used;
	int error;

	assert_int_equal(proxy_hear(&http, &t, (const uint8_t *)"HTTP/1.1 200 \r\n\r\nSSH", 20,
				 &used, &error),
		PROXY_DONE);
	assert_int_equal(used, 17);
	assert_int_equal(
		proxy_hear(&s5, &t5, (const uint8_t *)"\5\0\0\1\0\0\0\0\0\0SSH", 13, &used, &error),
		PROXY_DONE);
	assert_int_equal(used, 10);
}

static void unwanted_methods_are_no_socks(void **state)
{
	struct proxy p = proxy_of(PROXY_SOCKS5, NULL, NULL);
	struct proxy_talk t = {0};
	int error;

	assert_int_equal(feed(&p, &t, "\5\2", 2, 2, &error), PROXY_NOISE); /* not offered */
}

static void floods_are_bounded(void **state)
{
	struct proxy p = proxy_of(PROXY_HTTP, NULL, NULL);
	struct proxy_talk t = {0};
	static const char head[] = "HTTP/1.1 200 OK\r\n", line[] = "X-Flood: again\r\n";
	enum proxy_heard heard = feed(&p, &t, head, sizeof(head) - 1, 99, &(int){0});
	unsigned n = 0;

	while (heard == PROXY_MORE) {
		heard = feed(&p, &t, line, sizeof(line) - 1, 99, &(int){0});
		n++;
	}
	assert_int_equal(heard, PROXY_NOISE);
	assert_int_equal(n, 1 + (PROXY_HTTP_MAX - (sizeof(head) - 1)) / (sizeof(line) - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_those_of_the_standards),
		cmocka_unit_test(the_longest_message_fits),
		cmocka_unit_test(answers_mean_what_the_standards_say),
		cmocka_unit_test(what_follows_the_answer_is_left),
		cmocka_unit_test(unwanted_methods_are_no_socks),
		cmocka_unit_test(floods_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
