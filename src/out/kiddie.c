/* SPDX-License-Identifier: BSD-2-Clause */
/* The spelling of script kiddies. */
#include "out/kiddie.h"

#include <stdbool.h>
#include <string.h>

#include "base/rng.h"

/* What else a letter may be written as. */
static const struct {
	char letter;
	const char *others;
} rows[] = {{'a', "@4"}, {'e', "3"}, {'i', "!1"}, {'o', "0"}, {'s', "$5z"}, {'t', "7+"}};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char spell(char c, struct rng *r)
{
	uint64_t chance = rng_u64(r) >> 32;
	char low = (char)(c | 0x20);

	if (!is_letter(c) || chance % 4 == 0)
		return c;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].letter == low && chance % 4 > 1)
			return rows[i].others[chance / 4 % strlen(rows[i].others)];
	}
	return chance / 4 % 2 ? (char)(low ^ 0x20) : low;
}

static bool stays(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((word[i] >= '0' && word[i] <= '9') || (word[i] == ':' && i + 1 < len))
			return true;
	}
	return false;
}

void kiddie_spell(char *text, size_t len, uint64_t seed)
{
	struct rng r;
	size_t n;

	rng_seed(&r, seed);
	for (size_t at = 0; at < len; at += n + 1) {
		for (n = 0; at + n < len && text[at + n] != ' ' && text[at + n] != '\n';)
			n++;
		for (size_t i = at; i < at + n && !stays(text + at, n); i++)
			text[i] = spell(text[i], &r);
	}
}
