/* SPDX-License-Identifier: BSD-2-Clause */
/* Options: checking the values and storing them where their rows say. */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/opt.h"
#include "base/str.h"

#define SHOWN_MAX 80 /* characters of a wrong value that a message repeats */

/* "file:3: --top-ports abc: WHY" */
static int refuse(const struct opt_use *u, struct err *e, const char *fmt, ...) PRINTF(3, 4);

static int refuse(const struct opt_use *u, struct err *e, const char *fmt, ...)
{
	struct buf b = {0};
	va_list ap;
	int rc;

	if (u->where)
		buf_fmt(&b, "%s: ", u->where);
	buf_str(&b, u->as);
	if (u->value && *u->value) {
		buf_char(&b, ' ');
		str_term(&b, u->value, strnlen(u->value, SHOWN_MAX));
	}
	buf_str(&b, ": ");
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	rc = err_set(e, ERR_USAGE, "%s", buf_text(&b));
	buf_free(&b);
	return rc;
}

/* ---- one storer a type ---------------------------------------------------------------------- */

static int put_flag(const struct opt_use *u, void *at, struct err *e)
{
	*(bool *)at = true;
	return 0;
}

static int put_const(const struct opt_use *u, void *at, struct err *e)
{
	*(int *)at = u->row->value;
	return 0;
}

static int put_bits(const struct opt_use *u, void *at, struct err *e)
{
	*(unsigned *)at |= (unsigned)u->row->value;
	return 0;
}

/* The index of `word` in "a|b|c", or -1. */
static int choice_index(const char *choices, const char *word)
{
	size_t len = strlen(word);
	int i = 0;

	for (const char *c = choices;; i++) {
		size_t n = strcspn(c, "|");

		if (n == len && strncasecmp(c, word, n) == 0)
			return i;
		if (!c[n])
			return -1;
		c += n + 1;
	}
}

static int check_text(const struct opt_use *u, struct err *e)
{
	const struct opt_row *r = u->row;

	if (!u->value)
		return 0;
	if (!*u->value)
		return refuse(u, e, "the value is empty; give %s", r->meta);
	if (r->choices && choice_index(r->choices, u->value) < 0)
		return refuse(u, e, "not one of %s", r->choices);
	if (!(r->flags & OPT_FILE) || u->value[0] != '-')
		return 0;
	if (u->value[1])
		return refuse(u, e,
			"looks like an option, not a file; write ./%s if that is its name",
			u->value);
	if (r->flags & OPT_NO_STDIO)
		return refuse(u, e, "several files cannot share standard output; give a file name");
	return 0;
}

static int put_text(const struct opt_use *u, void *at, struct err *e)
{
	int rc = check_text(u, e);

	if (rc == 0)
		*(const char **)at = u->value ? u->value : u->row->def;
	return rc;
}

static int put_add(const struct opt_use *u, void *at, struct err *e)
{
	struct opt_list *l = at;
	int rc = check_text(u, e);

	if (rc < 0)
		return rc;
	if (l->n == OPT_LIST_MAX)
		return refuse(u, e, "more than %d of these", OPT_LIST_MAX);
	l->v[l->n].row = u->row;
	l->v[l->n].text = u->value;
	l->n++;
	return 0;
}

static int put_uint(const struct opt_use *u, void *at, struct err *e)
{
	uint64_t min = (uint64_t)u->row->min, max = (uint64_t)u->row->max;

	if (str_u64(u->value, min, max, at) < 0)
		return refuse(
			u, e, "not a whole number from %ju to %ju", (uintmax_t)min, (uintmax_t)max);
	return 0;
}

static int put_size(const struct opt_use *u, void *at, struct err *e)
{
	static const char units[] = "kMG";
	char digits[24] = "";
	size_t len = strlen(u->value);
	const char *unit = len ? strchr(units, u->value[len - 1]) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	uint64_t n;

	if (unit)
		len--;
	if (len < sizeof(digits))
		memcpy(digits, u->value, len);
	if (str_u64(digits, 0, (uint64_t)u->row->max >> shift, &n) < 0 ||
		n << shift < (uint64_t)u->row->min)
		return refuse(u, e,
			"not a size from %.0f to %.0f bytes; write a number, k, M or G behind it",
			u->row->min, u->row->max);
	*(uint64_t *)at = n << shift;
	return 0;
}

static int put_real(const struct opt_use *u, void *at, struct err *e)
{
	const struct opt_row *r = u->row;
	bool above = r->flags & OPT_ABOVE, below = r->flags & OPT_BELOW;
	double v;

	if (str_double(u->value, &v) < 0 || v < r->min || v > r->max || (above && v <= r->min) ||
		(below && v >= r->max))
		return refuse(u, e, "not a number %s %g and %s %g", above ? "above" : "from",
			r->min, below ? "below" : "up to", r->max);
	*(double *)at = v;
	return 0;
}

