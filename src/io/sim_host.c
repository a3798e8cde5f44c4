/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosts of a simulated network: found by address, their rules, their rate limits, and what they
 * answer to a packet. */
#include "io/sim_host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/sim_reply.h"
#include "pkt/csum.h"
#include "pkt/sctp.h"

/* Linux gives each destination a burst of six ICMP errors (XRLIM_BURST_FACTOR), whatever the rate
 * is. */
#define ICMP_BURST 6.0

static size_t slot_of(const struct sim_hosts *h, const struct addr *a)
{
	return (size_t)hash_sip(&h->key, a->b, sizeof(a->b)) & h->mask;
}

static bool same(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !memcmp(a->b, b->b, sizeof(a->b));
}

uint32_t sim_hosts_find(const struct sim_hosts *h, const struct addr *a)
{
	for (size_t i = slot_of(h, a); h->slots[i] != SIM_NONE; i = (i + 1) & h->mask) {
		if (same(&h->v[h->slots[i]].addr, a))
			return h->slots[i];
	}
	return SIM_NONE;
}

static int insert(struct sim_hosts *h, uint32_t index, struct err *e)
{
	const struct addr *a = &h->v[index].addr;
	char text[ADDR_TEXT_MAX];
	size_t i = slot_of(h, a);

	if (!a->family)
		return err_set(e, ERR_USAGE, "simulated host %u has no address", index);
	if (sim_hosts_find(h, a) != SIM_NONE)
		return err_set(
			e, ERR_USAGE, "simulated host %s is there twice", addr_text(a, text));
	while (h->slots[i] != SIM_NONE)
		i = (i + 1) & h->mask;
	h->slots[i] = index;
	return 0;
}

int sim_hosts_init(struct sim_hosts *h, const struct sim_conf *c, struct err *e)
{
	size_t n_slots = 16;
	int rc = -ENOMEM;

	while (n_slots < 2 * c->n_hosts + 1)
		n_slots *= 2;
	*h = (struct sim_hosts){
		.v = c->hosts, .n = c->n_hosts, .mask = n_slots - 1, .key = {c->seed, ~c->seed}};
	h->state = calloc(c->n_hosts + 1, sizeof(*h->state));
	h->slots = malloc(n_slots * sizeof(*h->slots));
	if (!h->state || !h->slots) {
		err_set(e, rc, "simulated network: no memory for %zu hosts", c->n_hosts);
		goto out;
	}
	memset(h->slots, 0xff, n_slots * sizeof(*h->slots));
	rc = 0;
	for (size_t i = 0; i < c->n_hosts && !rc; i++)
		rc = insert(h, (uint32_t)i, e);
out:
	if (rc)
		sim_hosts_fini(h);
	return rc;
}

void sim_hosts_fini(struct sim_hosts *h)
{
	free(h->state);
	free(h->slots);
	*h = (struct sim_hosts){0};
}

bool sim_bucket_take(struct sim_bucket *b, uint64_t now_ns, double rate, double burst)
{
	if (rate <= 0)
		return true;
	if (!b->begun)
		*b = (struct sim_bucket){.tokens = burst, .at_ns = now_ns, .begun = true};
	if (now_ns > b->at_ns) {
		b->tokens += rate * (double)(now_ns - b->at_ns) / 1e9;
		b->at_ns = now_ns;
	}
	if (b->tokens > burst)
		b->tokens = burst;
	if (b->tokens < 1)
		return false;
	b->tokens -= 1;
	return true;
}

struct mac sim_host_mac(const struct addr *a)
{
	const uint8_t *tail = a->b + (addr_len(a) == 16 ? 12 : 0);

	return (struct mac){{0x02, a->family, tail[0], tail[1], tail[2], tail[3]}};
}

static enum sim_port rule_of(const struct sim_host *host, uint8_t proto, uint16_t port)
{
	for (size_t i = host->n_rules; i-- > 0;) {
		const struct sim_rule *r = &host->rules[i];

		if (r->proto == proto && port >= r->lo && port <= r->hi)
			return r->what;
	}
	return SIM_CLOSED;
}

static bool may_rst(struct sim_hosts *h, const struct sim_packet *p)
{
	double rate = h->v[p->host].rst_per_s;

	return sim_bucket_take(&h->state[p->host].rst, p->at_ns, rate, rate > 10 ? rate / 10 : 1);
}

