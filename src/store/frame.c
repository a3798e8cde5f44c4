/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frames of a checkpoint.
 *
 *	 0       4       8
 *	+-------+-------+------+--------------------+
 *	| length| check | kind | fields of the kind |
 *	+-------+-------+------+--------------------+
 *	                |<------- length ---------->|
 *
 * Length and checksum are big-endian; the checksum is 32 bits of SipHash over the body, with a key
 * that everybody knows: it tells a torn write, not a forger. Numbers are in groups of seven bits,
 * the lowest first, the top bit saying that more follow. A text is its length with the NUL that
 * ends it, 0 for none, and its bytes.
 *
 * One function a structure goes both ways, so that what is written is what is read: with `out` set
 * each step writes the value it is given, else it reads one in its place. Either way it returns it.
 */
#include "store/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/be.h"
#include "base/hash.h"

#define HELD_MAX 256

struct codec {
	struct buf *out;     /* NULL: reading */
	char held[HELD_MAX]; /* written, but not yet in `out`: most fields are a byte or two */
	size_t n_held;
	const uint8_t *p;
	size_t left;
	struct frame *owner; /* of arrays that are read */
	int error;
};

static void fail(struct codec *c, int code)
{
	if (c->error == 0)
		c->error = code;
	c->left = 0;
}

static void flush(struct codec *c)
{
	buf_add(c->out, c->held, c->n_held);
	c->n_held = 0;
}

static void write_bytes(struct codec *c, const void *v, size_t n)
{
	if (n > HELD_MAX - c->n_held)
		flush(c);
	if (n > HELD_MAX) {
		buf_add(c->out, v, n);
		return;
	}
	memcpy(c->held + c->n_held, v, n);
	c->n_held += n;
}

static void write_number(struct codec *c, uint64_t v)
{
	if (HELD_MAX - c->n_held < 10) /* 64 bits in groups of seven */
		flush(c);
	for (; v > 127; v >>= 7)
		c->held[c->n_held++] = (char)(v | 128);
	c->held[c->n_held++] = (char)v;
}

static uint64_t read_number(struct codec *c, uint64_t max)
{
	uint64_t v = 0;

	for (unsigned shift = 0; c->left && shift < 64; shift += 7) {
		uint8_t byte = *c->p++;

		c->left--;
		v |= (uint64_t)(byte & 127) << shift;
		if (byte < 128 && v <= max)
			return v;
		if (byte < 128)
			break;
	}
	fail(c, ERR_PARSE);
	return 0;
}

static uint64_t number(struct codec *c, uint64_t v, uint64_t max)
{
	if (!c->out)
		return read_number(c, max);
	write_number(c, v);
	return v;
}

static uint8_t byte(struct codec *c, uint8_t v, uint8_t max)
{
	return (uint8_t)number(c, v, max);
}

static bool flag(struct codec *c, bool v)
{
	return number(c, v, 1);
}

/* n bytes; what is read is borrowed, NULL after an error. */
static const void *bytes(struct codec *c, const void *v, size_t n)
{
	if (c->out) {
		write_bytes(c, v, n);
		return v;
	}
	if (c->left < n || c->error) {
		fail(c, ERR_PARSE);
		return NULL;
	}
	v = c->p;
	c->p += n;
	c->left -= n;
	return v;
}

static const char *text(struct codec *c, const char *v)
{
	size_t n = number(c, v ? strlen(v) + 1 : 0, c->left);

	if (n == 0)
		return NULL;
	v = bytes(c, v, n);
	if (v && v[n - 1] == '\0')
		return v;
	fail(c, ERR_PARSE);
	return NULL;
}

/* A text that must be there. */
static const char *word(struct codec *c, const char *v)
{
	v = text(c, v);
	if (!v)
		fail(c, ERR_PARSE);
	return v;
}

/* An address with its zone; an element. */
static void code_addr(struct codec *c, void *at)
{
	struct addr *a = at;
	unsigned family = byte(c, a->family, 6);
	uint32_t zone = family == 6 ? (uint32_t)number(c, a->zone, UINT32_MAX) : 0;
	const uint8_t *b = bytes(c, a->b, family == 6 ? 16 : family);

	if (family == 0) {
		*a = (struct addr){0};
		return;
	}
	if (family != 4 && family != 6)
		fail(c, ERR_PARSE);
	if (!b || c->error)
		return;
	*a = addr_from_bytes(family, b);
	a->zone = zone;
}

