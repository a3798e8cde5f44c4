/* SPDX-License-Identifier: BSD-2-Clause */
/* Names: forward look-ups at start, reverse look-ups in parallel while a scan runs (c-ares). */
#include "net/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/rng.h"
#include "net/dnsq.h"
#include "net/hosts.h"
#include "net/names.h"
#include "net/sysdns.h"

/* clang-format off */
/*
 * One struct request an address, found by hash, stays after its answer: it is the cache. Its life:
 *
 *     resolver_reverse        start           answer         deliver
 *   ------------------> TODO ------> RUNNING ------> READY ---------> KNOWN --+
 *                                                      ^                      | resolver_reverse
 *                                                      +----------------------+
 *
 * Whoever asks in the meantime joins its list of waiters. Callbacks run in resolver_step, never
 * inside resolver_reverse, so that a caller is not called back while it is still asking. A callback
 * may ask on; what it asks is delivered by the next step.
 */
/* clang-format on */

#define IN_FLIGHT 64
/* Threads cost more than packets, and most of the time there is one server behind all of them. */
#define SYSTEM_THREADS_MAX 16
/* Answers kept; the oldest goes first. */
#define KNOWN_MAX 65536

enum state { TODO, RUNNING, READY, KNOWN };

struct waiter {
	struct waiter *next;
	resolver_fn fn;
	void *ctx;
};

struct request {
	struct resolver *owner;
	struct addr addr;
	enum state state;
	bool aged;  /* is in the list of known ones */
	char *name; /* owned; NULL = none */
	struct waiter *waiters, **tail;
	struct request *chain; /* same hash bucket */
	struct request *next;  /* in todo or ready */
	struct request *older; /* in known, towards the newer ones */
};

struct line {
	struct request *first, **tail;
};

struct resolver {
	struct dnsq *reverse,
		*forward; /* two, so that giving up one blocking look-up leaves the others alone */
	struct sysdns *system; /* instead of both */
	struct hosts *hosts;   /* read at the first reverse look-up */
	struct hash_key key;
	struct request **buckets;
	size_t n_buckets, n_requests;
	struct line todo, ready;
	struct request *oldest, **newest; /* the known ones */
	size_t n_known;
	unsigned running, in_flight;
	size_t pending;
	bool closing;
};

static void line_init(struct line *l)
{
	l->first = NULL;
	l->tail = &l->first;
}

static void line_add(struct line *l, struct request *q)
{
	q->next = NULL;
	*l->tail = q;
	l->tail = &q->next;
}

static struct request *line_take(struct line *l)
{
	struct request *q = l->first;

	if (q)
		l->first = q->next;
	if (!l->first)
		l->tail = &l->first;
	return q;
}

static int open_backend(struct resolver *r, const struct resolver_conf *c, struct err *e)
{
	int rc;

	if (c->system) {
		unsigned threads =
			r->in_flight < SYSTEM_THREADS_MAX ? r->in_flight : SYSTEM_THREADS_MAX;

		return sysdns_open(&r->system, threads, e);
	}
	rc = dnsq_open(&r->reverse, c, e);
	if (rc == 0)
		rc = dnsq_open(&r->forward, c, e);
	return rc;
}

int resolver_open(struct resolver **out, const struct resolver_conf *c, struct err *e)
{
	struct resolver *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;

	*out = NULL;
	if (!r)
		return err_set(e, rc, "no memory to look names up");
	line_init(&r->todo);
	line_init(&r->ready);
	r->newest = &r->oldest;
	r->in_flight = c->in_flight ? c->in_flight : IN_FLIGHT;
	rng_entropy(&r->key, sizeof(r->key));
	if (c->system && c->servers)
		rc = err_set(e, ERR_USAGE,
			"the system's resolver takes no list of DNS servers: use one or the other");
	else
		rc = open_backend(r, c, e);
	if (rc < 0)
		resolver_free(r);
	else
		*out = r;
	return rc;
}

static size_t bucket_of(const struct resolver *r, const struct addr *a)
{
	uint8_t bytes[sizeof(a->zone) + sizeof(a->b) + 1];

	memcpy(bytes, a->b, sizeof(a->b));
	memcpy(bytes + sizeof(a->b), &a->zone, sizeof(a->zone));
	bytes[sizeof(bytes) - 1] = a->family;
	return (size_t)hash_sip(&r->key, bytes, sizeof(bytes)) & (r->n_buckets - 1);
}

static int grow_buckets(struct resolver *r)
{
	size_t n_old = r->n_buckets;
	struct request **old = r->buckets;
	size_t n = n_old ? n_old * 2 : 256;
	struct request **buckets = calloc(n, sizeof(*buckets));

	if (!buckets)
		return -ENOMEM;
	r->buckets = buckets;
	r->n_buckets = n;
	for (size_t i = 0; i < n_old; i++) {
		for (struct request *q = old[i], *following; q; q = following) {
			size_t to = bucket_of(r, &q->addr);

			following = q->chain;
			q->chain = buckets[to];
			buckets[to] = q;
		}
	}
	free(old);
	return 0;
}

