/* SPDX-License-Identifier: BSD-2-Clause */
/* What --exclude and --excludefile leave out. */
#include "target/exclude.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/words.h"

static int read_list(
	struct addr_set *out, const char *list, const struct spec_rules *r, struct err *e)
{
	char *copy = strdup(list), *rest = copy;
	int rc = copy ? 0 : err_set(e, -ENOMEM, "no memory for --exclude");

	while (rc == 0 && rest && *rest)
		rc = spec_exclusion(out, strsep(&rest, ","), r, e);
	free(copy);
	return rc;
}

static int read_file(
	struct addr_set *out, const char *path, const struct spec_rules *r, struct err *e)
{
	static const char *const keys[] = {"exclude", "range", "ranges", NULL};
	char word[WORD_MAX];
	struct words *w;
	int rc = words_open(&w, path, keys, e);

	if (rc < 0)
		return rc;
	while ((rc = words_next(w, word, e)) == 1) {
		rc = spec_exclusion(out, word, r, e);
		if (rc < 0) {
			err_prefix(e, "%s:%u", words_path(w), words_line(w));
			break;
		}
	}
	words_free(w);
	return rc == ERR_UNSUPPORTED ? ERR_USAGE : rc;
}

int exclude_read(struct addr_set *out, const struct target_request *rq, const struct spec_rules *r,
	struct err *e)
{
	int rc = 0;

	if (rq->exclude)
		rc = read_list(out, rq->exclude, r, e);
	if (rc == 0 && rq->exclude_file)
		rc = read_file(out, rq->exclude_file, r, e);
	addr_set_seal(out);
	return rc;
}