static void code_mac(struct codec *c, struct mac *m)
{
	const void *b = bytes(c, m->b, sizeof(m->b));

	if (b && !c->out)
		memcpy(m->b, b, sizeof(m->b));
}

/* Room for one element of any array. */
union element {
	struct addr addr;
	struct rec_port port;
	struct rec_verdict verdict;
	struct rec_hop hop;
	struct frame_item item;
};

typedef void (*element_fn)(struct codec *c, void *at);

/* Memory for the elements that are to be read. Each takes a byte at least, so a short frame cannot
 * ask for much. */
static void *room(struct codec *c, size_t n, size_t size)
{
	void *new = calloc(n, size);

	if (new && c->owner->n_owned < FRAME_OWNED) {
		c->owner->owned[c->owner->n_owned++] = new;
		return new;
	}
	fail(c, new ? ERR_PARSE : -ENOMEM);
	free(new);
	return NULL;
}

/* An array of *n elements of a size, each by its function. */
static const void *array(struct codec *c, const void *v, size_t *n, size_t size, element_fn element)
{
	union element one;
	char *new = NULL;

	*n = number(c, *n, c->left);
	if (!c->out && *n)
		v = new = room(c, *n, size);
	for (size_t i = 0; i < *n && !c->error; i++) {
		memcpy(&one, (const char *)v + i * size, size);
		element(c, &one);
		if (new)
			memcpy(new + i *size, &one, size);
	}
	return *n ? v : NULL;
}

/* ---- records -------------------------------------------------------------------------------- */

static void code_port(struct codec *c, void *at)
{
	struct rec_port *p = at;

	p->number = (uint16_t)number(c, p->number, UINT16_MAX);
	p->proto = byte(c, p->proto, UINT8_MAX);
	p->state = byte(c, p->state, PORT_STATES - 1);
	p->reason = byte(c, p->reason, REASONS - 1);
	p->ttl = byte(c, p->ttl, UINT8_MAX);
	p->rtt_src = byte(c, p->rtt_src, RTT_SOURCES - 1);
	p->from = byte(c, p->from, REC_FROM_MAX);
	p->rtt_ns = number(c, p->rtt_ns, UINT64_MAX);
	p->service = text(c, p->service);
}

static void code_verdict(struct codec *c, void *at)
{
	struct rec_verdict *v = at;

	v->port.from = 0; /* v->from says it */
	v->port.service = NULL;
	code_addr(c, &v->addr);
	v->tech = text(c, v->tech);
	code_port(c, &v->port);
	code_addr(c, &v->from);
	if (!v->tech)
		code_mac(c, &v->mac);
}

static void code_hop(struct codec *c, void *at)
{
	struct rec_hop *h = at;

	h->ttl = byte(c, h->ttl, UINT8_MAX);
	code_addr(c, &h->addr);
	h->rtt_ns = number(c, h->rtt_ns, UINT64_MAX);
	h->rtt_src = byte(c, h->rtt_src, RTT_SOURCES - 1);
	h->shared = flag(c, h->shared);
	h->name = text(c, h->name);
}

static void code_item(struct codec *c, void *at)
{
	struct frame_item *i = at;

	i->text = word(c, i->text);
	i->value = text(c, i->value);
	i->number = number(c, i->number, UINT64_MAX);
}

static void code_list(struct codec *c, struct frame_list *l)
{
	l->v = array(c, l->v, &l->n, sizeof(*l->v), code_item);
}

static void code_trace(struct codec *c, struct rec_trace *t)
{
	t->proto = byte(c, t->proto, UINT8_MAX);
	t->port = (uint16_t)number(c, t->port, UINT16_MAX);
	t->complete = flag(c, t->complete);
	t->hops = array(c, t->hops, &t->n_hops, sizeof(*t->hops), code_hop);
}

static void code_host_times(struct codec *c, struct rec_host *h)
{
	h->start_wall_ns = number(c, h->start_wall_ns, UINT64_MAX);
	h->end_wall_ns = number(c, h->end_wall_ns, UINT64_MAX);
	h->srtt_ns = number(c, h->srtt_ns, UINT64_MAX);
	h->rttvar_ns = number(c, h->rttvar_ns, UINT64_MAX);
	h->rto_ns = number(c, h->rto_ns, UINT64_MAX);
	h->latency_ns = number(c, h->latency_ns, UINT64_MAX);
	h->latency_src = byte(c, h->latency_src, RTT_SOURCES - 1);
}