/* `from` NULL = the host itself. */
static size_t icmp_error(struct sim_hosts *h, const struct sim_packet *p, const struct addr *from,
	enum sim_unreach why, uint8_t *out)
{
	const struct sim_host *host = &h->v[p->host];
	struct sim_error er = {.from = from && from->family ? *from : host->addr,
		.to = p->view.src,
		.why = why,
		.quote = p->data,
		.quote_len = p->len};

	if (!sim_bucket_take(&h->state[p->host].icmp, p->at_ns, host->icmp_per_s, ICMP_BURST))
		return 0;
	return sim_reply_error(out, SIM_ANSWER_MAX, &er);
}

/* RFC 9293 3.10.7.1: a segment to a connection that does not exist; some stacks leave a window in
 * the reset. */
static size_t tcp_reset(const struct sim_packet *p, uint16_t window, uint8_t *out)
{
	const struct pkt_l4 *t = &p->view.l4;
	bool syn = t->flags & TCP_SYN, fin = t->flags & TCP_FIN;

	if (t->flags & TCP_ACK)
		return sim_reply_tcp(out, &p->view,
			&(struct sim_segment){.flags = TCP_RST, .seq = t->ack, .window = window});
	return sim_reply_tcp(out, &p->view,
		&(struct sim_segment){.flags = TCP_RST | TCP_ACK,
			.ack = t->seq + (uint32_t)t->payload_len + syn + fin});
}

/* RFC 9293 3.10.7.2: a segment to a listener that is not a reset. */
static size_t tcp_listen(struct sim_hosts *h, struct sim_packet *p, struct rng *rng, uint8_t *out)
{
	const struct pkt_l4 *t = &p->view.l4;

	if (t->flags & TCP_ACK)
		return may_rst(h, p) ? tcp_reset(p, h->v[p->host].rst_window ? 4096 : 0, out) : 0;
	if (!(t->flags & TCP_SYN))
		return 0;
	p->synack = true;
	return sim_reply_tcp(out, &p->view,
		&(struct sim_segment){.flags = TCP_SYN | TCP_ACK,
			.mss = 1460,
			.seq = (uint32_t)rng_u64(rng),
			.ack = t->seq + 1,
			.window = 64240});
}

static size_t answer_tcp(struct sim_hosts *h, struct sim_packet *p, struct rng *rng, uint8_t *out)
{
	const struct sim_host *host = &h->v[p->host];

	if (!p->view.l4.has_tcp || p->view.l4.flags & TCP_RST)
		return 0;
	switch (rule_of(host, PROTO_TCP, p->view.l4.dport)) {
	case SIM_CLOSED:
		return may_rst(h, p) ? tcp_reset(p, 0, out) : 0;
	case SIM_REJECT_RST:
		return tcp_reset(p, 0, out);
	case SIM_REJECT_ICMP:
		return icmp_error(h, p, &host->router, SIM_UNREACH_ADMIN, out);
	case SIM_OPEN:
	case SIM_OPEN_MUTE:
		return tcp_listen(h, p, rng, out);
	case SIM_DROP:
		break;
	}
	return 0;
}

static size_t answer_udp(struct sim_hosts *h, struct sim_packet *p, uint8_t *out)
{
	const struct sim_host *host = &h->v[p->host];

	if (!p->view.l4.has_ports)
		return 0;
	switch (rule_of(host, PROTO_UDP, p->view.l4.dport)) {
	case SIM_CLOSED:
		return icmp_error(h, p, NULL, SIM_UNREACH_PORT, out);
	case SIM_REJECT_ICMP:
		return icmp_error(h, p, &host->router, SIM_UNREACH_ADMIN, out);
	case SIM_OPEN:
		return sim_reply_udp(out, &p->view);
	case SIM_REJECT_RST: /* a reset cannot answer UDP */
	case SIM_OPEN_MUTE:
	case SIM_DROP:
		break;
	}
	return 0;
}

/* RFC 9260 5.1 and 8.4: an INIT opens, whatever else has no association is aborted, or dropped
 * where it may be an attack (5.1.5). */
