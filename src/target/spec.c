/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grammar of one target.
 *
 *	target = host [ "/" bits ]	bits in decimal; more than the family has: one host
 *	host   = octets | span | IPv6 literal | short form | name
 *	span   = address "-" address		not nmap's; without "/" bits
 *	octets = set "." set "." set "." set
 *	set    = "*" | range { "," range }
 *	range  = number [ "-" [ number ] ] | "-" [ number ]
 *
 * In a range 0 and 255 stand for what is left out. Short forms are inet_aton's (1, 10.1, 10.0.1,
 * 0x0a000001, octal); a full dotted quad is decimal. A prefix length widens each octet set to the
 * networks it touches. Every claim here was put to nmap 7.93 (-sL -n), see specs_test.c and
 * target_nmap_test.c.
 */
#include "target/spec.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "target/words.h"

#define HOST_MAX WORD_MAX /* longest name; octet lists may be longer */

/* "host/bits" taken apart; text is borrowed. */
struct parts {
	const char *text;
	size_t host_len;
	int bits; /* -1: none given */
};

/* ---- sets ------------------------------------------------------------------------------------ */

void spec_set_clear(struct spec_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		block_fini(&s->v[i].block);
	for (size_t i = 0; i < s->n_names; i++) {
		free(s->names[i]->text);
		free(s->names[i]->addrs);
		free(s->names[i]);
	}
	s->n = s->n_names = 0;
}

void spec_set_free(struct spec_set *s)
{
	spec_set_clear(s);
	free(s->v);
	free(s->names);
	*s = (struct spec_set){0};
}

/* Room for one more of `size` bytes in the array *v; 0 or -ENOMEM. */
static int grow(void **v, size_t n, size_t *cap, size_t size)
{
	size_t wanted = *cap ? *cap * 2 : 8;
	void *more;

	if (n < *cap)
		return 0;
	more = reallocarray(*v, wanted, size);
	if (!more)
		return -ENOMEM;
	*v = more;
	*cap = wanted;
	return 0;
}

/* Takes b. */
static int add_block(struct spec_set *s, struct block *b, const struct spec_name *name)
{
	void *v = s->v;

	if (grow(&v, s->n, &s->cap, sizeof(*s->v)) < 0) {
		block_fini(b);
		return -ENOMEM;
	}
	s->v = v;
	s->v[s->n++] = (struct spec_block){.block = *b, .name = name};
	return 0;
}

/* Takes the list, also when it fails. */
static struct spec_name *add_name(struct spec_set *s, const char *text, struct addr *list, size_t n)
{
	struct spec_name *name = calloc(1, sizeof(*name));
	void *names = s->names;
	int rc = grow(&names, s->n_names, &s->cap_names, sizeof(struct spec_name *));

	s->names = names;
	if (!name || rc < 0 || !(name->text = strdup(text))) {
		free(name);
		free(list);
		return NULL;
	}
	name->addrs = list;
	name->n_addrs = n;
	s->names[s->n_names++] = name;
	return name;
}

/* ---- text to numbers ------------------------------------------------------------------------- */

/* Decimal digits at *p, at most `max`; false when there are none or the value is larger. */
static bool take_number(const char **p, long max, long *out)
{
	long v = 0;

	if (!isdigit((unsigned char)**p))
		return false;
	for (; isdigit((unsigned char)**p); (*p)++) {
		v = v * 10 + (**p - '0');
		if (v > max)
			return false;
	}
	*out = v;
	return true;
}

/* Splits at the last slash; false when what follows is no number. */
static bool split(const char *text, struct parts *out)
{
	const char *slash = strrchr(text, '/');
	const char *p = slash ? slash + 1 : NULL;
	long bits = -1;

	*out = (struct parts){text, slash ? (size_t)(slash - text) : strlen(text), -1};
	if (p && (!take_number(&p, INT_MAX, &bits) || *p))
		return false;
	out->bits = (int)bits;
	return true;
}

