/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port specifications.
 *
 *	list    = item { item }
 *	item    = prefix | filter | name | numbers
 *	prefix  = "T:" | "U:" | "S:" | "P:"
 *	filter  = "[" list [ "]" ] [ "," ]
 *	name    = a small letter, "*" or "?", up to a blank, "," or "]"
 *	numbers = number [ "-" [ number ] ] | "-" [ number ]
 *
 * Numbers end with "," or at the end; the other items may stand close together. What follows a
 * prefix is of that protocol, until the next prefix or the end of the filter. A filter keeps only
 * ports that the services table knows. "*" and "?" in a name are wildcards. In a range 1 (0 for IP
 * protocols) and 65535 (255) stand for what is left out.
 *
 * Blanks are allowed before an item and around a first number. Without a prefix a list is of all
 * protocols that are scanned. Every claim here was put to nmap 7.93, see specs_test.c and
 * ports_test.c.
 */
#include "target/ports.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "target/services.h"

#define N_PORTS	     65536
#define DEFAULT_TOP  1000
#define FAST_TOP     100
#define NAME_MAX_LEN 127
#define CLASS_BIT(c) (1u << (c))

static const char prefixes[PORT_CLASSES] = { 'T', 'U', 'S', 'P' };
static const char *const class_names[PORT_CLASSES] = { "TCP", "UDP", "SCTP", "IP protocol" };
static const char *const class_options[PORT_CLASSES] = { "a TCP technique", "-sU", "-sY or -sZ",
	"-sO" };

/* ---- the grammar ----------------------------------------------------------------------------- */

struct reader {
	const char *p, *whole;
	const struct services *services;
	uint8_t *of;	     /* [N_PORTS], CLASS_BITs */
	unsigned prefixed;   /* classes that a prefix named */
	unsigned n_ip_names; /* names of IP protocols met */
	unsigned n_lost;     /* ports left out of a protocol because they were listed before */
	bool has_prefixes;   /* prefixes are part of the grammar */
	bool takes_ip_names; /* names of IP protocols count */
	struct err *e;
};

static int bad(struct reader *r, const char *why)
{
	return err_set(r->e, ERR_USAGE,
		"ports \"%.100s\": %s at \"%.40s\" (example: 22,80-90,U:53,T:8000-)", r->whole, why,
		r->p);
}

static void skip_blanks(struct reader *r)
{
	while (isspace((unsigned char)*r->p))
		r->p++;
}

/*
 * The first listing of a port decides its protocols: "[87],87" of TCP and UDP is TCP 87 alone when
 * the table knows only that one. It is nmap's rule; what is lost by it is said.
 */
static void add_range(struct reader *r, unsigned mask, bool filtered, uint32_t first, uint32_t last)
{
	for (uint32_t p = first; p <= last; p++) {
		unsigned bits = filtered ? 0 : mask;

		for (unsigned c = 0; filtered && c < PORT_CLASSES; c++) {
			if ((mask & CLASS_BIT(c)) &&
				services_known(r->services, (enum port_class)c, (uint16_t)p))
				bits |= CLASS_BIT(c);
		}
		if (r->of[p] & mask)
			r->n_lost += (bits & ~r->of[p]) != 0;
		else
			r->of[p] |= (uint8_t)bits;
	}
}

static bool take_prefix(struct reader *r, unsigned *mask)
{
	for (unsigned c = 0; r->has_prefixes && *r->p && c < PORT_CLASSES; c++) {
		if (r->p[0] == prefixes[c] && r->p[1] == ':') {
			*mask = CLASS_BIT(c);
			r->prefixed |= *mask;
			r->p += 2;
			return true;
		}
	}
	return false;
}

struct add_matches {
	uint8_t *of;
	uint8_t bit;
};

static void add_match(void *ctx, uint16_t port)
{
	struct add_matches *a = ctx;

	a->of[port] |= a->bit;
}

static int take_name(struct reader *r, unsigned mask)
{
	char name[NAME_MAX_LEN + 1];
	size_t len = 0;
	unsigned found = 0;

	while (r->p[len] && !isspace((unsigned char)r->p[len]) && r->p[len] != ',' &&
		r->p[len] != ']')
		len++;
	if (len > NAME_MAX_LEN)
		return bad(r, "a name too long");
	memcpy(name, r->p, len);
	name[len] = '\0';
	for (unsigned c = 0; c < PORT_CLASSES; c++) {
		struct add_matches a = { r->of, (uint8_t)CLASS_BIT(c) };

		if (!(mask & CLASS_BIT(c)))
			continue;
		if (c == PORTS_IP && !r->takes_ip_names)
			a.bit = 0;
		r->n_ip_names += c == PORTS_IP;
		found += services_match(r->services, (enum port_class)c, name, add_match, &a);
	}
	if (!found)
		return bad(r, "no service of that name");
	r->p += len;
	if (*r->p && *r->p != ']')
		r->p++;
	return 0;
}