static size_t answer_sctp(struct sim_hosts *h, const struct sim_packet *p, uint8_t *out)
{
	const struct sim_host *host = &h->v[p->host];
	const struct pkt_l4 *l4 = &p->view.l4;
	struct rd r = rd_init(l4->payload, l4->payload_len);
	struct sctp_init init = {0};
	struct sctp_chunk c;

	if (!l4->payload_len || !sctp_chunk_next(&r, &c) ||
		(c.type == SCTP_INIT && !sctp_init_read(&c, &init)))
		return 0;
	switch (rule_of(host, PROTO_SCTP, l4->dport)) {
	case SIM_CLOSED:
	case SIM_REJECT_RST:
		return sim_reply_sctp(
			out, &p->view, SCTP_ABORT, 0, c.type == SCTP_INIT ? init.tag : l4->vtag);
	case SIM_REJECT_ICMP:
		return icmp_error(h, p, &host->router, SIM_UNREACH_ADMIN, out);
	case SIM_OPEN:
	case SIM_OPEN_MUTE:
		return c.type == SCTP_INIT
			       ? sim_reply_sctp(out, &p->view, SCTP_INIT_ACK, 16, init.tag)
			       : 0;
	case SIM_DROP:
		break;
	}
	return 0;
}

static size_t answer_other(struct sim_hosts *h, const struct sim_packet *p, uint8_t *out)
{
	const struct sim_host *host = &h->v[p->host];

	switch (rule_of(host, PROTO_IP, p->view.l4.proto)) {
	case SIM_CLOSED:
		return icmp_error(h, p, NULL, SIM_UNREACH_PROTO, out);
	case SIM_REJECT_ICMP:
		return icmp_error(h, p, &host->router, SIM_UNREACH_ADMIN, out);
	case SIM_OPEN:
		return sim_reply_bare(out, &p->view);
	case SIM_REJECT_RST:
	case SIM_OPEN_MUTE:
	case SIM_DROP:
		break;
	}
	return 0;
}

static size_t answer_icmp(struct sim_hosts *h, const struct sim_packet *p, uint8_t *out)
{
	const struct pkt_view *v = &p->view;
	bool v6 = v->src.family == 6;

	if (v6 && v->l4.type == SIM_ND_SOLICIT)
		return sim_reply_nd(out, v, &h->v[p->host].addr);
	if (h->v[p->host].no_ping)
		return 0;
	if (v->l4.type == (v6 ? 128 : 8))
		return sim_reply_echo(out, v);
	if (!v6 && v->l4.type == 13)
		return sim_reply_timestamp(out, v, p->at_ns);
	if (!v6 && v->l4.type == 17)
		return sim_reply_mask(out, v);
	return 0;
}

bool sim_host_expired(
	const struct sim_hosts *h, const struct sim_packet *p, uint8_t *out, size_t *len)
{
	const struct sim_host *host = &h->v[p->host];
	const struct addr *router;

	*len = 0;
	if (p->view.ttl == 0 || p->view.ttl > host->n_path)
		return p->view.ttl == 0;
	router = &host->path[p->view.ttl - 1];
	if (router->family)
		*len = sim_reply_error(out, SIM_ANSWER_MAX,
			&(struct sim_error){.from = *router,
				.to = p->view.src,
				.why = SIM_TIME_EXCEEDED,
				.quote = p->data,
				.quote_len = p->len});
	return true;
}

void sim_host_way_back(const struct sim_host *host, uint8_t *answer, size_t len)
{
	bool v6 = len && answer[0] >> 4 == 6;
	uint8_t *ttl = answer + (v6 ? 7 : 8);
	uint16_t sum;

	if (len < 20 || (!host->ttl && !host->n_path))
		return;
	*ttl = (uint8_t)((host->ttl ? host->ttl : 64) - host->n_path);
	if (v6)
		return;
	answer[10] = answer[11] = 0;
	sum = csum_finish(csum_add(0, answer, 20));
	answer[10] = (uint8_t)(sum >> 8);
	answer[11] = (uint8_t)sum;
}

size_t sim_host_answer(struct sim_hosts *h, struct sim_packet *p, struct rng *rng, uint8_t *out)
{
	if (h->v[p->host].dead || p->view.fragment)
		return 0;
	if (p->view.l4.has_icmp)
		return answer_icmp(h, p, out);
	switch (p->view.l4.proto) {
	case PROTO_TCP:
		return answer_tcp(h, p, rng, out);
	case PROTO_UDP:
		return answer_udp(h, p, out);
	case PROTO_SCTP:
		return answer_sctp(h, p, out);
	default:
		return answer_other(h, p, out);
	}
}
