/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames that a sweep's probes are patched from. */
#include "sweep/templates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/be.h"
#include "model/rec.h"
#include "pkt/build.h"
#include "pkt/csum.h"
#include "pkt/eth.h"
#include "pkt/ipproto.h"
#include "pkt/payload.h"
#include "sweep/probe.h"

#define WINDOW4	   64240 /* a Linux client's: 44 times the MSS */
#define WINDOW6	   64800 /* 45 times */
#define MTU	   1500
#define ECHO_TIME  4	/* bytes of echo data that hold the time stamp */
#define ECHO_DATA  128	/* at most, with the contact */
#define TSN_AT	   28	/* in an SCTP packet with an INIT */
#define CRC_PROBES 1024 /* longest packet of which a change is followed to its CRC */

_Static_assert((int)SWEEP_OPT_MSS == RESULT_MSS && (int)SWEEP_OPT_WSCALE == RESULT_WSCALE &&
		       (int)SWEEP_OPT_SACK == RESULT_SACK && (int)SWEEP_OPT_TSTAMP == RESULT_TSTAMP,
	"the kernel's bits are the records'");

/* What the makers of the kinds get. */
struct maker {
	struct sweep_job *job;
	const struct template_conf *conf;
	struct build_ip ip;
	const uint8_t *payload; /* UDP */
	size_t payload_len;
};

static size_t link_len(const struct sweep_job *job)
{
	return job->l3;
}

static struct addr source(const struct sweep_job *job)
{
	uint8_t b[16];

	if (job->family == 4)
		return addr_v4((uint32_t)job->src_lo);
	be_put32(b, (uint32_t)(job->src_hi >> 32));
	be_put32(b + 4, (uint32_t)job->src_hi);
	be_put32(b + 8, (uint32_t)(job->src_lo >> 32));
	be_put32(b + 12, (uint32_t)job->src_lo);
	return addr_from_bytes(6, b);
}

static size_t make_tcp(const struct maker *m, uint8_t *buf, size_t cap)
{
	uint8_t options[20] = {2, 4, 0, 0, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7};
	bool v6 = m->job->family == 6;
	struct build_tcp t = {.flags = m->job->tcp_flags,
		.window = v6 ? WINDOW6 : WINDOW4,
		.options = options,
		.options_len = m->job->tcp_options};

	be_put16(options + 2, v6 ? 1440 : 1460);
	return build_tcp(buf, cap, &m->ip, &t);
}

static size_t make_udp(const struct maker *m, uint8_t *buf, size_t cap)
{
	return build_udp(buf, cap, &m->ip,
		&(struct build_udp){.payload = m->payload, .payload_len = m->payload_len});
}

/* The transmission sequence number is the run's: a 0 would be a mark. */
static size_t make_sctp(const struct maker *m, uint8_t *buf, size_t cap)
{
	size_t len = build_sctp(buf, cap, &m->ip, &(struct build_sctp){.chunk = 1}), l4;

	if (!len)
		return 0;
	l4 = m->job->family == 6 ? 40 : 20;
	be_put32(buf + l4 + TSN_AT, (uint32_t)(m->job->key0 >> 32));
	return len;
}

static size_t make_echo(const struct maker *m, uint8_t *buf, size_t cap)
{
	uint8_t data[ECHO_DATA] = {0};
	size_t n = m->conf->contact ? strlen(m->conf->contact) : 0;

	if (n > sizeof(data) - ECHO_TIME)
		n = sizeof(data) - ECHO_TIME;
	memcpy(data + ECHO_TIME, n ? m->conf->contact : "", n);
	return build_echo(buf, cap, &m->ip,
		&(struct build_echo){.payload = data, .payload_len = ECHO_TIME + n});
}

static size_t make_timestamp(const struct maker *m, uint8_t *buf, size_t cap)
{
	return build_timestamp(buf, cap, &m->ip, 0, 0);
}

/* clang-format off */
static const struct {
	size_t (*make)(const struct maker *m, uint8_t *buf, size_t cap);
	uint8_t proto4, proto6;
	uint16_t check; /* offset of the transport checksum */
	bool pseudo4;   /* IPv4's pseudo-header counts */
} kinds[SWEEP_KINDS] = {
	[SWEEP_TCP]       = {make_tcp,       IP_TCP,  IP_TCP,    16, true},
	[SWEEP_UDP]       = {make_udp,       IP_UDP,  IP_UDP,    6,  true},
	[SWEEP_SCTP_INIT] = {make_sctp,      IP_SCTP, IP_SCTP,   8,  false},
	[SWEEP_ECHO]      = {make_echo,      IP_ICMP, IP_ICMPV6, 2,  false},
	[SWEEP_TSTAMP]    = {make_timestamp, IP_ICMP, IP_ICMPV6, 2,  false},
};
/* clang-format on */

static void put_link(const struct maker *m, uint8_t *buf)
{
	struct wr w = wr_init(buf, link_len(m->job));
	struct eth_hdr h = {.dst = m->conf->dst_mac,
		.src = m->conf->src_mac,
		.type = m->job->family == 6 ? 0x86dd : 0x0800,
		.tag = {m->conf->vlan[0], m->conf->vlan[1]},
		.tag_type = {0x8100, 0x8100}};

	if (!link_len(m->job))
		return;
	h.n_tags = (uint8_t)((link_len(m->job) - 14) / 4);
	if (h.n_tags == 2)
		h.tag_type[0] = 0x88a8;
	eth_write(&w, &h);
}