static int take_number(struct reader *r, uint32_t max, uint32_t *out)
{
	uint32_t v = 0;

	for (const char *p = r->p; isdigit((unsigned char)*p); p++) {
		v = v * 10 + (uint32_t)(*p - '0');
		if (v > max)
			return bad(r, max == 255 ? "an IP protocol is at most 255"
						 : "a port is at most 65535");
	}
	r->p += strspn(r->p, "0123456789");
	*out = v;
	return 0;
}

static bool at_end_of_range(const struct reader *r)
{
	return !*r->p || *r->p == ',' || *r->p == ']';
}

/* What follows the first number, or the "-" that stands for it. */
static int take_last(struct reader *r, uint32_t first, uint32_t max, uint32_t *last)
{
	int rc = 0;

	*last = first;
	if (at_end_of_range(r))
		return 0;
	if (*r->p != '-')
		return bad(r, "\",\" or \"-\" wanted");
	r->p++;
	if (at_end_of_range(r))
		*last = max;
	else if (isdigit((unsigned char)*r->p))
		rc = take_number(r, max, last);
	else
		rc = bad(r, "a number wanted behind \"-\"");
	if (rc == 0 && *last < first)
		rc = err_set(r->e, ERR_USAGE, "ports \"%.100s\": the range %u-%u runs backwards",
			r->whole, first, *last);
	return rc;
}

static int take_numbers(struct reader *r, unsigned mask, bool filtered)
{
	bool is_ip = mask & CLASS_BIT(PORTS_IP);
	uint32_t max = is_ip ? 255 : 65535, first = is_ip ? 0 : 1, last = 0;
	int rc = 0;

	if (isdigit((unsigned char)*r->p)) {
		rc = take_number(r, max, &first);
		skip_blanks(r);
	}
	if (rc == 0)
		rc = take_last(r, first, max, &last);
	if (rc < 0)
		return rc;
	add_range(r, mask, filtered, first, last);
	skip_blanks(r);
	if (!at_end_of_range(r))
		return bad(r, "\",\" wanted");
	if (*r->p == ',')
		r->p++;
	return 0;
}

static int take_list(struct reader *r, unsigned mask, bool filtered);

static int take_filter(struct reader *r, unsigned mask, bool filtered)
{
	int rc;

	if (filtered)
		return bad(r, "\"[\" inside \"[\"");
	r->p++;
	rc = take_list(r, mask, true);
	if (rc == 0 && *r->p == ']')
		r->p++;
	if (rc == 0 && *r->p == ',')
		r->p++;
	return rc;
}

static int take_item(struct reader *r, unsigned mask, bool filtered)
{
	if (*r->p == '[')
		return take_filter(r, mask, filtered);
	if (*r->p == ']')
		return bad(r, "\"]\" without \"[\"");
	if (islower((unsigned char)*r->p) || *r->p == '*' || *r->p == '?')
		return take_name(r, mask);
	if (isdigit((unsigned char)*r->p) || *r->p == '-')
		return take_numbers(r, mask, filtered);
	return bad(r, "a port, a range or a service in small letters wanted");
}

/* Until the end, or until the "]" of the filter, which is left there. */
static int take_list(struct reader *r, unsigned mask, bool filtered)
{
	int rc = 0;

	do {
		skip_blanks(r);
		if (take_prefix(r, &mask))
			continue;
		if (filtered && *r->p == ']')
			return 0;
		rc = take_item(r, mask, filtered);
	} while (rc == 0 && *r->p);
	return rc;
}

/* ---- lists ----------------------------------------------------------------------------------- */

void port_list_free(struct port_list *l)
{
	free(l->ports);
	*l = (struct port_list){ 0 };
}

void port_set_free(struct port_set *s)
{
	for (unsigned c = 0; c < PORT_CLASSES; c++)
		port_list_free(&s->of[c]);
}

/* The ports with this bit, ascending; an empty list has no memory. */
static int list_of(struct port_list *out, const uint8_t *of, unsigned bit)
{
	uint32_t n = 0;

	for (uint32_t p = 0; p < N_PORTS; p++)
		n += (of[p] & bit) != 0;
	*out = (struct port_list){ 0 };
	if (n == 0)
		return 0;
	out->ports = malloc(n * sizeof(*out->ports));
	if (!out->ports)
		return -ENOMEM;
	for (uint32_t p = 0; p < N_PORTS; p++) {
		if (of[p] & bit)
			out->ports[out->n++] = (uint16_t)p;
	}
	return 0;
}