static bool has_unit(const char *text)
{
	return strchr("smhSMH", text[strlen(text) - 1]);
}

static int put_time(const struct opt_use *u, void *at, struct err *e)
{
	const struct opt_row *r = u->row;
	double seconds;
	uint64_t ns;

	if (str_duration_ns(u->value, &ns) < 0)
		return refuse(u, e, "not a time; write a number and ms, s, m or h, as in 250ms");
	seconds = (double)ns / (double)NS_PER_S;
	if (seconds < r->min || ((r->flags & OPT_ABOVE) && seconds <= r->min))
		return refuse(u, e, "too short; must be %s %gms",
			r->flags & OPT_ABOVE ? "more than" : "at least", r->min * 1000);
	if (r->bare_max > 0 && seconds >= r->bare_max && !has_unit(u->value))
		return refuse(u, e, "a time without a unit means seconds; write %sms or %ss",
			u->value, u->value);
	*(uint64_t *)at = ns;
	return 0;
}

static int put_choice(const struct opt_use *u, void *at, struct err *e)
{
	int i = choice_index(u->row->choices, u->value);
	uint64_t n, last = 0;

	for (const char *c = u->row->choices; *c; c++)
		last += *c == '|';
	if (i < 0 && str_u64(u->value, 0, last, &n) == 0)
		i = (int)n;
	if (i < 0)
		return refuse(u, e, "not a number from 0 to %ju nor one of %s", (uintmax_t)last,
			u->row->choices);
	*(int *)at = i;
	return 0;
}

static int put_level(const struct opt_use *u, void *at, struct err *e)
{
	int *level = at;
	const char *more = u->value;
	char letter = u->as[strspn(u->as, "-")];
	uint64_t n;

	if (more && str_u64(more, 0, 10, &n) == 0) {
		*level = n ? (int)n : OPT_LEVEL_ZERO;
		return 0;
	}
	if (more && (!*more || more[strspn(more, (char[]){letter, '\0'})]))
		return refuse(u, e, "not a number from 0 to 10, nor more of the same letter");
	*level = (*level < 0 ? 0 : *level) + 1 + (more ? (int)strlen(more) : 0);
	return 0;
}

static int store(const struct opt_use *u, void *into, struct err *e)
{
	static int (*const put[])(const struct opt_use *, void *, struct err *) = {
		[OPT_FLAG] = put_flag,
		[OPT_CONST] = put_const,
		[OPT_BITS] = put_bits,
		[OPT_TEXT] = put_text,
		[OPT_UINT] = put_uint,
		[OPT_REAL] = put_real,
		[OPT_SIZE] = put_size,
		[OPT_TIME] = put_time,
		[OPT_CHOICE] = put_choice,
		[OPT_LEVEL] = put_level,
		[OPT_ADD] = put_add,
	};

	return put[u->row->type](u, (char *)into + u->row->lands, e);
}

/* ---- which of them count -------------------------------------------------------------------- */

static bool clash(const struct opt_use *a, const struct opt_use *b)
{
	return a->row != b->row && a->row->excl && a->row->excl == b->row->excl;
}

/* Whether a use of a file is overridden by one that comes later. */
static bool overridden(const struct opt_use *u, const struct opt_use *later, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (later[i].row == u->row || clash(&later[i], u))
			return true;
	}
	return false;
}

/* Repetitions and contradictions on the command line. */
static int check_use(const struct opt_uses *args, size_t at, struct err *e)
{
	const struct opt_use *u = &args->v[at];

	for (size_t i = 0; i < at; i++) {
		if (clash(u, &args->v[i]))
			return err_set(e, ERR_USAGE, "%s and %s exclude each other; choose one",
				args->v[i].as, u->as);
		if (u->row == args->v[i].row && (u->row->flags & OPT_ONCE))
			return refuse(u, e, "%s was given before; once is all there can be%s",
				args->v[i].as,
				u->row->meta ? ", put everything into one value" : "");
	}
	return 0;
}

int opt_apply(const struct opt_uses *conf, const struct opt_uses *args, void *into, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; conf && i < conf->n && rc == 0; i++) {
		const struct opt_use *u = &conf->v[i];

		if (!overridden(u, u + 1, conf->n - i - 1) && !overridden(u, args->v, args->n))
			rc = store(u, into, e);
	}
	for (size_t i = 0; i < args->n && rc == 0; i++) {
		rc = check_use(args, i, e);
		if (rc == 0)
			rc = store(&args->v[i], into, e);
	}
	return rc;
}