/* Zeroes the checksums and sums up the rest. */
static void take_sums(const struct maker *m, struct sweep_template *t)
{
	bool v6 = m->job->family == 6;
	uint8_t *ip = t->data + m->job->l3, *l4 = t->data + t->l4;
	uint8_t proto = v6 ? kinds[m->job->kind].proto6 : kinds[m->job->kind].proto4;
	uint32_t len = t->len - t->l4, sum = 0;
	uint8_t *check = l4 + kinds[m->job->kind].check;

	if (!v6) {
		be_put16(ip + 10, 0);
		t->csum_ip = csum_add(0, ip, 20);
	}
	if (m->job->kind == SWEEP_SCTP_INIT) {
		be_put32(check, 0);
		t->csum_l4 = csum_crc32c(l4, len);
		return;
	}
	be_put16(check, 0);
	if (v6 || kinds[m->job->kind].pseudo4)
		sum = csum_pseudo(&m->ip.src, &m->ip.dst, proto, len);
	t->csum_l4 = csum_add(sum, l4, len);
}

static int make_one(const struct maker *m, struct sweep_template *t, struct err *e)
{
	size_t l3 = link_len(m->job), len;

	*t = (struct sweep_template){0};
	len = kinds[m->job->kind].make(m, t->data + l3, sizeof(t->data) - l3);
	if (!len)
		return err_set(e, ERR_USAGE,
			"sweep: there is no such probe in IPv%u; choose another technique",
			m->job->family);
	put_link(m, t->data);
	t->len = (uint16_t)(l3 + len);
	t->l4 = (uint16_t)probe_l4(m->job);
	take_sums(m, t);
	return 0;
}

/* A CRC is linear: what a bit of the message changes in it does not depend on the rest. */
static void fill_crc(struct sweep_job *job, const struct sweep_template *t)
{
	static const uint8_t at[8] = {0, 1, 2, 3, 16, 17, 18, 19};
	uint8_t packet[CRC_PROBES];
	size_t len = t->len - t->l4;

	if (len > sizeof(packet))
		return;
	memcpy(packet, t->data + t->l4, len);
	for (unsigned i = 0; i < 16; i++)
		for (unsigned v = 0; v < 16; v++) {
			packet[at[i / 2]] = (uint8_t)(v << 4 * (i % 2));
			job->crc[i][v] = csum_crc32c(packet, len) ^ t->csum_l4;
			packet[at[i / 2]] = 0;
		}
}

/* The most telling payload that fits; without any: the contact. */
static void choose_payload(struct maker *m, uint16_t port)
{
	size_t mtu = m->conf->mtu ? m->conf->mtu : MTU, head = probe_l4(m->job) - m->job->l3 + 8;
	size_t most = mtu > head ? mtu - head : 0, room = SWEEP_FRAME_MAX - m->job->l3 - head;

	if (most > room)
		most = room;
	for (unsigned v = 0; v < payload_count(port); v++) {
		m->payload = payload_for(port, v, &m->payload_len);
		if (m->payload_len <= most)
			return;
	}
	m->payload = (const uint8_t *)(m->conf->contact ? m->conf->contact : "");
	m->payload_len = strlen((const char *)m->payload);
	if (payload_count(port) || m->payload_len > most)
		m->payload_len = 0;
}

/* The template with this payload, made if it is new. */
static int add_template(
	struct templates *out, const struct maker *m, uint16_t *which, struct err *e)
{
	size_t at = probe_l4(m->job) + 8;
	struct sweep_template *more;

	for (unsigned i = 0; i < out->n; i++)
		if (out->v[i].len - at == m->payload_len &&
			!memcmp(out->v[i].data + at, m->payload, m->payload_len)) {
			*which = (uint16_t)i;
			return 0;
		}
	more = realloc(out->v, (out->n + 1) * sizeof(*more));
	if (!more)
		return err_set(e, -ENOMEM, "sweep: out of memory");
	out->v = more;
	*which = (uint16_t)out->n;
	return make_one(m, &out->v[out->n++], e);
}

static int make_all(struct templates *out, struct maker *m, const uint16_t *ports, struct err *e)
{
	bool udp = m->job->kind == SWEEP_UDP;
	uint16_t which = 0;
	int err = 0;

	for (uint32_t i = 0; i < m->job->n_ports && !err; i++) {
		if (udp)
			choose_payload(m, ports[i]);
		if (udp || i == 0)
			err = add_template(out, m, &which, e);
		out->ports[i] = (struct sweep_port){ports[i], which};
	}
	return err;
}

int templates_make(struct templates *out, struct sweep_job *job, const uint16_t *ports,
	const struct template_conf *conf, struct err *e)
{
	struct maker m = {.job = job, .conf = conf};
	uint8_t zero[16] = {0};
	int err;

	*out = (struct templates){0};
	m.ip = (struct build_ip){.src = source(job),
		.dst = addr_from_bytes(job->family, zero),
		.ttl = conf->ttl,
		.tos = conf->tos,
		.df = true};
	out->ports = calloc(job->n_ports, sizeof(*out->ports));
	if (!out->ports)
		return err_set(e, -ENOMEM, "sweep: out of memory");
	err = make_all(out, &m, ports, e);
	if (!err && job->kind == SWEEP_SCTP_INIT)
		fill_crc(job, &out->v[0]);
	if (err)
		templates_free(out);
	return err;
}

void templates_free(struct templates *t)
{
	free(t->v);
	free(t->ports);
	*t = (struct templates){0};
}
