/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of a file or of standard input, one at a time. */
#include "target/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct words {
	int fd;
	bool close_fd, at_end, in_comment;
	bool after_nul;
	bool in_setting;  /* behind "key =", to the end of the line */
	unsigned line;	  /* of the next byte */
	unsigned at_line; /* of the word last given */
	const char *const *keys;
	char *path; /* owned, for messages */
	uint64_t done, total;
	size_t pos, len;
	char data[1 << 16];
};

int words_open(struct words **out, const char *path, const char *const *keys, struct err *e)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct words *w = calloc(1, sizeof(*w));
	struct stat st;
	int rc;

	if (!w || !(w->path = strdup(is_stdin ? "standard input" : path))) {
		free(w);
		return err_set(e, -ENOMEM, "no memory to read \"%s\"", path);
	}
	w->keys = keys;
	w->line = 1;
	w->close_fd = !is_stdin;
	w->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (w->fd < 0 || fstat(w->fd, &st) < 0) {
		rc = err_set(e, ERR_USAGE, "cannot read \"%s\": %s", w->path, strerror(errno));
		goto fail;
	}
	if (S_ISDIR(st.st_mode)) {
		rc = err_set(e, ERR_USAGE,
			"cannot read \"%s\": it is a directory, a file is wanted", w->path);
		goto fail;
	}
	w->total = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	*out = w;
	return 0;
fail:
	words_free(w);
	return rc;
}

void words_free(struct words *w)
{
	if (!w)
		return;
	if (w->close_fd && w->fd >= 0)
		close(w->fd);
	free(w->path);
	free(w);
}

/* The next byte, or -1 at the end, or a code below -1. */
static int next_byte(struct words *w, struct err *e)
{
	ssize_t n;
	int c;

	if (w->pos == w->len && !w->at_end) {
		do
			n = read(w->fd, w->data, sizeof(w->data));
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return err_set(e, -EIO, "cannot read \"%s\": %s", w->path, strerror(errno));
		w->pos = 0;
		w->len = (size_t)n;
		w->at_end = n == 0;
	}
	if (w->pos == w->len)
		return -1;
	c = (unsigned char)w->data[w->pos];
	/* one NUL parts words as in nmap; a run of them is a device without an end, or no list */
	if (!c && w->after_nul)
		return err_set(e, ERR_USAGE, "\"%s\" is no text: it has NUL bytes", w->path);
	w->after_nul = !c;
	w->done++;
	w->pos++;
	return c;
}

static bool is_gap(struct words *w, int c)
{
	if (c == '#')
		w->in_comment = true;
	if (c == '\n') {
		w->in_comment = w->in_setting = false;
		w->line++;
	}
	return w->in_comment || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0' ||
	       (c == ',' && w->in_setting);
}

/* Behind a word that ended in a blank: takes "=" if that is what follows in the line. */
static bool take_equals(struct words *w, const char *word, struct err *e)
{
	int c;

	if (word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")])
		return false;
	do
		c = next_byte(w, e);
	while (c == ' ' || c == '\t');
	if (c >= 0 && c != '=') {
		w->pos--; /* the byte came out of the buffer that is still there */
		w->done--;
	}
	return c == '=';
}

static int enter_setting(struct words *w, const char *key, struct err *e)
{
	for (const char *const *k = w->keys; k && *k && !w->in_setting; k++)
		w->in_setting = strcasecmp(*k, key) == 0;
	if (w->in_setting)
		return 0;
	w->in_comment = true;
	return err_set(e, ERR_UNSUPPORTED,
		"%s:%u: \"%.40s = ...\" is no address; only \"%s = ...\" can stand in this list",
		w->path, w->line, key, w->keys ? w->keys[0] : "");
}

/* The end of a word at byte c: 1, or 0 when it was a key, or negative. */
static int end_word(struct words *w, const char *word, int c, struct err *e)
{
	if (c != '=' && (w->in_setting || (c != ' ' && c != '\t') || !take_equals(w, word, e)))
		return 1;
	return enter_setting(w, word, e);
}

int words_next(struct words *w, char out[WORD_MAX], struct err *e)
{
	size_t len = 0;
	int c, rc;

	while ((c = next_byte(w, e)) >= 0) {
		bool gap;

		if (!len)
			w->at_line = w->line;
		gap = (c == '=' && !w->in_comment && !w->in_setting) || is_gap(w, c);
		if (gap && !len && c != '=')
			continue;
		if (gap) {
			rc = end_word(w, len ? out : "", c, e);
			if (rc != 0)
				return rc;
			len = 0;
			continue;
		}
		if (len == WORD_MAX - 1)
			return err_set(e, ERR_USAGE,
				"\"%s\" has a word of more than %d characters, beginning with \"%.40s\"",
				w->path, WORD_MAX - 1, out);
		out[len++] = (char)c;
		out[len] = '\0';
	}
	if (c < -1)
		return c;
	return len ? 1 : 0;
}

const char *words_path(const struct words *w)
{
	return w->path;
}

unsigned words_line(const struct words *w)
{
	return w->at_line;
}

uint64_t words_done_bytes(const struct words *w)
{
	return w->done;
}

uint64_t words_total_bytes(const struct words *w)
{
	return w->total;
}
