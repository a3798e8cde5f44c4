/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line as one text. */
#include "cmd/cmdline.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* Inside single quotes only the single quote itself needs care: 'it'\''s'. */
static void quote(struct buf *b, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";

	if (*word && !word[strspn(word, plain)]) {
		buf_str(b, word);
		return;
	}
	buf_char(b, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			buf_str(b, "'\\''");
		else
			buf_char(b, *word);
	}
	buf_char(b, '\'');
}

/* The use of an option with a secret whose value stands in this word, or NULL. */
static const struct opt_use *secret_in(const char *word, const struct opt_uses *uses)
{
	uintptr_t begin = (uintptr_t)word, end = begin + strlen(word), value;

	for (size_t i = 0; uses && i < uses->n; i++) {
		value = (uintptr_t)uses->v[i].value;
		if (uses->v[i].row->show && value >= begin && value <= end)
			return &uses->v[i];
	}
	return NULL;
}

static void add_word(struct buf *b, const char *word, const struct opt_uses *uses)
{
	const struct opt_use *u = secret_in(word, uses);
	struct buf shown = {0};

	if (!u) {
		quote(b, word);
		return;
	}
	buf_add(&shown, word, (size_t)(u->value - word));
	u->row->show(&shown, u->value);
	quote(b, buf_text(&shown));
	b->failed |= shown.failed;
	buf_free(&shown);
}

char *cmdline_text(int argc, const char *const *argv, const struct opt_uses *uses)
{
	struct buf b = {0};

	for (int i = 0; i < argc; i++) {
		if (i)
			buf_char(&b, ' ');
		add_word(&b, argv[i], uses);
	}
	return buf_take(&b);
}

/* Appends the next word to *b and moves on; false when a quote is not closed. */
static bool next_word(const char **text, struct buf *b)
{
	const char *p = *text;
	char quoted = '\0';

	for (; *p && (quoted || !strchr(" \t\r\n", *p)); p++) {
		bool escapes =
			quoted ? quoted == '"' && p[1] && strchr("\"\\$`", p[1]) : p[1] != '\0';

		if (*p == '\\' && escapes)
			buf_char(b, *++p);
		else if (*p == quoted)
			quoted = '\0';
		else if (!quoted && (*p == '\'' || *p == '"'))
			quoted = *p;
		else
			buf_char(b, *p);
	}
	*text = p;
	return !quoted && !b->failed;
}

char **cmdline_words(const char *text, size_t *n)
{
	char **words =
		malloc((strlen(text) / 2 + 2) * sizeof(*words)); /* a word and a blank each */
	struct buf b = {0};

	*n = 0;
	for (text += strspn(text, " \t\r\n"); words && *text; text += strspn(text, " \t\r\n")) {
		if (next_word(&text, &b) && (words[*n] = buf_take(&b))) {
			++*n;
			continue;
		}
		while (*n)
			free(words[--*n]);
		free(words);
		words = NULL;
	}
	buf_free(&b);
	return words;
}