static void request_free(struct resolver *r, struct request *q)
{
	struct request **at = &r->buckets[bucket_of(r, &q->addr)];

	while (*at != q)
		at = &(*at)->chain;
	*at = q->chain;
	r->n_requests--;
	free(q->name);
	free(q);
}

/* The one that was learnt first; one that is being asked for again stays and counts as new. */
static void forget_oldest(struct resolver *r)
{
	struct request *q = r->oldest;

	r->oldest = q->older;
	if (!r->oldest)
		r->newest = &r->oldest;
	r->n_known--;
	q->aged = false;
	if (q->state == KNOWN)
		request_free(r, q);
}

static void remember(struct resolver *r, struct request *q)
{
	q->state = KNOWN;
	if (q->aged)
		return;
	q->aged = true;
	q->older = NULL;
	*r->newest = q;
	r->newest = &q->older;
	if (++r->n_known > KNOWN_MAX)
		forget_oldest(r);
}

static void make_ready(struct resolver *r, struct request *q)
{
	q->state = READY;
	line_add(&r->ready, q);
}

static struct request *find(const struct resolver *r, const struct addr *a)
{
	struct request *q = r->n_buckets ? r->buckets[bucket_of(r, a)] : NULL;

	while (q && !addr_eq(&q->addr, a))
		q = q->chain;
	return q;
}

static struct request *request_new(struct resolver *r, const struct addr *a)
{
	struct request *q;
	size_t at;

	if (r->n_requests >= r->n_buckets && grow_buckets(r) < 0)
		return NULL;
	q = calloc(1, sizeof(*q));
	if (!q)
		return NULL;
	q->owner = r;
	q->addr = *a;
	q->tail = &q->waiters;
	at = bucket_of(r, a);
	q->chain = r->buckets[at];
	r->buckets[at] = q;
	r->n_requests++;
	line_add(&r->todo, q);
	return q;
}

int resolver_reverse(struct resolver *r, const struct addr *addr, resolver_fn fn, void *ctx)
{
	struct waiter *w;
	struct request *q;

	if (r->closing || !addr_len(addr))
		return r->closing ? -ESHUTDOWN : -EINVAL;
	w = calloc(1, sizeof(*w));
	q = w ? find(r, addr) : NULL;
	if (w && !q)
		q = request_new(r, addr);
	if (!q) {
		free(w);
		return -ENOMEM;
	}
	*w = (struct waiter){.fn = fn, .ctx = ctx};
	*q->tail = w;
	q->tail = &w->next;
	r->pending++;
	if (q->state == KNOWN)
		make_ready(r, q);
	return 0;
}

static void on_answer(void *ctx, const char *name)
{
	struct request *q = ctx;

	q->name = name ? name_dup(name) : NULL;
	q->owner->running--;
	make_ready(q->owner, q);
}

static const char *in_hosts_file(struct resolver *r, const struct addr *a)
{
	if (!r->hosts)
		r->hosts = hosts_read("/etc/hosts");
	return r->hosts ? hosts_name(r->hosts, a) : NULL;
}

static void start(struct resolver *r, struct request *q)
{
	const char *name = r->system ? NULL : in_hosts_file(r, &q->addr);

	q->state = RUNNING;
	r->running++;
	if (name)
		on_answer(q, name);
	else if (!r->system)
		dnsq_ptr(r->reverse, &q->addr, on_answer, q);
	else if (sysdns_ptr(r->system, &q->addr, on_answer, q) < 0)
		on_answer(q, NULL);
}

static void start_some(struct resolver *r)
{
	while (r->running < r->in_flight && r->todo.first)
		start(r, line_take(&r->todo));
}

/* The list is taken off first: who asks again from inside the callback comes into the next one. */
static void answer_waiters(struct resolver *r, struct request *q)
{
	struct waiter *w = q->waiters;

	q->waiters = NULL;
	q->tail = &q->waiters;
	while (w) {
		struct waiter *following = w->next;

		r->pending--;
		w->fn(w->ctx, &q->addr, q->name);
		free(w);
		w = following;
	}
}

static void deliver(struct resolver *r)
{
	struct line batch = r->ready;

	if (!batch.first)
		return;
	line_init(&r->ready);
	while (batch.first) {
		struct request *q = batch.first;

		batch.first = q->next;
		answer_waiters(r, q);
		if (q->waiters)
			make_ready(r, q);
		else
			remember(r, q);
	}
}

void resolver_step(struct resolver *r)
{
	if (r->system)
		sysdns_step(r->system);
	else
		dnsq_step(r->reverse);
	start_some(r);
	deliver(r);
	start_some(r);
}

