/* SPDX-License-Identifier: BSD-2-Clause */
/* The same question to any backend: one probe, one answer. */
#include "ask.h"

#include <errno.h>
#include <string.h>

#include "pkt/build.h"

const char *answer_name(enum answer a)
{
	static const char *const names[] = {
		"silence", "open", "closed", "unreachable", "not carried", "failed"};

	return names[a];
}

static struct build_ip header(const struct subject *s, unsigned family)
{
	return (struct build_ip){
		.src = family == 4 ? s->self4 : s->self6,
		.dst = family == 4 ? s->peer4 : s->peer6,
		.ttl = 64,
		.id = s->sport,
	};
}

size_t ask_syn(
	const struct subject *s, unsigned family, uint16_t sport, uint16_t dport, uint8_t buf[1500])
{
	struct build_ip ip = header(s, family);
	struct build_tcp tcp = {
		.sport = sport, .dport = dport, .seq = 1000, .flags = TCP_SYN, .window = 1024};

	return build_tcp(buf, 1500, &ip, &tcp);
}

struct io_tx ask_tx(const struct subject *s, unsigned family, const uint8_t *data, size_t len)
{
	return (struct io_tx){
		.kind = IO_TX_IP,
		.data = data,
		.len = (uint32_t)len,
		.ifindex = s->ifindex,
		.dst_mac = s->peer_mac,
		.dst = family == 4 ? s->peer4 : s->peer6,
	};
}

/* What a received packet says to the question from `sport` to `dport`. */
static enum answer classify(const struct subject *s, const struct io_rx *rx, uint16_t dport)
{
	struct pkt_view v;

	if (rx->kind != IO_RX_IP || pkt_view(rx->data, rx->len, &v))
		return SILENCE;
	if (v.l4.has_tcp && v.l4.sport == dport && v.l4.dport == s->sport && (v.l4.flags & TCP_RST))
		return CLOSED;
	if (v.l4.has_tcp && v.l4.sport == dport && v.l4.dport == s->sport && (v.l4.flags & TCP_ACK))
		return v.l4.ack == 1001 ? OPEN : FAILED;
	if (v.has_quote && v.quote.sport == s->sport && v.quote.dport == dport)
		return UNREACHABLE;
	return SILENCE;
}

static enum answer outcome(const struct io_rx *rx, uint64_t id)
{
	if (rx->kind != IO_RX_CONNECT || rx->id != id)
		return SILENCE;
	return !rx->error ? OPEN : rx->error == ECONNREFUSED ? CLOSED : UNREACHABLE;
}

static void note(struct subject *s, const struct io_rx *rx)
{
	s->at_ns = rx->at_ns;
	s->at_src = rx->at_src;
	s->from = rx->src_mac;
}

/* Receives until the answer or the end of patience. */
static enum answer await(struct subject *s, const struct io_tx *t, uint16_t dport)
{
	struct io_rx rx[16];
	uint64_t now = clock_now(s->io->clock), until = now + s->patience_ns;
	enum answer a = SILENCE;

	for (; a == SILENCE && now < until; now = clock_now(s->io->clock)) {
		int n = io_recv(s->io, rx, 16, NULL);

		if (n < 0)
			return FAILED;
		for (int i = 0; i < n && a == SILENCE; i++) {
			if (t->kind == IO_TX_CONNECT)
				a = outcome(&rx[i], t->id);
			else if (t->kind == IO_TX_LINK)
				a = rx[i].kind == IO_RX_LINK && rx[i].ethertype == 0x0806 ? OPEN
											  : SILENCE;
			else
				a = classify(s, &rx[i], dport);
			if (a != SILENCE)
				note(s, &rx[i]);
		}
		if (!n && io_wait(s->io, until - now))
			return FAILED;
	}
	return a;
}

static enum answer put_and_await(struct subject *s, struct io_tx *t, uint16_t dport)
{
	struct err e;

	if (!(s->io->ops->carries & IO_CARRIES(t->kind)))
		return NOT_CARRIED;
	if (io_send(s->io, t, 1, &e) != 1)
		return FAILED;
	s->sent_ns = t->sent_ns;
	s->error = t->error;
	return t->error ? FAILED : await(s, t, dport);
}

enum answer ask(struct subject *s, unsigned family, uint8_t proto, uint16_t dport)
{
	uint8_t buf[1500];
	struct build_ip ip = header(s, family);
	struct io_tx t;

	s->sport++;
	if (proto == PROTO_TCP && !(s->io->ops->carries & IO_CARRIES(IO_TX_IP))) {
		t = ask_tx(s, family, NULL, 0);
		t.kind = IO_TX_CONNECT;
		t.dport = dport;
		t.id = ++s->next_id;
	} else if (proto == PROTO_TCP) {
		t = ask_tx(s, family, buf, ask_syn(s, family, s->sport, dport, buf));
	} else {
		t = ask_tx(s, family, buf,
			build_udp(buf, sizeof(buf), &ip, &(struct build_udp){s->sport, dport, (const uint8_t *)"hello", 5}));
	}
	return put_and_await(s, &t, dport);
}

enum answer ask_arp(struct subject *s)
{
	uint8_t buf[64];
	struct io_tx t =
		ask_tx(s, 4, buf, build_arp(buf, sizeof(buf), &s->self_mac, &s->self4, &s->peer4));

	t.kind = IO_TX_LINK;
	t.ethertype = 0x0806;
	memset(&t.dst_mac, 0xff, sizeof(t.dst_mac));
	return put_and_await(s, &t, 0);
}