static bool take_range(const char **p, long *first, long *last)
{
	*first = 0;
	*last = 255;
	if (isdigit((unsigned char)**p)) {
		if (!take_number(p, 255, first))
			return false;
		if (**p != '-') {
			*last = *first;
			return true;
		}
	} else if (**p != '-') {
		return false;
	}
	(*p)++;
	if (isdigit((unsigned char)**p) && !take_number(p, 255, last))
		return false;
	return *first <= *last;
}

static bool take_octet_set(const char **p, bool has[256])
{
	long first, last;

	if (**p == '*') {
		(*p)++;
		memset(has, true, 256);
		return true;
	}
	for (;;) {
		if (!take_range(p, &first, &last))
			return false;
		memset(has + first, true, (size_t)(last - first + 1));
		if (**p != ',')
			return true;
		(*p)++;
	}
}

static bool parse_octets(const struct parts *s, struct octet_bits *o)
{
	const char *p = s->text;

	memset(o, 0, sizeof(*o));
	for (unsigned k = 0; k < 4; k++) {
		if (k > 0 && *p++ != '.')
			return false;
		if (!take_octet_set(&p, o->has[k]))
			return false;
	}
	return p == s->text + s->host_len;
}

/* The common case of octets, without their sets: most lines of a long list. */
static bool parse_quad(const struct parts *s, struct addr *a)
{
	const char *p = s->text;
	uint32_t v = 0;

	for (unsigned k = 0; k < 4; k++) {
		long octet;

		if ((k > 0 && *p++ != '.') || !take_number(&p, 255, &octet))
			return false;
		v = v << 8 | (uint32_t)octet;
	}
	*a = addr_v4(v);
	return p == s->text + s->host_len;
}

static bool host_text(const struct parts *s, char host[HOST_MAX])
{
	if (s->host_len >= HOST_MAX)
		return false;
	memcpy(host, s->text, s->host_len);
	host[s->host_len] = '\0';
	return true;
}

/* inet_aton would also take "1 anything" */
static bool parse_short(const char *host, struct addr *a)
{
	struct in_addr in;

	if (!*host || host[strspn(host, "0123456789abcdefxABCDEFX.")] || !inet_aton(host, &in))
		return false;
	*a = addr_v4(ntohl(in.s_addr));
	return true;
}

/* A number as zone is taken behind any address, and dropped where it means nothing. */
static bool parse_v6(const char *host, struct addr *a)
{
	const char *zone = strchr(host, '%');
	char plain[ADDR_TEXT_MAX];

	if (!strchr(host, ':'))
		return false;
	if (addr_parse(host, a) == 0)
		return true;
	if (!zone || !zone[1] || zone[1 + strspn(zone + 1, "0123456789")] ||
		zone - host >= ADDR_TEXT_MAX)
		return false;
	memcpy(plain, host, (size_t)(zone - host));
	plain[zone - host] = '\0';
	return addr_parse(plain, a) == 0 && !addr_is_linklocal(a);
}

/*
 * "10.0.0.0-10.0.3.255", as masscan and lists of registries write ranges: 1 and the block, 0 when
 * the text is no such thing, or a negative code.
 */
static int parse_span(const struct parts *s, struct block *b, struct err *e)
{
	const char *dash = memchr(s->text, '-', s->host_len);
	char first[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX];
	size_t first_len = dash ? (size_t)(dash - s->text) : 0;
	size_t last_len = dash ? s->host_len - first_len - 1 : 0;
	struct addr from, to;

	if (!dash || first_len >= sizeof(first) || last_len >= sizeof(last))
		return 0;
	memcpy(first, s->text, first_len);
	first[first_len] = '\0';
	memcpy(last, dash + 1, last_len);
	last[last_len] = '\0';
	if (addr_parse(first, &from) || addr_parse(last, &to) || from.family != to.family)
		return 0;
	if (s->bits >= 0)
		return err_set(e, ERR_USAGE,
			"\"%s\": a range from one address to another takes no prefix length",
			s->text);
	if (addr_cmp(&from, &to) > 0)
		return err_set(e, ERR_USAGE, "\"%s\": the range ends before it begins", s->text);
	block_from_span(b, &from, &to);
	return 1;
}