static void code_host(struct codec *c, struct rec_host *h, struct rec_trace *t)
{
	code_addr(c, &h->addr);
	h->user_name = text(c, h->user_name);
	h->ptr_name = text(c, h->ptr_name);
	h->other_addrs =
		array(c, h->other_addrs, &h->n_other_addrs, sizeof(*h->other_addrs), code_addr);
	h->has_mac = flag(c, h->has_mac);
	code_mac(c, &h->mac);
	h->vendor = text(c, h->vendor);
	h->state = byte(c, h->state, HOST_SKIPPED);
	h->reason = byte(c, h->reason, REASONS - 1);
	h->ttl = byte(c, h->ttl, UINT8_MAX);
	h->timed_out = flag(c, h->timed_out);
	h->partial = flag(c, h->partial);
	h->listed = flag(c, h->listed);
	h->ports_scanned = flag(c, h->ports_scanned);
	code_host_times(c, h);
	h->ports = array(c, h->ports, &h->n_ports, sizeof(*h->ports), code_port);
	h->from = array(c, h->from, &h->n_from, sizeof(*h->from), code_addr);
	h->probes_sent = number(c, h->probes_sent, UINT64_MAX);
	h->backend = text(c, h->backend);
	if (flag(c, h->trace != NULL)) {
		code_trace(c, t);
		h->trace = t;
	}
	for (size_t i = 0; i < h->n_ports && !c->out && !c->error; i++)
		if (h->ports[i].from > h->n_from)
			fail(c, ERR_PARSE);
}

static void code_start(struct codec *c, struct frame_start *s)
{
	s->version = word(c, s->version);
	s->directory = word(c, s->directory);
	s->seed = number(c, s->seed, UINT64_MAX);
	s->start_wall_ns = number(c, s->start_wall_ns, UINT64_MAX);
	s->privileged = flag(c, s->privileged);
	code_list(c, &s->args);
	code_list(c, &s->settings);
	code_list(c, &s->inputs);
	code_list(c, &s->outputs);
}

static void code_body(struct codec *c, struct frame *f)
{
	f->kind = (enum frame_kind)byte(c, (uint8_t)f->kind, FRAME_END);
	if (f->kind == FRAME_START)
		code_start(c, &f->start);
	else if (f->kind == FRAME_VERDICTS)
		f->verdicts.v = array(
			c, f->verdicts.v, &f->verdicts.n, sizeof(*f->verdicts.v), code_verdict);
	else if (f->kind == FRAME_HOST)
		code_host(c, &f->host, &f->trace);
	else if (f->kind != FRAME_END)
		fail(c, ERR_PARSE);
}

/* ---- the frame ------------------------------------------------------------------------------ */

static uint32_t check(const void *data, size_t len)
{
	static const struct hash_key key = {
		UINT64_C(0x636865636b706f69), UINT64_C(0x6e74206f66207363)};

	return (uint32_t)hash_sip(&key, data, len);
}

void frame_write(struct buf *b, const struct frame *f)
{
	static const char room[FRAME_HEAD];
	struct frame copy = *f;
	struct codec c = {.out = b};
	size_t at = b->len, len;
	uint8_t *head;

	if (f->kind == FRAME_HOST && f->host.trace)
		copy.trace = *f->host.trace;
	buf_add(b, room, sizeof(room));
	code_body(&c, &copy);
	flush(&c);
	len = b->len - at - FRAME_HEAD;
	if (c.error || len > FRAME_MAX)
		b->failed = true;
	if (b->failed)
		return;
	head = (uint8_t *)b->data + at;
	be_put32(head, (uint32_t)len);
	be_put32(head + 4, check(head + FRAME_HEAD, len));
}

size_t frame_body(const uint8_t head[FRAME_HEAD])
{
	uint32_t len = be_get32(head);

	return len <= FRAME_MAX ? len : 0;
}

int frame_decode(struct frame *f, const uint8_t *body, size_t len)
{
	struct codec c = {.p = body, .left = len, .owner = f};

	memset(f, 0, sizeof(*f));
	code_body(&c, f);
	if (c.left)
		fail(&c, ERR_PARSE);
	return c.error;
}

int frame_read(struct frame *f, const uint8_t *data, size_t len)
{
	memset(f, 0, sizeof(*f));
	if (len <= FRAME_HEAD || frame_body(data) != len - FRAME_HEAD ||
		check(data + FRAME_HEAD, len - FRAME_HEAD) != be_get32(data + 4))
		return ERR_PARSE;
	return frame_decode(f, data + FRAME_HEAD, len - FRAME_HEAD);
}

void frame_free(struct frame *f)
{
	while (f->n_owned)
		free(f->owned[--f->n_owned]);
}
