/* SPDX-License-Identifier: BSD-2-Clause */
/* Servers as users write them, right and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/authority.h"

static void servers_are_split(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *user, *password, *host;
		unsigned port, family;
	} rows[] = {
		{ "192.0.2.1",                   NULL,  NULL,       "192.0.2.1",   0,    4 },
		{ "192.0.2.1:21",                NULL,  NULL,       "192.0.2.1",   21,   4 },
		{ "ftp.example",                 NULL,  NULL,       "ftp.example", 0,    0 },
		{ "me@ftp.example:2121",         "me",  NULL,       "ftp.example", 2121, 0 },
		{ "me:secret@ftp.example",       "me",  "secret",   "ftp.example", 0,    0 },
		{ "me:@192.0.2.1",               "me",  "",         "192.0.2.1",   0,    4 },
		{ "ftp:-wwwuser@@192.0.2.1:21",  "ftp", "-wwwuser@","192.0.2.1",   21,   4 },
		{ "me:a:b@192.0.2.1",            "me",  "a:b",      "192.0.2.1",   0,    4 },
		{ "2001:db8::1",                 NULL,  NULL,       "2001:db8::1", 0,    6 },
		{ "[2001:db8::1]",               NULL,  NULL,       "2001:db8::1", 0,    6 },
		{ "u:p@[2001:db8::1]:65535",     "u",   "p",        "2001:db8::1", 65535,6 },
	};
	/* clang-format on */
	struct authority a;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(authority_parse(rows[i].text, &a, NULL), 0);
		assert_int_equal(a.has_user, rows[i].user != NULL);
		assert_int_equal(a.has_password, rows[i].password != NULL);
		assert_string_equal(a.user, rows[i].user ? rows[i].user : "");
		assert_string_equal(a.password, rows[i].password ? rows[i].password : "");
		assert_string_equal(a.host, rows[i].host);
		assert_int_equal(a.port, rows[i].port);
		assert_int_equal(a.addr.family, rows[i].family);
	}
}

static void nonsense_is_refused(void **state)
{
	static const char *const texts[] = {"", "user@", ":21", "[2001:db8::1", "[192.0.2.1]:21",
		"h:0", "h:65536", "h:", "h:2x", "[2001:db8::1]21", "[]:1"};
	char text[AUTHORITY_FIELD + 8];
	struct authority a;
	struct err e = {0};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(authority_parse(texts[i], &a, NULL), ERR_USAGE);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(authority_parse(text, &a, NULL), ERR_USAGE);
	assert_int_equal(authority_parse("u:hush@h:x", &a, &e), ERR_USAGE);
	assert_null(strstr(e.text, "hush"));
}

static void percent_signs_are_decoded(void **state)
{
	static const char *const bad[] = {"%", "a%4", "%zz", "%00", "%+1"};
	char text[] = "p%40ss%3A%25";

	assert_int_equal(authority_decode(text, NULL), 0);
	assert_string_equal(text, "p@ss:%");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(text, bad[i]);
		assert_int_equal(authority_decode(text, NULL), ERR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_split),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(percent_signs_are_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