/*
 * Worth asking a resolver: what can only be a mistyped address or range is not sent to name
 * servers.
 */
static bool may_be_name(const char *host)
{
	if (!*host || (strchr(host, '.') && !host[strspn(host, "0123456789.-")]))
		return false;
	for (const unsigned char *p = (const unsigned char *)host; *p; p++) {
		if (!isalnum(*p) && *p < 0x80 && !strchr("-_.", *p))
			return false;
	}
	return true;
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool wanted(const struct spec_rules *r, const struct addr *a)
{
	return r->family == 0 || r->family == a->family;
}

static const char *other_family_hint(const struct spec_rules *r)
{
	return r->family == 6 ? "it is IPv4: leave out -6" : "it is IPv6: use -6";
}

/* Puts the addresses that are scanned first, the order otherwise kept; returns how many. */
static size_t scanned_first(struct addr *list, size_t n, const struct spec_rules *r)
{
	size_t n_scanned = 0;

	for (size_t i = 0; i < n; i++) {
		struct addr a = list[i];

		if (!wanted(r, &a) || (n_scanned && !r->resolve_all))
			continue;
		memmove(&list[n_scanned + 1], &list[n_scanned], (i - n_scanned) * sizeof(a));
		list[n_scanned++] = a;
	}
	return n_scanned;
}

/* Why this is nothing that could be looked up. */
static int refuse_host(const char *host, struct err *e)
{
	const char *zone = strchr(host, '%');
	char plain[ADDR_TEXT_MAX];
	struct addr a;

	if (zone && zone[1] && zone - host < ADDR_TEXT_MAX) {
		memcpy(plain, host, (size_t)(zone - host));
		plain[zone - host] = '\0';
		if (addr_parse(plain, &a) == 0 && addr_is_linklocal(&a) && a.family == 6)
			return err_set(e, ERR_USAGE,
				"\"%.80s\": there is no interface \"%.40s\"; see sonde --iflist",
				host, zone + 1);
	}
	return err_set(e, ERR_USAGE, "\"%s\" is no address, no range and no name", host);
}

/* All addresses of a name, at least one; *list is owned. */
static int look_up(const char *host, const struct spec_rules *r, struct addr **list, struct err *e)
{
	int n;

	*list = NULL;
	if (!may_be_name(host))
		return refuse_host(host, e);
	if (!r->lookup.forward)
		return err_set(
			e, ERR_RESOLVE, "\"%s\" is a name, and names are not looked up here", host);
	n = r->lookup.forward(r->lookup.ctx, host, 0, list, e);
	if (n > 0)
		return n;
	free(*list);
	*list = NULL;
	return n < 0 ? n : err_set(e, ERR_RESOLVE, "\"%s\" has no address", host);
}

/* ---- targets --------------------------------------------------------------------------------- */

/* The prefix length for an address of this family; longer ones mean one host. */
static unsigned prefix_bits(const struct parts *s, unsigned family, const struct spec_rules *r)
{
	int width = family == 4 ? 32 : 128;

	if (s->bits > width)
		log_say(r->log, LOG_WARN,
			"\"%s\": a prefix length of IPv%u is at most %d; taken as one host",
			s->text, family, width);
	return s->bits < 0 || s->bits > width ? (unsigned)width : (unsigned)s->bits;
}

static int add_literal(struct spec_set *out, const struct parts *s, const struct addr *a,
	const struct spec_rules *r, struct err *e)
{
	struct block b;

	if (!wanted(r, a))
		return err_set(
			e, ERR_USAGE, "\"%s\" is skipped, %s", s->text, other_family_hint(r));
	block_from_prefix(&b, a, prefix_bits(s, a->family, r));
	return add_block(out, &b, NULL);
}

static int add_octets(struct spec_set *out, const struct parts *s, struct octet_bits *o,
	const struct spec_rules *r, struct err *e)
{
	struct block b;

	if (r->family == 6)
		return err_set(
			e, ERR_USAGE, "\"%s\" is skipped, %s", s->text, other_family_hint(r));
	if (!block_from_octets(&b, o, prefix_bits(s, 4, r)))
		return -ENOMEM;
	return add_block(out, &b, NULL);
}

/* Takes the list. The prefix length widens the first address only. */
static int add_named(struct spec_set *out, const struct parts *s, struct addr *list, size_t n,
	const struct spec_rules *r)
{
	char host[HOST_MAX];
	struct spec_name *name;
	int rc = 0;

	if (!host_text(s, host) || !(name = add_name(out, host, list, n)))
		return -ENOMEM;
	name->n_scanned = scanned_first(list, n, r);
	for (size_t i = 0; i < name->n_scanned && rc == 0; i++) {
		struct addr *a = &name->addrs[i];
		struct block b;

		block_from_prefix(&b, a, i == 0 ? prefix_bits(s, a->family, r) : 128);
		rc = add_block(out, &b, name);
	}
	return rc;
}

static int add_short(struct spec_set *out, const struct parts *s, const struct addr *a,
	const struct spec_rules *r, struct err *e)
{
	struct addr *list;

	if (!wanted(r, a))
		return err_set(
			e, ERR_USAGE, "\"%s\" is skipped, %s", s->text, other_family_hint(r));
	list = malloc(sizeof(*list));
	if (!list)
		return -ENOMEM;
	*list = *a;
	return add_named(out, s, list, 1, r);
}

static int add_looked_up(struct spec_set *out, const struct parts *s, const char *host,
	const struct spec_rules *r, struct err *e)
{
	struct addr *list;
	int n = look_up(host, r, &list, e);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		if (wanted(r, &list[i]))
			return add_named(out, s, list, (size_t)n, r);
	}
	free(list);
	return err_set(e, ERR_RESOLVE, "\"%s\" has no IPv%u address, %s", s->text, r->family,
		other_family_hint(r));
}