int port_list_parse(struct port_list *out, const char *spec, enum port_class c,
	const struct services *s, struct err *e)
{
	uint8_t *of = calloc(N_PORTS, 1);
	struct reader r = {
		.p = spec, .whole = spec, .services = s, .of = of, .takes_ip_names = true, .e = e
	};
	int rc = of ? take_list(&r, CLASS_BIT(c), false) : -ENOMEM;

	*out = (struct port_list){ 0 };
	if (rc == 0)
		rc = list_of(out, of, CLASS_BIT(c));
	if (rc == -ENOMEM)
		err_set(e, rc, "no memory for the list of ports");
	if (rc == 0 && out->n == 0)
		rc = err_set(e, ERR_USAGE, "ports \"%.100s\": no port is left", spec);
	free(of);
	return rc;
}

char *port_list_text(const struct port_list *l)
{
	struct buf b;

	buf_init(&b);
	buf_str(&b, "");
	for (uint32_t i = 0; i < l->n; i++) {
		uint32_t first = i;

		while (i + 1 < l->n && l->ports[i + 1] == l->ports[i] + 1)
			i++;
		buf_fmt(&b, i > first ? "%s%u-%u" : "%s%u", first ? "," : "", l->ports[first],
			l->ports[i]);
	}
	return buf_take(&b);
}

uint16_t *port_list_by_rank(const struct port_list *l, enum port_class c, const struct services *s)
{
	const struct service_class *k = &services_table(s)->of[c];
	uint8_t *waiting = calloc(N_PORTS, 1);
	uint16_t *out = malloc((l->n + (size_t)1) * sizeof(*out));
	uint32_t n = 0;

	if (!waiting || !out) {
		free(out);
		out = NULL;
		goto done;
	}
	for (uint32_t i = 0; i < l->n; i++)
		waiting[l->ports[i]] = 1;
	for (uint32_t i = 0; i < k->n_ranked; i++) {
		if (waiting[k->ranked[i]])
			out[n++] = k->ranked[i];
		waiting[k->ranked[i]] = 0;
	}
	for (uint32_t i = 0; i < l->n; i++) {
		if (waiting[l->ports[i]])
			out[n++] = l->ports[i];
	}
done:
	free(waiting);
	return out;
}

/* ---- what was asked for ---------------------------------------------------------------------- */

/* The specification and the exclusions as read, and what comes of them; CLASS_BITs by port. */
struct selection {
	uint8_t wanted[N_PORTS], excluded[N_PORTS], chosen[N_PORTS];
};

static bool any(const uint8_t *of)
{
	for (uint32_t p = 0; p < N_PORTS; p++) {
		if (of[p])
			return true;
	}
	return false;
}

static int read_text(const char *text, uint8_t *of, const struct port_request *rq,
	unsigned *prefixed, struct err *e)
{
	struct reader r = { .p = text,
		.whole = text,
		.services = rq->services,
		.of = of,
		.has_prefixes = true,
		.e = e };
	int rc = take_list(&r, rq->classes, false);

	if (rc < 0)
		return rc;
	*prefixed = r.prefixed;
	if (r.n_ip_names)
		log_say(rq->log, LOG_WARN,
			"ports \"%s\": IP protocols are chosen by number; their names select nothing here",
			text);
	if (r.n_lost)
		log_say(rq->log, LOG_WARN,
			"ports \"%s\": %u listed twice for different protocols, the first listing counts",
			text, r.n_lost);
	return any(of) ? 0 : err_set(e, ERR_USAGE, "ports \"%.100s\": no port is left", text);
}

/* Takes a port into the result unless it is excluded or not among those specified. */
static bool choose(struct selection *x, const struct port_request *rq, unsigned c, uint32_t port)
{
	if ((x->excluded[port] & CLASS_BIT(c)) || (rq->spec && !(x->wanted[port] & CLASS_BIT(c))))
		return false;
	x->chosen[port] |= (uint8_t)CLASS_BIT(c);
	return true;
}

/* The first `top` of the most frequent `n` ports. */
static void choose_ranked(
	struct selection *x, const struct port_request *rq, unsigned c, uint32_t n, uint32_t top)
{
	const struct service_class *k = &services_table(rq->services)->of[c];
	uint32_t count = 0;

	for (uint32_t i = 0; i < k->n_ranked && i < n && count < top; i++)
		count += choose(x, rq, c, k->ranked[i]);
}

