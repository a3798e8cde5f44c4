/* SPDX-License-Identifier: BSD-2-Clause */
/* Filters over the rows of results: parser and evaluator. */
#include "model/where.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/where_lex.h"

/*
 * Recursive descent, one function a line of the grammar in where.h. Nodes lie in one array and name
 * each other by index, so that growing it moves nothing that is held. Depth is bounded: a filter is
 * typed by a person, and the evaluator recurses as deep as the parser did.
 */
#define DEPTH_MAX 64
#define NODES_MAX 4096

enum op { OP_OR, OP_AND, OP_NOT, OP_HAS, OP_TRUE, OP_TEST };

struct node {
	enum op op;
	enum where_test test;
	int left, right; /* indices; NOT has a left only */
	struct column column;
	size_t first, n; /* its values */
};

struct where {
	struct node *nodes;
	size_t n_nodes;
	struct where_value *values;
	size_t n_values;
	int root;
};

struct parser {
	struct where_lex lex;
	struct where *w;
	enum column_rows rows;
	int depth;
	struct err *e;
};

static int parse_or(struct parser *p);

/* ---- the tree -------------------------------------------------------------------------------- */

/* Index of a new node, or negative. */
static int add_node(struct parser *p, enum op op, int left, int right)
{
	struct where *w = p->w;
	struct node *v;

	if (w->n_nodes == NODES_MAX)
		return where_error(&p->lex, p->e, "the filter is too long");
	v = realloc(w->nodes, (w->n_nodes + 1) * sizeof(*v));
	if (!v)
		return err_set(p->e, -ENOMEM, "out of memory");
	w->nodes = v;
	v[w->n_nodes] = (struct node){.op = op, .left = left, .right = right};
	return (int)w->n_nodes++;
}

static int add_value(struct parser *p, const struct column *c, bool bare, enum where_test test)
{
	struct where *w = p->w;
	struct where_value *v = realloc(w->values, (w->n_values + 1) * sizeof(*v));

	if (!v)
		return err_set(p->e, -ENOMEM, "out of memory");
	w->values = v;
	w->n_values++; /* also when it is no good: where_free frees its text */
	return where_value(&p->lex, c, bare, test, &v[w->n_values - 1], p->e);
}

/* ---- the grammar ----------------------------------------------------------------------------- */

static const char *type_name(enum field_type t)
{
	return t == FIELD_TEXT	 ? "a text"
	       : t == FIELD_BOOL ? "true or false"
	       : t == FIELD_ADDR ? "an address"
	       : t == FIELD_MAC	 ? "an Ethernet address"
				 : "a list";
}

static bool is_number(enum field_type t)
{
	return t == FIELD_UINT || t == FIELD_REAL || t == FIELD_TIME || t == FIELD_NS;
}

/* Takes a field's name. *bare: it is a duration without its unit. */
static int take_field(struct parser *p, struct column *c, bool *bare)
{
	struct where_lex *l = &p->lex;
	char ns[COLUMN_NAME_MAX + 4] = "";

	*bare = false;
	if (l->token != TOKEN_WORD)
		return where_error(l, p->e, "a field is expected here");
	if (!column_find(c, p->rows, l->word, l->len) && l->len < COLUMN_NAME_MAX) {
		memcpy(ns, l->word, l->len);
		memcpy(ns + l->len, "_ns", 4);
		*bare = column_find(c, p->rows, ns, l->len + 3);
	}
	if (!*bare && !column_find(c, p->rows, l->word, l->len)) {
		struct columns one;
		char name[COLUMN_NAME_MAX];
		struct err unknown = {0};

		snprintf(name, sizeof(name), "%.*s", (int)l->len, l->word);
		name[strcspn(name, ",")] = '\0';
		(void)!columns_parse(&one, p->rows, name, &unknown);
		return where_error(l, p->e, "%.380s", unknown.text);
	}
	where_next(l);
	return 0;
}

