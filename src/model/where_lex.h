/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of a filter. Private to where.c and where_value.c. */
#pragma once

#include "model/where.h"

enum where_token {
	TOKEN_END,
	TOKEN_WORD,   /* bare */
	TOKEN_QUOTED, /* without its quotes */
	TOKEN_TEST,   /* = != < <= > >= */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_BAD
};

enum where_test { TEST_EQ, TEST_NE, TEST_LT, TEST_LE, TEST_GT, TEST_GE, TEST_IN, TEST_NOT_IN };

struct where_lex {
	const char *text; /* the whole filter, borrowed */
	const char *at;	  /* behind the current token */
	enum where_token token;
	enum where_test test; /* of TOKEN_TEST */
	const char *word;     /* the token's text, borrowed */
	size_t len, column;   /* of the token; columns begin at 1 */
};

/* What a field is compared with. */
struct where_value {
	long double low, high; /* of numbers: equal unless it is a range; durations in ns, times in
				  ns since 1970 */
	char *text;	       /* of texts, owned */
	struct addr addr;
	unsigned bits; /* of the prefix */
	struct mac mac;
};

/* Goes on to the next token. */
void where_next(struct where_lex *l);
/* Whether the current token is that bare word, letters of either case. */
bool where_is(const struct where_lex *l, const char *word);
/* Sets "column N: ..." for the current token; ERR_USAGE. */
int where_error(const struct where_lex *l, struct err *e, const char *fmt, ...) PRINTF(3, 4);
/*
 * The current token as a value for the column; `bare`: of a duration named without its unit. With
 * TEST_IN and TEST_NOT_IN ranges and prefixes are values as well. ERR_USAGE or -ENOMEM.
 */
int where_value(const struct where_lex *l, const struct column *c, bool bare, enum where_test test,
	struct where_value *v, struct err *e) MUST_CHECK;