static void free_requests(struct resolver *r)
{
	for (size_t i = 0; i < r->n_buckets; i++) {
		while (r->buckets[i]) {
			struct request *q = r->buckets[i];

			answer_waiters(r, q);
			request_free(r, q);
		}
	}
	free(r->buckets);
}

/*
 * What runs goes on without anybody who waits: its answer is worth keeping, and a question that was
 * broken off would stand in the cache as "no name".
 */
void resolver_cancel(struct resolver *r)
{
	struct request *q;

	r->closing = true; /* nobody asks on now */
	deliver(r);
	for (size_t i = 0; i < r->n_buckets; i++)
		for (q = r->buckets[i]; q; q = q->chain)
			answer_waiters(r, q);
	while ((q = line_take(&r->todo)))
		request_free(r, q);
	r->closing = false;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	r->closing = true;
	dnsq_close(r->reverse);
	dnsq_close(r->forward);
	sysdns_close(r->system);
	free_requests(r);
	hosts_free(r->hosts);
	free(r);
}

size_t resolver_fds(struct resolver *r, struct pollfd *fds, size_t max)
{
	if (!r->system)
		return dnsq_fds(r->reverse, fds, max);
	if (!max)
		return 0;
	fds[0] = (struct pollfd){.fd = sysdns_fd(r->system), .events = POLLIN};
	return 1;
}

uint64_t resolver_timeout_ns(struct resolver *r)
{
	if (r->ready.first || (r->todo.first && r->running < r->in_flight))
		return 0;
	return r->system ? UINT64_MAX : dnsq_timeout_ns(r->reverse);
}

size_t resolver_pending(const struct resolver *r)
{
	return r->pending;
}

/* inet_aton stops at the first blank and calls what follows a comment. */
static bool parse_short_form(const char *name, struct addr *out)
{
	struct in_addr in;

	if (strpbrk(name, " \t\r\n\v\f") || !inet_aton(name, &in))
		return false;
	*out = addr_from_bytes(4, (const uint8_t *)&in);
	return true;
}

static int forward_number(
	const struct addr *a, unsigned family, struct addr_list *out, struct err *e)
{
	char text[ADDR_TEXT_MAX];

	if (family && a->family != family)
		return err_set(e, ERR_RESOLVE, "%s is an IPv%u address, and IPv%u was asked for",
			addr_text(a, text), a->family, family);
	if (addr_list_add(out, family, a) < 0)
		return err_set(e, -ENOMEM, "no memory for an address");
	return 0;
}

/* What cannot be a host name is not asked for: it would only carry a typing error to a stranger. */
static int refuse_name(const char *name, struct err *e)
{
	struct buf b;
	bool ascii = true;
	int rc;

	for (const char *c = name; *c; c++)
		ascii &= (*c & 0x80) == 0;
	buf_init(&b);
	name_clean(&b, name);
	rc = err_set(e, ERR_RESOLVE, "\"%.300s\" is neither an address nor a host name%s",
		buf_text(&b), ascii ? "" : ": write international names in their xn-- form");
	buf_free(&b);
	return rc;
}

/* RFC 6761 6.3: "localhost" and names below it are this machine, whatever files and servers say. */
static bool is_localhost(const char *name)
{
	size_t len = strlen(name), own = strlen("localhost");

	if (len && name[len - 1] == '.')
		len--;
	if (len < own || strncasecmp(name + len - own, "localhost", own))
		return false;
	return len == own || name[len - own - 1] == '.';
}

static int forward_localhost(unsigned family, struct addr_list *out, struct err *e)
{
	static const uint8_t v4[] = {127, 0, 0, 1}, v6[16] = {[15] = 1};
	const struct addr a[] = {addr_from_bytes(4, v4), addr_from_bytes(6, v6)};

	for (size_t i = 0; i < 2; i++)
		if (addr_list_add(out, family, &a[i]) < 0)
			return err_set(e, -ENOMEM, "no memory for an address");
	return 0;
}

int resolver_forward(
	struct resolver *r, const char *name, unsigned family, struct addr **list, struct err *e)
{
	struct addr_list out = {0};
	struct addr a;
	int rc;

	*list = NULL;
	if (addr_parse(name, &a) == 0 || parse_short_form(name, &a))
		rc = forward_number(&a, family, &out, e);
	else if (!name_is_host(name))
		rc = refuse_name(name, e);
	else if (is_localhost(name))
		rc = forward_localhost(family, &out, e);
	else if (r->system)
		rc = sysdns_forward(name, family, &out, e);
	else
		rc = dnsq_forward(r->forward, name, family, &out, e);
	if (rc < 0) {
		free(out.list);
		return rc;
	}
	*list = out.list;
	return out.n;
}
