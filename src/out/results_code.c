/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of a sweep as bytes and back. */
#include "out/results_code.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define HEAD_MAGIC  "SondeRes"
#define BLOCK_MAGIC "SnRB"
#define SLOT4	    24
#define SLOT6	    40
#define REST	    20 /* of a slot, behind its address */
#define END_NUMBERS 8
#define ARRIVAL_MAX ((UINT64_C(1) << 40) - 1) /* ns: 18 minutes */
#define SLACK_NS    (60 * NS_PER_S)	      /* arrivals of several queues are not in order */
#define RTT_IN_US   (UINT32_C(1) << 31)
#define BIT_MORE    27

static const uint8_t protos[] = {
	PROTO_IP, PROTO_TCP, PROTO_UDP, PROTO_SCTP, PROTO_ICMP, PROTO_ICMP6};

/* ---- numbers --------------------------------------------------------------------------------- */

static void put_le(uint8_t *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

static uint64_t get_le(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static uint64_t hash_words(uint64_t h, const uint8_t *p, size_t len)
{
	for (; len >= 8; len -= 8, p += 8) {
		h = (h ^ get_le(p, 8)) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	return h;
}

static void pad8(struct buf *b, size_t from)
{
	while ((b->len - from) % 8 && !b->failed)
		buf_char(b, '\0');
}

/* ---- head ------------------------------------------------------------------------------------ */

static void put_pair(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_add(b, name, strlen(name) + 1);
	buf_add(b, value, strlen(value) + 1);
}

static void put_number(struct buf *b, const char *name, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, value);
	put_pair(b, name, text);
}

static uint8_t byte_of(int level)
{
	return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

void results_put_head(struct buf *b, const struct results_head *h)
{
	uint8_t fixed[RESULTS_FIXED_HEAD] = HEAD_MAGIC, sum[8];
	size_t from = b->len;

	put_le(fixed + 8, RESULTS_VERSION, 4);
	put_le(fixed + 16, h->run.start_wall_ns, 8);
	fixed[24] = byte_of(h->run.verbose);
	fixed[25] = byte_of(h->run.debug);
	fixed[26] = h->run.privileged;
	buf_add(b, fixed, sizeof(fixed));
	put_pair(b, "program", h->run.program);
	put_pair(b, "version", h->run.version);
	put_pair(b, "args", h->run.args);
	put_pair(b, "plan", h->plan);
	for (size_t i = 0; i < h->run.n_info && i < RESULTS_INFO_MAX; i++) {
		const struct rec_scaninfo *s = &h->run.info[i];

		put_pair(b, "scan", s->type);
		put_number(b, "proto", s->proto);
		put_number(b, "ports", s->n_ports);
		put_pair(b, "services", s->services);
	}
	pad8(b, from);
	if (b->failed)
		return;
	put_le((uint8_t *)b->data + from + 12, b->len - from + 8, 4);
	put_le(sum, hash_words(0, (uint8_t *)b->data + from, b->len - from), 8);
	buf_add(b, sum, 8);
}

size_t results_head_size(const uint8_t *data, uint32_t *version)
{
	size_t size = get_le(data + 12, 4);

	*version = (uint32_t)get_le(data + 8, 4);
	if (memcmp(data, HEAD_MAGIC, 8) != 0 || size % 8 || size < RESULTS_FIXED_HEAD + 8 ||
		size > RESULTS_HEAD_MAX)
		return 0;
	return size;
}

/* A pair of texts into its member. What is unknown comes from a later version and is skipped. */
static void take_pair(
	struct results_head *h, struct rec_scaninfo *info, const char *name, const char *value)
{
	struct rec_scaninfo *last = h->run.n_info ? &info[h->run.n_info - 1] : NULL;

	if (strcmp(name, "program") == 0)
		h->run.program = value;
	else if (strcmp(name, "version") == 0)
		h->run.version = value;
	else if (strcmp(name, "args") == 0)
		h->run.args = value;
	else if (strcmp(name, "plan") == 0)
		h->plan = value;
	else if (strcmp(name, "scan") == 0 && h->run.n_info < RESULTS_INFO_MAX)
		info[h->run.n_info++] = (struct rec_scaninfo){.type = value, .services = ""};
	else if (strcmp(name, "proto") == 0 && last)
		last->proto = (uint8_t)strtoul(value, NULL, 10);
	else if (strcmp(name, "ports") == 0 && last)
		last->n_ports = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(name, "services") == 0 && last)
		last->services = value;
}

int results_get_head(struct results_head *h, struct rec_scaninfo info[RESULTS_INFO_MAX],
	uint8_t *data, size_t len)
{
	const char *at = (const char *)data + RESULTS_FIXED_HEAD,
		   *end = (const char *)data + len - 8;

	memset(h, 0, sizeof(*h));
	if (get_le(data + len - 8, 8) != hash_words(0, data, len - 8))
		return ERR_PARSE;
	h->run = (struct rec_run){.program = "sonde", .version = "", .args = "", .info = info};
	h->run.start_wall_ns = get_le(data + 16, 8);
	h->run.verbose = data[24];
	h->run.debug = data[25];
	h->run.privileged = data[26];
	while (at < end && *at) {
		const char *value = memchr(at, 0, (size_t)(end - at));

		if (!value || !memchr(value + 1, 0, (size_t)(end - value - 1)))
			return ERR_PARSE;
		take_pair(h, info, at, value + 1);
		at = value + 1 + strlen(value + 1) + 1;
	}
	return 0;
}

/* ---- slots ----------------------------------------------------------------------------------- */

static uint32_t rtt_code(uint64_t ns)
{
	if (ns < RTT_IN_US)
		return (uint32_t)ns;
	ns /= NS_PER_US;
	return RTT_IN_US | (uint32_t)(ns < RTT_IN_US ? ns : RTT_IN_US - 1);
}

static uint32_t bits_of(const struct rec_result *r)
{
	uint32_t proto = 0;

	while (proto < sizeof(protos) - 1 && protos[proto] != r->port.proto)
		proto++;
	return proto | (uint32_t)(r->port.state & 7) << 3 | (uint32_t)(r->check & 7) << 6 |
	       (uint32_t)(r->port.rtt_src & 7) << 9 | (uint32_t)(r->options & 15) << 12 |
	       (uint32_t)(r->wscale & 15) << 16 | (uint32_t)(r->port.reason & 127) << 20;
}

/* Writes the address; returns the place behind it. */
static uint8_t *put_addr(uint8_t *p, const struct addr *a)
{
	if (a->family == 4) {
		memcpy(p, a->b, 4);
		return p + 4;
	}
	memcpy(p, a->b, 16);
	put_le(p + 16, a->zone, 4);
	return p + 20;
}

static size_t put_slot(uint8_t *p, const struct rec_result *r, uint64_t base_ns, bool more)
{
	uint8_t *q = put_addr(p, &r->addr);

	put_le(q, rtt_code(r->port.rtt_ns), 4);
	put_le(q + 4, bits_of(r) | (uint32_t)more << BIT_MORE, 4);
	put_le(q + 8, r->port.number, 2);
	put_le(q + 10, r->window, 2);
	put_le(q + 12, r->mss, 2);
	q[14] = r->port.ttl;
	put_le(q + 15, r->at_wall_ns ? r->at_wall_ns - base_ns : 0, 5);
	return (size_t)(q + REST - p);
}

static const uint8_t *get_addr(struct addr *a, unsigned family, const uint8_t *p)
{
	memset(a, 0, sizeof(*a));
	a->family = (uint8_t)family;
	memcpy(a->b, p, family == 4 ? 4 : 16);
	if (family == 4)
		return p + 4;
	a->zone = (uint32_t)get_le(p + 16, 4);
	return p + 20;
}

static bool get_bits(struct rec_result *r, uint32_t bits)
{
	unsigned proto = bits & 7;

	if (proto >= sizeof(protos) || bits >> (BIT_MORE + 1))
		return false;
	r->port.proto = protos[proto];
	r->port.state = bits >> 3 & 7;
	r->check = bits >> 6 & 7;
	r->port.rtt_src = bits >> 9 & 7;
	r->options = bits >> 12 & 15;
	r->wscale = bits >> 16 & 15;
	r->port.reason = bits >> 20 & 127;
	r->port.from = bits >> BIT_MORE & 1;
	return r->port.state != PORT_UNKNOWN && r->port.state < PORT_STATES &&
	       r->check <= CHECK_FAILED && r->port.rtt_src < RTT_SOURCES &&
	       r->port.reason < REASONS;
}

bool results_block_next(const struct results_block_info *k, const uint8_t *slots, uint32_t n,
	uint32_t *at, struct rec_result *r)
{
	const uint8_t *q;
	uint32_t rtt;
	uint64_t arrival;

	if (*at >= n)
		return false;
	q = get_addr(&r->addr, k->kind, slots + (size_t)*at * k->slot);
	memset(&r->port, 0, sizeof(r->port));
	memset(&r->from, 0, sizeof(r->from));
	if (!get_bits(r, (uint32_t)get_le(q + 4, 4)))
		return false;
	rtt = (uint32_t)get_le(q, 4);
	r->port.rtt_ns = rtt & RTT_IN_US ? (rtt & ~RTT_IN_US) * NS_PER_US : rtt;
	r->port.number = (uint16_t)get_le(q + 8, 2);
	r->window = (uint16_t)get_le(q + 10, 2);
	r->mss = (uint16_t)get_le(q + 12, 2);
	r->port.ttl = q[14];
	arrival = get_le(q + 15, 5);
	r->at_wall_ns = arrival ? k->base_ns + arrival : 0;
	if (r->port.from) {
		if (*at + 1 >= n)
			return false;
		get_addr(&r->from, k->kind, slots + (size_t)(*at + 1) * k->slot);
		++*at;
	}
	++*at;
	return true;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

void results_block_free(struct results_block *k)
{
	buf_free(&k->slots);
	memset(k, 0, sizeof(*k));
}

static bool fits(const struct results_block *k, const struct rec_result *r)
{
	return k->family == r->addr.family && k->n_slots + 2 <= RESULTS_SLOTS_MAX &&
	       (!r->at_wall_ns ||
		       (r->at_wall_ns > k->base_ns && r->at_wall_ns - k->base_ns <= ARRIVAL_MAX));
}

void results_block_add(struct results_block *k, const struct rec_result *r, struct buf *full)
{
	bool more = r->port.from && r->from.family == r->addr.family;
	uint8_t slots[2 * SLOT6] = {0};
	size_t len;

	if (!fits(k, r)) {
		results_block_seal(k, full);
		k->family = r->addr.family;
		k->base_ns = r->at_wall_ns > SLACK_NS ? r->at_wall_ns - SLACK_NS : 0;
	}
	len = put_slot(slots, r, k->base_ns, more);
	if (more) {
		put_addr(slots + len, &r->from);
		len *= 2;
	}
	buf_add(&k->slots, slots, len);
	k->hash = hash_words(k->hash, slots, len);
	k->n_slots += 1 + more;
	k->n_results++;
}

/* kind, slots and counts are of the caller; `hash` of the slots. */
static void put_block(struct buf *b, const struct results_block_info *k, const void *slots)
{
	uint8_t head[RESULTS_BLOCK_HEAD] = BLOCK_MAGIC;

	head[4] = k->kind;
	head[5] = k->slot;
	put_le(head + 8, k->n_slots, 4);
	put_le(head + 12, k->n_results, 4);
	put_le(head + 16, k->base_ns, 8);
	put_le(head + 24, hash_words(k->hash, head, 24), 8);
	buf_add(b, head, sizeof(head));
	buf_add(b, slots, (size_t)k->n_slots * k->slot);
}

void results_block_write(const struct results_block *k, struct buf *b)
{
	struct results_block_info info = {
		.kind = k->family,
		.slot = k->family == 4 ? SLOT4 : SLOT6,
		.n_slots = k->n_slots,
		.n_results = k->n_results,
		.base_ns = k->base_ns,
		.hash = k->hash,
	};

	b->failed |= k->slots.failed;
	if (k->n_slots && !b->failed)
		put_block(b, &info, k->slots.data);
}

void results_block_seal(struct results_block *k, struct buf *b)
{
	results_block_write(k, b);
	buf_clear(&k->slots);
	k->family = 0;
	k->n_slots = k->n_results = 0;
	k->base_ns = k->hash = 0;
}

void results_put_end(struct buf *b, const struct rec_end *end)
{
	const uint64_t numbers[END_NUMBERS] = {end->end_wall_ns, end->elapsed_ns, end->hosts_up,
		end->hosts_down, end->hosts_total, end->probes_sent, end->replies,
		end->interrupted | (uint64_t)end->hosts_unknown << 1};
	struct results_block_info k = {.kind = 'E', .slot = 8};
	struct buf body = {0};
	uint8_t word[8];

	for (unsigned i = 0; i < END_NUMBERS; i++) {
		put_le(word, numbers[i], 8);
		buf_add(&body, word, 8);
	}
	if (end->error)
		buf_add(&body, end->error, strnlen(end->error, 1024) + 1);
	pad8(&body, 0);
	k.n_slots = (uint32_t)(body.len / 8);
	k.hash = hash_words(0, (const uint8_t *)buf_text(&body), body.len);
	b->failed |= body.failed;
	if (!b->failed)
		put_block(b, &k, body.data);
	buf_free(&body);
}

bool results_block_head(struct results_block_info *k, const uint8_t *data)
{
	if (memcmp(data, BLOCK_MAGIC, 4) != 0)
		return false;
	k->kind = data[4];
	k->slot = data[5];
	k->n_slots = (uint32_t)get_le(data + 8, 4);
	k->n_results = (uint32_t)get_le(data + 12, 4);
	k->base_ns = get_le(data + 16, 8);
	k->hash = get_le(data + 24, 8);
	k->size = RESULTS_BLOCK_HEAD + (size_t)k->n_slots * k->slot;
	if (k->n_slots == 0 || k->n_slots > RESULTS_SLOTS_MAX || k->n_results > k->n_slots)
		return false;
	return (k->kind == 4 && k->slot == SLOT4) || (k->kind == 6 && k->slot == SLOT6) ||
	       (k->kind == 'E' && k->slot == 8 && k->n_slots >= END_NUMBERS);
}

bool results_block_good(const struct results_block_info *k, const uint8_t *data)
{
	uint64_t h = hash_words(0, data + RESULTS_BLOCK_HEAD, k->size - RESULTS_BLOCK_HEAD);

	return hash_words(h, data, 24) == k->hash;
}

void results_get_end(struct rec_end *end, const uint8_t *slots, size_t len)
{
	const char *error = (const char *)slots + END_NUMBERS * 8;
	size_t rest = len - END_NUMBERS * 8;

	*end = (struct rec_end){
		.end_wall_ns = get_le(slots, 8),
		.elapsed_ns = get_le(slots + 8, 8),
		.hosts_up = get_le(slots + 16, 8),
		.hosts_down = get_le(slots + 24, 8),
		.hosts_total = get_le(slots + 32, 8),
		.probes_sent = get_le(slots + 40, 8),
		.replies = get_le(slots + 48, 8),
		.interrupted = get_le(slots + 56, 8) & 1,
		.hosts_unknown = get_le(slots + 56, 8) >> 1 & 1,
		.error = rest && memchr(error, 0, rest) ? error : NULL,
	};
}
