/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line as one text. */
#include "cmd/cmdline.h"

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

char *cmdline_text(int argc, const char *const *argv)
{
	struct buf b = {0};

	for (int i = 0; i < argc; i++) {
		if (i)
			buf_char(&b, ' ');
		quote(&b, argv[i]);
	}
	return buf_take(&b);
}
