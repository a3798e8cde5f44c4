/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of a sweep, grouped: hosts for the formats that show hosts. */
#include "out/results_hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "out/results_sort.h"

/* What is sorted: a key in the order of bytes, then what a host's record needs of the result. */
struct item {
	struct {
		uint8_t family, addr[16], zone[4]; /* the host */
		uint8_t rank, number[2];	   /* the port */
		uint8_t at[8];
	} key;
	uint64_t rtt_ns;
	uint8_t state, reason, ttl, rtt_src, proto, has_from, pad[2];
	uint8_t from[16];
};

#define HOST_KEY offsetof(struct item, key.rank)
#define PORT_KEY offsetof(struct item, key.at)

/* Order of ports in a host's record; protocols behind RANK_IP are no ports. */
enum rank { RANK_TCP, RANK_UDP, RANK_SCTP, RANK_IP, RANK_HOST };

struct group {
	const struct results_hosts *conf;
	struct rec_host host;
	struct rec_port *ports;
	size_t max_ports;
	struct addr from[REC_FROM_MAX];
	uint64_t own_at; /* arrival of the host's own first answer, UINT64_MAX = none */
	uint8_t key[HOST_KEY];
	struct item last; /* of the port that is last in `ports` */
};

static uint8_t rank_of(unsigned proto)
{
	switch (proto) {
	case PROTO_TCP:
		return RANK_TCP;
	case PROTO_UDP:
		return RANK_UDP;
	case PROTO_SCTP:
		return RANK_SCTP;
	case PROTO_IP:
		return RANK_IP;
	default:
		return RANK_HOST;
	}
}