static int take_list(struct parser *p, const struct column *c, bool bare, enum where_test test)
{
	struct where_lex *l = &p->lex;
	int rc;

	if (l->token != TOKEN_OPEN) {
		rc = add_value(p, c, bare, test);
		where_next(l);
		return rc;
	}
	do {
		where_next(l);
		rc = add_value(p, c, bare, test);
		where_next(l);
	} while (rc == 0 && l->token == TOKEN_COMMA);
	if (rc == 0 && l->token != TOKEN_CLOSE)
		return where_error(
			l, p->e, "a comma or the closing ) of the list is expected here");
	where_next(l);
	return rc;
}

/* "in", "not in" or a sign; false when none stands here. */
static bool take_test(struct where_lex *l, enum where_test *test)
{
	if (where_is(l, "in")) {
		*test = TEST_IN;
	} else if (where_is(l, "not")) {
		struct where_lex ahead = *l;

		where_next(&ahead);
		if (!where_is(&ahead, "in"))
			return false;
		*l = ahead;
		*test = TEST_NOT_IN;
	} else if (l->token == TOKEN_TEST) {
		*test = l->test;
	} else {
		return false;
	}
	return true;
}

static int check_test(struct parser *p, const struct column *c, enum where_test test)
{
	enum field_type t = c->field->type;

	if (t == FIELD_ADDRS)
		return where_error(&p->lex, p->e,
			"%s is a list; of it only \"has %s\" can be asked", c->name, c->name);
	if (!is_number(t) && test >= TEST_LT && test <= TEST_GE)
		return where_error(&p->lex, p->e,
			"%s is %s and not smaller or larger than another; there are = != in",
			c->name, type_name(t));
	return 0;
}

static int parse_test(struct parser *p)
{
	struct node made = {.op = OP_TEST};
	bool bare;
	int rc, at;

	rc = take_field(p, &made.column, &bare);
	if (rc < 0)
		return rc;
	if (!take_test(&p->lex, &made.test)) {
		if (made.column.field->type != FIELD_BOOL)
			return where_error(&p->lex, p->e,
				"= != < <= > >= or in is expected behind %s", made.column.name);
		made.op = OP_TRUE;
	} else {
		made.first = p->w->n_values;
		rc = check_test(p, &made.column, made.test);
		if (rc < 0)
			return rc;
		where_next(&p->lex);
		if (made.test == TEST_IN || made.test == TEST_NOT_IN) {
			rc = take_list(p, &made.column, bare, made.test);
		} else {
			rc = add_value(p, &made.column, bare, made.test);
			where_next(&p->lex);
		}
		made.n = p->w->n_values - made.first;
	}
	at = rc < 0 ? rc : add_node(p, made.op, -1, -1);
	if (at >= 0)
		p->w->nodes[at] = made;
	return at;
}

static int parse_has(struct parser *p)
{
	struct column c;
	bool bare;
	int at;

	where_next(&p->lex);
	at = take_field(p, &c, &bare);
	if (at == 0)
		at = add_node(p, OP_HAS, -1, -1);
	if (at >= 0)
		p->w->nodes[at].column = c;
	return at;
}

static int parse_inside(struct parser *p)
{
	int at;

	where_next(&p->lex);
	at = parse_or(p);
	if (at >= 0 && p->lex.token != TOKEN_CLOSE)
		return where_error(&p->lex, p->e, "the closing ) is expected here");
	where_next(&p->lex);
	return at;
}

static int parse_not(struct parser *p)
{
	int at;

	if (++p->depth > DEPTH_MAX)
		return where_error(&p->lex, p->e, "the filter is nested too deep");
	if (where_is(&p->lex, "not")) {
		where_next(&p->lex);
		at = parse_not(p);
		at = at < 0 ? at : add_node(p, OP_NOT, at, -1);
	} else if (p->lex.token == TOKEN_OPEN) {
		at = parse_inside(p);
	} else {
		at = where_is(&p->lex, "has") ? parse_has(p) : parse_test(p);
	}
	p->depth--;
	return at;
}

static int parse_and(struct parser *p)
{
	int left = parse_not(p);

	while (left >= 0 && where_is(&p->lex, "and")) {
		int right;

		where_next(&p->lex);
		right = parse_not(p);
		left = right < 0 ? right : add_node(p, OP_AND, left, right);
	}
	return left;
}