static int add_span(struct spec_set *out, const struct parts *s, struct block *b,
	const struct spec_rules *r, struct err *e)
{
	if (r->family && r->family != b->family)
		return err_set(
			e, ERR_USAGE, "\"%s\" is skipped, %s", s->text, other_family_hint(r));
	return add_block(out, b, NULL);
}

static int spec_parse(
	struct spec_set *out, const char *text, const struct spec_rules *r, struct err *e)
{
	char host[HOST_MAX];
	struct octet_bits o;
	struct block span;
	struct parts s;
	struct addr a;
	int rc;

	if (!split(text, &s))
		return err_set(
			e, ERR_USAGE, "\"%s\": what follows the slash is no prefix length", text);
	if (parse_quad(&s, &a))
		return add_literal(out, &s, &a, r, e);
	if (parse_octets(&s, &o))
		return add_octets(out, &s, &o, r, e);
	rc = parse_span(&s, &span, e);
	if (rc != 0)
		return rc < 0 ? rc : add_span(out, &s, &span, r, e);
	if (!host_text(&s, host))
		return err_set(
			e, ERR_USAGE, "\"%.40s...\" is no address, no range and no name", text);
	if (parse_v6(host, &a))
		return add_literal(out, &s, &a, r, e);
	if (parse_short(host, &a))
		return add_short(out, &s, &a, r, e);
	return add_looked_up(out, &s, host, r, e);
}

int spec_target(struct spec_set *out, const char *text, const struct spec_rules *r, struct err *e)
{
	int rc = spec_parse(out, text, r, e);

	return rc == -ENOMEM ? err_set(e, -ENOMEM, "no memory for target \"%.40s\"", text) : rc;
}

const char *const target_keys[] = {"range", "ranges", NULL};

struct spec_rules spec_rules_of(const struct target_request *rq)
{
	return (struct spec_rules){
		.family = rq->family,
		.resolve_all = rq->resolve_all,
		.lookup = rq->lookup,
		.log = rq->log,
	};
}

int spec_or_skip(struct spec_set *out, const char *text, const struct spec_rules *r, size_t *failed,
	struct err *e)
{
	struct err why = {0};
	int rc = spec_target(out, text, r, &why);