static void put_be(uint8_t *p, uint64_t v, unsigned bytes)
{
	while (bytes--) {
		p[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

static uint64_t get_be(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

static void make_item(struct item *it, const struct rec_result *r)
{
	memset(it, 0, sizeof(*it));
	it->key.family = r->addr.family;
	memcpy(it->key.addr, r->addr.b, 16);
	put_be(it->key.zone, r->addr.zone, 4);
	it->key.rank = rank_of(r->port.proto);
	put_be(it->key.number, r->port.number, 2);
	put_be(it->key.at, r->at_wall_ns, 8);
	it->rtt_ns = r->port.rtt_ns;
	it->state = r->port.state;
	it->reason = r->port.reason;
	it->ttl = r->port.ttl;
	it->rtt_src = r->port.rtt_src;
	it->proto = r->port.proto;
	it->has_from = r->port.from != 0;
	memcpy(it->from, r->from.b, 16);
}

/* ---- one host -------------------------------------------------------------------------------- */

static void begin(struct group *g, const struct item *it)
{
	struct rec_host *h = &g->host;

	memset(h, 0, sizeof(*h));
	h->addr = addr_from_bytes(it->key.family, it->key.addr);
	h->addr.zone = (uint32_t)get_be(it->key.zone, 4);
	h->state = HOST_UP;
	h->reason = REASON_USER_SET;
	h->from = g->from;
	h->backend = g->conf->backend;
	g->own_at = UINT64_MAX;
	memcpy(g->key, it, HOST_KEY);
}

/* What an answer tells of the host itself. */
static void note_host(struct group *g, const struct item *it)
{
	struct rec_host *h = &g->host;
	uint64_t at = get_be(it->key.at, 8);

	if (at && (!h->start_wall_ns || at < h->start_wall_ns))
		h->start_wall_ns = at;
	if (at > h->end_wall_ns)
		h->end_wall_ns = at;
	if (it->has_from)
		return;
	if (it->rtt_ns && (!h->latency_ns || it->rtt_ns < h->latency_ns)) {
		h->latency_ns = it->rtt_ns;
		h->latency_src = it->rtt_src;
	}
	if (at < g->own_at) {
		g->own_at = at;
		h->reason = it->reason;
		h->ttl = it->ttl;
	}
}

/* Place of the responder in the host's list, from 1; 0: the list is full. */
static uint8_t from_index(struct group *g, const struct item *it)
{
	struct addr a = addr_from_bytes(it->key.family, it->from);
	size_t i;

	for (i = 0; i < g->host.n_from; i++)
		if (addr_eq(&g->from[i], &a))
			return (uint8_t)(i + 1);
	if (i == REC_FROM_MAX)
		return 0;
	g->from[g->host.n_from++] = a;
	return (uint8_t)(i + 1);
}

static const char *service(const struct results_hosts *c, const struct item *it)
{
	static const enum port_class classes[] = {[RANK_TCP] = PORTS_TCP,
		[RANK_UDP] = PORTS_UDP,
		[RANK_SCTP] = PORTS_SCTP,
		[RANK_IP] = PORTS_IP};

	if (!c->services)
		return NULL;
	return services_name(
		c->services, classes[it->key.rank], (uint16_t)get_be(it->key.number, 2));
}

static void set_port(struct group *g, struct rec_port *p, const struct item *it)
{
	*p = (struct rec_port){
		.number = (uint16_t)get_be(it->key.number, 2),
		.proto = it->proto,
		.state = it->state,
		.reason = it->reason,
		.ttl = it->ttl,
		.rtt_ns = it->rtt_ns,
		.rtt_src = it->rtt_src,
		.from = it->has_from ? from_index(g, it) : 0,
		.service = service(g->conf, it),
	};
}

static int add_port(struct group *g, const struct item *it)
{
	struct rec_host *h = &g->host;

	h->ports_scanned = true;
	if (h->n_ports == g->max_ports) {
		size_t max = g->max_ports ? 2 * g->max_ports : 64;
		struct rec_port *p = realloc(g->ports, max * sizeof(*p));

		if (!p)
			return -ENOMEM;
		g->ports = p;
		g->max_ports = max;
	}
	set_port(g, &g->ports[h->n_ports++], it);
	g->last = *it;
	return 0;
}

/* A further answer of the last port. */
static void merge(struct group *g, const struct item *it)
{
	struct rec_port *p = &g->ports[g->host.n_ports - 1];

	if (p->state != it->state || p->reason != it->reason || p->ttl != it->ttl)
		set_port(g, p, it);
	else if (!p->rtt_ns && it->rtt_ns) {
		p->rtt_ns = it->rtt_ns;
		p->rtt_src = it->rtt_src;
	}
}

static int take(struct group *g, const struct item *it, uint64_t *n_repeats)
{
	note_host(g, it);
	if (it->key.rank == RANK_HOST)
		return 0;
	if (!g->host.n_ports || memcmp(&g->last, it, PORT_KEY) != 0)
		return add_port(g, it);
	merge(g, it);
	++*n_repeats;
	return 0;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void publish(struct group *g, struct bus *bus, struct results_hosts *c)
{
	struct rec r = {.kind = REC_HOST, .host = &g->host};

	if (!g->host.addr.family)
		return;
	g->host.ports = g->ports;
	bus_publish(bus, &r);
	c->n_hosts++;
	g->host.addr.family = 0;
}

/* Asked to, or because nobody listens any more. */
static bool stopped(const struct results_hosts *c, const struct bus *bus)
{
	return (c->stop && *c->stop) || !bus_alive(bus);
}

static int sort_results(struct results_file *f, const struct results_hosts *c, struct sort *s,
	const struct bus *bus, struct err *e)
{
	struct rec_result v[256];
	int n = 0, rc = 0;

	results_rewind(f);
	while (rc == 0 && !stopped(c, bus) && (n = results_next(f, v, 256, e)) > 0) {
		for (int i = 0; i < n && rc == 0; i++) {
			struct item it;

			if (c->where && !where_match(c->where, &v[i], NULL))
				continue;
			make_item(&it, &v[i]);
			rc = sort_add(s, &it, e);
		}
	}
	return rc < 0 ? rc : n < 0 ? n : 0;
}

static int publish_sorted(
	struct group *g, struct sort *s, struct bus *bus, struct results_hosts *c, struct err *e)
{
	const void *next;
	int rc = 0;

	while (!stopped(c, bus) && (rc = sort_next(s, &next, e)) > 0) {
		const struct item *it = next;

		if (g->host.addr.family && memcmp(g->key, it, HOST_KEY) != 0)
			publish(g, bus, c);
		if (!g->host.addr.family)
			begin(g, it);
		if (take(g, it, &c->n_repeats) < 0)
			return err_set(e, -ENOMEM, "out of memory");
	}
	if (stopped(c, bus))
		return 0;
	if (rc == 0)
		publish(g, bus, c);
	return rc;
}

int results_publish_hosts(
	struct results_file *f, struct results_hosts *c, struct bus *bus, struct err *e)
{
	struct group *g = calloc(1, sizeof(*g));
	struct sort *s = NULL;
	int rc = g ? 0 : err_set(e, -ENOMEM, "out of memory");

	c->n_hosts = c->n_repeats = 0;
	if (rc == 0)
		rc = sort_new(&s, sizeof(struct item), sizeof(((struct item *)0)->key), e);
	if (rc == 0) {
		g->conf = c;
		rc = sort_results(f, c, s, bus, e);
	}
	if (rc == 0)
		rc = publish_sorted(g, s, bus, c, e);
	sort_free(s);
	if (g)
		free(g->ports);
	free(g);
	return rc;
}