static int parse_or(struct parser *p)
{
	int left = parse_and(p);

	while (left >= 0 && where_is(&p->lex, "or")) {
		int right;

		where_next(&p->lex);
		right = parse_and(p);
		left = right < 0 ? right : add_node(p, OP_OR, left, right);
	}
	return left;
}

int where_parse(struct where **out, enum column_rows rows, const char *text, struct err *e)
{
	struct parser p = {.lex = {.text = text, .at = text}, .rows = rows, .e = e};

	p.w = calloc(1, sizeof(*p.w));
	if (!p.w)
		return err_set(e, -ENOMEM, "out of memory");
	where_next(&p.lex);
	p.w->root = parse_or(&p);
	if (p.w->root >= 0 && p.lex.token != TOKEN_END)
		p.w->root = where_error(
			&p.lex, e, "\"and\", \"or\" or the end of the filter is expected here");
	if (p.w->root < 0) {
		int rc = p.w->root;

		where_free(p.w);
		return rc;
	}
	*out = p.w;
	return 0;
}

void where_free(struct where *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n_values; i++)
		free(w->values[i].text);
	free(w->values);
	free(w->nodes);
	free(w);
}

/* ---- evaluation ------------------------------------------------------------------------------ */

static bool equals(const struct where_value *v, const struct field_value *have)
{
	switch (have->type) {
	case FIELD_TEXT:
		return strcmp(have->text, v->text) == 0;
	case FIELD_ADDR:
		return addr_in_prefix(&have->addr, &v->addr, v->bits);
	case FIELD_MAC:
		return memcmp(&have->mac, &v->mac, sizeof(v->mac)) == 0;
	case FIELD_BOOL:
		return have->flag == (v->low == 1);
	case FIELD_REAL:
		return have->real >= v->low && have->real <= v->high;
	default:
		return have->u >= v->low && have->u <= v->high;
	}
}

static bool is_any(const struct where *w, const struct node *n, const struct field_value *have)
{
	for (size_t i = 0; i < n->n; i++)
		if (equals(&w->values[n->first + i], have))
			return true;
	return false;
}

static bool holds(const struct where *w, const struct node *n, const struct field_value *have)
{
	const struct where_value *v = &w->values[n->first];
	/* not by way of a double, which times in ns do not fit into */
	long double x = have->type == FIELD_REAL ? (long double)have->real : (long double)have->u;

	switch (n->test) {
	case TEST_EQ:
	case TEST_IN:
		return is_any(w, n, have);
	case TEST_NE:
	case TEST_NOT_IN:
		return !is_any(w, n, have);
	case TEST_LT:
		return x < v->low;
	case TEST_LE:
		return x <= v->low;
	case TEST_GT:
		return x > v->low;
	default:
		return x >= v->low;
	}
}

static bool match(
	const struct where *w, const struct node *n, const void *row, const struct rec_host *host)
{
	struct field_value have;

	switch (n->op) {
	case OP_OR:
		return match(w, &w->nodes[n->left], row, host) ||
		       match(w, &w->nodes[n->right], row, host);
	case OP_AND:
		return match(w, &w->nodes[n->left], row, host) &&
		       match(w, &w->nodes[n->right], row, host);
	case OP_NOT:
		return !match(w, &w->nodes[n->left], row, host);
	default:
		have = column_get(&n->column, row, host);
	}
	if (n->op == OP_HAS || !have.present)
		return have.present;
	return n->op == OP_TRUE ? have.flag : holds(w, n, &have);
}

bool where_match(const struct where *w, const void *row, const struct rec_host *host)
{
	return match(w, &w->nodes[w->root], row, host);
}

bool where_asks(const struct where *w, const char *field, const char *word)
{
	for (size_t i = 0; i < w->n_nodes; i++) {
		const struct node *n = &w->nodes[i];

		if (n->op != OP_TEST || (n->test != TEST_EQ && n->test != TEST_IN) ||
			strcmp(n->column.name, field) != 0)
			continue;
		for (size_t k = n->first; k < n->first + n->n; k++)
			if (w->values[k].text && strcmp(w->values[k].text, word) == 0)
				return true;
	}
	return false;
}