	if (rc == -ENOMEM) {
		if (e)
			*e = why;
		return rc;
	}
	if (rc == 0)
		return 0;
	++*failed;
	if (r->words)
		log_say(r->log, LOG_WARN, "target skipped: %s:%u: %s", words_path(r->words),
			words_line(r->words), why.text);
	else
		log_say(r->log, LOG_WARN, "target skipped: %s", why.text);
	return 0;
}

int spec_word(struct words *w, char word[WORD_MAX], const struct spec_rules *r, size_t *failed,
	struct err *e)
{
	struct err why = {0};
	int rc;

	while ((rc = words_next(w, word, &why)) == ERR_UNSUPPORTED) {
		++*failed;
		log_say(r->log, LOG_WARN, "target skipped: %s", why.text);
	}
	if (rc < 0 && e)
		*e = why;
	return rc;
}

/* ---- exclusions ------------------------------------------------------------------------------ */

static int exclude_prefix(
	struct addr_set *out, const struct parts *s, const struct addr *a, struct err *e)
{
	int width = a->family == 4 ? 32 : 128;
	struct block b;

	if (s->bits > width)
		return err_set(e, ERR_USAGE,
			"cannot exclude \"%s\": a prefix length of IPv%u is at most %d", s->text,
			a->family, width);
	block_from_prefix(&b, a, s->bits < 0 ? (unsigned)width : (unsigned)s->bits);
	return addr_set_take(out, &b);
}

static int exclude_octets(
	struct addr_set *out, const struct parts *s, struct octet_bits *o, struct err *e)
{
	struct block b;

	if (s->bits > 32)
		return err_set(e, ERR_USAGE,
			"cannot exclude \"%s\": a prefix length of IPv4 is at most 32", s->text);
	if (!block_from_octets(&b, o, s->bits < 0 ? 32 : (unsigned)s->bits))
		return -ENOMEM;
	return addr_set_take(out, &b);
}

static int exclude_name(struct addr_set *out, const struct parts *s, const char *host,
	const struct spec_rules *r, struct err *e)
{
	struct addr *list;
	int n = look_up(host, r, &list, e), used = 0, rc = 0;

	if (n < 0) {
		err_prefix(e, "cannot exclude");
		return ERR_USAGE;
	}
	for (int i = 0; i < n && rc == 0; i++) {
		if (!wanted(r, &list[i]))
			continue;
		rc = exclude_prefix(out, s, &list[i], e);
		used++;
	}
	free(list);
	if (rc == 0 && !used)
		rc = err_set(e, ERR_USAGE, "cannot exclude \"%s\": it has no IPv%u address",
			s->text, r->family);
	return rc;
}

static int exclude_parse(
	struct addr_set *out, const char *text, const struct spec_rules *r, struct err *e)
{
	char host[HOST_MAX];
	struct octet_bits o;
	struct block span;
	struct parts s;
	struct addr a;
	bool fits;
	int rc;

	if (!split(text, &s))
		return err_set(e, ERR_USAGE,
			"cannot exclude \"%s\": what follows the slash is no prefix length", text);
	fits = host_text(&s, host);
	if (fits && (parse_short(host, &a) || parse_v6(host, &a)))
		return exclude_prefix(out, &s, &a, e);
	if (parse_octets(&s, &o))
		return exclude_octets(out, &s, &o, e);
	rc = parse_span(&s, &span, e);
	if (rc != 0)
		return rc < 0 ? err_prefix(e, "cannot exclude") : addr_set_take(out, &span);
	if (!fits)
		return err_set(e, ERR_USAGE,
			"cannot exclude \"%.40s...\": it is no address, no range and no name",
			text);
	return exclude_name(out, &s, host, r, e);
}

int spec_exclusion(
	struct addr_set *out, const char *text, const struct spec_rules *r, struct err *e)
{
	int rc = exclude_parse(out, text, r, e);

	return rc == -ENOMEM ? err_set(e, -ENOMEM, "no memory for exclusion \"%.40s\"", text) : rc;
}