static void choose_range(
	struct selection *x, const struct port_request *rq, unsigned c, uint32_t last)
{
	for (uint32_t p = c == PORTS_IP || rq->spec ? 0 : 1; p <= last; p++)
		choose(x, rq, c, p);
}

static void choose_known(struct selection *x, const struct port_request *rq, unsigned c)
{
	for (uint32_t p = 0; p < N_PORTS; p++) {
		if (services_known(rq->services, (enum port_class)c, (uint16_t)p))
			choose(x, rq, c, p);
	}
}

/* IP protocols have no frequencies: --top-ports and --port-ratio change nothing. */
static void choose_protocols(struct selection *x, const struct port_request *rq)
{
	if (rq->fast && !rq->top && rq->ratio < 0)
		choose_known(x, rq, PORTS_IP);
	else
		choose_range(x, rq, PORTS_IP, 255);
}

static void choose_class(struct selection *x, const struct port_request *rq, unsigned c)
{
	bool ranked = services_table(rq->services)->has_ratios;

	if (c == PORTS_IP) {
		choose_protocols(x, rq);
	} else if (rq->top) {
		choose_ranked(x, rq, c, N_PORTS, rq->top);
	} else if (rq->ratio >= 0) {
		choose_ranked(x, rq, c,
			services_n_at_ratio(rq->services, (enum port_class)c, rq->ratio), N_PORTS);
	} else if (rq->spec) {
		choose_range(x, rq, c, 65535);
	} else if (ranked) {
		choose_ranked(x, rq, c, N_PORTS, rq->fast ? FAST_TOP : DEFAULT_TOP);
	} else {
		/* a table without frequencies: what it names, and the privileged ports */
		choose_known(x, rq, c);
		if (!rq->fast)
			choose_range(x, rq, c, 1024);
	}
}

static void warn_unused(const struct port_request *rq, unsigned prefixed)
{
	for (unsigned c = 0; c < PORT_CLASSES; c++) {
		if (prefixed & ~rq->classes & CLASS_BIT(c))
			log_say(rq->log, LOG_WARN,
				"the ports behind \"%c:\" are not scanned: that takes %s",
				prefixes[c], class_options[c]);
	}
}

static int check_request(const struct port_request *rq, struct err *e)
{
	bool ranks_needed = (rq->top || rq->ratio >= 0) && (rq->classes & ~CLASS_BIT(PORTS_IP));

	if (rq->fast && rq->spec)
		return err_set(e, ERR_USAGE,
			"-F (also implied by --servicedb) and -p exclude each other; "
			"--top-ports N picks the most frequent of -p");
	if (rq->top > N_PORTS)
		return err_set(
			e, ERR_USAGE, "--top-ports %u: there are only %d ports", rq->top, N_PORTS);
	if (rq->ratio >= 1)
		return err_set(
			e, ERR_USAGE, "--port-ratio %g: the ratio is from 0 to below 1", rq->ratio);
	if (ranks_needed && !services_table(rq->services)->has_ratios)
		return err_set(e, ERR_USAGE,
			"--top-ports and --port-ratio need frequencies, which %s does not have",
			services_source(rq->services));
	return 0;
}

static int finish(struct port_set *out, const struct selection *x, const struct port_request *rq)
{
	int rc = 0;

	for (unsigned c = 0; c < PORT_CLASSES && rc == 0; c++) {
		if (!(rq->classes & CLASS_BIT(c)))
			continue;
		rc = list_of(&out->of[c], x->chosen, CLASS_BIT(c));
		if (rc == 0 && out->of[c].n == 0)
			log_say(rq->log, LOG_WARN, "no ports for the %s scan: it is skipped",
				class_names[c]);
	}
	return rc;
}

int port_set_build(struct port_set *out, const struct port_request *rq, struct err *e)
{
	struct selection *x = calloc(1, sizeof(*x));
	unsigned prefixed = 0, ignored;
	int rc;

	*out = (struct port_set){ 0 };
	rc = x ? check_request(rq, e) : -ENOMEM;
	if (rc == 0 && rq->spec)
		rc = read_text(rq->spec, x->wanted, rq, &prefixed, e);
	if (rc == 0 && rq->exclude)
		rc = read_text(rq->exclude, x->excluded, rq, &ignored, e);
	if (rc == 0) {
		warn_unused(rq, prefixed);
		for (unsigned c = 0; c < PORT_CLASSES; c++) {
			if (rq->classes & CLASS_BIT(c))
				choose_class(x, rq, c);
		}
		rc = finish(out, x, rq);
	}
	if (rc == -ENOMEM)
		err_set(e, rc, "no memory for the set of ports");
	if (rc < 0)
		port_set_free(out);
	free(x);
	return rc;
}
